"""The best site of every motif in every sequence: how well it scores, where it is, on which strand.

Windows become rows of numbers, images of their letters, and the scores of many motifs in all of
them are one matrix product. Scores are whole numbers on the grid of `pvalue`, which float32 holds
exactly: equal words have equal scores, whatever the order in which a product adds them up.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import ScoreMatrix
from seqcnn.motifs.pvalue import STEP, integer_scores
from seqcnn.motifs.scan import available_threads
from seqcnn.motifs.workers import Crew, Processes
from seqcnn.seq.record import SequenceSet

WINDOWS = 1 << 14
"""Windows scored together: enough that calls cost little, and few megabytes of scores."""

GROUP = 64
"""Motifs scored together, of about one width."""

PRODUCT = 1 << 18
"""Multiplications of one matrix product. OpenBLAS gives larger ones to threads of its own, which
wait for each other in vain where the cores are busy; here processes share blocks of sequences."""

HELPED = 1 << 27
"""Windows times motifs for which it pays to start a helper: twice as much as it costs."""

NO_LETTER = -(1 << 23)
"""Score of what is no plain letter: far below any sum of true scores, which are below 2 ** 22."""


class BestSites(NamedTuple):
    """The best site of each motif in each sequence.

    Parameters
    ----------
    score
        float32 (motifs, n), in bits; minus infinity where no window has plain letters only.
    start
        int32 (motifs, n), from 0, on the strand that was given; -1 where there is no window.
    reverse
        bool (motifs, n): whether the site is on the other strand.
    """

    score: np.ndarray
    start: np.ndarray
    reverse: np.ndarray

    @classmethod
    def none(cls, motifs: int, sequences: int) -> "BestSites":
        """No site anywhere."""
        shape = motifs, sequences
        return cls(
            np.full(shape, -np.inf, np.float32), np.full(shape, -1, np.int32), np.zeros(shape, bool)
        )


def best_sites(
    matrices: Sequence[ScoreMatrix],
    sequences: SequenceSet,
    *,
    both_strands: bool,
    seed: int = 0,
    on_share: Callable[[float], None] | None = None,
) -> BestSites:
    """Find the best site of motifs in sequences; of equally good ones, one at random.

    Parameters
    ----------
    matrices
        Over the alphabet of the sequences; scores are rounded to the grid of `pvalue`.
    sequences
        Of any lengths. A window with an ambiguous letter is no site.
    both_strands
        Whether to search the reverse complements too.
    seed
        Same seed, same choice among equals.
    on_share
        Is told the share that is done.

    Raises
    ------
    SeqcnnError
        Alphabets differ, or there is no second strand.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import ProbabilityMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> aac = ProbabilityMatrix(np.eye(4)[[0, 0, 1]], DNA).to_scores()
    >>> sequences = SequenceSet.from_strings(["TTTAAC", "GGTTAA", "NN"], alphabet=DNA)
    >>> found = best_sites([aac], sequences, both_strands=True)
    >>> found.score.tolist(), found.start.tolist(), found.reverse.tolist()
    ([[6.0, 6.0, -inf]], [[3, 1, -1]], [[False, True, False]])
    """
    for matrix in matrices:
        if matrix.alphabet != sequences.alphabet:
            raise SeqcnnError(
                f"a motif is over {matrix.alphabet.letters}, "
                f"but the sequences are over {sequences.alphabet.letters}"
            )
    found = BestSites.none(len(matrices), len(sequences))
    if not matrices:
        return found
    groups = _groups(matrices)
    strands = 2 if both_strands else 1
    blocks = list(_blocks(sequences.lengths, strands))
    search = _Search(groups, both_strands, seed)
    parts = ((number, sequences.select(rows)) for number, rows in enumerate(blocks))
    with _crew(len(sequences.codes) * strands * len(matrices)) as crew:
        for (number, _), best in crew.in_turn(search.best, parts):
            for whole, part in zip(found, best, strict=True):
                whole[:, blocks[number]] = part
            if on_share:
                on_share((number + 1) / len(blocks))
    return found


def _crew(work: int) -> Crew:
    """Start helpers if there is enough to do; `work` is windows times motifs."""
    helpers = min(available_threads() - 1, work // HELPED) if os.name == "posix" else 0
    return Processes(helpers) if helpers > 0 else Crew()


class _Group(NamedTuple):
    """Motifs of about one width.

    `weights`, float32 (motifs, greatest width * letters), and `base`, (motifs, 1), give the scores
    of a window. Every window of plain letters has one letter in each place, so the scores of the
    last letter are in `base` for all windows, and its columns tell of what is no plain letter.
    `motifs` are their positions in the list, `widths` is (motifs, 1).
    """

    motifs: np.ndarray
    widths: np.ndarray
    base: np.ndarray
    weights: np.ndarray


class _Search(NamedTuple):
    """What is looked for in every block; helpers are sent it."""

    groups: list[_Group]
    both_strands: bool
    seed: int

    def best(self, numbered: tuple[int, SequenceSet]) -> BestSites:
        """Find the best sites of all motifs in a block."""
        number, sequences = numbered
        rng = np.random.default_rng([self.seed, number])
        block = _Block(sequences, int(self.groups[-1].widths.max()), self.both_strands, rng)
        found = BestSites.none(sum(len(group.motifs) for group in self.groups), len(sequences))
        for group in self.groups:
            for whole, part in zip(found, block.best(group), strict=True):
                whole[group.motifs] = part
        return found


def _groups(matrices: Sequence[ScoreMatrix]) -> list[_Group]:
    """Gather motifs of about one width, the narrowest first."""
    order = np.argsort([len(m) for m in matrices], kind="stable")
    return [_group(matrices, order[low : low + GROUP]) for low in range(0, len(order), GROUP)]


def _group(matrices: Sequence[ScoreMatrix], members: np.ndarray) -> _Group:
    chosen = [integer_scores(matrices[i]) for i in members]
    width, letters = chosen[-1].shape
    # behind the last position of a narrower motif everything scores 0
    weights = np.zeros((len(chosen), width, letters), np.float32)
    for row, scores in zip(weights, chosen, strict=True):
        row[: len(scores), :-1] = scores[:, :-1] - scores[:, -1:]
        row[: len(scores), -1] = NO_LETTER
    base = np.array([[scores[:, -1].sum()] for scores in chosen], np.float32)
    widths = np.array([[len(scores)] for scores in chosen])
    return _Group(members, widths, base, weights.reshape(len(chosen), -1))


def _blocks(lengths: np.ndarray, strands: int) -> Iterator[np.ndarray]:
    """Put sequences of about one length together, as many as have `WINDOWS` windows."""
    order = np.argsort(-lengths, kind="stable")
    low = 0
    while low < len(order):
        windows = strands * max(1, int(lengths[order[low]]))
        high = low + max(1, WINDOWS // windows)
        yield order[low:high]
        low = high


class _Block:
    """A few sequences, with their windows in random order, so that the first of equals is any.

    The place of a window is its start on its strand, plus `room` if that is the other strand.
    """

    def __init__(
        self, sequences: SequenceSet, width: int, both_strands: bool, rng: np.random.Generator
    ) -> None:
        self.lengths, letters = sequences.lengths, sequences.alphabet.size
        self.longest = int(self.lengths.max())
        self.room = self.longest + width
        strands = [sequences, sequences.reverse_complement()] if both_strands else [sequences]
        codes = np.stack([s.padded(self.room) for s in strands], axis=1)
        image = _images(letters)[codes].reshape(-1)
        self.windows = sliding_window_view(image, width * letters)[::letters]
        self.first = np.arange(len(sequences))[:, None] * len(strands) * self.room
        places = [np.arange(self.longest) + i * self.room for i in range(len(strands))]
        each = np.tile(np.concatenate(places).astype(np.int32), (len(sequences), 1))
        self.places = rng.permuted(each, axis=1)

    def best(self, group: _Group) -> BestSites:
        """Find the best sites of some motifs, (motifs, sequences)."""
        score, place = self._best_places(group.weights)
        none = score < NO_LETTER // 2
        reverse, start = np.divmod(place, self.room)
        start = np.where(reverse, self.lengths - group.widths - start, start)
        return BestSites(
            np.where(none, -np.inf, (score + group.base) * np.float32(STEP)),
            np.where(none, -1, start),
            (reverse > 0) & ~none,
        )

    def _best_places(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Score of the best window and its place, each (motifs, sequences)."""
        number = len(self.lengths)
        best = np.full((number, len(weights)), -np.inf, np.float32)
        place = np.zeros(best.shape, np.int32)
        pieces = self._pieces(weights.size)
        step = max(1, WINDOWS // (number * pieces.shape[2]))
        for low in range(0, pieces.shape[1], step):
            places = pieces[:, low : low + step]
            scores = weights @ self._rows(places, weights.shape[1]).swapaxes(2, 3)
            # of the windows of a piece, then of its pieces
            first = scores.argmax(3)
            score = np.take_along_axis(scores, first[..., None], 3)[..., 0]
            found = np.take_along_axis(places, first.reshape(*places.shape[:2], -1), 2)
            piece = score.argmax(1)[:, None]
            score = np.take_along_axis(score, piece, 1)[:, 0]
            found = np.take_along_axis(found, piece, 1)[:, 0]
            place = np.where(score > best, found, place)
            best = np.maximum(score, best)
        return best.T, place.T

    def _pieces(self, size: int) -> np.ndarray:
        """Cut the places into pieces of small products, int32 (sequences, pieces, places)."""
        total = self.places.shape[1]
        number = max(1, -(-total * size // PRODUCT))
        width = max(1, -(-total // number))
        # what fills the last piece up is a window beyond the end
        filled = np.pad(
            self.places, ((0, 0), (0, number * width - total)), constant_values=self.longest
        )
        return filled.reshape(len(filled), number, width)

    def _rows(self, places: np.ndarray, columns: int) -> np.ndarray:
        """Take windows as rows of numbers, float32 (sequences, pieces, places, columns)."""
        rows = self.windows[(places + self.first[..., None]).ravel(), :columns]
        return rows.reshape(*places.shape, columns)


def _images(letters: int) -> np.ndarray:
    """One row for each code: 1 at its letter; the last column is for what is no plain letter."""
    images = np.zeros((256, letters), np.float32)
    images[np.arange(letters - 1), np.arange(letters - 1)] = 1
    images[letters:, -1] = 1
    return images
