"""Letters of motifs: what is planted."""

from typing import Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.data import over_alphabet
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.sample import sample_sites
from seqcnn.seq.alphabet import Alphabet

Word = str | np.ndarray | Motif
"""Letters as text, as codes (width,), or a motif of which letters are taken."""

Choice = Literal["best", "sampled"]
"""Of a motif: the most probable letter of each position, or sites drawn by its probabilities."""


def sites_of(
    motif: Word, alphabet: Alphabet, number: int, *, letters: Choice = "best", seed: int = 0
) -> np.ndarray:
    """Spell a motif as often as it is planted.

    Parameters
    ----------
    motif
        Text, codes, or a motif.
    alphabet
        Of the sequences.
    number
        Of sites.
    letters
        Of a motif: ``"best"``, the most probable letter of each position, or ``"sampled"``, a site
        drawn for each sequence.
    seed
        Of the draw.

    Returns
    -------
    numpy.ndarray
        uint8 (number, width).

    Raises
    ------
    SeqcnnError
        There is no letter, one does not belong to the alphabet, or the motif is of another one.
    """
    if letters not in ("best", "sampled"):
        raise SeqcnnError(f"`letters` is {letters!r}, it must be 'best' or 'sampled'")
    if isinstance(motif, Motif):
        motif = over_alphabet(motif, alphabet)
        if letters == "sampled":
            return sample_sites(motif, number, seed=seed)
        codes = motif.matrix.values.argmax(axis=1)
    else:
        codes = alphabet.encode(motif) if isinstance(motif, str) else np.asarray(motif)
    if codes.ndim != 1 or not len(codes):
        raise SeqcnnError(f"`motif` must be a word of 1 or more letters, not {motif!r}")
    if not np.issubdtype(codes.dtype, np.integer) or not (
        0 <= codes.min() and codes.max() < len(alphabet.symbols)
    ):
        raise SeqcnnError(
            f"`motif` has codes that {alphabet.name} lacks: they are whole numbers from 0 to "
            f"{len(alphabet.symbols) - 1}"
        )
    return np.tile(codes.astype(np.uint8), (number, 1))
