"""Hits: where patterns explain the contributions of sequences.

A pattern's template, what tells its sites from others (`telling`) scaled to length 1, is laid on
every place of every sequence and strand. The place that explains most of a sequence is a hit; it is
taken out, and what is left is read again, until nothing passes (matching pursuit, Mallat & Zhang
1993, doi:10.1109/78.258082): a sparse fit with amplitudes above 0 in which no letter is explained
twice.
The templates, the fit and its limits are those by which seqlets became members, so that hits and
seqlets agree; a site whose letters match but contribute nothing is no hit.

A hit has to be explained by neither of two chances, and its p-value is the larger of both:

- *noise*: the amplitude against the noise of contributions, as a normal tail;
- *letters*: how often the best place of a sequence is as like a pattern once the letters of each
  position were shuffled, which leaves how much a position contributes, and takes for what.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from scipy.stats import norm

from seqcnn.errors import SeqcnnError
from seqcnn.explain.patterns.grouping import SITES
from seqcnn.explain.patterns.islands import Islands, Places, telling
from seqcnn.explain.patterns.pattern import Pattern
from seqcnn.explain.patterns.scan import LOUD, Fits, best_fits, unit
from seqcnn.explain.seqlets import Seqlets
from seqcnn.explain.tracks import checked
from seqcnn.seq.alphabet import Alphabet
from seqcnn.stats.fdr import benjamini_hochberg
from seqcnn.stats.logspace import format_log10

P_VALUE = 0.01
"""Largest p-value of a hit."""

DRAWN = 2000
"""Sequences whose letters are shuffled to say what chance is."""

COLUMNS = "sequence start end strand pattern amplitude likeness p_value q_value".split()


@dataclass(frozen=True, eq=False)
class PatternHits:
    """Hits of patterns, by sequence and start.

    Parameters
    ----------
    pattern
        int64 (n,): positions in the patterns that were given.
    row
        int64 (n,): position of the sequence.
    start, end
        int64 (n,): from 0, half open, on the strand that was given; a hit may hang over an edge.
    reverse
        bool (n,): whether the pattern is read on the other strand.
    amplitude
        float64 (n,): how much of the pattern is there, 1 for that of its mean member.
    likeness
        float64 (n,): cosine of the contributions with those of the pattern.
    log10_p, log10_q
        float64 (n,): see the top of the module; q by Benjamini and Hochberg among all hits.
    """

    pattern: np.ndarray
    row: np.ndarray
    start: np.ndarray
    end: np.ndarray
    reverse: np.ndarray
    amplitude: np.ndarray
    likeness: np.ndarray
    log10_p: np.ndarray
    log10_q: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    def select(self, which: np.ndarray) -> "PatternHits":
        """Take some by position or by a boolean mask."""
        return PatternHits(*(getattr(self, field.name)[which] for field in fields(self)))


def find_hits(
    patterns: Sequence[Pattern],
    contributions: np.ndarray,
    codes: np.ndarray,
    alphabet: Alphabet,
    *,
    both_strands: bool | None = None,
    p_value: float = P_VALUE,
    seed: int = 0,
) -> PatternHits:
    """Find where patterns explain contributions.

    Parameters
    ----------
    patterns
        Those of `find_patterns`, in these or in other sequences.
    contributions
        float32 (n, length, letters): hypothetical where those of the patterns were, else projected.
    codes
        uint8 (n, length), padded.
    alphabet
        What the codes mean.
    both_strands
        Whether to look on the other strand too; by default for DNA only.
    p_value
        Largest of a hit.
    seed
        Of the shuffles.

    Returns
    -------
    PatternHits
        At most four of a sign in a sequence of fewer than 100 letters, more in longer ones.

    Raises
    ------
    SeqcnnError
        Shapes do not fit, alphabets differ, or an argument is out of range.
    """
    contributions, codes = checked(contributions, codes, alphabet)
    if not 0 < p_value <= 1:
        raise SeqcnnError(f"`p_value` is {p_value}, it must be above 0 and at most 1")
    stranger = next((p for p in patterns if p.alphabet != alphabet), None)
    if stranger is not None:
        raise SeqcnnError(
            f"pattern {stranger.name!r} is over {stranger.alphabet.letters}, the sequences are "
            f"over {alphabet.letters}"
        )
    both = alphabet.double_stranded if both_strands is None else both_strands
    parts = []
    for sign in (1, -1):
        which = np.array([i for i, p in enumerate(patterns) if p.sign == sign], np.int64)
        if len(which) and codes.size:
            whole = Islands.of(contributions, codes, _whole(codes, sign), sign, alphabet)
            parts.append(_of_sign([patterns[i] for i in which], which, whole, both, p_value, seed))
    if not parts:
        parts = [_nothing()]
    columns = [np.concatenate([p[i] for p in parts]) for i in range(8)]
    order = np.lexsort((columns[2], columns[1]))
    columns = [column[order] for column in columns]
    return PatternHits(*columns, log10_q=benjamini_hochberg(columns[-1]))


def _whole(codes: np.ndarray, sign: int) -> Seqlets:
    """Take each sequence as one seqlet."""
    n, length = codes.shape
    row, none = np.arange(n), np.zeros(n)
    return Seqlets(
        row, none.astype(np.int64), np.full(n, length), np.full(n, sign, np.int8), none, none, none
    )


def _of_sign(
    patterns: Sequence[Pattern],
    which: np.ndarray,
    sequences: Islands,
    both: bool,
    p_value: float,
    seed: int,
) -> list[np.ndarray]:
    """Columns of the hits of one sign, in the order of `PatternHits` without q-values."""
    whole = [_telling(p) * np.float32(p.sign) for p in patterns]
    templates = [unit(values) for values in whole]
    sizes = np.array([float(np.sqrt((values**2).sum())) for values in whole])
    widths = np.array([p.width for p in patterns])
    chance = best_fits(sequences.drawn(DRAWN, seed), templates, both_strands=both)
    loud = chance.score >= LOUD * sequences.noise
    by_chance = np.sort(np.where(loud, chance.likeness, -1.0))
    left, rows, found = sequences, np.arange(len(sequences)), []
    for _ in range(SITES * (1 + sequences.codes.shape[1] // 100)):
        fits = best_fits(left.take(rows), templates, both_strands=both)
        log10_p = _log10_p(fits, by_chance, sequences.noise)
        passed = np.flatnonzero(log10_p <= np.log10(p_value))
        if not len(passed):
            break
        rows, places = rows[passed], fits.places(passed)
        template = fits.template[passed]
        left = left.without(Places(rows, places.first, places.reverse), widths[template])
        start = sequences.origin[rows] + places.first
        found.append([
            which[template], sequences.row[rows], start, start + widths[template], places.reverse,
            fits.score[passed] / sizes[template], fits.likeness[passed].astype(float),
            log10_p[passed],
        ])  # fmt: skip
    if not found:
        return _nothing()
    return [np.concatenate([f[i] for f in found]) for i in range(8)]


def _telling(pattern: Pattern) -> np.ndarray:
    """Take what tells sites of a pattern from others, float32 (width, letters)."""
    shares = pattern.counts / np.maximum(pattern.counts.sum(1, keepdims=True), 1)
    return telling(pattern.contributions, shares)


def _nothing() -> list[np.ndarray]:
    empty = np.zeros(0, np.int64)
    return [*[empty] * 4, empty.astype(bool), *np.zeros((3, 0))]


def _log10_p(fits: Fits, by_chance: np.ndarray, noise: float) -> np.ndarray:
    """Take the larger of both chances, log10; `by_chance` is sorted."""
    reached = len(by_chance) - np.searchsorted(by_chance, fits.likeness, side="left")
    letters = np.log10((1 + reached) / (1 + len(by_chance)))
    loud = norm.logsf(fits.score.astype(float) / noise) / np.log(10)
    return np.where(fits.score >= LOUD * noise, np.maximum(letters, loud), 0.0)


def write_hits(
    hits: PatternHits,
    path: str | Path,
    *,
    patterns: Sequence[Pattern],
    ids: Sequence[str],
    lengths: Sequence[int] | np.ndarray,
) -> None:
    """Write hits as a table of tab-separated columns `COLUMNS`.

    What hangs over an edge of a sequence is cut off, so that every place can be looked up.

    Parameters
    ----------
    hits
        What `find_hits` returned.
    path
        The file.
    patterns
        Those that were given.
    ids
        Names of the sequences.
    lengths
        Letters of each.

    Raises
    ------
    SeqcnnError
        There are fewer names than sequences.
    """
    needed = int(hits.row.max(initial=-1)) + 1
    if len(ids) < needed:
        raise SeqcnnError(f"`ids` has {len(ids)} names for at least {needed} sequences")
    lines = ["\t".join(COLUMNS)]
    for i in range(len(hits)):
        row = hits.row[i]
        start, end = max(0, hits.start[i]), min(int(lengths[row]), hits.end[i])
        place = ids[row], start, end, "-" if hits.reverse[i] else "+"
        name = patterns[hits.pattern[i]].name
        numbers = f"{hits.amplitude[i]:.4g}", f"{hits.likeness[i]:.4f}"
        chances = (format_log10(float(x)) for x in (hits.log10_p[i], hits.log10_q[i]))
        lines.append("\t".join(map(str, (*place, name, *numbers, *chances))))
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
