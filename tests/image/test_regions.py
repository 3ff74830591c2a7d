"""What a mask says of its picture, by flood fill; pairs of files are tested with the commands."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.image.brightness import stretch_brightness
from seqcnn.image.regions import class_of_mask, describe_mask
from seqcnn.image.synthetic import draw_cells


def _sizes_by_flood(mask, number):
    """Collect connected pixels one by one, corners counting as touching."""
    left, sizes = {tuple(at) for at in np.argwhere(mask == number)}, []
    while left:
        todo, size = [left.pop()], 0
        while todo:
            y, x = todo.pop()
            size += 1
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & left
            left -= near
            todo += near
        sizes.append(size)
    return sizes


@pytest.mark.parametrize("least", [1, 30])
def test_pieces_are_those_of_a_flood_fill(least):
    mask = draw_cells(1, size=48, seed=3).masks[0] * np.uint8(2)
    mask[:4, :4] = mask[4, 4] = 1
    mask[0, 10] = 255
    facts = describe_mask(mask, 3, least=least)
    for number in range(3):
        sizes = _sizes_by_flood(mask, number)
        assert facts.pixels[number] == sum(sizes) and facts.largest[number] == max(sizes)
        assert facts.pieces[number] == sum(size >= least for size in sizes)
    assert facts.share.sum() == pytest.approx(1) and facts.pixels.sum() == mask.size - 1


def test_the_class_of_a_picture_follows_from_its_mask():
    mask = np.zeros((6, 6), int)
    mask[:3, :3], mask[5, 0], mask[5, 2], mask[3, 5] = 1, 2, 2, 2
    assert class_of_mask(mask, 3) == 1 and class_of_mask(mask, 3, by="pieces") == 2
    assert class_of_mask(mask, 3, by="pieces", least=2) == 1
    assert class_of_mask(mask, 3, ground=None) == 0
    assert class_of_mask(mask * 0, 3) == 0
    with pytest.raises(SeqcnnError, match="`by` must be"):
        class_of_mask(mask, 3, by="size")


def test_brightness_is_stretched_alike_in_all_channels():
    x = np.array([[[10, 20], [30, 110]]], np.uint16)
    found = stretch_brightness(x, low=0, high=100)
    np.testing.assert_array_equal(found, np.rint((x - 10.0) * 2.55))
    assert found.dtype == np.uint8 and not stretch_brightness(np.full((2, 2, 1), 7)).any()
    with pytest.raises(SeqcnnError, match="in order"):
        stretch_brightness(x, low=50, high=50)
