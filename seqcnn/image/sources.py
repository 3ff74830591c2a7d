"""From folders and files to a `PictureSet`: a folder a class, a table of labels, NPZ, IDX."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from seqcnn.data.tables import Table, read_table
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.image.arrays import Arrays, is_idx, read_idx, read_idx_pictures, read_npy, read_npz
from seqcnn.image.files import SUFFIXES, decode, load_npy
from seqcnn.image.fit import Fit, fit_to_size
from seqcnn.image.labels import (
    Labels,
    array_labels,
    class_labels,
    file_column,
    group_numbers,
    match_rows,
    table_labels,
)
from seqcnn.image.record import PictureSet
from seqcnn.image.stored import TOPS, all_finite, convert, set_channels

Source = str | Path | Sequence[str | Path]


def read_pictures(
    source: Source,
    *,
    labels: str | Path | None = None,
    columns: Sequence[str] = (),
    size: int | tuple[int, int] | None = None,
    fit: Fit = "stretch",
    channels: int | None = None,
    group_by: str | None = None,
    need_labels: bool = False,
) -> PictureSet:
    """Read pictures or volumes, and what is known of them.

    Parameters
    ----------
    source
        A folder with a folder for each class; a folder of pictures, to which `labels` belongs, if
        anything is known; one picture, or several; NPZ, NPY, or IDX such as
        ``train-images-idx3-ubyte.gz``, whose labels are found beside it.
    labels
        A table (tabs or commas; a first line with names) with a column of files and one of classes,
        or columns of numbers; or NPY or IDX with as many labels as there are pictures.
    columns
        Those of the table that are labels; by default all but the files and `group_by`.
    size
        Height and width, or one number for both, to which all are resized.
    fit
        How: ``"stretch"``, ``"crop"`` (shorter side, then the centre) or ``"pad"``.
    channels
        1 turns colour to grey, 3 grey to three equal channels; by default what is there, and 3 if
        grey and colour are mixed.
    group_by
        What pictures share that must not be split up: a column of the table, ``"folder"``, or a
        regular expression on the names.
    need_labels
        Whether it is an error that there are no labels, or one class only.

    Returns
    -------
    PictureSet
        Pictures in the order of their names, in the most exact of the forms found.

    Raises
    ------
    SeqcnnError
        A file is damaged or no picture, sizes differ and no `size` is given, or labels and pictures
        do not belong together.
    """
    paths, root, classes = _find(source, labels is not None)
    if len(paths) == 1 and (arrays := _read_arrays(paths[0])) is not None:
        pictures = _from_arrays(arrays, paths[0], size, fit, channels)
    else:
        ids = tuple(path.relative_to(root).as_posix() if root else str(path) for path in paths)
        x = _read_all(paths, ids, str(root or ids[0]), size, fit, channels)
        pictures = _labelled(PictureSet(x, ids), class_labels(classes) if classes else None)
    table = None
    if labels is not None:
        pictures, table = _with_labels(pictures, Path(labels), columns, group_by)
    if group_by is not None:
        pictures = replace(pictures, groups=group_numbers(pictures.ids, group_by, table))
    if need_labels:
        _check_labels(pictures, paths[0] if root is None else root)
    return pictures


def _find(source: Source, table: bool) -> tuple[list[Path], Path | None, list[str]]:
    """Find the files, the folder that they are in, and the class of each if folders say it."""
    if not isinstance(source, str | Path):
        if not source:
            raise SeqcnnError("there are no pictures: name a folder or files")
        return [Path(path) for path in source], None, []
    root = Path(source)
    if not root.is_dir():
        return [root], None, []
    below = [p for p in sorted(root.rglob("*")) if p.is_file() and not _hidden(p, root)]
    paths = [path for path in below if path.suffix.lower() in SUFFIXES]
    if not paths:
        raise SeqcnnError(_nothing_in(root, below), path=root)
    _say_left_out(below, paths, root)
    if table:
        return paths, root, []
    first = [path.relative_to(root).parts for path in paths]
    flat = [parts[0] for parts in first if len(parts) == 1]
    if not flat:
        return paths, root, [parts[0] for parts in first]
    if len(flat) < len(paths):
        folder = next(parts[0] for parts in first if len(parts) > 1)
        raise SeqcnnError(
            f"pictures lie in the folder itself ({flat[0]}) and in folders ({folder}): put each "
            f"class in a folder of its own, or give a table of labels",
            path=root,
        )
    return paths, root, []


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.relative_to(root).parts)


def _nothing_in(root: Path, below: Sequence[Path]) -> str:
    arrays = [path.name for path in below if path.suffix == ".npz" or is_idx(path)]
    if arrays:
        return f"the folder holds {arrays[0]}: name that file, not its folder"
    kinds = ", ".join(sorted(SUFFIXES))
    return f"there are no pictures in the folder: their names end in {kinds}"


def _say_left_out(below: Sequence[Path], paths: Sequence[Path], root: Path) -> None:
    taken = set(paths)
    others = [path for path in below if path not in taken]
    tables = (".tsv", ".csv", ".txt", ".md", ".json", ".db", ".ini", ".yaml")
    odd = [path for path in others if path.suffix.lower() not in tables]
    if odd:
        warnings.warn(
            f"{root}: {len(odd)} files are left out, since their names are not those of pictures "
            f"({odd[0].name})",
            SeqcnnWarning,
            stacklevel=4,
        )


def _read_arrays(path: Path) -> Arrays | None:
    """Read a file of many pictures; None if it is one picture."""
    name = path.name.lower()
    if is_idx(path):
        return read_idx_pictures(path)
    if name.endswith((".npz", ".npz.gz")):
        return read_npz(path)
    return read_npy(path) if name.endswith((".npy", ".npy.gz")) else None


def _from_arrays(
    arrays: Arrays, path: Path, size: int | tuple[int, int] | None, fit: Fit, channels: int | None
) -> PictureSet:
    x = arrays.x
    _warn({remark: [0, path.name] for remark in arrays.remarks}, str(path), len(x))
    for start in range(0, len(x), 256):
        all_finite(x[start : start + 256], path)
    if channels is not None:
        x = set_channels(x, channels, path)
    if size is not None:
        x = np.stack([fit_to_size(picture, size, fit) for picture in x])
    ids = tuple(map(str, range(len(x)) if arrays.ids is None else arrays.ids))
    groups = None
    if arrays.groups is not None:
        groups = np.unique(arrays.groups, return_inverse=True)[1].reshape(-1).astype(np.int64)
    known = None
    # labels of every pixel are masks: see seqcnn.image.masks.read_masks
    if arrays.labels is not None and arrays.labels.shape != x.shape[:-1]:
        known = array_labels(arrays.labels, len(x), arrays.classes, path)
    return _labelled(PictureSet(x, ids, groups=groups), known)


def _labelled(pictures: PictureSet, known: Labels | None) -> PictureSet:
    if known is None:
        return pictures
    return replace(pictures, labels=known.values, classes=known.classes, tasks=known.tasks)


def _read_all(
    paths: Sequence[Path],
    ids: Sequence[str],
    source: str,
    size: int | tuple[int, int] | None,
    fit: Fit,
    channels: int | None,
) -> np.ndarray:
    x: np.ndarray | None = None
    remarks: dict[str, list] = {}
    for i, path in enumerate(paths):
        pixels, said = decode(path)
        pixels = pixels if channels is None else set_channels(pixels, channels, path)
        pixels = pixels if size is None else fit_to_size(pixels, size, fit)
        for remark in said:
            remarks.setdefault(remark, [0, ids[i]])[0] += 1
        if x is None:
            x = np.empty((len(paths), *pixels.shape), pixels.dtype)
        x, pixels, changes = _alike(x, pixels)
        for change in changes:
            remarks.setdefault(change, [0, ids[i]])
        if pixels.shape != x.shape[1:]:
            raise _other_size(pixels.shape, x.shape[1:], path, ids[0])
        x[i] = pixels
    assert x is not None
    _warn(remarks, source, len(paths))
    return x


def _alike(x: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Bring what was read and the next picture to the same form and the same channels."""
    changes = []
    if x.dtype != pixels.dtype:
        exact = max(str(x.dtype), str(pixels.dtype), key=list(TOPS).index)
        changes.append(f"pictures of different depths are all read as {exact}, white staying white")
        x, pixels = convert(x, exact), convert(pixels, exact)
    if {x.shape[-1], pixels.shape[-1]} == {1, 3}:
        changes.append("grey and colour pictures are mixed: all are read with 3 channels")
        x, pixels = set_channels(x, 3), set_channels(pixels, 3)
    return x, pixels, changes


