"""Masks of pictures of any size: whole, or tile by tile where they are large."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from flax import nnx
from scipy.special import softmax

from seqcnn.errors import SeqcnnError
from seqcnn.training.step import predict_outputs

TOGETHER = 2**20
"""Positions of tiles that are worked on before the next ones are cut."""

MULTIPLE = 32
"""Tiles start at multiples of it where they can: networks halve the extents up to five times, and
see the same picture in another way when it is shifted by less."""


def predict_probabilities(
    networks: Sequence[nnx.Module],
    picture: np.ndarray,
    *,
    tile: int | None = None,
    overlap: float = 0.25,
    margin: int = 0,
) -> np.ndarray:
    """Give the probability of each class at each position of a picture.

    Parameters
    ----------
    networks
        One or more; their probabilities are averaged.
    picture
        (*space, channels), as the networks read it.
    tile
        Extent of the squares that are predicted one by one; None for the whole at once. A smaller
        picture is mirrored at its edges up to this size, so that one compiled program serves all.
    overlap
        Share of a tile that the next one covers too, from 0 to below 1. There, both count: each
        the more, the farther its edge is.
    margin
        Positions along the edges of a tile, those of the picture apart, that do not count; tiles
        then overlap by twice as many at least.

    Returns
    -------
    numpy.ndarray
        float32 (*space, classes).

    Raises
    ------
    SeqcnnError
        `overlap`, `tile` or `margin` is out of range.

    Notes
    -----
    Of a network that looks no farther than `margin` positions, the result is that of the whole
    picture at once, if picture and tile are multiples of what the network divides extents by (32
    for those over backbones). Means over all positions, as in PSPNet, DeepLab, squeeze and
    excitation or attention, look everywhere: then tiles are predictions of their own.

    Memory: the result, its sum over an axis, and `TOGETHER` positions.
    """
    _check(tile, overlap, margin)
    if tile is None:
        return _mean_probabilities(networks, picture[None])[0]
    space = picture.shape[:-1]
    around = [max(0, tile - extent) for extent in space]
    margins = [(a // 2, a - a // 2) for a in around]
    picture = np.pad(picture, [*margins, (0, 0)], mode="symmetric")
    ramps = [_ramps(extent, tile, overlap, margin) for extent in picture.shape[:-1]]
    total: np.ndarray | None = None
    for some in _chunks(itertools.product(*ramps), max(1, TOGETHER // tile ** len(space))):
        squares = [tuple(slice(start, start + tile) for start in place) for place in some]
        found = _mean_probabilities(networks, np.stack([picture[square] for square in squares]))
        if total is None:
            total = np.zeros((*picture.shape[:-1], found.shape[-1]), np.float32)
        for place, square, part in zip(some, squares, found, strict=True):
            for axis, start in enumerate(place):
                part *= _along(ramps[axis][start], axis, part.ndim)
            total[square] += part
    assert total is not None
    for axis, (ramp, extent) in enumerate(zip(ramps, picture.shape[:-1], strict=True)):
        weight = np.zeros(extent, np.float32)
        for start, values in ramp.items():
            weight[start : start + tile] += values
        total /= _along(weight, axis, total.ndim)
    return total[tuple(slice(at, at + n) for (at, _), n in zip(margins, space, strict=True))]


def _check(tile: int | None, overlap: float, margin: int) -> None:
    if not 0 <= overlap < 1 or (tile is not None and tile < 1):
        raise SeqcnnError(
            f"`overlap` must be from 0 to below 1 and `tile` 1 or more, not {overlap} and {tile}"
        )
    if margin < 0 or (tile is not None and 2 * margin >= tile):
        raise SeqcnnError(f"`margin` must be from 0 to below half of a tile ({tile}), not {margin}")


def _along(values: np.ndarray, axis: int, rank: int) -> np.ndarray:
    return values.reshape([-1 if number == axis else 1 for number in range(rank)])


def cut_tiles(array: np.ndarray, tile: int, step: int, rank: int = 2) -> np.ndarray:
    """Cut squares that cover an array; the last of each row ends where the array does.

    Parameters
    ----------
    array
        (*space, ...), with `tile` positions or more on each axis of space.
    tile, step
        Extent of a square, and how far the next one starts.
    rank
        Axes of space.

    Returns
    -------
    numpy.ndarray
        (tiles, tile, ..., tile, ...).

    Examples
    --------
    >>> cut_tiles(np.arange(7), 4, 2, rank=1).tolist()
    [[0, 1, 2, 3], [2, 3, 4, 5], [3, 4, 5, 6]]
    """
    starts = (_starts(extent, tile, step) for extent in array.shape[:rank])
    squares = (tuple(slice(at, at + tile) for at in place) for place in itertools.product(*starts))
    return np.stack([array[square] for square in squares])


def _starts(extent: int, tile: int, step: int) -> list[int]:
    """Place tiles along an axis, the last one at its end."""
    return sorted({*range(0, extent - tile, step), extent - tile})


def _ramps(extent: int, tile: int, overlap: float, margin: int) -> dict[int, np.ndarray]:
    """Place tiles along an axis, and weigh their positions by the distances from their edges.

    The sum over a grid of tiles is the product of the sums along its axes.
    """
    step = max(1, min(round(tile * (1 - overlap)), tile - 2 * margin))
    step -= step % MULTIPLE if step > MULTIPLE else 0
    ramps = {}
    for start in _starts(extent, tile, step):
        before = np.arange(1, tile + 1) - (margin if start else 0)
        behind = np.arange(tile, 0, -1) - (margin if start + tile < extent else 0)
        ramp = np.maximum(np.minimum(before, behind), 0) / math.ceil(tile / 2)
        ramps[start] = ramp.astype(np.float32)
    return ramps


def _chunks(places: Iterator[tuple[int, ...]], size: int) -> Iterator[list[tuple[int, ...]]]:
    while some := list(itertools.islice(places, size)):
        yield some


def _mean_probabilities(networks: Sequence[nnx.Module], x: np.ndarray) -> np.ndarray:
    """Average the probabilities of networks, float32 (n, *space, classes)."""
    total = np.float32(0)
    for network in networks:
        graph, *states = nnx.split(network, nnx.Param, ...)
        total = total + softmax(predict_outputs(graph, tuple(states), x), axis=-1)
    return np.asarray(total / len(networks), np.float32)
