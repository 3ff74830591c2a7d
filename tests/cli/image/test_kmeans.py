"""``seqcnn image kmeans`` and ``seqcnn image filter`` as a user runs them."""

import numpy as np
import pytest
from scipy import ndimage

from seqcnn.cli.main import main
from seqcnn.image.files import read_image, write_image
from seqcnn.image.masks import read_mask
from seqcnn.image.scene import draw_scene


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, seed in (("a", 0), ("b", 1)):
        write_image(folder / f"{name}.png", draw_scene(24, 32, seed=seed))
    return folder


def table(path):
    header, *rows = (line.split("\t") for line in path.read_text().splitlines())
    return [dict(zip(header, row, strict=True)) for row in rows]


def test_segments_are_written_for_every_picture(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    run = ["image", "kmeans", str(pictures), "-k", "3", "--space", "lab", "-o", str(out)]
    assert main(run) == 0
    assert sorted(p.name for p in out.iterdir()) == [
        "a_labels.png", "a_recoloured.png", "b_labels.png", "b_recoloured.png", "colours.tsv",
    ]  # fmt: skip
    labels, recoloured = read_mask(out / "a_labels.png"), read_image(out / "a_recoloured.png")
    rows = [row for row in table(out / "colours.tsv") if row["picture"] == "a"]
    assert [row["label"] for row in rows] == ["0", "1", "2"]
    for label, row in enumerate(rows):
        assert float(row["share"]) == pytest.approx((labels == label).mean(), abs=1e-6)
        colour = bytes.fromhex(row["colour"][1:])
        assert (recoloured[labels == label] == list(colour)).all()
    assert main(run) == 2
    assert "--force" in capsys.readouterr().err
    assert main([*run, "--force", "-q"]) == 0


def test_pictures_share_clusters_and_their_number_is_chosen(pictures, tmp_path, capsys):
    out = tmp_path / "out"
    given = [str(pictures / "a.png"), str(pictures / "b.png"), "--together", "--random-starts"]
    assert main(["image", "kmeans", *given, "--choose-k", "2-4", "-o", str(out)]) == 0
    assert "by the silhouette" in capsys.readouterr().err
    rows = table(out / "k.tsv")
    assert [row["k"] for row in rows] == ["2", "3", "4"]
    best = max(rows, key=lambda row: float(row["silhouette"]))["k"]
    colours = table(out / "colours.tsv")
    by_picture = [[r["colour"] for r in colours if r["picture"] == name] for name in "ab"]
    assert len(by_picture[0]) == int(best) and by_picture[0] == by_picture[1]


def test_filters_are_scipys(pictures, tmp_path):
    out, own = tmp_path / "out", tmp_path / "own.txt"
    own.write_text("0 1 2\n-1 0 1\n0 0 0\n")
    kernels = ["--kernel", "sobel_x", "--kernel", str(own), "--kernel", "gradient"]
    run = ["image", "filter", str(pictures / "a.png"), *kernels, "--raw", "-o", str(out)]
    assert main([*run, "--edges", "edge"]) == 0
    image = read_image(pictures / "a.png") / 255
    kernel = np.loadtxt(own)
    for c in range(3):
        wanted = ndimage.correlate(image[..., c], kernel, mode="nearest")
        np.testing.assert_allclose(np.load(out / "a_own.npy")[..., c], wanted, atol=1e-5)
        across, down = (ndimage.sobel(image[..., c], axis=a, mode="nearest") for a in (1, 0))
        np.testing.assert_allclose(np.load(out / "a_sobel_x.npy")[..., c], across, atol=1e-5)
        steep = np.load(out / "a_gradient.npy")[..., c]
        np.testing.assert_allclose(steep, np.hypot(across, down), atol=1e-5)
    assert read_image(out / "a_sobel_x.png").shape == (24, 32, 3)


def test_galleries_are_written(pictures, tmp_path):
    out = tmp_path / "out"
    run = ["image", "filter", str(pictures / "a.png"), "--gallery", "--pooling", "-o", str(out)]
    assert main(run) == 0
    for name in ("a_gallery.png", "a_pooling.png"):
        assert min(read_image(out / name).shape[:2]) > 300


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["kmeans", "flat.png"], "flat.png: there are 1 different colours"),
        (["kmeans", "none.png"], "none.png: "),
        (["kmeans", "cut.png"], "cut.png: "),
        (["kmeans", "empty"], "empty: there are no pictures"),
        (["kmeans", "flat.png", "--choose-k", "9-3"], "like 2-8"),
        (["kmeans", "flat.png", "flat.png"], "two pictures have this name"),
        (["filter", "flat.png"], "nothing to do"),
        (["filter", "flat.png", "--kernel", "blur"], "choose from identity"),
        (["filter", "flat.png", "--kernel", "bad.txt"], "bad.txt: a kernel must be rows"),
        (["filter", "flat.png", "--kernel", "even.txt"], "odd extents"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    write_image("flat.png", np.full((16, 16, 3), 9, np.uint8))
    (tmp_path / "cut.png").write_bytes((tmp_path / "flat.png").read_bytes()[:40])
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.txt").write_text("1 2\n3\n")
    (tmp_path / "even.txt").write_text("1 2\n3 4\n")
    assert main(["image", *arguments, "-o", "out"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    assert len(errors) == 1 and message in errors[0]
    assert not (tmp_path / "out").exists()
