"""Shuffled controls: sequences with exactly the k-lets of the originals, and nothing else of them.

Runs of plain letters are shuffled in chunks: many short ones of DNA as `tallies` tells, all others
as `trails` does. Random numbers are a function of the seed, the copy and the place in the input, so
that no result depends on the chunks.
"""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.sources import Sequences, as_sequences
from seqcnn.seq.tallies import LETTERS, LONGEST, shuffle_in_step
from seqcnn.seq.trails import TrailGraph, word_numbers
from seqcnn.seq.trees import mixed

logger = logging.getLogger(__name__)

CHUNK_LETTERS = 1 << 20
"""Letters that are shuffled together, and hold some 60 bytes each meanwhile."""

CHUNK_VERTICES = 1 << 20
"""Vertices of all graphs of a chunk, whether they occur or not."""

TOGETHER = 1000
"""Runs that must take a step together on average, for tallies to be faster than sorted exits."""

CHUNK_RUNS = 16384
"""Runs whose tallies are kept together: few enough for a processor's cache."""

UNCHANGED = 0.05
"""A larger share of sequences that come back as they were makes a poor control."""


def shuffle(sequences: Sequences, *, k: int = 2, copies: int = 1, seed: int = 0) -> SequenceSet:
    """Shuffle sequences, keeping how often each word of `k` letters occurs in each of them.

    Every sequence with the same words and the same first and last `k` - 1 letters is equally
    likely. Ambiguous letters stay where they are; the letters between two of them are shuffled
    among themselves.

    Parameters
    ----------
    sequences
        The originals, over any alphabet: a `SequenceSet`, a path, strings, records of Biopython, a
        pandas Series.
    k
        Letters of the words that are kept: 1, 2 or 3.
    copies
        Shuffles of each sequence.
    seed
        Same seed, same shuffles; the first copies are the same whatever `copies` is.

    Returns
    -------
    SequenceSet
        n * `copies` sequences: the copies of the first, named ``<id>_shuffle_1`` and so on, then
        those of the second.

    Raises
    ------
    SeqcnnError
        `k`, `copies` or `seed` is out of range.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> originals = SequenceSet.from_strings(["ACACAGAGATATA"], alphabet=DNA)
    >>> shuffled = shuffle(originals, copies=2)
    >>> shuffled.ids
    ('seq_1_shuffle_1', 'seq_1_shuffle_2')
    >>> [shuffled.text(0).count(word) for word in ("AC", "CA", "AG", "AT")]
    [2, 2, 2, 2]
    """
    _check(k=k, copies=copies, seed=seed)
    sequences = as_sequences(sequences)
    result = _repeated(sequences, copies)
    runs = _plain_runs(sequences, k)
    alone, in_step = _split(runs, sequences.alphabet.size)
    vertices = sequences.alphabet.size ** (k - 1)
    for copy in range(copies):
        keys = np.random.SeedSequence([seed, copy]).generate_state(2, np.uint64)
        for chunk in _chunks(alone, vertices):
            target = chunk.target(copy, copies)
            _shuffle_runs(sequences, chunk, result, target, k=k, keys=keys)
        for chunk in _equal_chunks(in_step):
            place = chunk.start, chunk.length, result, chunk.target(copy, copies)
            shuffle_in_step(sequences.codes, *place, k=k, keys=keys)
    return SequenceSet(
        sequences.alphabet,
        result,
        np.concatenate([[0], np.cumsum(np.repeat(sequences.lengths, copies))]).astype(np.int64),
        tuple(f"{name}_shuffle_{c + 1}" for name in sequences.ids for c in range(copies)),
    )


