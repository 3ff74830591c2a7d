"""How well the best site of every motif scores in every sequence, where it is being no question.

`best` finds places too, and takes four times as long. Here the letters of many sequences at one
position lie together, so that the scores of all windows that begin there are one matrix product
without a copy, and the maximum is taken as they come. Scores are those of `best`, whole numbers on
the grid of `pvalue`: equal words have equal scores.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.best import NO_LETTER, PRODUCT
from seqcnn.motifs.matrix import ScoreMatrix
from seqcnn.motifs.pvalue import STEP, integer_scores
from seqcnn.seq.alphabet import PAD, Alphabet

BLOCK = 128
"""Sequences scored together: their letters stay in the cache."""


def best_scores(
    matrices: Sequence[ScoreMatrix], codes: np.ndarray, alphabet: Alphabet, *, both_strands: bool
) -> np.ndarray:
    """Compute the score of the best site of motifs in sequences.

    Parameters
    ----------
    matrices
        Over the alphabet of the codes; scores are rounded to the grid of `pvalue`.
    codes
        uint8 (n, length): one sequence a row, filled up with `PAD`. A window with an ambiguous
        letter is no site.
    alphabet
        What the codes mean.
    both_strands
        Whether to search the reverse complements too.

    Returns
    -------
    numpy.ndarray
        float32 (motifs, n), in bits; minus infinity where no window has plain letters only.

    Raises
    ------
    SeqcnnError
        A matrix is over another alphabet, or there is no second strand.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import ProbabilityMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> aac = ProbabilityMatrix(np.eye(4)[[0, 0, 1]], DNA).to_scores()
    >>> codes = np.array([DNA.encode("TTTAAC"), DNA.encode("GGTTAA"), DNA.encode("NNNNNN")])
    >>> best_scores([aac], codes, DNA, both_strands=True).tolist()
    [[6.0, 6.0, -inf]]
    """
    stranger = next((m for m in matrices if m.alphabet != alphabet), None)
    if stranger is not None:
        raise SeqcnnError(
            f"a motif is over {stranger.alphabet.letters}, "
            f"but the sequences are over {alphabet.letters}"
        )
    if both_strands and alphabet.complements is None:
        raise SeqcnnError(f"alphabet {alphabet.name!r} has no complement: search one strand")
    best = np.full((len(matrices), len(codes)), -np.inf, np.float32)
    groups = list(_groups(matrices, alphabet, both_strands))
    if not groups:
        return best
    widest = groups[-1].width
    for low in range(0, len(codes), BLOCK):
        block = codes[low : low + BLOCK]
        image = _image(block, alphabet.size, widest)
        for group in groups:
            best[group.motifs, low : low + BLOCK] = group.best(image, block.shape[1])
    return best


class _Group(NamedTuple):
    """Motifs of about one width, the strands of one motif side by side.

    `weights` is float32 (motifs x strands, width * letters), `base` (motifs x strands, 1). As in
    `best`, the scores of the last letter are in `base`, and its column tells of what is no plain
    letter. `motifs` are positions in the list; `narrowest` and `width` are those of the motifs.
    """

    motifs: np.ndarray
    narrowest: int
    width: int
    base: np.ndarray
    weights: np.ndarray

    def best(self, image: np.ndarray, length: int) -> np.ndarray:
        """Find the best scores in a block of sequences, float32 (motifs, sequences)."""
        columns = self.weights.shape[1]
        letters = columns // self.width
        shape = len(self.weights), image.shape[1]
        best, scores = np.full(shape, -np.inf, np.float32), np.empty(shape, np.float32)
        for start in range(0, (length - self.narrowest + 1) * letters, letters):
            np.matmul(self.weights, image[start : start + columns], out=scores)
            np.maximum(best, scores, out=best)
        bits = np.where(best < NO_LETTER // 2, -np.inf, (best + self.base) * np.float32(STEP))
        return bits.reshape(len(self.motifs), -1, shape[1]).max(1)


def _groups(
    matrices: Sequence[ScoreMatrix], alphabet: Alphabet, both_strands: bool
) -> Iterator[_Group]:
    """Gather motifs of about one width, the narrowest first, so that products stay small."""
    order = np.argsort([len(m) for m in matrices], kind="stable")
    strands = 2 if both_strands else 1
    low = 0
    while low < len(order):
        # widths rise: the next motifs may be a little wider than this one
        columns = (len(matrices[order[low]]) + 1) * alphabet.size
        high = low + max(1, PRODUCT // (columns * BLOCK * strands))
        yield _group(matrices, order[low:high], alphabet, both_strands)
        low = high


def _group(
    matrices: Sequence[ScoreMatrix], members: np.ndarray, alphabet: Alphabet, both_strands: bool
) -> _Group:
    rows = []
    for i in members:
        scores = integer_scores(matrices[i])
        rows.append(scores)
        if both_strands:
            rows.append(scores[::-1, alphabet.complement_of_code[: alphabet.size]])
    width = len(rows[-1])
    weights = np.zeros((len(rows), width, alphabet.size), np.float32)
    for row, scores in zip(weights, rows, strict=True):
        row[: len(scores), :-1] = scores[:, :-1] - scores[:, -1:]
        row[: len(scores), -1] = NO_LETTER
    base = np.array([[scores[:, -1].sum()] for scores in rows], np.float32)
    return _Group(members, len(rows[0]), width, base, weights.reshape(len(rows), -1))


def _image(codes: np.ndarray, letters: int, widest: int) -> np.ndarray:
    """Draw letters, float32 (positions * letters, sequences), with room behind the end.

    The row of the last letter is 1 where there is no plain letter.
    """
    filled = np.pad(codes, ((0, 0), (0, widest)), constant_values=PAD).T
    image = np.empty((len(filled), letters, len(codes)), np.float32)
    for letter in range(letters - 1):
        image[:, letter] = filled == letter
    image[:, -1] = filled >= letters
    return image.reshape(-1, len(codes))
