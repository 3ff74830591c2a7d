"""Pictures in one file of arrays: NPZ, NPY and IDX (the form of MNIST)."""

import io
import math
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqcnn.data.files import open_bytes
from seqcnn.errors import SeqcnnError
from seqcnn.image.files import load_npy
from seqcnn.image.stored import as_stored

X_NAMES = ("x", "images", "data", "x_train", "arr_0")
Y_NAMES = ("y", "labels", "targets", "label", "y_train", "arr_1")
_IDX_KINDS = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


class Arrays(NamedTuple):
    """What one file held.

    Parameters
    ----------
    x
        (n, *space, channels).
    labels
        (n,) or (n, tasks) of any kind, or None.
    ids, groups, classes
        As the file named them, or None.
    remarks
        What was done on the way.
    """

    x: np.ndarray
    labels: np.ndarray | None = None
    ids: np.ndarray | None = None
    groups: np.ndarray | None = None
    classes: np.ndarray | None = None
    remarks: tuple[str, ...] = ()


def read_npz(path: str | Path) -> Arrays:
    """Read pictures from NPZ.

    Parameters
    ----------
    path
        With pictures under one of `X_NAMES`, and perhaps labels under one of `Y_NAMES`, `ids`,
        `groups` and `classes` (names of integer labels).

    Raises
    ------
    SeqcnnError
        There are no pictures in it, it is damaged, or holds objects of Python.
    """
    try:
        with np.load(io.BytesIO(open_bytes(path)), allow_pickle=False) as file:
            parts = {name.lower(): file[name] for name in file.files}
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile, MemoryError) as error:
        told = str(error).splitlines()[0]
        raise SeqcnnError(f"cannot be read as NPZ: {told}", path=path) from None
    x = next((parts[name] for name in X_NAMES if name in parts), None)
    if x is None:
        raise SeqcnnError(
            f"the arrays are called {', '.join(parts) or 'nothing'}: pictures must be called "
            f"{', '.join(X_NAMES[:-1])} or {X_NAMES[-1]}",
            path=path,
        )
    pixels, remarks = batch_of(x, path)
    labels = next((parts[name] for name in Y_NAMES if name in parts), None)
    more = {name: parts.get(name) for name in ("ids", "groups", "classes")}
    return Arrays(pixels, labels, **more, remarks=remarks)


def read_npy(path: str | Path) -> Arrays:
    """Read pictures from NPY, (n, h, w), (n, h, w, c) or, of volumes, (n, d, h, w, c).

    What is in one of the four forms stays on the disk until it is used.

    Raises
    ------
    SeqcnnError
        It is damaged, or holds objects of Python.
    """
    try:
        x = np.load(path, allow_pickle=False, mmap_mode="r")
    except (ValueError, EOFError, OSError):
        x = load_npy(open_bytes(path), path)
    pixels, remarks = batch_of(x, path)
    return Arrays(pixels, remarks=remarks)


def batch_of(x: np.ndarray, path: str | Path) -> tuple[np.ndarray, tuple[str, ...]]:
    """Bring an array of pictures to (n, *space, channels), of one of the four forms."""
    if x.ndim not in (3, 4, 5) or x.size == 0:
        raise SeqcnnError(
            f"pictures are (n, height, width) or (n, height, width, channels), not {x.shape}",
            path=path,
        )
    pixels, remarks = as_stored(x, path)
    if x.ndim == 3:
        pixels = pixels[..., None]
    elif x.shape[-1] > 4 and x.shape[1] <= 4:
        pixels = np.moveaxis(pixels, 1, -1)
        remarks.append(f"the second axis of {x.shape} is taken for channels")
    elif x.shape[-1] > 4 and x.ndim == 4:
        pixels = pixels[..., None]
        remarks.append(f"the array {x.shape} is taken for volumes of one channel")
    return pixels, tuple(remarks)


def is_idx(path: Path) -> bool:
    """Tell by its name whether a file is IDX: ``train-images-idx3-ubyte``, perhaps ``.gz``."""
    return "-idx" in path.name or ".idx" in path.name


def read_idx(path: str | Path) -> np.ndarray:
    """Read an array from IDX, plain or compressed.

    Raises
    ------
    SeqcnnError
        It is not IDX, or shorter or longer than it announces.
    """
    data = open_bytes(path)
    kind = _IDX_KINDS.get(data[2]) if len(data) > 4 and data[:2] == b"\0\0" else None
    rank = data[3] if kind else 0
    if kind is None or not rank or len(data) < 4 + 4 * rank:
        raise SeqcnnError(f"is not IDX: it begins with {bytes(data[:4])!r}", path=path)
    shape = tuple(int(i) for i in np.frombuffer(data, ">u4", rank, 4))
    needed = 4 + 4 * rank + math.prod(shape) * np.dtype(kind).itemsize
    if len(data) != needed:
        raise SeqcnnError(
            f"announces {shape} values, {needed:,} bytes, but has {len(data):,}: copy or download "
            f"it again",
            path=path,
        )
    values = np.frombuffer(data, kind, offset=4 + 4 * rank).reshape(shape)
    return values.astype(values.dtype.newbyteorder("="), copy=False)


def read_idx_pictures(path: Path) -> Arrays:
    """Read pictures from IDX, with the labels that lie beside them under MNIST's names."""
    pixels, remarks = batch_of(read_idx(path), path)
    beside = labels_beside(path)
    return Arrays(pixels, None if beside is None else read_idx(beside), remarks=remarks)


def labels_beside(path: Path) -> Path | None:
    """Find ``train-labels-idx1-ubyte`` beside ``train-images-idx3-ubyte``, either packed or not."""
    name = path.name.replace("images", "labels")
    for rank in (2, 3, 4):
        name = name.replace(f"idx{rank}", "idx1")
    plain = name.removesuffix(".gz")
    found = [path.with_name(n) for n in (name, plain, f"{plain}.gz") if n != path.name]
    return next((other for other in found if other.is_file()), None)