def unchanged_share(original: SequenceSet, shuffled: SequenceSet, copies: int) -> float:
    """Share of shuffles that are their originals again, letter by letter.

    Parameters
    ----------
    original, shuffled
        n sequences and their n * `copies` shuffles, in the order of `shuffle`.
    copies
        Shuffles of each sequence.

    Raises
    ------
    SeqcnnError
        The two do not belong together.
    """
    if not np.array_equal(np.repeat(original.lengths, copies), shuffled.lengths):
        raise SeqcnnError(
            f"`shuffled` has {len(shuffled)} sequences, which are not {copies} shuffles each of "
            f"the {len(original)} in `original`: give the result of `shuffle` with its `copies`"
        )
    before, after = original.codes.tobytes(), shuffled.codes.tobytes()
    offsets = shuffled.offsets.tolist()
    same = 0
    for row, (low, high) in enumerate(pairwise(original.offsets.tolist())):
        starts = offsets[row * copies : (row + 1) * copies]
        same += sum(after[start : start + high - low] == before[low:high] for start in starts)
    return same / max(len(shuffled), 1)


def shuffled_control(
    sequences: SequenceSet, *, k: int | None = None, copies: int = 1, seed: int = 0
) -> tuple[SequenceSet, int]:
    """Make a control by shuffling, with words as long as the sequences allow.

    Parameters
    ----------
    sequences
        The originals.
    k
        Letters of the words whose counts are kept; None: 2 for DNA and RNA, 1 for other alphabets.
        It is lowered, with a warning, while more than 5 % of the shuffles are the originals again.
    copies
        Shuffles of each sequence.
    seed
        Same seed, same control.

    Returns
    -------
    SequenceSet
        n * `copies` sequences in the order of `shuffle`.
    int
        The `k` that was used.

    Raises
    ------
    SeqcnnError
        No sequence can be shuffled, or an argument is out of range.
    """
    wanted = (2 if sequences.alphabet.name in ("dna", "rna") else 1) if k is None else k
    _check(k=wanted, copies=copies, seed=seed)
    shares = []
    for used in range(wanted, 0, -1):
        control = shuffle(sequences, k=used, copies=copies, seed=seed)
        shares.append(unchanged_share(sequences, control, copies))
        if shares[-1] <= UNCHANGED:
            break
    if not len(sequences) or shares[-1] == 1:
        raise SeqcnnError(
            f"nothing can be shuffled: all of the {len(sequences)} sequences come back unchanged, "
            f"each is empty, too short, or of one letter: give a control file (--control)"
        )
    if used < wanted or shares[-1] > UNCHANGED:
        warnings.warn(_poor_control(wanted, used, shares), SeqcnnWarning, stacklevel=2)
    logger.info("%.2g %% of the shuffles (k = %d) equal their originals", 100 * shares[-1], used)
    return control, used


def _poor_control(wanted: int, used: int, shares: list[float]) -> str:
    message = f"{shares[0]:.0%} of the shuffles that keep words of {wanted} equal their originals"
    if used < wanted:
        message += f", hence words of {used} are kept ({shares[-1]:.0%} equal)"
    if shares[-1] > UNCHANGED:
        message += ": the control is weak, for the sequences are short or simple"
    return message


def _check(*, k: int, copies: int, seed: int) -> None:
    if k not in (1, 2, 3):
        raise SeqcnnError(f"`k` is {k!r}, but words of 1, 2 or 3 letters can be kept")
    if copies < 1:
        raise SeqcnnError(f"`copies` is {copies!r}, but must be 1 or more")
    if seed < 0:
        raise SeqcnnError(f"`seed` is {seed!r}, but must be 0 or more")


def _repeated(sequences: SequenceSet, copies: int) -> np.ndarray:
    """Write down all codes, each sequence so often."""
    if copies == 1:
        return sequences.codes.copy()
    pieces = [codes.tobytes() * copies for codes in sequences]
    return np.frombuffer(bytearray(b"".join(pieces)), np.uint8)


