"""``seqcnn image generate`` as a user runs it."""

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.image.files import read_image, write_image
from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.weights import load_model


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shapes")
    shapes = draw_shapes(8, size=12, classes=2)
    for i, (picture, label) in enumerate(zip(shapes.x, shapes.labels, strict=True)):
        (folder / ("disc", "square")[label]).mkdir(exist_ok=True)
        write_image(folder / ("disc", "square")[label] / f"{i}.png", picture)
    return str(folder)


def test_a_network_is_trained_and_draws(pictures, tmp_path, capsys):
    model, out = tmp_path / "model", tmp_path / "out"
    train = ["image", "generate", "train", pictures, "--network", "vae", "--steps", "3"]
    asked = ["--size", "12x16", "--fit", "pad", "--channels", "3", "--learning-rate", "1e-3"]
    assert main([*train, "--batch", "4", *asked, "-o", str(model)]) == 0
    assert sorted(p.name for p in model.iterdir()) == [
        "config.json", "history.tsv", "samples.png", "weights.safetensors",
    ]  # fmt: skip
    assert load_model(model).extra["classes"] == ["disc", "square"]
    draw = ["image", "generate", "sample", str(model), "-n", "3", "-o", str(out)]
    assert main(draw) == 0
    assert len(list(out.glob("disc_*.png"))) == len(list(out.glob("square_*.png"))) == 3
    assert read_image(out / "disc_0001.png").shape == (12, 16, 3)
    lines = (out / "samples.tsv").read_text().splitlines()
    assert lines[0] == "file\tclass" and lines[-1] == "square_0003.png\tsquare"
    assert main([*draw, "--force", "--class", "blob"]) == 2
    assert "choose from disc, square" in capsys.readouterr().err
    again = tmp_path / "again"
    assert main(["image", "generate", "sample", str(model), "-n", "3", "-o", str(again)]) == 0
    for path in out.iterdir():
        assert path.read_bytes() == (again / path.name).read_bytes()


def test_what_is_wrong_is_said_in_one_line(pictures, tmp_path, capsys):
    train = ["image", "generate", "train", pictures, "-o", str(tmp_path / "model")]
    for size in ("10", "12x10"):
        assert main([*train, "--size", size]) == 2
        assert "multiples of 4" in capsys.readouterr().err
    np.savez(tmp_path / "numbers.npz", x=np.zeros((4, 8, 8), np.uint8), y=np.arange(4) / 3)
    wrong = ["image", "generate", "train", str(tmp_path / "numbers.npz")]
    assert main([*wrong, "-o", str(tmp_path / "model")]) == 2
    assert "one class each" in capsys.readouterr().err
    assert not (tmp_path / "model").exists()
