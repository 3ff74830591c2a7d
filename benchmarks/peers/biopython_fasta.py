"""FASTA to codes with Biopython's fastest parser."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from Bio.SeqIO.FastaIO import SimpleFastaParser

VERSION = f"biopython {version('biopython')}"


def strings(path: Path) -> list[tuple[str, str]]:
    """Read headers and sequences as Python strings."""
    with path.open() as file:
        return list(SimpleFastaParser(file))


def codes_by_record(path: Path, table: np.ndarray) -> list[tuple[str, np.ndarray]]:
    """Look up the codes of each record, in a table uint8 (256,): as most users do."""
    with path.open() as file:
        return [
            (header, table[np.frombuffer(letters.encode(), np.uint8)])
            for header, letters in SimpleFastaParser(file)
        ]


def codes_at_once(path: Path, table: bytes) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Join the sequences and translate them together: the fastest that was found."""
    headers, sequences = [], []
    with path.open() as file:
        for header, letters in SimpleFastaParser(file):
            headers.append(header)
            sequences.append(letters)
    offsets = np.cumsum([0, *map(len, sequences)])
    codes = np.frombuffer("".join(sequences).encode().translate(table), np.uint8)
    return headers, offsets, codes
