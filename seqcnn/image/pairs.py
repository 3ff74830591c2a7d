"""Pictures with a mask each, of one size or of many."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.arrays import read_npz
from seqcnn.image.files import SUFFIXES, read_image
from seqcnn.image.masks import IGNORE, read_mask_files, settle_whites
from seqcnn.image.stored import TOPS, convert, set_channels

MASK_NAMES = ("masks", "mask", "y", "labels")
"""What the masks in an NPZ file are called."""


MOST = 65_535
"""Largest number of a mask."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pictures and masks.

    Parameters
    ----------
    ids
        n names.
    pictures
        (h, w, c) each, of one dtype and as many channels.
    masks
        uint8 or uint16 (h, w) each, 255 where nothing is known; None if there are none.
    groups
        int64 (n,): pictures of one group must not be split up; None if nothing is said.
    """

    ids: tuple[str, ...]
    pictures: tuple[np.ndarray, ...]
    masks: tuple[np.ndarray, ...] | None = None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def truth(self) -> tuple[np.ndarray, ...]:
        """The masks; `SeqcnnError` if there are none."""
        if self.masks is None:
            raise SeqcnnError(
                "there are no masks: name their folder behind that of the pictures, or give an NPZ "
                "file with `masks`"
            )
        return self.masks


def read_pairs(
    sources: Sequence[str | Path],
    masks: str | Path | None = None,
    *,
    channels: int | None = None,
    binary: bool = False,
) -> Pairs:
    """Read pictures, and their masks if they are asked for.

    Parameters
    ----------
    sources
        A folder, one or several pictures, or an NPZ file with `x` and, perhaps, `masks` and
        `groups`.
    masks
        Folder with a mask for each picture, see `seqcnn.image.masks.read_masks`; None for those of
        an NPZ file, or for none.
    channels
        1 or 3; None for what is there, and 3 if grey and colour are mixed.
    binary
        Whether all numbers above 0 are one class: the masks count single objects.

    Raises
    ------
    SeqcnnError
        There are no pictures, or one of them or a mask cannot be read or does not fit.
    """
    first = Path(sources[0])
    if len(sources) == 1 and first.suffix.lower() == ".npz":
        pairs = _of_arrays(first, channels)
    else:
        ids, paths = _files(sources)
        pairs = Pairs(ids, _alike([read_image(path) for path in paths], channels))
    if masks is not None:
        shapes = [(picture.shape[0], picture.shape[1]) for picture in pairs.pictures]
        pairs = replace(pairs, masks=tuple(read_mask_files(masks, pairs.ids, shapes)))
    if pairs.masks is not None and binary:
        pairs = replace(pairs, masks=tuple(map(_one_class, pairs.masks)))
    return pairs


def count_classes(masks: Sequence[np.ndarray]) -> int:
    """Find how many classes there are: one more than the largest number, 255 left out.

    Raises
    ------
    SeqcnnError
        There is one only, or more than can be.
    """
    most = max(int(mask[mask != IGNORE].max(initial=0)) for mask in masks)
    if most >= IGNORE:
        raise SeqcnnError(
            f"a mask holds {most}, classes go up to {IGNORE - 1}: if the numbers are those of "
            f"single objects, --binary makes one class of them"
        )
    if most == 0:
        raise SeqcnnError("only one class: all masks are 0 where anything is known")
    return most + 1


def _files(sources: Sequence[str | Path]) -> tuple[tuple[str, ...], list[Path]]:
    """Find pictures, and name them: within their folder, or by their own name."""
    root = Path(sources[0])
    if len(sources) > 1 or not root.is_dir():
        paths = [Path(source) for source in sources]
        return tuple(path.name for path in paths), paths
    paths = sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES and path.is_file() and not path.name.startswith(".")
    )
    if not paths:
        raise SeqcnnError("there is no picture in the folder", path=root)
    return tuple(path.relative_to(root).as_posix() for path in paths), paths


def _alike(pictures: list[np.ndarray], channels: int | None) -> tuple[np.ndarray, ...]:
    """Bring pictures to the most exact dtype among them, and to as many channels."""
    exact = max((str(picture.dtype) for picture in pictures), key=list(TOPS).index)
    found = {picture.shape[-1] for picture in pictures}
    wanted = channels or (3 if len(found) > 1 else found.pop())
    return tuple(set_channels(convert(picture, exact), wanted) for picture in pictures)


def _of_arrays(path: Path, channels: int | None) -> Pairs:
    arrays = read_npz(path)
    x = arrays.x
    if x.ndim != 4:
        raise SeqcnnError(
            f"the pictures are {x.shape}, not (n, height, width, channels)", path=path
        )
    names = range(len(x)) if arrays.ids is None else arrays.ids
    with np.load(path, allow_pickle=False) as file:
        found = next((file[name] for name in MASK_NAMES if name in file), None)
    masks = None
    if found is not None:
        fits = found.shape == x.shape[:-1] and found.dtype.kind in "biu"
        if not fits or found.min() < 0 or found.max() > MOST:
            raise SeqcnnError(
                f"the masks are {found.dtype} {found.shape}, they must be whole numbers "
                f"{x.shape[:-1]} from 0 to {MOST:,}, the class of each pixel",
                path=path,
            )
        masks = tuple(settle_whites([(found, True)])[0])
    groups = None
    if arrays.groups is not None:
        groups = np.unique(arrays.groups, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return Pairs(tuple(map(str, names)), _alike(list(x), channels), masks, groups)


def _one_class(mask: np.ndarray) -> np.ndarray:
    return (mask > 0).astype(np.uint8)
