"""Every example runs, at toy size, and writes what it promises."""

import runpy
from pathlib import Path

import pytest

LONG = {
    "segment_any_backbone", "generate_pictures", "train_mlp_cnn2d_cnn3d", "decoders", "lenet_flax",
    "pretrained_weights", "segmentation_for_classification", "class_activation_map",
}  # fmt: skip
"""Examples that take a quarter or half of a minute, to compile mostly: in the slow tests."""

EXAMPLES = sorted((Path(__file__).parents[1] / "examples").glob("*.py"))


@pytest.mark.parametrize(
    "path",
    [pytest.param(p, marks=[pytest.mark.slow] if p.stem in LONG else []) for p in EXAMPLES],
    ids=lambda path: path.stem,
)
def test_an_example_runs_at_toy_size(path, tmp_path, capsys):
    names = runpy.run_path(str(path))
    assert names["__doc__"], "an example says what it shows"
    names["main"](tmp_path / "new", toy=True)  # a folder that is not there yet
    assert capsys.readouterr().out, "an example prints what it found"
    assert len(path.read_text().splitlines()) < 60
