"""Shuffled controls: sequences with exactly the k-lets of the originals, and nothing else of them.

A sequence is a trail through the graph whose vertices are its (k - 1)-lets and whose edges are its
k-lets; every other trail over the same edges is a sequence with the same k-let counts. A trail is
given by the order in which each vertex spends its exits, and by the BEST theorem an order is a
trail exactly if the last exits form a tree towards the last vertex. So a tree is drawn first, with
each tree as likely as it has edges to choose from, then the order of all other exits.

All runs of plain letters of a chunk take their steps together. Random numbers are a function of the
seed, the copy and the place in the input, so that no result depends on the chunks.

References
----------
Altschul & Erickson (1985), Mol Biol Evol 2:526 (trails); Kandel, Matias, Unger & Winkler (1996),
Discrete Appl Math 71:171 (uniform); Propp & Wilson (1998), J Algorithms 27:170 (trees, section 3).
"""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.record import SequenceSet

logger = logging.getLogger(__name__)

CHUNK_LETTERS = 1 << 20
"""Letters that are shuffled together, and hold some 60 bytes each meanwhile."""

CHUNK_VERTICES = 1 << 20
"""Vertices of all graphs of a chunk, whether they occur or not."""

FEW_RUNS = 24
"""Fewer runs than this walk faster one by one than in step."""

UNCHANGED = 0.05
"""A larger share of sequences that come back as they were makes a poor control."""


