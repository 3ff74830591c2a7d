"""Learn how pictures are turned and turn them back, from the command line."""

import json

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.errors import SeqcnnError
from seqcnn.image.files import read_image, write_image
from seqcnn.image.record import PictureSet
from seqcnn.networks.weights import load_model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Upright pictures: a bright bar above the middle, of any brightness."""
    root, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for i in range(40):
        x = np.zeros((12, 14, 1), np.uint8)
        x[1:6, 5:9] = rng.integers(120, 250)
        write_image(root / f"{i:02d}.png", x)
    return root


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "m"
    quick = ["--rounds", "3", "--steps", "40", "--batch", "16", "--size", "12", "-q"]
    assert main(["image", "upright", "train", str(folder), "-o", str(out), *quick]) == 0
    return out


def test_a_model_says_what_it_is_worth(folder, model, tmp_path, capsys):
    facts = json.loads((model / "metrics.json").read_text())
    assert facts["pictures"] == 4 and 0 <= facts["median_degrees"] < 60
    history = (model / "history.tsv").read_text().splitlines()
    assert history[0] == "round\tloss\tvalidation_loss\tbest" and len(history) == 4
    # once more without a step to speak of: guesses
    quick = ["--rounds", "1", "--steps", "1", "--batch", "2", "--size", "12x12", "-q"]
    out = tmp_path / "m"
    assert main(["image", "upright", "train", str(folder), "-o", str(out), *quick]) == 0
    median = json.loads((out / "metrics.json").read_text())["median_degrees"]
    assert median > facts["median_degrees"]
    assert f"median error {median:.1f} degrees on 4 pictures" in capsys.readouterr().out


def test_equal_pictures_and_groups_are_not_split_up():
    from seqcnn.cli.image.upright.train import _apart

    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (30, 4, 4, 1)).astype(np.uint8)[np.arange(90) % 30]
    ids = tuple(map(str, range(90)))
    for made in (None, np.arange(90) % 6):
        for seed in range(5):
            groups, judged = _apart(PictureSet(x, ids, groups=made), seed)
            assert 0 < judged.sum() <= 18
            assert not set(groups[judged]) & set(groups[~judged])
            assert not {p.tobytes() for p in x[judged]} & {p.tobytes() for p in x[~judged]}
    with pytest.raises(SeqcnnError, match="here are 40, in 4 groups"):
        _apart(PictureSet(x[np.arange(40) % 4], ids[:40]), 0)


def test_pictures_come_back_turned_with_a_table(folder, model, tmp_path):
    assert load_model(model).extra["shape"] == [12, 12, 1]
    x = read_image(folder / "00.png")
    for name, quarters in (("up", 0), ("left", 1), ("down", 2)):
        write_image(tmp_path / f"{name}.png", np.rot90(x, quarters).copy())
    files = [str(tmp_path / f"{name}.png") for name in ("up", "left", "down")]
    out = tmp_path / "turned"
    assert main(["image", "upright", "apply", str(model), *files, "-o", str(out), "-q"]) == 0
    header, *rows = [line.split("\t") for line in (out / "angles.tsv").read_text().splitlines()]
    assert header == ["file", "degrees", "confidence"]
    assert [row[0] for row in rows] == files
    degrees = np.array([float(row[1]) for row in rows])
    # four looks at each: what is found differs by just as much as the pictures do
    apart = (degrees - degrees[0] - [0, 90, 180] + 180) % 360 - 180
    np.testing.assert_allclose(apart, 0, atol=0.1)
    assert abs(degrees[0]) < 30
    for name in ("up", "left", "down"):
        turned = read_image(out / f"{name}.png")
        assert turned.dtype == np.uint8
        assert turned.shape == read_image(tmp_path / f"{name}.png").shape
        half = len(turned) // 2
        assert turned[:half].sum() > 4 * turned[half:].sum()


def test_colours_of_16_bits_stay_so(model, tmp_path):
    x = np.zeros((12, 12, 3), np.uint16)
    x[1:6, 4:8] = [60_000, 30_000, 10]
    write_image(tmp_path / "deep.tif", x)
    picture, out = str(tmp_path / "deep.tif"), tmp_path / "out"
    assert main(["image", "upright", "apply", str(model), picture, "-o", str(out), "-q"]) == 0
    turned = read_image(out / "deep.tif")
    assert turned.dtype == np.uint16 and turned.shape == x.shape
    assert 55_000 < turned[..., 0].max() <= 60_000


def test_what_is_wrong_is_said_in_a_line(folder, model, tmp_path, capsys):
    picture, out = str(folder / "00.png"), str(tmp_path / "out")
    for arguments, complaint in (
        (["train", picture, "-o", out, "--size", "12"], "takes 12 or more different pictures"),
        (["train", str(folder), "-o", out, "--size", "12x14"], "pictures to turn are squares"),
        (["train", str(folder), "-o", out, "--size", "7"], "squares of 8x8 or more"),
        (["train", str(folder), "-o", out, "--augment", "mixup"], "mixes angles"),
        (["train", str(folder), "-o", str(model)], "the folder is not empty"),
        (["apply", str(folder), picture, "-o", out], "a model needs this file"),
    ):
        assert main(["image", "upright", *arguments, "-q"]) == 2
        assert complaint in capsys.readouterr().err
