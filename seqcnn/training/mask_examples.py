"""Examples for segmentation: who learns and who reports, and tiles of pictures and masks."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.stats.segmentation import IGNORED
from seqcnn.training.examples import Examples
from seqcnn.training.loop import Schedule
from seqcnn.training.tiles import cut_tiles

TOPS = {"bool": 1, "uint8": 255, "uint16": 65_535, "float32": 1}
"""The value that means white in each form of pixels."""


class Parts(NamedTuple):
    """Which pictures train, stop and report; int64, disjoint."""

    train: np.ndarray
    stop: np.ndarray
    report: np.ndarray


def deal_pictures(
    n: int, *, hold_out: float = 0.2, groups: np.ndarray | None = None, seed: int = 0
) -> Parts:
    """Deal pictures out by chance, groups as a whole.

    Parameters
    ----------
    n
        How many there are.
    hold_out
        Share that neither trains nor stops; half as many stop. One of each at least.
    groups
        int (n,): pictures of one group go to one part; None if each is its own.
    seed
        Same seed, same parts.

    Raises
    ------
    SeqcnnError
        There are too few pictures or groups, or `hold_out` is no share.
    """
    if not 0 < hold_out < 0.6:
        raise SeqcnnError(f"`hold_out` must lie between 0 and 0.6, not be {hold_out}")
    report, stop = max(1, round(hold_out * n)), max(1, round(hold_out * n / 2))
    if n - report - stop < 1:
        raise SeqcnnError(
            f"{n} pictures are too few: one at least has to be learnt from, one has to say when to "
            f"stop, and one what the network is worth"
        )
    rng = np.random.default_rng([seed, 11])
    if groups is not None and len(np.unique(groups)) < n:
        part = _part_of_each(groups, [n - report - stop, stop, report], rng)
        return Parts(*(np.flatnonzero(part == number) for number in range(3)))
    order = rng.permutation(n)
    parts = (order[report + stop :], order[report : report + stop], order[:report])
    return Parts(*(np.sort(part) for part in parts))


def _part_of_each(groups: np.ndarray, wanted: list[int], rng: np.random.Generator) -> np.ndarray:
    """Deal groups out, large ones first, each to the part that lacks most; int64 (n,)."""
    names, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(names) < len(wanted):
        raise SeqcnnError(
            f"{len(groups)} pictures in {len(names)} groups are too few: one group at least has to "
            f"be learnt from, one has to say when to stop, and one what the network is worth"
        )
    order = rng.permutation(len(names))
    order = order[np.argsort(-sizes[order], kind="stable")]
    part_of = np.zeros(len(names), np.int64)
    lacking, empty = np.array(wanted), np.ones(len(wanted), bool)
    for left, group in zip(range(len(names), 0, -1), order, strict=True):
        # the last groups are for parts that have none yet
        open_to = empty if empty.sum() >= left else np.ones_like(empty)
        part = int(np.where(open_to, lacking, np.iinfo(np.int64).min).argmax())
        part_of[group], empty[part] = part, False
        lacking[part] -= sizes[group]
    return part_of[members]


def tile_examples(
    pictures: Sequence[np.ndarray], masks: Sequence[np.ndarray], tile: int, step: int
) -> Examples:
    """Cut pictures and their masks into tiles.

    Parameters
    ----------
    pictures
        (h, w, channels) each; those smaller than a tile are mirrored at their edges, where nothing
        counts as known.
    masks
        uint8 (h, w) each, 255 where nothing is known.
    tile, step
        As for `seqcnn.training.tiles.cut_tiles`.
    """
    x, y = [], []
    for picture, mask in zip(pictures, masks, strict=True):
        around = [max(0, tile - extent) for extent in mask.shape]
        margins = [(a // 2, a - a // 2) for a in around]
        seen = np.pad(picture, [*margins, (0, 0)], mode="symmetric")
        known = np.pad(mask, margins, constant_values=IGNORED)
        x.append(cut_tiles(seen, tile, step))
        y.append(cut_tiles(known, tile, step))
    return Examples(np.concatenate(x), np.concatenate(y).astype(np.uint8))


def pixel_statistics(x: np.ndarray) -> dict[str, list[float]]:
    """Compute mean and standard deviation of each channel, on the scale from 0 to 1.

    Parameters
    ----------
    x
        (n, *space, channels), as pixels are stored.

    Returns
    -------
    dict
        ``mean`` and ``std``: options of `seqcnn.networks.doors.Pixels`.
    """
    axes = tuple(range(x.ndim - 1))
    mean, spread = (getattr(x, name)(axis=axes, dtype=np.float64) for name in ("mean", "std"))
    top = TOPS[str(x.dtype)]
    return {
        "mean": np.round(mean / top, 6).tolist(),
        "std": np.round(np.maximum(spread / top, 1e-3), 6).tolist(),
    }


def mask_schedule(tiles: int) -> Schedule:
    """Choose a schedule by the number of tiles.

    Examples
    --------
    >>> mask_schedule(1000).steps, mask_schedule(10).steps
    (125, 20)
    """
    steps = int(np.clip(tiles // 8, 20, 200))
    return Schedule(batch=8, steps=steps, rounds=20, patience=6, learning_rate=3e-3)
