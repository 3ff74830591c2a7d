"""Single objects from a mask: touching ones are parted where they are narrow, and counted."""

import heapq

import numpy as np
from scipy import ndimage

from seqcnn.errors import SeqcnnError


def label_instances(
    mask: np.ndarray, *, separation: int = 5, least: int = 1, smooth: float = 1.0
) -> np.ndarray:
    """Give the objects of a mask numbers, and part those that touch.

    Parameters
    ----------
    mask
        bool or int (*space), of any rank: not 0 where an object is.
    separation
        Middles of objects lie further apart than this, in positions. 0 parts nothing: each
        connected piece is one object.
    least
        Objects of fewer positions are left out.
    smooth
        Standard deviation by which distances are smoothed before their peaks are looked for.

    Returns
    -------
    numpy.ndarray
        int32, of the shape of `mask`: 0 for the ground, objects from 1 on without a gap.

    Raises
    ------
    SeqcnnError
        A number is below 0.

    Notes
    -----
    The middle of an object is furthest from the ground. Peaks of the distance to it are the sources
    of a watershed (Beucher and Lantuejoul 1979) that floods the pieces of the mask.

    Examples
    --------
    >>> mask = np.array([[1, 1, 0, 1], [1, 1, 0, 1]])
    >>> label_instances(mask).tolist()
    [[1, 1, 0, 2], [1, 1, 0, 2]]
    """
    if min(separation, least, smooth) < 0:
        raise SeqcnnError(
            f"`separation`, `least` and `smooth` must be 0 or more, not {separation}, {least} and "
            f"{smooth}"
        )
    there = np.asarray(mask) != 0
    pieces, _ = _pieces(there)
    if separation and there.any():
        pieces = _parted(there, pieces, separation, smooth)
    sizes = np.bincount(pieces.ravel())
    sizes[0] = 0
    kept = (sizes >= least) & (sizes > 0)
    return np.where(kept, np.cumsum(kept), 0).astype(np.int32)[pieces]


def count_instances(mask: np.ndarray, **options: float) -> int:
    """Count the objects of a mask; options as of `label_instances`."""
    return int(label_instances(mask, **options).max(initial=0))  # type: ignore[arg-type]


def _parted(there: np.ndarray, pieces: np.ndarray, separation: int, smooth: float) -> np.ndarray:
    depth = ndimage.distance_transform_edt(there)
    depth = np.where(there, ndimage.gaussian_filter(depth, smooth), 0)
    near = np.indices((2 * separation + 1,) * there.ndim) - separation
    ball = (near**2).sum(axis=0) <= separation**2
    peaks = there & (depth >= ndimage.maximum_filter(depth, footprint=ball))
    # a flat top is one peak
    sources, number = _pieces(peaks)
    seen = np.bincount(pieces.ravel(), weights=(sources > 0).ravel().astype(float)) > 0
    missed = np.where(seen | (np.arange(len(seen)) == 0), 0, np.arange(len(seen)))[pieces]
    sources = np.where(missed > 0, missed + number, sources)
    return flood(depth, sources, there)


def flood(depth: np.ndarray, sources: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Let sources grow over a mask until they meet, the deepest positions first.

    Parameters
    ----------
    depth
        float (*space).
    sources
        int (*space): numbers from 1 on, 0 elsewhere.
    there
        bool (*space): where they may grow.

    Returns
    -------
    numpy.ndarray
        int32 (*space): the source that has come to each position first, 0 where none has.
    """
    # a border all around: every position has all neighbours
    found, open_, deep = (
        np.pad(x, 1).ravel().tolist() for x in (np.where(there, sources, 0), there, depth)
    )
    shape = tuple(extent + 2 for extent in there.shape)
    around = np.argwhere(_touching(there.ndim)) - 1
    strides = np.array([int(np.prod(shape[axis + 1 :])) for axis in range(len(shape))])
    steps = [step for step in (around @ strides).tolist() if step]
    heap = [(-deep[at], at) for at in range(len(found)) if found[at]]
    heapq.heapify(heap)
    while heap:
        _, at = heapq.heappop(heap)
        for step in steps:
            if open_[at + step] and not found[at + step]:
                found[at + step] = found[at]
                heapq.heappush(heap, (-deep[at + step], at + step))
    inner = (slice(1, -1),) * there.ndim
    return np.array(found, np.int32).reshape(shape)[inner]


def _pieces(there: np.ndarray) -> tuple[np.ndarray, int]:
    labelled = np.zeros(there.shape, np.int32)
    number = ndimage.label(there, structure=_touching(there.ndim), output=labelled)
    return labelled, int(number)  # type: ignore[arg-type]


def _touching(rank: int) -> np.ndarray:
    return ndimage.generate_binary_structure(rank, rank)
