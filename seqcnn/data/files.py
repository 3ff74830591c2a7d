"""Read files whatever their compression, and write them whole or not at all."""

import bz2
import contextlib
import errno
import gzip
import importlib
import io
import itertools
import lzma
import os
import secrets
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from seqcnn.errors import SeqcnnError, SeqcnnWarning

# small pieces, because one kilobyte of bzip2 or zstd can unpack to megabytes at once
_PIECE = 1 << 14
_PLAIN_PIECE = 1 << 20
# a file is taken for a decompression bomb when it unpacks to more than this, and more than
# _BOMB_RATIO times its size; sequences that anybody measured shrink 3- to 50-fold
_BOMB_BYTES = 1 << 31
_BOMB_RATIO = 200


@dataclass(frozen=True)
class _Compression:
    """How to recognise, unpack and pack one kind of file."""

    name: str
    magic: bytes
    suffix: str
    decompressor: Callable[[], Any]
    error: Callable[[], type[Exception]]
    writer: Callable[[IO[bytes]], IO[bytes]]


def _zstandard() -> Any:
    try:
        return importlib.import_module("zstandard")
    except ImportError:
        raise SeqcnnError(
            "zstd files need an optional package: pip install 'seqcnn[zstd]'"
        ) from None


_COMPRESSIONS = (
    _Compression(
        "gzip",
        b"\x1f\x8b",
        ".gz",
        lambda: zlib.decompressobj(wbits=31),
        lambda: zlib.error,
        # neither name nor date in the header, so that equal content gives equal bytes
        lambda raw: gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6),  # type: ignore[return-value]
    ),
    _Compression(
        "bzip2",
        b"BZh",
        ".bz2",
        bz2.BZ2Decompressor,
        lambda: OSError,
        lambda raw: bz2.BZ2File(raw, "wb"),
    ),
    _Compression(
        "xz",
        b"\xfd7zXZ\x00",
        ".xz",
        lzma.LZMADecompressor,
        lambda: lzma.LZMAError,
        lambda raw: lzma.LZMAFile(raw, "wb"),
    ),
    _Compression(
        "zstd",
        b"\x28\xb5\x2f\xfd",
        ".zst",
        lambda: _zstandard().ZstdDecompressor().decompressobj(),
        lambda: _zstandard().ZstdError,
        lambda raw: _zstandard().ZstdCompressor().stream_writer(raw, closefd=False),
    ),
)


def open_bytes(path: str | Path) -> bytearray:
    """Read a whole file and unpack it.

    Parameters
    ----------
    path
        A plain, gzip, bgzip, bzip2, xz or zstd file, known by its first bytes whatever its name;
        ``-`` is standard input.

    Returns
    -------
    bytearray
        The content; writable, so that parsers can work in place.

    Raises
    ------
    SeqcnnError
        The file is missing, no file, unreadable, cut off or corrupt; or it unpacks to more than
        2 GB and more than 200 times its own size.
    """
    raw = _read_raw(path)
    for kind in _COMPRESSIONS:
        if raw.startswith(kind.magic):
            return _unpack(raw, kind, path)
    return raw


def is_packed(head: bytes) -> bool:
    """Tell from its first bytes whether a file is compressed."""
    return any(head.startswith(kind.magic) for kind in _COMPRESSIONS)


def _read_raw(path: str | Path) -> bytearray:
    if str(path) == "-":
        if sys.stdin is None:
            raise SeqcnnError("standard input is closed: name a file to read")
        return bytearray(sys.stdin.buffer.read())
    with _explain_os_errors(path), Path(path).open("rb") as handle:
        data = bytearray(os.fstat(handle.fileno()).st_size)
        del data[handle.readinto(data) :]
        # pipes, and files that grew, hold more than their size says
        data += handle.read()
        return data


def open_pieces(path: str | Path) -> Iterator[bytes]:
    """Read a file piece by piece and unpack it, in little memory.

    Parameters
    ----------
    path
        As for `open_bytes`, but no standard input.

    Yields
    ------
    bytes
        Some of the content, not empty.

    Raises
    ------
    SeqcnnError
        The file is missing, no file, unreadable, cut off or corrupt.
    """
    with _explain_os_errors(path), Path(path).open("rb") as handle:
        head = handle.read(_PIECE)
        kind = next((kind for kind in _COMPRESSIONS if head.startswith(kind.magic)), None)
        size = _PLAIN_PIECE if kind is None else _PIECE
        pieces = itertools.chain([head], iter(lambda: handle.read(size), b""))
        yield from filter(None, pieces if kind is None else _unpacked(pieces, kind, path))


def _unpack(raw: bytearray, kind: _Compression, path: str | Path) -> bytearray:
    content = bytearray()
    pieces = (bytes(raw[start : start + _PIECE]) for start in range(0, len(raw), _PIECE))
    for piece in _unpacked(pieces, kind, path):
        content += piece
        if len(content) > max(_BOMB_BYTES, _BOMB_RATIO * len(raw)):
            raise SeqcnnError(
                f"{len(raw):,} bytes unpack to more than {len(content):,}: refused as a "
                "decompression bomb; unpack the file yourself if it is meant",
                path=path,
            )
    return content