def _other_size(
    shape: tuple[int, ...], first: tuple[int, ...], path: Path, name: str
) -> SeqcnnError:
    if len(shape) != len(first) or shape[:-3] != first[:-3] or shape[-1] != first[-1]:
        return SeqcnnError(
            f"has the shape {shape}, {name!r} has {first}: pictures of one set must have as many "
            f"layers and channels as one another",
            path=path,
        )
    return SeqcnnError(
        f"is {shape[-3]} x {shape[-2]} pixels, {name!r} is {first[-3]} x {first[-2]}: give the "
        f"size that all are resized to (--size {first[-3]}x{first[-2]})",
        path=path,
    )


def _warn(remarks: dict[str, list], source: str, n: int) -> None:
    for remark, (count, first) in remarks.items():
        where = f" ({count:,} of {n:,} pictures, the first is {first})" if count else ""
        warnings.warn(f"{source}: {remark}{where}", SeqcnnWarning, stacklevel=4)


def _with_labels(
    pictures: PictureSet, path: Path, columns: Sequence[str], group_by: str | None
) -> tuple[PictureSet, Table | None]:
    if is_idx(path) or path.suffix == ".npy":
        values = read_idx(path) if is_idx(path) else load_npy(path.read_bytes(), path)
        known = array_labels(values, len(pictures), None, path)
        return _labelled(pictures, known), None
    table = read_table(path)
    rows = match_rows(table, pictures.ids)
    apart = (file_column(table), group_by)
    wanted = list(columns) or [name for name in table.names if name not in apart]
    if not wanted:
        raise SeqcnnError("there is no column of labels", path=path, line=1)
    known = table_labels(table, rows, wanted)
    return _labelled(pictures, known), table.select(rows)


def _check_labels(pictures: PictureSet, path: Path) -> None:
    if pictures.labels is None:
        raise SeqcnnError(
            "nothing is known of these pictures: put each class in a folder of its own, or give a "
            "table of labels",
            path=path,
        )
    if len(pictures.classes) == 1:
        raise SeqcnnError(
            f"only one class: all {len(pictures):,} pictures are {pictures.classes[0]!r}; a "
            f"network learns to tell two or more apart",
            path=path,
        )
