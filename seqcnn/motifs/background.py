"""Where random letters come from: the words of `--background`, and MEME background files.

A MEME background file (https://meme-suite.org/meme/doc/bfile-format.html) gives the share of every
word of 1, 2, ... letters, one a line, so that a file with words of m + 1 letters is of order m.
"""

import itertools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ROW_SUM_TOLERANCE, as_background
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.background import MOST_WORDS, MarkovBackground
from seqcnn.seq.io.files import atomic_write, open_bytes

Background = np.ndarray | MarkovBackground
"""Shares (letters,) of letters that are independent, or a model of letters that are not."""

KEYWORDS = ("input", "motif", "uniform")
"""What a background can be besides a file; a file of such a name is ``./input``."""

SMALLEST_SHARE = 1e-6
"""A letter whose share a file rounds to 0 is rare, not impossible."""

STRANDS_DIFFER = 0.01
"""Shares of words and of their reverse complements that differ by more deserve a note."""


def resolve_background(
    background: str | Path | Background,
    alphabet: Alphabet,
    frequencies: Callable[[], np.ndarray],
    *,
    both_strands: bool = False,
) -> Background | None:
    """Find the background that a user named.

    Parameters
    ----------
    background
        ``"input"``, ``"motif"``, ``"uniform"``, a MEME background file of any order, or what this
        function gives.
    alphabet
        Of the sequences.
    frequencies
        Counts the letters of the input, (letters,); called for ``"input"`` only.
    both_strands
        Give words and their reverse complements equal shares, which a file need not do; a note is
        logged if that changes a share by more than `STRANDS_DIFFER`.

    Returns
    -------
    numpy.ndarray or MarkovBackground or None
        float64 (letters,) for independent letters, a model for a file of order 1 or more, None for
        ``"motif"``: each motif has its own.

    Raises
    ------
    SeqcnnError
        There is no such file, or it is damaged, with file and line; or the shares are none.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> resolve_background("uniform", DNA, lambda: np.zeros(4)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    if isinstance(background, str) and background in KEYWORDS:
        if background == "motif":
            return None
        return as_background(frequencies() if background == "input" else None, alphabet)
    if isinstance(background, str | Path):
        if not Path(background).exists():
            raise SeqcnnError(
                f"`background` is {str(background)!r}, which is neither a file nor one of "
                f"{', '.join(KEYWORDS)}"
            )
        background = read_background(background, alphabet)
    if not both_strands or alphabet.complements is None:
        return (
            background
            if isinstance(background, MarkovBackground)
            else as_background(background, alphabet)
        )
    return _on_both_strands(background, alphabet)


def letter_shares(background: Background) -> np.ndarray:
    """Give the share of each letter in the long run, float64 (letters,): what scores compare with.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> letter_shares(MarkovBackground(DNA, np.full((16, 4), 0.25))).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    if not isinstance(background, MarkovBackground):
        return background
    return as_background(_word_shares(background, 1), background.alphabet)


def read_background(path: str | Path, alphabet: Alphabet) -> Background:
    """Read a MEME background file.

    Parameters
    ----------
    path
        A line is a word and its share; lines that begin with ``#`` are passed over. Words of all
        lengths from 1 up to that of the longest must be there. A file may be compressed.
    alphabet
        What the words are made of.

    Returns
    -------
    numpy.ndarray or MarkovBackground
        float64 (letters,) if the words are single letters, else a model.

    Raises
    ------
    SeqcnnError
        A line is no word with a share, a word is missing or there twice, or the shares of the words
        of one length do not sum to 1; with file and line.
    """
    try:
        shares = _read_shares(path, alphabet)
        letters = np.maximum(shares[1], SMALLEST_SHARE)
        if len(shares) == 1:
            return as_background(letters, alphabet)
        return MarkovBackground(alphabet, _conditional(list(shares.values())))
    except SeqcnnError as error:
        raise SeqcnnError(error.message, path=path, line=error.line) from None


def write_background(
    path: str | Path, background: Background, *, alphabet: Alphabet | None = None
) -> None:
    """Write a MEME background file.

    Parameters
    ----------
    path
        The file; replaced if it exists, compressed by its name.
    background
        Shares (letters,), or a model of any order.
    alphabet
        Needed for shares only.
    """
    if isinstance(background, MarkovBackground):
        alphabet, order = background.alphabet, background.order
    else:
        order = 0
    if alphabet is None:
        raise SeqcnnError("shares alone do not say which letters they are for, give `alphabet`")
    with atomic_write(path) as handle:
        for length in range(1, order + 2):
            handle.write(f"# order {length - 1}\n")
            shares = (
                _word_shares(background, length)
                if isinstance(background, MarkovBackground)
                else as_background(background, alphabet)
            )
            words = itertools.product(alphabet.letters, repeat=length)
            for word, share in zip(words, shares.ravel(), strict=True):
                handle.write(f"{''.join(word)} {share:.9e}\n")