def shuffle(sequences: SequenceSet, *, k: int = 2, copies: int = 1, seed: int = 0) -> SequenceSet:
    """Shuffle sequences, keeping how often each word of `k` letters occurs in each of them.

    Every sequence with the same words and the same first and last `k` - 1 letters is equally
    likely. Ambiguous letters stay where they are; the letters between two of them are shuffled
    among themselves.

    Parameters
    ----------
    sequences
        The originals, over any alphabet.
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
    pieces = [codes.tobytes() * copies for codes in sequences]
    result = np.frombuffer(bytearray(b"".join(pieces)), np.uint8)
    runs = _plain_runs(sequences, k)
    vertices = sequences.alphabet.size ** (k - 1)
    for copy in range(copies):
        keys = np.random.SeedSequence([seed, copy]).generate_state(2, np.uint64)
        for chunk in _chunks(runs, vertices):
            # the letters before a run: all copies of earlier sequences, earlier copies of its own
            target = chunk.offset * copies + chunk.whole * copy + (chunk.start - chunk.offset)
            _shuffle_runs(sequences, chunk, result, target, k=k, keys=keys)
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


def _plain_runs(sequences: SequenceSet, k: int) -> _Runs:
    """Find the runs of plain letters that are long enough to change, in order of length."""
    plain = np.concatenate([[False], sequences.codes < sequences.alphabet.size])
    begins = plain[1:] & ~plain[:-1]
    first_letters = sequences.offsets[:-1][sequences.lengths > 0]
    begins[first_letters] = plain[1:][first_letters]
    ends = np.zeros(len(plain), bool)
    ends[1:-1] = plain[1:-1] & (~plain[2:] | begins[1:])
    ends[-1] = plain[-1]
    start, length = np.flatnonzero(begins), np.flatnonzero(ends) - np.flatnonzero(begins)
    row = np.searchsorted(sequences.offsets, start, side="right") - 1
    runs = _Runs(start, length, sequences.offsets[row], sequences.lengths[row])
    order = np.argsort(-length, kind="stable")
    return runs.take(order[length[order] > max(k, 1)])


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
    letters = sequences.alphabet.size
    graph = _Graph.of_runs(sequences.codes, runs, letters=letters, k=k, key=keys[0])
    if k == 1:
        ranks = np.arange(len(graph.letter)) - np.repeat(graph.first, graph.degree)
        result[np.repeat(target, graph.degree) + ranks] = graph.letter
        return
    origin = runs.start + runs.length - k + 1
    root = np.arange(len(origin)) * graph.vertices + _word(sequences.codes, origin, k - 1, letters)
    source = np.arange(len(origin)) * graph.vertices
    source += _word(sequences.codes, runs.start, k - 1, letters)
    stacks = np.repeat(runs.start.astype(np.uint64) * np.uint64(graph.vertices), graph.vertices)
    stacks += np.tile(np.arange(graph.vertices, dtype=np.uint64), len(origin))
    graph.place_last_exits(root, _mixed(stacks + keys[1]))
    graph.walk(source, runs.length - k + 1, result, target + k - 1)


@dataclass(eq=False)
class _Graph:
    """The graphs of many runs in one: vertex v of run r has the number r * `vertices` + v.

    Parameters
    ----------
    letters
        Letters of the alphabet.
    vertices
        Vertices of each run, those that do not occur included.
    letter
        uint8 (edges,): the letter that each edge appends; edges are ordered by the vertex that they
        leave, and at random within it.
    head, tail
        int64 (edges,): the vertex to which each edge leads, and the one that it leaves.
    first, degree
        int64 (runs * vertices,): the first exit of each vertex, and the number of its exits.
    """

    letters: int
    vertices: int
    letter: np.ndarray
    head: np.ndarray
    tail: np.ndarray
    first: np.ndarray
    degree: np.ndarray

    @classmethod
    def of_runs(
        cls, codes: np.ndarray, runs: _Runs, *, letters: int, k: int, key: np.uint64
    ) -> "_Graph":
        """Collect the k-lets of each run, the exits of each vertex in random order."""
        vertices = letters ** (k - 1)
        edges = runs.length - k + 1
        ends = np.cumsum(edges)
        base = np.repeat(np.arange(len(edges)) * vertices, edges)
        position = np.arange(ends[-1]) + np.repeat(runs.start - ends + edges, edges)
        # one number to sort by: vertex, random bits, letter
        letter_bits = (letters - 1).bit_length()
        vertex_shift = np.uint64(64 - (len(edges) * vertices - 1).bit_length())
        packed = _mixed(position.astype(np.uint64) + key)
        packed >>= np.uint64(64 + letter_bits) - vertex_shift
        packed <<= np.uint64(letter_bits)
        packed |= codes[position + k - 1]
        packed |= (base + _word(codes, position, k - 1, letters)).astype(np.uint64) << vertex_shift
        packed.sort()
        letter = (packed & np.uint64((1 << letter_bits) - 1)).astype(np.uint8)
        tail = (packed >> vertex_shift).astype(np.int64)
        head = base + letter if k <= 2 else base + (tail % letters) * letters + letter
        degree = np.bincount(tail, minlength=len(edges) * vertices)
        return cls(letters, vertices, letter, head, tail, np.cumsum(degree) - degree, degree)

    def place_last_exits(self, root: np.ndarray, state: np.ndarray) -> None:
        """Draw a tree of exits towards the root of each run and make them the last of their vertex.

        Every vertex has a stack of random exits. As long as the exits on top form cycles, the
        vertices on them take their next: what remains is a tree, drawn fairly. An exit back to the
        vertex itself would be a cycle, and is not even drawn.

        Parameters
        ----------
        root
            int64 (runs,): the last vertex of each run.
        state
            uint64 (runs * vertices,): where the random numbers of each vertex begin.
        """
        onward = np.flatnonzero(self.head != self.tail)
        choices = np.bincount(self.tail[onward], minlength=len(state))
        first_choice = np.cumsum(choices) - choices
        is_root = np.zeros(len(state), bool)
        is_root[root] = True
        vertices = members = pending = np.flatnonzero((self.degree > 0) & ~is_root)
        exits = np.zeros(len(state), np.int64)
        number = np.empty(len(state), np.int64)
        while len(pending):
            state[pending] = bits = _mixed(state[pending])
            share = (bits >> np.uint64(11)) * 2.0**-53
            drawn = first_choice[pending] + (share * choices[pending]).astype(np.int64)
            exits[pending] = onward[drawn]
            pending, members = self._on_cycles(members, exits, is_root, number)
        # the exits of a vertex are in random order, so that swapping leaves the others in one
        last, drawn = (self.first + self.degree - 1)[vertices], exits[vertices]
        for edges in (self.letter, self.head):
            edges[last], edges[drawn] = edges[drawn], edges[last]

    def _on_cycles(
        self, members: np.ndarray, exits: np.ndarray, is_root: np.ndarray, number: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the vertices on cycles of exits, and all vertices but roots of the runs with cycles.

        `number` is room for the place of each vertex in `members`.
        """
        end = len(members)
        number[members] = np.arange(end)
        following = self.head[exits[members]]
        step = np.append(np.where(is_root[following], end, number[following]), end)
        # after at least as many steps as a run has vertices: at the root, or on a cycle
        for _ in range(self.vertices.bit_length()):
            step = step[step]
        reached = np.zeros(end + 1, bool)
        reached[step] = True
        pending = members[reached[:end]]
        unfinished = np.zeros(len(exits) // self.vertices, bool)
        unfinished[pending // self.vertices] = True
        return pending, members[unfinished[members // self.vertices]]

    def walk(
        self, source: np.ndarray, steps: np.ndarray, result: np.ndarray, target: np.ndarray
    ) -> None:
        """Follow the exits of each run in order and write down the letters.

        Parameters
        ----------
        source
            int64 (runs,): the first vertex of each run.
        steps
            int64 (runs,): edges of each run, not increasing.
        result
            uint8: receives the letters of run r from position ``target[r]`` on.
        target
            int64 (runs,).
        """
        # a run that lasts longer than most others is finished alone
        together = int(steps[FEW_RUNS]) if len(steps) > FEW_RUNS else 0
        walking = np.searchsorted(-steps, -np.arange(together), side="left")
        place, following = source.copy(), self.first.copy()
        for step, count in enumerate(walking.tolist()):
            here = place[:count]
            edge = following[here]
            following[here] = edge + 1
            result[target[:count] + step] = self.letter[edge]
            place[:count] = self.head[edge]
        for run in np.flatnonzero(steps > together).tolist():
            rest = int(steps[run]) - together
            begin = int(target[run]) + together
            letters = self._walk_alone(run, int(place[run]), following, rest)
            result[begin : begin + rest] = letters

    def _walk_alone(self, run: int, place: int, following: np.ndarray, steps: int) -> np.ndarray:
        """Take the next steps of one run, and return their letters."""
        base = run * self.vertices
        own = slice(base, base + self.vertices)
        ends = self.first[own] + self.degree[own]
        exits = [
            iter((self.head[low:high] - base).astype(np.uint16).data)
            for low, high in zip(following[own].tolist(), ends.tolist(), strict=True)
        ]

        def vertices() -> Iterator[int]:
            vertex = place - base
            for _ in range(steps):
                vertex = next(exits[vertex])
                yield vertex

        return np.fromiter(vertices(), np.uint16, steps) % self.letters


def _word(codes: np.ndarray, position: np.ndarray, length: int, letters: int) -> np.ndarray:
    """Compute the number of the word of `length` letters at each position: int64, 0 for none."""
    word = np.zeros(len(position), np.int64)
    for ahead in range(length):
        word = word * letters + codes[position + ahead]
    return word


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """Turn uint64 numbers into random ones (SplitMix64: Steele, Lea & Flood 2014, OOPSLA 453)."""
    numbers = numbers * np.uint64(0x9E3779B97F4A7C15)
    numbers ^= numbers >> np.uint64(30)
    numbers *= np.uint64(0xBF58476D1CE4E5B9)
    numbers ^= numbers >> np.uint64(27)
    numbers *= np.uint64(0x94D049BB133111EB)
    numbers ^= numbers >> np.uint64(31)
    return numbers
