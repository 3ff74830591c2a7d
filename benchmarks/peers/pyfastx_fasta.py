"""FASTA to codes with pyfastx, a parser in C."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyfastx

VERSION = f"pyfastx {version('pyfastx')}"


def strings(path: Path) -> list[tuple[str, str, str]]:
    """Read names, sequences and descriptions as Python strings."""
    return list(pyfastx.Fastx(str(path), comment=True))


def codes_at_once(path: Path, table: bytes) -> tuple[list[tuple], np.ndarray, np.ndarray]:
    """Join the sequences and translate them together."""
    names, sequences = [], []
    for name, letters, description in pyfastx.Fastx(str(path), comment=True):
        names.append((name, description))
        sequences.append(letters)
    offsets = np.cumsum([0, *map(len, sequences)])
    codes = np.frombuffer("".join(sequences).encode().translate(table), np.uint8)
    return names, offsets, codes
