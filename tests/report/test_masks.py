"""What is written of masks: names that do not meet, and a sheet of cases."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from seqcnn.errors import SeqcnnError
from seqcnn.report.masks import draw_cases, names_of_masks


def test_files_of_masks_do_not_meet():
    assert names_of_masks(["a/x.png", "y.tif"]) == ["x", "y"]
    for ids, said in [
        (["a/x.png", "b/x.tif"], "b/x.tif and a/x.png would both be written to x.png"),
        (["x.png", "x.png"], "x.png and x.png would both"),
        (["x.png", "x_overlay.png"], "both be written to x_overlay.png"),
        (["X.png", "x.jpg"], "both be written to x.png"),
        (["cases.png"], "cases.png and the sheet of cases would both"),
    ]:
        with pytest.raises(SeqcnnError, match=said):
            names_of_masks(ids)


def test_the_sheet_has_the_worst_the_best_and_the_names_of_classes(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: drawn.append(self))
    picture, mask = np.zeros((4, 4, 1), np.uint8), np.array([[0, 1, 2, 255]] * 4, np.uint8)
    scores = np.array([0.5, np.nan, 0.9, 0.1])
    known = np.where(mask == 255, 0, mask)
    given = list("abcd"), [picture] * 4, [known] * 4, [mask] * 4, scores
    draw_cases(tmp_path / "s.png", *given, classes=("ground", "cell", "edge"))
    titles = [axes.get_title() for axes in drawn[0].axes[::3]]
    assert titles == ["worst: d", "worst: a", "best: c"]
    legend = [text.get_text() for text in drawn[0].legends[0].get_texts()]
    assert legend == ["cell", "edge", "not known"]