def _unpacked(pieces: Iterator[bytes], kind: _Compression, path: str | Path) -> Iterator[bytes]:
    """Unpack all members of a compressed file; bgzip files have one per 64 kB."""
    waiting = next(pieces, b"")
    while waiting.startswith(kind.magic):
        stream = kind.decompressor()
        while not stream.eof:
            if not (waiting := waiting or next(pieces, b"")):
                raise SeqcnnError(
                    f"truncated {kind.name} file: it ends too early; copy or download it again",
                    path=path,
                )
            try:
                yield stream.decompress(waiting)
            except kind.error() as error:
                raise SeqcnnError(
                    f"corrupt {kind.name} file ({error}): copy or download it again", path=path
                ) from None
            waiting = b""
        waiting = stream.unused_data
        if len(waiting) < len(kind.magic):
            waiting += next(pieces, b"")
    # tapes and disks pad with zero bytes: those are no sign of damage
    if behind := len((waiting + b"".join(pieces)).strip(b"\0")):
        warnings.warn(
            f"{path}: {behind} bytes behind the {kind.name} data were ignored",
            SeqcnnWarning,
            stacklevel=3,
        )


@contextlib.contextmanager
def atomic_write(path: str | Path, mode: str = "w") -> Iterator[IO[Any]]:
    r"""Open a file for writing that appears under its name only when it is complete.

    Parameters
    ----------
    path
        Where to write; the ending .gz, .bz2, .xz or .zst compresses; ``-`` is standard output.
    mode
        ``"w"`` for text (UTF-8, lines end in a line feed), ``"wb"`` for bytes.

    Yields
    ------
    file object
        A temporary file in the same folder, renamed on success and removed on any exception.

    Raises
    ------
    SeqcnnError
        The folder is missing or not writable, or `path` is a folder.
    OSError
        The disk is full or failed.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "motifs.tsv"
    >>> with atomic_write(target) as file:
    ...     print("id", "width", sep="\t", file=file)
    >>> target.read_text()
    'id\twidth\n'
    """
    if mode not in ("w", "wb"):
        raise SeqcnnError(f"`mode` must be 'w' or 'wb', not {mode!r}")
    if str(path) == "-":
        with _standard_output() as raw, _encoded(raw, path, mode) as file:
            yield file
        return
    target = Path(path).resolve()
    if target.exists() and not (target.is_file() or target.is_dir()):
        # a device or a named pipe cannot be renamed onto
        with _explain_os_errors(path):
            raw = target.open("wb")
        with raw, _encoded(raw, path, mode) as file:
            yield file
        return
    temporary = target.with_name(f".seqcnn-{secrets.token_hex(8)}.tmp")
    with _explain_os_errors(path):
        if target.is_dir():
            raise IsADirectoryError
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError
        raw = temporary.open("xb")
    try:
        with raw:
            with _encoded(raw, path, mode) as file:
                yield file
            raw.flush()
            os.fsync(raw.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _encoded(raw: IO[bytes], path: str | Path, mode: str) -> Iterator[IO[Any]]:
    """Put compression and text encoding on top of a binary file, which stays open."""
    suffix = Path(path).suffix.lower()
    packed = next((kind.writer(raw) for kind in _COMPRESSIONS if kind.suffix == suffix), None)
    binary = raw if packed is None else packed
    if mode == "wb":
        yield binary
    else:
        text = io.TextIOWrapper(binary, encoding="utf-8", newline="\n")
        try:
            yield text
            text.flush()
        finally:
            # the wrapper would close the file below it when it is collected
            with contextlib.suppress(OSError, ValueError):
                text.detach()
    if packed is not None:
        packed.close()


@contextlib.contextmanager
def _standard_output() -> Iterator[IO[bytes]]:
    """Write to standard output; end quietly when the reader (``head``) has gone."""
    if sys.stdout is None:
        raise SeqcnnError("standard output is closed: name a file to write")
    sys.stdout.flush()
    try:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes standard output again at exit and would complain there
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def _explain_os_errors(path: str | Path) -> Iterator[None]:
    """Turn the mistakes a user can mend into SeqcnnError; a failing disk stays an OSError."""
    try:
        yield
    except FileNotFoundError:
        folder = Path(path).parent
        missing = "no such file" if folder.is_dir() else f"there is no folder {folder}"
        raise SeqcnnError(missing, path=path) from None
    except IsADirectoryError:
        raise SeqcnnError("is a folder, not a file", path=path) from None
    except NotADirectoryError:
        raise SeqcnnError(
            "part of the path is a file where a folder is needed", path=path
        ) from None
    except PermissionError:
        raise SeqcnnError("no permission: change the file's or folder's mode", path=path) from None
    except OSError as error:
        if error.errno not in (errno.ENAMETOOLONG, errno.ELOOP):
            raise
        raise SeqcnnError(f"{error.strerror}", path=path) from None
