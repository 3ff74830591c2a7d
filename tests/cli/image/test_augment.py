"""Sheets of changed copies, from the command line."""

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.image.files import read_image, write_image
from seqcnn.image.masks import read_mask, write_mask

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path):
    """Two pictures of other sizes, one in colour, with their masks."""
    (tmp_path / "masks").mkdir()
    (tmp_path / "pictures").mkdir()
    for name, shape in (("a", (12, 12, 1)), ("b", (12, 15, 3))):
        x = RNG.integers(0, 256, shape, dtype=np.uint8)
        write_image(tmp_path / "pictures" / f"{name}.png", x)
        write_mask(tmp_path / "masks" / f"{name}.png", (x[..., 0] > 128).astype(np.uint8))
    return tmp_path


def run(folder, out, *options):
    pictures = str(folder / "pictures")
    return main(["image", "augment", pictures, "-o", str(folder / out), "-q", *options])


def test_copies_and_their_masks_are_written_and_the_seed_decides(folder):
    options = ("--augment", "turn180@1,noise:0.1@0", "-n", "2", "--masks", str(folder / "masks"))
    assert run(folder, "one", *options, "--separate") == 0
    names = {path.name for path in (folder / "one").iterdir()}
    own = {f"{x}_{i}{end}.png" for x in "ab" for i in (1, 2) for end in ("", "_mask")}
    assert names == own | {"a_augmented.png", "b_augmented.png"}
    for name in "ab":
        x = read_image(folder / "pictures" / f"{name}.png")
        assert (read_image(folder / "one" / f"{name}_2.png") == x[::-1, ::-1]).all()
        mask = read_mask(folder / "masks" / f"{name}.png")
        assert (read_mask(folder / "one" / f"{name}_1_mask.png") == mask[::-1, ::-1]).all()
    # three pictures in a row, and three with masks below
    sheet = read_image(folder / "one" / "b_augmented.png")
    assert sheet.shape == (2 * 14 + 2, 3 * 17 + 2, 3)
    x = read_image(folder / "pictures" / "b.png")
    assert (sheet[2:14, 2:17] == x).all()
    assert (sheet[2:14, 19:34] == x[::-1, ::-1]).all()


@pytest.mark.parametrize(
    ("dtype", "channels", "ending"),
    [("uint16", 3, ".tif"), ("uint16", 1, ".png"), ("float32", 3, ".npy")],
)
def test_copies_keep_the_depth_of_their_picture(tmp_path, dtype, channels, ending):
    x = RNG.integers(0, 256, (9, 8, channels)) * (257 if dtype == "uint16" else 1)
    x = (x / 255).astype(dtype) if dtype == "float32" else x.astype(dtype)
    (tmp_path / "pictures").mkdir()
    np.save(tmp_path / "pictures" / "a.npy", x)
    assert run(tmp_path, "out", "--augment", "turn180@1", "-n", "1", "--separate") == 0
    copy = read_image(tmp_path / "out" / f"a_1{ending}")
    assert copy.dtype == x.dtype
    np.testing.assert_allclose(copy, x[::-1, ::-1], atol=1e-6)


def test_the_same_seed_gives_the_same_sheets(folder):
    for out, seed in (("one", "3"), ("two", "3"), ("three", "4")):
        assert run(folder, out, "--augment", "noise:0.5", "-n", "2", "--seed", seed) == 0
    one, two, three = ((folder / out / "a_augmented.png").read_bytes() for out in
                       ("one", "two", "three"))  # fmt: skip
    assert one == two
    assert one != three


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--augment", "spin"], "no step of augmentation is called 'spin'"),
        (["--augment", "mixup"], "mixup mixes different pictures"),
        (["--augment", "flip", "--masks", "nowhere"], "there is no such folder or file of masks"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(folder, capsys, options, complaint):
    assert run(folder, "out", *options) == 2
    assert complaint in capsys.readouterr().err
    assert not (folder / "out").exists()