@dataclass(frozen=True, eq=False)
class _Runs:
    """Stretches of plain letters, each int64 (runs,), the longest first.

    `start` and `length` say where a run lies among the letters of the set, `offset` and `whole`
    where its sequence does.
    """

    start: np.ndarray
    length: np.ndarray
    offset: np.ndarray
    whole: np.ndarray

    def take(self, index: np.ndarray | slice) -> "_Runs":
        return _Runs(self.start[index], self.length[index], self.offset[index], self.whole[index])

    def target(self, copy: int, copies: int) -> np.ndarray:
        """Tell where the copies of the runs begin, int64 (runs,)."""
        # before them come all copies of earlier sequences, and earlier copies of their own
        return self.offset * copies + self.whole * copy + (self.start - self.offset)


def _plain_runs(sequences: SequenceSet, k: int) -> _Runs:
    """Find the runs of plain letters that are long enough to change, in order of length."""
    plain = sequences.codes < sequences.alphabet.size
    changes = np.flatnonzero(plain[1:] != plain[:-1]) + 1
    cuts = np.unique(np.concatenate([sequences.offsets, changes]))
    begins = np.flatnonzero(plain[cuts[:-1]])
    start, length = cuts[begins], np.diff(cuts)[begins]
    row = np.searchsorted(sequences.offsets, start, side="right") - 1
    runs = _Runs(start, length, sequences.offsets[row], sequences.lengths[row])
    order = np.argsort(-length, kind="stable")
    return runs.take(order[length[order] > k])


def _split(runs: _Runs, letters: int) -> tuple[_Runs, _Runs]:
    """Tell which runs are not, and which are, to be shuffled by tallies."""
    from_here_on = np.cumsum(runs.length[::-1])[::-1]
    enough = (from_here_on >= TOGETHER * runs.length) & (runs.length <= LONGEST)
    first = int(np.argmax(enough)) if letters <= LETTERS and enough.any() else len(enough)
    return runs.take(slice(first)), runs.take(slice(first, None))


def _equal_chunks(runs: _Runs) -> Iterator[_Runs]:
    """Cut runs into chunks of about equal numbers of runs."""
    number = -(-len(runs.start) // CHUNK_RUNS)
    cuts = np.linspace(0, len(runs.start), number + 1).astype(int)
    return (runs.take(slice(low, high)) for low, high in pairwise(cuts.tolist()))


def _chunks(runs: _Runs, vertices: int) -> Iterator[_Runs]:
    """Cut runs into chunks of bounded size, each of at least one run."""
    most_runs = max(CHUNK_VERTICES // vertices, 1)
    letters = np.concatenate([[0], np.cumsum(runs.length)])
    low = 0
    while low < len(runs.start):
        fitting = int(np.searchsorted(letters, letters[low] + CHUNK_LETTERS, side="right")) - 1
        high = max(min(fitting, low + most_runs), low + 1)
        yield runs.take(slice(low, high))
        low = high


def _shuffle_runs(
    sequences: SequenceSet,
    runs: _Runs,
    result: np.ndarray,
    target: np.ndarray,
    *,
    k: int,
    keys: np.ndarray,
) -> None:
    """Shuffle the runs of a chunk and write them to `result`, from the positions `target` on."""
    codes, letters = sequences.codes, sequences.alphabet.size
    graph = TrailGraph.of_runs(codes, runs.start, runs.length, letters=letters, k=k, key=keys[0])
    if k == 1:
        ranks = np.arange(len(graph.letter)) - np.repeat(graph.first, graph.degree)
        result[np.repeat(target, graph.degree) + ranks] = graph.letter
        return
    edges = runs.length - k + 1
    vertices = np.arange(graph.vertices, dtype=np.uint64)
    base = np.arange(len(edges)) * graph.vertices
    source = base + word_numbers(codes, runs.start, k - 1, letters)
    root = base + word_numbers(codes, runs.start + edges, k - 1, letters)
    # a number of its own for each vertex of each run, whatever the chunk
    own = runs.start.astype(np.uint64)[:, None] * np.uint64(graph.vertices) + vertices
    graph.place_last_exits(root, mixed(own.ravel() + keys[1]))
    graph.walk(source, edges, result, target + k - 1)
