"""Read the tensors of PyTorch files without PyTorch, and without running anything that is in them.

A ``.pth`` file is a pickle, and a pickle can call any function. `_Reader` knows the few names that
tensors need and refuses every other, so that a file from a stranger can do no harm.
"""

import collections
import io
import math
import pickle
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import ml_dtypes
import numpy as np

from seqcnn.errors import SeqcnnError

DTYPES: dict[str, Any] = {
    "FloatStorage": np.float32,
    "DoubleStorage": np.float64,
    "HalfStorage": np.float16,
    "BFloat16Storage": ml_dtypes.bfloat16,
    "LongStorage": np.int64,
    "IntStorage": np.int32,
    "ShortStorage": np.int16,
    "CharStorage": np.int8,
    "ByteStorage": np.uint8,
    "BoolStorage": np.bool_,
}
"""What the numbers of a storage are, by its name in PyTorch."""

MAGIC = 0x1950A86A20F9469CFC6C
"""First number of a file of PyTorch before 1.6."""


class _Storage(NamedTuple):
    """Numbers in memory, of which tensors are views: told by a pickle, filled in later."""

    key: str
    dtype: Any


class _Tensor(NamedTuple):
    """A view of a storage, in elements."""

    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, storages: dict[str, bytes]) -> np.ndarray:
        """Copy the numbers out."""
        whole = np.frombuffer(storages[self.storage.key], self.storage.dtype)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        # steps back, or one number read many times, would reach what is not there, or fill memory
        inside = 0 <= self.offset <= last < len(whole) and min(self.strides, default=0) >= 0
        if min(self.shape, default=1) > 0 and not (inside and math.prod(self.shape) <= len(whole)):
            raise ValueError("a tensor lies outside of its storage")
        size = whole.itemsize
        strides = tuple(s * size for s in self.strides)
        return np.lib.stride_tricks.as_strided(whole[self.offset :], self.shape, strides).copy()


def _rebuild_tensor(storage: _Storage, offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    return _Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _rebuild_parameter(data: Any, *_: Any) -> Any:
    return data


ALLOWED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
    ("torch._utils", "_rebuild_parameter"): _rebuild_parameter,
    **{("torch", name): name for name in DTYPES},
}
"""The names that a file may hold, and what they stand for here."""


class _Reader(pickle.Unpickler):
    """A reader of pickles that knows `ALLOWED` and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Look a name up, or refuse it."""
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"it holds {module}.{name}, which is no part of a table of tensors"
            ) from None

    def persistent_load(self, pid: Any) -> _Storage:
        """Note which storage is meant."""
        kind, name, key = pid[0], pid[1], pid[2]
        if kind != "storage" or name not in DTYPES:
            raise pickle.UnpicklingError(f"it holds a storage of an unknown kind, {name!r}")
        return _Storage(str(key), np.dtype(DTYPES[name]))


def read_torch(path: str | Path) -> dict[str, np.ndarray]:
    """Read a table of tensors that ``torch.save`` wrote.

    Parameters
    ----------
    path
        A ``.pth``, ``.pt`` or ``.bin`` file with a state dict, or with one under ``state_dict``
        or ``model``.

    Returns
    -------
    dict of str to numpy.ndarray
        In the order of the file.

    Raises
    ------
    SeqcnnError
        It is no such file, is damaged, or holds anything but tensors.
    """
    path = Path(path)
    try:
        with path.open("rb") as handle:
            whole = handle.read()
        if zipfile.is_zipfile(io.BytesIO(whole)):
            table, storages = _zipped(whole)
        else:
            table, storages = _old(io.BytesIO(whole))
        return {
            name: tensor.read(storages)
            for name, tensor in _state_dict(table).items()
            if isinstance(tensor, _Tensor)
        }
    except OSError as error:
        raise SeqcnnError(f"cannot be read: {error.strerror or error}", path=path) from error
    except (
        pickle.UnpicklingError, ValueError, KeyError, IndexError, EOFError, TypeError,
        AttributeError, OverflowError, RuntimeError, struct.error, zlib.error, zipfile.BadZipFile,
    ) as error:  # fmt: skip
        raise SeqcnnError(
            f"no file of PyTorch weights that can be read safely: {error}; save it again as "
            f"safetensors",
            path=path,
        ) from error


def _zipped(whole: bytes) -> tuple[Any, dict[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        names = archive.namelist()
        (main,) = (name for name in names if name.endswith("data.pkl"))
        folder = main.removesuffix("data.pkl") + "data/"
        table = _Reader(io.BytesIO(archive.read(main))).load()
        keys = {name.removeprefix(folder): name for name in names if name.startswith(folder)}
        return table, {key: archive.read(name) for key, name in keys.items()}


def _old(handle: io.BytesIO) -> tuple[Any, dict[str, bytes]]:
    """Read the format before PyTorch 1.6: four pickles, the keys of storages, then these."""
    if _Reader(handle).load() != MAGIC:
        raise ValueError("it does not begin as a PyTorch file does")
    for _ in ("protocol", "system"):
        _Reader(handle).load()
    seen: dict[str, np.dtype] = {}

    class Noting(_Reader):
        """Notes the dtype of each storage, which its numbers are read by."""

        def persistent_load(self, pid: Any) -> _Storage:
            """Note which storage is meant."""
            storage = super().persistent_load(pid)
            seen[storage.key] = storage.dtype
            return storage

    table = Noting(handle).load()
    storages = {}
    for key in map(str, _Reader(handle).load()):
        (number,) = struct.unpack("<q", handle.read(8))
        storages[key] = handle.read(number * seen[key].itemsize)
    return table, storages


def _state_dict(table: Any) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise ValueError("it holds no table of tensors")
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(table.get(name), dict):
            return table[name]
    return table
