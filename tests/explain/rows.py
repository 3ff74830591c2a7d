"""Every network of the zoo, small, with weights that matter; and sequences of several lengths."""

import numpy as np
import pytest
from networks.table import DILATED, LENGTHS, TABLE, Row, call, drawn, predict

from seqcnn.seq.alphabet import DNA, PAD, Alphabet
from seqcnn.seq.record import SequenceSet

CHOSEN = {
    "motifcnn": "motifcnn, all",
    "basset": "basset",
    "deepsea": "deepsea",
    "dilated": "dilated",
    "bpnet": "bpnet",
    "hybrid": "hybrid",
    "danq": "danq",
    "explainn": "explainn",
}
"""The row that stands for each network; the others take the slow tests."""

rows = pytest.mark.parametrize(
    "row", [r for r in TABLE if CHOSEN[r.name] == r.id], ids=lambda r: r.id
)
others = pytest.mark.parametrize(
    "row", [r for r in TABLE if CHOSEN[r.name] != r.id], ids=lambda r: r.id
)

SHORT_TOWER = {**DILATED, "channels": 4, "layers": 1, "width": 3}


def a_set(
    alphabet: Alphabet = DNA, lengths: tuple[int, ...] = LENGTHS, seed: int = 0
) -> SequenceSet:
    """Draw sequences; one has an ambiguous letter."""
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, alphabet.size, n).astype(np.uint8) for n in lengths]
    if len(arrays[0]) > 3:
        arrays[0][3] = alphabet.encode(alphabet.unknown)[0]
    return SequenceSet.from_arrays(arrays, alphabet=alphabet)


def shuffled_codes(codes: np.ndarray, number: int, size: int = 4) -> np.ndarray:
    """Draw references of the same lengths, uint8 (n, number, length)."""
    rng = np.random.default_rng(5)
    drawn_codes = rng.integers(0, size, (len(codes), number, codes.shape[1])).astype(np.uint8)
    return np.where(codes[:, None] == PAD, np.uint8(PAD), drawn_codes)


__all__ = [
    "CHOSEN",
    "SHORT_TOWER",
    "Row",
    "a_set",
    "call",
    "drawn",
    "others",
    "predict",
    "rows",
    "shuffled_codes",
]
