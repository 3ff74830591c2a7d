"""Seqlets: spans of letters that contribute more together than chance lets them.

A letter's contribution in units of the noise, at most `CLIP`, less `DRIFT`, is its score: no single
letter makes a seqlet, and sums of noise fall. Spans are found by their sums (`segments`), those of
either sign apart.

**The null hypothesis** is that contributions are noise that is as often above as below 0. Its
letters are those of the other sign, taken with both signs: a motif that speaks for a class adds
nothing to them, even where it fills sequences of 20 letters, where a permutation of positions would
see nothing but motif. If motifs of both signs are there, each makes the p-values of the other
larger, never smaller. How neighbours depend on each other shows in how much slower the sums of the
track fall off than sums of letters drawn at random, over the middle of their range, which the few
seqlets do not reach; where noise reaches over more letters than a few, p-values are still too
small, and a control is needed. Given contributions of control sequences, their own letters and sums
are the null hypothesis instead, and nothing need be symmetric.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.segments import Segments, decay_of, maximal_segments
from seqcnn.explain.tracks import checked, noise_scale, project, row_scales
from seqcnn.seq.alphabet import Alphabet
from seqcnn.stats.fdr import benjamini_hochberg
from seqcnn.stats.logspace import format_log10

CLIP = 4.0
"""Standard deviations of noise that a letter counts for at most."""

DRIFT = 0.7
"""Standard deviations that a letter must contribute for a span to grow: half of what letters of a
faint motif contribute."""

DROP = 4.0
"""A span ends when its sum has fallen by so much: some six letters without contribution."""

SHORTEST = 3
"""Letters of a seqlet."""

LONGEST = 40
"""Letters of a seqlet; longer spans are cut where they contribute least."""

MIDDLE, UPPER = (0.6, 0.9), (0.8, 0.98)
"""Quantiles between which sums tell how neighbours depend on each other: while there may be seqlets
among them, and when those are left out."""

SURE = 15.0
"""Sum that noise never reaches (a normal one at a span in 10^9): it says nothing of noise, where
motifs of both signs are many."""

TAIL = 0.75
"""Quantile of the sums of letters drawn at random from which on they fall off exponentially."""

DRAWN = 60_000
"""Letters that are drawn at random."""

Q_VALUE = 0.05
"""Share of seqlets that may be chance."""

COLUMNS = "sequence start end sign contribution p_value q_value".split()


@dataclass(frozen=True, eq=False)
class _Side:
    """Spans of one sign, with log10 of their p- and q-values."""

    spans: Segments
    log10_p: np.ndarray
    log10_q: np.ndarray

    @classmethod
    def of(
        cls,
        spans: Segments,
        null: np.ndarray,
        middle: tuple[float, float],
        *,
        mirrored: bool,
        seed: int,
    ) -> "_Side":
        log10_p = _log10_p(spans, null, middle, mirrored=mirrored, seed=seed)
        return cls(spans, log10_p, benjamini_hochberg(log10_p))


@dataclass(frozen=True, eq=False)
class Seqlets:
    """Spans that do not overlap, by sequence and start.

    Parameters
    ----------
    row
        int64 (m,): position of the sequence.
    start, end
        int64 (m,): from 0, half open.
    sign
        int8 (m,): +1 or -1.
    contribution
        float64 (m,): sum over the letters, with its sign.
    log10_p, log10_q
        float64 (m,): that a span of noise sums up to as much; and the false discovery rate among
        all spans of this sign (Benjamini-Hochberg).
    """

    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    sign: np.ndarray
    contribution: np.ndarray
    log10_p: np.ndarray
    log10_q: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def select(self, which: np.ndarray) -> "Seqlets":
        """Take some by position or by a boolean mask."""
        return Seqlets(*(getattr(self, field.name)[which] for field in fields(self)))


def find_seqlets(
    contributions: np.ndarray,
    codes: np.ndarray,
    alphabet: Alphabet,
    *,
    control: tuple[np.ndarray, np.ndarray] | None = None,
    q_value: float = Q_VALUE,
    seed: int = 0,
) -> Seqlets:
    """Find the spans whose contributions are more than noise.

    Parameters
    ----------
    contributions
        float32 (n, length, letters): hypothetical or projected.
    codes
        uint8 (n, length), padded.
    alphabet
        What the codes mean.
    control
        Contributions and codes of sequences in which nothing is to be found, such as shuffled
        ones; without them, noise is taken to be symmetric.
    q_value
        False discovery rate among the seqlets of a sign.
    seed
        Of the letters that are drawn.

    Returns
    -------
    Seqlets

    Raises
    ------
    SeqcnnError
        Shapes do not fit, a number is not finite, or `q_value` is out of range.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> rng = np.random.default_rng(0)
    >>> codes = rng.integers(0, 4, (100, 40)).astype(np.uint8)
    >>> given = rng.normal(size=(100, 40, 4)).astype(np.float32)
    >>> given[7, 10:20] += 5
    >>> found = find_seqlets(given, codes, DNA)
    >>> found.row.tolist(), found.sign.tolist()
    ([7], [1])
    """
    if not 0 < q_value < 1:
        raise SeqcnnError(f"`q_value` is {q_value}, it must be above 0 and below 1")
    track = project(*checked(contributions, codes, alphabet), alphabet)
    other = None if control is None else project(*checked(*control, alphabet), alphabet)
    if not track.any():
        none, whole = np.zeros(0), np.zeros(0, np.int64)
        return Seqlets(whole, whole, whole, np.zeros(0, np.int8), none, none, none)
    found_sides = _sides(track, other, q_value, seed)
    sides = [_pieces(track, sign, side, q_value) for sign, side in found_sides.items()]
    found = Seqlets(*(np.concatenate([getattr(s, f.name) for s in sides]) for f in fields(Seqlets)))
    found = _apart(found, track.shape[1])
    return found.select(np.lexsort((found.start, found.row)))


def _scaled(track: np.ndarray, sign: int) -> np.ndarray:
    """Divide by the noise, which is what speaks for the other sign."""
    against = -sign * track
    return sign * track / row_scales(against, noise_scale(against, 1))


def _sides(
    track: np.ndarray, control: np.ndarray | None, q_value: float, seed: int
) -> dict[int, _Side]:
    """Find the spans of both signs with their p-values.

    Without a control it is done twice: what stands out the first time is no noise, and the rest
    tells more of the tail.
    """
    scaled = {sign: _scaled(track, sign) for sign in (1, -1)}
    spans = {sign: maximal_segments(_scores(scaled[sign]), drop=DROP) for sign in scaled}
    if control is not None:
        null = {sign: _scaled(control, sign) for sign in scaled}
        return {s: _Side.of(spans[s], null[s], UPPER, mirrored=False, seed=seed) for s in scaled}
    sides: dict[int, _Side] = {}
    quiet = np.ones(track.shape, bool)
    for sure in spans.values():
        for i in np.flatnonzero(sure.score >= SURE).tolist():
            quiet[sure.row[i], sure.start[i] : sure.end[i]] = False
    for middle in (MIDDLE, UPPER):
        sides = {
            s: _Side.of(spans[s], np.where(quiet, -x, 0), middle, mirrored=True, seed=seed)
            for s, x in scaled.items()
        }
        for side in sides.values():
            for i in np.flatnonzero(side.log10_q <= np.log10(q_value)).tolist():
                quiet[side.spans.row[i], side.spans.start[i] : side.spans.end[i]] = False
    return sides


def _pieces(track: np.ndarray, sign: int, side: _Side, q_value: float) -> Seqlets:
    long_enough = side.spans.end - side.spans.start >= SHORTEST
    kept = np.flatnonzero((side.log10_q <= np.log10(q_value)) & long_enough)
    pieces, parent = _cut(side.spans.select(kept), sign * track)
    upto = np.pad(np.cumsum(track, axis=1, dtype=np.float64), ((0, 0), (1, 0)))
    sums = upto[pieces.row, pieces.end] - upto[pieces.row, pieces.start]
    signs = np.full(len(pieces), sign, np.int8)
    log10_p, log10_q = side.log10_p[kept][parent], side.log10_q[kept][parent]
    return Seqlets(pieces.row, pieces.start, pieces.end, signs, sums, log10_p, log10_q)


def _scores(track: np.ndarray) -> np.ndarray:
    return np.clip(track, -CLIP, CLIP) - np.float32(DRIFT)


def _log10_p(
    spans: Segments,
    null: np.ndarray,
    middle: tuple[float, float],
    *,
    mirrored: bool,
    seed: int,
) -> np.ndarray:
    """Say how probable it is that a span of noise sums up to as much, log10."""
    rng = np.random.default_rng(seed)
    letters = null[null != 0]
    if mirrored:
        letters = letters[letters > 0]
        letters = np.concatenate([letters, -letters])
    if not len(letters):
        return np.full(len(spans), -np.inf)
    # sorted, so that the order of the sequences is of no account
    letters = np.sort(letters)
    drawn = letters[rng.integers(0, len(letters), (max(1, DRAWN // null.shape[1]), null.shape[1]))]
    by_chance = maximal_segments(_scores(drawn), drop=DROP).score
    decay = decay_of(_scores(letters).astype(np.float64))
    if not np.isfinite(decay) or not len(by_chance):
        return np.full(len(spans), -np.inf)
    seen = maximal_segments(_scores(null), drop=DROP).score
    slower = _fall(seen, middle, True)
    decay = min(decay * min(1.0, slower / _fall(by_chance, middle, False)), slower)
    edge = max(float(np.quantile(sums, TAIL)) for sums in (by_chance, seen) if len(sums))
    return np.minimum(np.log10(1 - TAIL) - decay * (spans.score - edge) / np.log(10), 0.0)


def _fall(scores: np.ndarray, middle: tuple[float, float], cautious: bool) -> float:
    """Fit the decay of sums over the middle of their range; less one standard error if cautious."""
    if len(scores) < 10:
        return 0.5
    low, high = np.quantile(scores, middle)
    above = scores[scores >= low]
    events = (above < high).sum()
    rate = events / max(float(np.minimum(above, high).sum() - low * len(above)), 1e-9)
    return rate * (1 - 1 / np.sqrt(max(events, 4))) if cautious else rate


def _cut(spans: Segments, track: np.ndarray) -> tuple[Segments, np.ndarray]:
    """Cut spans that are too long behind their least letters; pieces and whose they are."""
    pieces = []
    todo = [(i, int(spans.start[i]), int(spans.end[i])) for i in range(len(spans))]
    while todo:
        i, start, end = todo.pop()
        if end - start <= LONGEST:
            pieces.append((i, start, end))
            continue
        edge = LONGEST // 4
        inner = track[spans.row[i], start + edge : end - edge]
        # four letters that contribute least together
        middle = start + edge + int(np.convolve(inner, np.ones(4), "same").argmin())
        todo += [(i, start, middle), (i, middle, end)]
    table = np.array(pieces, np.int64).reshape(-1, 3)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    parent = table[:, 0]
    return Segments(spans.row[parent], table[:, 1], table[:, 2], spans.score[parent]), parent


def _apart(found: Seqlets, length: int) -> Seqlets:
    """Drop what overlaps a more significant one: a span may hold one of the other sign."""
    order = np.lexsort((found.start, found.row, found.log10_p))
    taken = np.zeros((int(found.row.max(initial=-1)) + 1, length), bool)
    kept = []
    for i in order.tolist():
        here = taken[found.row[i], found.start[i] : found.end[i]]
        if not here.any():
            here[:] = True
            kept.append(i)
    return found.select(np.array(kept, np.int64))


def write_seqlets(seqlets: Seqlets, path: str | Path, *, ids: Sequence[str]) -> None:
    """Write seqlets as a table of tab-separated columns `COLUMNS`.

    Parameters
    ----------
    seqlets
        What `find_seqlets` returned.
    path
        The file.
    ids
        Names of the sequences.

    Raises
    ------
    SeqcnnError
        There are fewer names than sequences.
    """
    needed = int(seqlets.row.max(initial=-1)) + 1
    if len(ids) < needed:
        raise SeqcnnError(f"`ids` has {len(ids)} names for at least {needed} sequences")
    lines = ["\t".join(COLUMNS)]
    for i in range(len(seqlets)):
        sign = "+" if seqlets.sign[i] > 0 else "-"
        cells = ids[seqlets.row[i]], seqlets.start[i], seqlets.end[i], sign
        numbers = (
            f"{seqlets.contribution[i]:.6g}",
            *(format_log10(float(x)) for x in (seqlets.log10_p[i], seqlets.log10_q[i])),
        )
        lines.append("\t".join(map(str, (*cells, *numbers))))
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
