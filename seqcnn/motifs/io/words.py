"""What the writers and readers of motif files share: numbers, names, counts."""

from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ROW_SUM_TOLERANCE
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet

UNKNOWN_SITES = 100
"""Sites where their number is not known."""

DECIMALS = 6
"""Of counts: enough for probabilities to keep six, however few the sites."""


def to_number(word: str) -> float:
    """Read a number; nothing but a finite one."""
    try:
        number = float(word)
    except ValueError:
        number = np.nan
    if not np.isfinite(number):
        raise SeqcnnError(f"{word!r} is not a number")
    return number


def one_word(name: str) -> str:
    """Write a name without white space."""
    return "_".join(name.split())


def one_line(text: str) -> str:
    """Write a text on one line."""
    return " ".join(text.split())


def counts_of(motif: Motif) -> np.ndarray:
    """Turn a motif into counts, float64 (width, letters), with `DECIMALS`."""
    return np.round(motif.matrix.values * (motif.sites or UNKNOWN_SITES), DECIMALS)


def plain_letters(motif: Motif) -> str:
    """Give the letters of a motif, for formats whose readers take letters in either case.

    Raises
    ------
    SeqcnnError
        A letter is no capital, so that it could not be told from another one, or from a number.
    """
    letters = motif.alphabet.letters
    if not (letters.isalpha() and letters.isupper()):
        raise SeqcnnError(
            f"motif {motif.name!r} is over {letters}; this format has room for capital letters "
            f"only, write MEME"
        )
    return letters


def sites_of(counts: np.ndarray) -> float:
    """Find the number of sites that were counted, from counts (width, letters).

    Returns
    -------
    float
        The largest total of a position; 0, for not known, where the counts are probabilities.
    """
    totals = counts.sum(1)
    return 0.0 if np.abs(totals - 1).max() <= ROW_SUM_TOLERANCE else float(totals.max())


def alphabet_of_size(letters: int) -> Alphabet:
    """Guess the alphabet of columns without names: four are DNA, twenty are amino acids by letter.

    Raises
    ------
    SeqcnnError
        Neither is the case.
    """
    for alphabet in (DNA, PROTEIN):
        if alphabet.size == letters:
            return alphabet
    raise SeqcnnError(
        f"a position has {letters} numbers; it needs 4 (A, C, G, T) or 20 (amino acids, by letter)"
    )


def known_by_letters(letters: str) -> tuple[Alphabet, str]:
    """Find the alphabet of named columns, and the letters in their order.

    Raises
    ------
    SeqcnnError
        A letter is there twice, or one of DNA or RNA is missing.
    """
    from seqcnn.motifs.io.alphabets import find_alphabet

    if len(set(letters)) != len(letters):
        raise SeqcnnError(f"a letter is there twice: {letters}")
    whole = RNA if "U" in letters else DNA
    if set(letters) < set(whole.letters):
        missing = [letter for letter in whole.letters if letter not in letters]
        raise SeqcnnError(f"the matrix has nothing for {', '.join(missing)}")
    return find_alphabet(letters)


def source_of(path: str | Path | None) -> str:
    """Name the file that a motif comes from."""
    return "" if path is None else Path(path).name
