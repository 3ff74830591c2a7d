"""Experiments in silico with one stretch: planted, taken away, or moved to other contexts.

`seqcnn.explain.interactions` has those of two: spacing and epistasis. Scores are calibrated, on the
scale that a model has learnt, and means over its networks; those of a single network are its
outputs. Intervals are of 95 %, by Student's t.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.edit import Removal, replacements, substitute
from seqcnn.explain.scoring import Scorer, mean_and_interval
from seqcnn.explain.sites import Choice, Word, sites_of
from seqcnn.explain.spans import Spans, spans_of
from seqcnn.motifs.motif import Motif
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Model
from seqcnn.seq.background import MarkovBackground
from seqcnn.seq.record import SequenceSet, concatenate
from seqcnn.seq.shuffle import shuffled_control

MOST_SWAPS = 4_000_000
"""Pairs of a stretch and a context that are scored at most."""

TOGETHER = 1 << 22
"""Letters of changed sequences that are made together."""


@dataclass(frozen=True, eq=False)
class Marginalization:
    """What motifs do to a score, whatever is around them.

    Parameters
    ----------
    task
        Name of the output.
    motifs, strands, sites
        Of m rows: name of the motif, ``+`` or ``-``, and the letters planted (the most probable
        ones).
    starts
        int64 (m,): where it is planted; -1 for the middle of backgrounds of several lengths.
    without
        float64 (n,): scores of the backgrounds.
    effects
        float64 (m, n): score with the motif less that without.
    effect, low, high
        float64 (m,): mean over the backgrounds, and its 95 % interval.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "motif", "strand", "site", "start", "backgrounds", "score_without", "score_with", "effect",
        "low", "high",
    )  # fmt: skip

    task: str
    motifs: tuple[str, ...]
    strands: tuple[str, ...]
    sites: tuple[str, ...]
    starts: np.ndarray
    without: np.ndarray
    effects: np.ndarray
    effect: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __repr__(self) -> str:
        return (
            f"Marginalization of {self.task!r}: {len(self.motifs)} rows, {len(self.without)} "
            f"backgrounds, scores change by {_range(self.effect)}"
        )

    def rows(self) -> Iterator[list[Any]]:
        """One row a motif, strand and start; columns are `columns`."""
        base = self.without.mean()
        for i, name in enumerate(self.motifs):
            numbers = base, base + self.effect[i], self.effect[i], self.low[i], self.high[i]
            start = None if self.starts[i] < 0 else int(self.starts[i])
            planted = name, self.strands[i], self.sites[i], start
            yield [*planted, len(self.without), *shown(*numbers)]


