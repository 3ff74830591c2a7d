"""py2bit, pysam and pyfaidx, called so that they do what `Genome.fetch` does."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

Place = tuple[str, int, int]
Reader = Callable[[Sequence[Place], bytes], np.ndarray]


def with_py2bit(path: Path) -> Reader:
    """Open a 2bit file by py2bit, which is written in C."""
    import py2bit

    opened = py2bit.open(str(path))
    return _reader(opened.sequence)


def with_pysam(path: Path) -> Reader:
    """Open an indexed FASTA file by pysam, which calls htslib."""
    import pysam

    opened = pysam.FastaFile(str(path))
    return _reader(opened.fetch)


def with_pyfaidx(path: Path) -> Reader:
    """Open an indexed FASTA file by pyfaidx."""
    import pyfaidx

    opened = pyfaidx.Faidx(str(path))
    return _reader(lambda name, start, end: opened.fetch(name, start + 1, end).seq)


def _reader(letters: Callable[[str, int, int], str]) -> Reader:
    """Read place by place, and look the codes up at once."""

    def read(places: Sequence[Place], table: bytes) -> np.ndarray:
        text = "".join([letters(*place) for place in places])
        return np.frombuffer(text.encode().translate(table), np.uint8)

    return read


READERS = {
    "py2bit": ("2bit", with_py2bit),
    "pysam": ("fasta", with_pysam),
    "pyfaidx": ("fasta", with_pyfaidx),
}
"""By name: the kind of file, and how it is opened."""


def version_of(name: str) -> str:
    """Name and version of a peer."""
    return f"{name} {version(name)}"
