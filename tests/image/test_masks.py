"""Masks keep their numbers; colours are those of the table."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from seqcnn.errors import SeqcnnError
from seqcnn.image.files import read_image, write_image
from seqcnn.image.masks import (
    IGNORE,
    OKABE_ITO,
    check_mask,
    class_colours,
    colour_mask,
    overlay,
    read_mask,
    read_mask_files,
    read_masks,
    write_mask,
)
from seqcnn.image.pairs import read_pairs
from seqcnn.image.sources import read_pictures

MASK = np.array([[0, 1, 2], [3, 200, 255]], np.uint8)


def test_numbers_survive_and_colours_show(tmp_path):
    write_mask(tmp_path / "m.png", MASK)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.png"), MASK)
    seen = read_image(tmp_path / "m.png")
    assert seen[0, 1].tolist() == list(OKABE_ITO[0]) and seen[1, 2].tolist() == [255, 255, 255]
    np.testing.assert_array_equal(seen, colour_mask(MASK))
    own = np.array([[9, 9, 9], [1, 2, 3]], np.uint8)
    write_mask(tmp_path / "m.png", MASK % 2, own)
    np.testing.assert_array_equal(read_image(tmp_path / "m.png"), own[MASK % 2])


def test_masks_of_all_kinds_are_read(tmp_path):
    for name, pixels, wanted in [
        ("grey.png", MASK, MASK),
        ("grey.tif", MASK, MASK),
        ("bits.png", MASK > 1, MASK > 1),
        ("bytes.png", np.where(MASK > 1, 255, 0).astype(np.uint8), MASK > 1),
        ("deep.tif", MASK.astype(np.uint16) * 100, MASK.astype(np.uint16) * 100),
        ("floats.tif", MASK.astype(np.float32), MASK),
        ("numbers.npy", MASK.astype(np.float32), MASK),
        ("colours.png", np.repeat(MASK[..., None], 3, -1), MASK),
        ("clear.png", MASK * 0, MASK * 0),
    ]:
        write_image(tmp_path / name, pixels)
        np.testing.assert_array_equal(read_mask(tmp_path / name), wanted, err_msg=name)
    palette = np.zeros((3, 256), np.uint16)
    tifffile.imwrite(tmp_path / "p.tif", MASK, photometric="palette", colormap=palette)
    np.testing.assert_array_equal(read_mask(tmp_path / "p.tif"), MASK)


def test_white_is_a_class_unless_masks_beside_it_say_otherwise(tmp_path):
    rows = {"bw": [[0, 255]], "one": [[0, 1]], "two": [[0, 2]], "edge": [[1, 255]]}

    def read(*names):
        masks = read_mask_files(tmp_path, names, [(1, 2)] * len(names))
        return [mask.tolist() for mask in masks]

    for name, row in rows.items():
        write_image(tmp_path / f"{name}.png", np.array(row, np.uint8)[..., None])
    assert read("bw") == [[[0, 1]]]
    assert read("bw", "one") == [[[0, 1]], [[0, 1]]]
    # three classes, or 255 beside class 1: nothing is known there, and not class 1
    assert read("bw", "two") == [[[0, 255]], [[0, 2]]]
    assert read("one", "bw", "edge") == [[[0, 1]], [[0, 255]], [[1, 255]]]
    assert read_masks(tmp_path, ["bw", "two"], (1, 2)).tolist() == [[[0, 255]], [[0, 2]]]


def test_what_is_unknown_in_a_palette_stays_unknown(tmp_path):
    mask = np.array([[0, IGNORE]], np.uint8)
    write_mask(tmp_path / "p.png", mask)
    np.testing.assert_array_equal(read_mask(tmp_path / "p.png"), mask)
    # a palette of all greys is black and white for the programs that write it
    Image.fromarray(mask).convert("P").save(tmp_path / "grey.png")
    assert read_mask(tmp_path / "grey.png").tolist() == [[0, 1]]


def test_arrays_of_black_and_white_are_two_classes(tmp_path):
    masks = np.array([[[0, 255]], [[0, 0]]], np.uint8)
    np.savez(tmp_path / "m.npz", x=np.zeros((2, 1, 2, 1), np.uint8), masks=masks)
    np.testing.assert_array_equal(read_pairs([tmp_path / "m.npz"]).truth, masks // 255)
    np.testing.assert_array_equal(read_masks(tmp_path / "m.npz", "ab", (1, 2)), masks // 255)
    np.savez(tmp_path / "n.npz", x=np.zeros((1, 1, 2, 1)), masks=np.array([[[0, 70_000]]]))
    with pytest.raises(SeqcnnError, match="from 0 to 65,535"):
        read_pairs([tmp_path / "n.npz"])


def test_colours_are_classes(tmp_path):
    colours = {(255, 0, 0): 1, (0, 0, 255): 2, (0, 0, 0): 0}
    painted = np.array([[[255, 0, 0], [0, 0, 255]], [[0, 0, 0], [255, 0, 0]]], np.uint8)
    write_image(tmp_path / "m.png", painted)
    assert read_mask(tmp_path / "m.png", colours=colours).tolist() == [[1, 2], [0, 1]]
    with pytest.raises(SeqcnnError, match=r"2 colours are not known: \(0, 0, 0\), \(0, 0, 255\)"):
        read_mask(tmp_path / "m.png", colours={(255, 0, 0): 1})
    with pytest.raises(SeqcnnError, match="say which class each colour is"):
        read_mask(tmp_path / "m.png")


def test_masks_belong_to_their_pictures(tmp_path):
    write_mask(tmp_path / "one.png", MASK % 4)
    write_mask(tmp_path / "two_mask.png", MASK % 3)
    masks = read_masks(tmp_path, ["deep/one.jpg", "two.png"], (2, 3), classes=4)
    np.testing.assert_array_equal(masks, [MASK % 4, MASK % 3])
    with pytest.raises(SeqcnnError, match=r"one.png: the mask is 2 x 3 pixels.*'one.jpg' 4 x 4"):
        read_masks(tmp_path, ["one.jpg"], (4, 4))
    with pytest.raises(SeqcnnError, match=r"one.png: the mask has class 3, there are 3"):
        read_masks(tmp_path, ["one.jpg"], (2, 3), classes=3)
    with pytest.raises(SeqcnnError, match=r"there is no mask for 'three.png': call it three.png"):
        read_masks(tmp_path, ["three.png"], (2, 3))
    with pytest.raises(SeqcnnError, match="no such folder or file of masks"):
        read_masks(tmp_path / "none", ["three.png"], (2, 3))
    check_mask(np.array([[0, IGNORE]]), (1, 2), classes=1)


def test_masks_of_one_array(tmp_path):
    masks = np.stack([MASK % 4, MASK % 3]).astype(np.int16)
    np.savez(tmp_path / "m.npz", x=np.zeros((2, 2, 3, 1), np.uint8), labels=masks)
    read = read_masks(tmp_path / "m.npz", ["0", "1"], (2, 3), classes=4)
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, masks)
    # what has a label for every pixel has none as a whole
    assert read_pictures(tmp_path / "m.npz").labels is None
    np.save(tmp_path / "m.npy", masks[..., None] > 1)
    np.testing.assert_array_equal(read_masks(tmp_path / "m.npy", ["0", "1"], (2, 3)), masks > 1)
    np.savez(tmp_path / "n.npz", x=masks)
    np.save(tmp_path / "f.npy", masks / 2)
    np.save(tmp_path / "g.npy", -masks)
    for name, shape, classes, message in (
        ("m.npz", (3, 3), 4, "the mask is 2 x 3 pixels, its picture 3 x 3"),
        ("m.npz", (2, 3), 3, "the mask has class 3, there are 3"),
        ("n.npz", (2, 3), 4, "the arrays are called x: masks must be called"),
        ("f.npy", (2, 3), 4, "masks are integers"),
        ("g.npy", (2, 3), 4, "classes go from -3 to 0"),
        ("none.npz", (2, 3), 4, "no such folder or file of masks"),
    ):
        with pytest.raises(SeqcnnError, match=message):
            read_masks(tmp_path / name, ["0", "1"], shape, classes=classes)
    with pytest.raises(SeqcnnError, match="for 3 pictures"):
        read_masks(tmp_path / "m.npz", ["0", "1", "2"], (2, 3))


def test_faults_of_masks(tmp_path):
    write_image(tmp_path / "m.jpg", MASK)
    with pytest.raises(SeqcnnError, match=r"m.jpg: a mask cannot be JPEG"):
        read_mask(tmp_path / "m.jpg")
    write_image(tmp_path / "m.tif", MASK / np.float32(2))
    with pytest.raises(SeqcnnError, match="must be whole"):
        read_mask(tmp_path / "m.tif")
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n")
    with pytest.raises(SeqcnnError, match=r"cut.png: "):
        read_mask(tmp_path / "cut.png")
    with pytest.raises(SeqcnnError, match=r"written as \.png"):
        write_mask(tmp_path / "m.tif", MASK)
    with pytest.raises(SeqcnnError, match="255 is the last"):
        write_mask(tmp_path / "m.png", MASK.astype(np.uint16) + 9)
    with pytest.raises(SeqcnnError, match="class 4 has no colour: there are 3"):
        colour_mask(np.array([[4, 255]]), class_colours(3))


def test_an_overlay_mixes_in_proportion():
    image = np.array([[0, 100, 200]], np.uint8)[..., None]
    mixed = overlay(image, np.array([[1, 0, 1]]), opacity=0.25)
    colour = np.array(OKABE_ITO[0])
    assert mixed[0, 1].tolist() == [100, 100, 100]
    for at, ground in ((0, 0), (2, 200)):
        assert abs(mixed[0, at] - (0.75 * ground + 0.25 * colour)).max() <= 0.5 + 1e-4
    with pytest.raises(SeqcnnError, match="must be of one size"):
        overlay(image, np.zeros((2, 3), int))
    with pytest.raises(SeqcnnError, match="`opacity`"):
        overlay(image, np.zeros((1, 3), int), opacity=2)


def test_colours_differ_also_for_the_colour_blind():
    colours = class_colours(256)
    assert len(np.unique(colours, axis=0)) == 256
    # Viénot, Brettel and Mollon 1999: what a protanope and a deuteranope see, in linear light
    linear = (colours[:8] / 255.0) ** 2.2
    for red, green in ((0.11238, 0.88762), (0.29275, 0.70725)):
        same = red * linear[:, 0] + green * linear[:, 1]
        seen = np.stack([same, same, linear[:, 2]], 1) ** (1 / 2.2)
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1) + 9 * np.eye(8)
        assert apart.min() > 0.1