def marginalize(
    model: Model | SequenceNetwork,
    motif: Word | Sequence[Word],
    backgrounds: SequenceSet | None = None,
    *,
    sequences: SequenceSet | None = None,
    copies: int = 1,
    k: int | None = None,
    start: int | Sequence[int] | None = None,
    strands: Literal["given", "both"] = "given",
    letters: Choice = "best",
    task: int | str | None = None,
    seed: int = 0,
) -> Marginalization:
    """Plant motifs in backgrounds and see what the score gains.

    It is the global importance analysis of Koo et al. (2021, doi:10.1371/journal.pcbi.1008925).

    Parameters
    ----------
    model
        As `load_model` gives, or a network.
    motif
        One or several: text, codes or motifs.
    backgrounds
        Where they are planted; None for shuffles of `sequences`.
    sequences, copies, k
        What is shuffled, how often, and the letters of the words that are kept, see
        `shuffled_control`.
    start
        Of the motif, or several, each a row; None for the middle.
    strands
        ``"both"`` plants the reverse complement too, as a row of its own.
    letters
        Of a motif, see `sites_of`.
    task
        Name or number of the output; None where there is one.
    seed
        Of shuffles and drawn sites.

    Raises
    ------
    SeqcnnError
        There is no background, a motif does not fit, or alphabets differ.
    """
    if strands not in ("given", "both"):
        raise SeqcnnError(f"`strands` must be 'given' or 'both', not {strands!r}")
    if backgrounds is None:
        if sequences is None:
            raise SeqcnnError("give `backgrounds`, or `sequences` whose shuffles are taken")
        backgrounds, _ = shuffled_control(sequences, k=k, copies=copies, seed=seed)
    if not len(backgrounds):
        raise SeqcnnError("`backgrounds` has no sequence")
    alphabet = backgrounds.alphabet
    scorer = Scorer.of(model, alphabet, task)
    words = [motif] if isinstance(motif, Word) else list(motif)
    starts = list(start) if isinstance(start, Sequence) else [start]
    signs = "+-" if strands == "both" else "+"
    ways = [(word, sign, at) for word in words for sign in signs for at in starts]
    planted = [turned(word, backgrounds) if sign == "-" else word for word, sign, _ in ways]
    without, scores = scorer(backgrounds), []
    together = max(1, TOGETHER // max(1, len(backgrounds.codes)))
    for low in range(0, len(planted), together):
        some = zip(planted[low : low + together], ways[low : low + together], strict=True)
        how: dict[str, Any] = {"letters": letters, "seed": seed}
        scores += scorer.each([substitute(backgrounds, w, at, **how) for w, (_, _, at) in some])
    each = np.reshape(scores, (len(ways), len(backgrounds))) - without
    sites = [sites_of(word, alphabet, 1)[0] for word in planted]
    return Marginalization(
        scorer.task,
        tuple(name_of(word, backgrounds) for word, _, _ in ways),
        tuple(sign for _, sign, _ in ways),
        tuple(alphabet.decode(site) for site in sites),
        _places([at for _, _, at in ways], sites, backgrounds.lengths),
        without,
        each,
        *mean_and_interval(each),
    )


@dataclass(frozen=True, eq=False)
class Ablation:
    """What scores lose without stretches.

    Parameters
    ----------
    task
        Name of the output.
    ids, names
        Of the sequence of each of m stretches, and what each is.
    spans
        int64 (m, 3): row of the sequence, start, end.
    score
        float64 (m,): of the sequence as it is.
    losses
        float64 (m, copies): score less that with the stretch replaced.
    lost, low, high
        float64 (m,): mean over the copies, and its 95 % interval.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "sequence", "start", "end", "name", "score", "lost", "low", "high",
    )  # fmt: skip

    task: str
    ids: tuple[str, ...]
    names: tuple[str, ...]
    spans: np.ndarray
    score: np.ndarray
    losses: np.ndarray
    lost: np.ndarray
    low: np.ndarray
    high: np.ndarray

    def __repr__(self) -> str:
        return (
            f"Ablation of {self.task!r}: {len(self.spans)} stretches, {self.losses.shape[1]} "
            f"copies each, scores fall by {_range(self.lost)}"
        )

    def rows(self) -> Iterator[list[Any]]:
        """One row a stretch; columns are `columns`."""
        for i, (_, start, end) in enumerate(self.spans.tolist()):
            numbers = self.score[i], self.lost[i], self.low[i], self.high[i]
            yield [self.ids[i], start, end, self.names[i], *shown(*numbers)]


def ablation(
    model: Model | SequenceNetwork,
    sequences: SequenceSet,
    spans: Spans,
    *,
    names: Sequence[str] | None = None,
    by: Removal = "shuffle",
    k: int = 1,
    background: MarkovBackground | None = None,
    copies: int = 10,
    task: int | str | None = None,
    seed: int = 0,
) -> Ablation:
    """Replace each stretch, one at a time, and see what the score loses.

    Parameters
    ----------
    model
        As `load_model` gives, or a network.
    sequences
        Over the alphabet of the model.
    spans
        Pairs (start, end) for every sequence, or triples (row, start, end).
    names
        What each stretch is; None for ``.``.
    by, k, background
        What it is replaced by, see `ablate`.
    copies
        Replacements of each.
    task
        Name or number of the output; None where there is one.
    seed
        Of the replacements.

    Raises
    ------
    SeqcnnError
        A stretch does not lie in its sequence, or an argument is out of range.
    """
    scorer = Scorer.of(model, sequences.alphabet, task)
    where = spans_of(spans, sequences)
    called = tuple(["."] * len(where) if names is None else names)
    if len(called) != len(where):
        raise SeqcnnError(f"`names` has {len(called)} entries for {len(where)} stretches")
    pieces = replacements(
        sequences, where, by=by, k=k, background=background, copies=copies, seed=seed
    )
    # every copy of every stretch is a sequence of its own
    many = sequences.select(np.repeat(where[:, 0], copies))
    codes = many.codes.copy()
    starts = many.offsets[:-1] + np.repeat(where[:, 1], copies)
    within = np.arange(len(pieces.codes)) - np.repeat(pieces.offsets[:-1], pieces.lengths)
    codes[np.repeat(starts, pieces.lengths) + within] = pieces.codes
    changed = SequenceSet(many.alphabet, codes, many.offsets, many.ids)
    rows = np.unique(where[:, 0])
    before, after = scorer.each([sequences.select(rows), changed])
    score = before[np.searchsorted(rows, where[:, 0])]
    losses = score[:, None] - after.reshape(len(where), copies)
    ids = tuple(str(sequences.ids[row]) for row in where[:, 0].tolist())
    return Ablation(scorer.task, ids, called, where, score, losses, *mean_and_interval(losses))


@dataclass(frozen=True, eq=False)
class ContextSwap:
    """Scores of a stretch of each of n sequences in the context of each.

    Parameters
    ----------
    task
        Name of the output.
    ids
        Of the sequences.
    span
        Start and end of the stretch.
    scores
        float64 (n, n): of the stretch of row i in the context of column j.
    """

    columns: ClassVar[tuple[str, ...]] = ("sequence", "score", "stretch_elsewhere", "context_alone")

    task: str
    ids: tuple[str, ...]
    span: tuple[int, int]
    scores: np.ndarray

    def __repr__(self) -> str:
        stretch, context, both = self.shares
        return (
            f"ContextSwap of {self.task!r}: stretch {self.span[0]}-{self.span[1]} of "
            f"{len(self.ids)} sequences; {stretch:.0%} of the variance goes with the stretch, "
            f"{context:.0%} with the context, {both:.0%} with both together"
        )

    @property
    def shares(self) -> tuple[float, float, float]:
        """Shares of the variance: of stretch, of context, and of neither alone; NaN without any.

        They are those of a two-way analysis of variance without repeats, and sum to 1.
        """
        centred = self.scores - self.scores.mean()
        total = float((centred**2).sum())
        if not total > 0:
            return np.nan, np.nan, np.nan
        number = len(self.ids)
        stretch, context = (
            float(number * (centred.mean(axis=axis) ** 2).sum() / total) for axis in (1, 0)
        )
        return stretch, context, 1 - stretch - context

    def rows(self) -> Iterator[list[Any]]:
        """One row a sequence; the last two columns are means over all other sequences."""
        own = np.diag(self.scores)
        others = len(own) - 1
        stretch, context = ((self.scores.sum(axis=axis) - own) / others for axis in (1, 0))
        for i, name in enumerate(self.ids):
            yield [name, *shown(own[i], stretch[i], context[i])]


def context_swap(
    model: Model | SequenceNetwork,
    sequences: SequenceSet,
    span: tuple[int, int],
    *,
    task: int | str | None = None,
) -> ContextSwap:
    """Plant a stretch of each sequence in the contexts of the others.

    It asks what Toneyan and Koo (2024, doi:10.1038/s41588-024-01923-3) ask by swapping contexts:
    whether a stretch does by itself what it does.

    Parameters
    ----------
    model
        As `load_model` gives, or a network.
    sequences
        Two or more; n of them make n * n sequences.
    span
        Start and end, the same in all.
    task
        Name or number of the output; None where there is one.

    Raises
    ------
    SeqcnnError
        There is one sequence only, there are too many, or the stretch does not lie in one.
    """
    scorer = Scorer.of(model, sequences.alphabet, task)
    number = len(sequences)
    if not 2 <= number <= int(MOST_SWAPS**0.5):
        raise SeqcnnError(
            f"there are {number:,} sequences, contexts are swapped among 2 to "
            f"{int(MOST_SWAPS**0.5):,}"
        )
    spans_of([span], sequences)
    at, end = span
    together = max(1, TOGETHER // max(1, len(sequences.codes)))
    scores = np.empty((number, number))
    for low in range(0, number, together):
        rows = range(low, min(low + together, number))
        moved = concatenate([substitute(sequences, sequences[i][at:end], at) for i in rows])
        scores[low : low + len(rows)] = scorer(moved).reshape(len(rows), number)
    return ContextSwap(scorer.task, tuple(sequences.ids), (at, end), scores)


def _places(
    starts: Sequence[int | None], sites: Sequence[np.ndarray], lengths: np.ndarray
) -> np.ndarray:
    """Say where sites come to lie, int64 (m,); -1 if that differs between sequences."""
    one = bool((lengths == lengths[0]).all())
    middle = [(int(lengths[0]) - len(site)) // 2 if one else -1 for site in sites]
    return np.array([m if at is None else at for at, m in zip(starts, middle, strict=True)])


def name_of(word: Word, sequences: SequenceSet) -> str:
    """Name what is planted: the name of a motif, or the letters."""
    if isinstance(word, Motif):
        return word.name
    return sequences.alphabet.decode(sites_of(word, sequences.alphabet, 1)[0])


def turned(word: Word, sequences: SequenceSet) -> Word:
    """Read a motif on the other strand of the alphabet of sequences."""
    alphabet = sequences.alphabet
    if alphabet.complements is None:
        raise SeqcnnError(f"{alphabet.name} has one strand only: plant motifs as they are")
    if isinstance(word, Motif):
        return word.reverse_complement()
    return alphabet.reverse_complement(sites_of(word, alphabet, 1)[0])


def shown(*numbers: float) -> list[str | None]:
    """Write numbers for a table; NaN becomes an empty cell."""
    return [None if np.isnan(x) else f"{x:.6g}" for x in numbers]


def _range(values: np.ndarray) -> str:
    return f"{values.min():.3g} to {values.max():.3g}" if len(values) else "none"
