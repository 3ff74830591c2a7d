"""Masks of pictures of any size: whole, or tile by tile where they are large."""

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from flax import nnx
from scipy.special import softmax

from seqcnn.errors import SeqcnnError
from seqcnn.training.step import predict_outputs

TOGETHER = 64
"""Tiles that are worked on before the next ones are cut."""


def predict_probabilities(
    networks: Sequence[nnx.Module],
    picture: np.ndarray,
    *,
    tile: int | None = None,
    overlap: float = 0.25,
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

    Returns
    -------
    numpy.ndarray
        float32 (*space, classes).

    Raises
    ------
    SeqcnnError
        `overlap` or `tile` is out of range.
    """
    if not 0 <= overlap < 1 or (tile is not None and tile < 1):
        raise SeqcnnError(
            f"`overlap` must be from 0 to below 1 and `tile` 1 or more, not {overlap} and {tile}"
        )
    if tile is None:
        return _mean_probabilities(networks, picture[None])[0]
    space = picture.shape[:-1]
    around = [max(0, tile - extent) for extent in space]
    margins = [(a // 2, a - a // 2) for a in around]
    picture = np.pad(picture, [*margins, (0, 0)], mode="symmetric")
    step = max(1, round(tile * (1 - overlap)))
    places = itertools.product(*(_starts(extent, tile, step) for extent in picture.shape[:-1]))
    weight = _pyramid(tile, len(space))
    total: np.ndarray | None = None
    for some in _chunks(places, TOGETHER):
        squares = [tuple(slice(start, start + tile) for start in place) for place in some]
        found = _mean_probabilities(networks, np.stack([picture[square] for square in squares]))
        if total is None:
            total = np.zeros((*picture.shape[:-1], found.shape[-1] + 1), np.float32)
        for square, part in zip(squares, found, strict=True):
            total[square][..., :-1] += part * weight
            total[square][..., -1:] += weight
    assert total is not None
    inner = tuple(
        slice(before, before + extent) for (before, _), extent in zip(margins, space, strict=True)
    )
    return total[inner][..., :-1] / total[inner][..., -1:]


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


def _pyramid(tile: int, rank: int) -> np.ndarray:
    """Weigh the positions of a tile by their distances from its edges, float32 (..., 1)."""
    ramp = np.minimum(np.arange(1, tile + 1), np.arange(tile, 0, -1)) / math.ceil(tile / 2)
    weight = np.ones(())
    for _ in range(rank):
        weight = weight[..., None] * ramp
    return weight[..., None].astype(np.float32)


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
