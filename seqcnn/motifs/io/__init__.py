"""Motif files: the format is recognised by content, never by name; nothing in here needs jax."""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.io import homer, jaspar, meme, pfm, transfac, uniprobe
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.io.files import atomic_write, open_bytes

FORMATS = {
    "meme": meme,
    "transfac": transfac,
    "homer": homer,
    "uniprobe": uniprobe,
    "pfm": pfm,
    "jaspar": jaspar,
}
"""Each a module with `recognise(text)`, `read(text, path=)` and `write(motifs, alphabet=,
background=)`; asked in this order."""


def read_motifs(path: str | Path, *, format: str | None = None) -> list[Motif]:
    """Read a motif file.

    Parameters
    ----------
    path
        The file.
    format
        A key of `FORMATS`; by default it is told from the content.

    Returns
    -------
    list of Motif
        In the order of the file.

    Raises
    ------
    SeqcnnError
        The format is unknown, or the content breaks its rules; with file and line.
    """
    text = _read_text(Path(path))
    if format is None:
        format = next((name for name, module in FORMATS.items() if module.recognise(text)), None)
        if format is None:
            raise SeqcnnError(
                f"this is no motif file of a known format ({', '.join(FORMATS)})", path=path
            )
    return _module(format).read(text, path=path)


def write_motifs(
    path: str | Path,
    motifs: Motif | Iterable[Motif],
    *,
    format: str = "meme",
    alphabet: Alphabet | None = None,
) -> None:
    """Write a motif file.

    Parameters
    ----------
    path
        The file; replaced if it exists.
    motifs
        May be empty.
    format
        A key of `FORMATS`.
    alphabet
        Needed only where there is no motif to take it from; DNA by default.
    """
    text = _module(format).write(as_motifs(motifs, "motifs"), alphabet=alphabet)
    _write_text(Path(path), text)


def _module(format: str) -> ModuleType:
    if format not in FORMATS:
        raise SeqcnnError(f"`format` is {format!r}, it must be one of {', '.join(FORMATS)}")
    return FORMATS[format]


def _read_text(path: Path) -> str:
    try:
        text = bytes(open_bytes(path)).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SeqcnnError("this is no text file", path=path) from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _write_text(path: Path, text: str) -> None:
    with atomic_write(path) as handle:
        handle.write(text)