def _read_shares(path: str | Path, alphabet: Alphabet) -> dict[int, np.ndarray]:
    """Read the share of each word, by length: float64 (letters,) * length."""
    size, shares, last_line = alphabet.size, {}, {}
    for number, codes, share in _words(path, alphabet):
        length = len(codes)
        if size**length > MOST_WORDS:
            raise SeqcnnError(f"words of {length} letters are too long to model", line=number)
        table = shares.setdefault(length, np.full((size,) * length, np.nan))
        if not np.isnan(table[codes]):
            word = alphabet.decode(np.array(codes))
            raise SeqcnnError(f"the word {word} is there twice", line=number)
        table[codes] = share
        last_line[length] = number
    for length in range(1, max(shares, default=1) + 1):
        table = shares.get(length, np.full((size,) * length, np.nan))
        if np.isnan(table).any():
            missing = alphabet.decode(np.argwhere(np.isnan(table))[0])
            raise SeqcnnError(f"a background needs the share of every word: {missing} is missing")
        if abs(table.sum() - 1) > ROW_SUM_TOLERANCE:
            raise SeqcnnError(
                f"the shares of the words of length {length} sum to {table.sum():.6g}, not to 1",
                line=last_line[length],
            )
    return dict(sorted(shares.items()))


def _words(path: str | Path, alphabet: Alphabet) -> Iterator[tuple[int, tuple[int, ...], float]]:
    """Yield the number of each line, the codes of its word, and the share."""
    text = bytes(open_bytes(path)).decode("utf-8-sig", "replace")
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        word, *rest = line.split()
        try:
            (share,) = map(float, rest)
            codes = tuple(alphabet.encode(word).tolist())
        except ValueError:
            share, codes = -1.0, (alphabet.size,)
        if max(codes) >= alphabet.size or not 0 <= share <= 1:
            raise SeqcnnError(
                f"a line of a background file is a word of {alphabet.letters} and its share, "
                f"not {line.strip()[:40]!r}",
                line=number,
            )
        yield number, codes, share


def _conditional(shares: list[np.ndarray]) -> np.ndarray:
    """Turn shares of words of 1, 2, ... letters into the probability of a letter after a word.

    A word without any share is followed by the letters that follow it without its first letter.
    """
    size = len(shares[0])
    result = (np.maximum(shares[0], SMALLEST_SHARE) / shares[0].sum())[None]
    for joint in shares[1:]:
        table = joint.reshape(-1, size)
        totals = table.sum(1, keepdims=True)
        shorter = np.tile(result, (len(table) // len(result), 1))
        result = np.where(totals > 0, table / np.where(totals > 0, totals, 1), shorter)
    return result / result.sum(1, keepdims=True)


def _word_shares(background: MarkovBackground, length: int) -> np.ndarray:
    """Compute the long-run share of each word of up to `order` + 1 letters, (letters,) * length."""
    size = background.alphabet.size
    joint = background.stationary[:, None] * background.probabilities
    # the letters in front of the word are summed over
    return joint.reshape((-1,) + (size,) * length).sum(0)


def _on_both_strands(background: Background, alphabet: Alphabet) -> Background:
    paired = alphabet.complement_of_code[: alphabet.size]
    if isinstance(background, MarkovBackground):
        length = background.order + 1
        joint = _word_shares(background, length)
    else:
        length, joint = 1, as_background(background, alphabet)
    # reading backwards turns the axes around
    average = (joint + joint.T[np.ix_(*[paired] * length)]) / 2
    change = float(np.abs(average - joint).max())
    if change > STRANDS_DIFFER:
        logging.getLogger(__name__).info(
            "The background is not the same on both strands: the share of a word changes by up to "
            "%.3f as it is averaged with its reverse complement.",
            change,
        )
    if not isinstance(background, MarkovBackground):
        return as_background(average, alphabet)
    shorter = [average.reshape((alphabet.size,) * n + (-1,)).sum(-1) for n in range(1, length)]
    return MarkovBackground(alphabet, _conditional([*shorter, average]))
