"""Planted motifs: sequences whose sites are known, and a verdict on what was found of them.

Motifs are profiles of the bundled JASPAR database in three bands of information: 8 to 11, 11 to 15,
and more than 15 bits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.motifs.compare import similarity
from seqcnn.motifs.data import load_database
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet

BANDS = (
    ("MA2336.1", "MA2003.2", "MA1606.2", "MA1105.3", "MA2340.1"),
    ("MA1512.2", "MA0645.2", "MA1947.2", "MA1476.3", "MA0759.3"),
    ("MA0106.3", "MA0656.2", "MA1550.2", "MA2555.1", "MA0795.1"),
)
"""Identifiers of the motifs of each band."""

FOUND_R, FOUND_COVERAGE = 0.8, 0.5
"""A motif that correlates so well over such a share of a planted motif's information found it."""


@dataclass(frozen=True, eq=False)
class Planted:
    """Sequences with planted motifs.

    Parameters
    ----------
    sequences
        All of one length.
    truth
        The motifs that were planted.
    oracle
        The same, counted from the sites: no motif finder can know more.
    sites
        For each motif int64 (sites, 3): sequence, start, and 1 for the other strand.
    """

    sequences: SequenceSet
    truth: tuple[Motif, ...]
    oracle: tuple[Motif, ...]
    sites: tuple[np.ndarray, ...]


def draw_motifs(band: int | None, number: int, rng: np.random.Generator) -> list[Motif]:
    """Draw motifs of a band; of all bands for None."""
    names = BANDS[band] if band is not None else [name for names in BANDS for name in names]
    known = {motif.name: motif for motif in load_database()}
    return [known[names[i]] for i in rng.permutation(len(names))[:number]]


def plant(
    *,
    number: int,
    length: int,
    fractions: Sequence[float],
    band: int | None = None,
    motifs: Sequence[Motif] | None = None,
    gc: float = 0.45,
    seed: int = 0,
) -> Planted:
    """Draw random DNA and put each motif into a share of the sequences, on either strand.

    Parameters
    ----------
    number, length
        Of the sequences.
    fractions
        Share of the sequences that get a site of the first motif, the second, ...
    band
        Where the motifs are drawn from, see `draw_motifs`.
    motifs
        Which motifs to plant instead.
    gc
        Share of G and C between the sites.
    seed
        Same seed, same sequences.
    """
    rng = np.random.default_rng(seed)
    chosen = draw_motifs(band, len(fractions), rng) if motifs is None else list(motifs)
    shares = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
    codes = rng.choice(4, size=(number, length), p=shares).astype(np.uint8)
    taken: list[list[tuple[int, int]]] = [[] for _ in range(number)]
    sites, oracle = [], []
    for motif, fraction in zip(chosen, fractions, strict=True):
        counts = np.zeros((motif.width, 4))
        rows = []
        for row in rng.permutation(number)[: round(number * fraction)]:
            start = _free_place(taken[row], length, motif.width, rng)
            if start is None:
                continue
            site = np.array([rng.choice(4, p=column) for column in motif.matrix.values], np.uint8)
            counts[np.arange(motif.width), site] += 1
            reverse = rng.random() < 0.5
            codes[row, start : start + motif.width] = 3 - site[::-1] if reverse else site
            taken[row].append((start, start + motif.width))
            rows.append((row, start, int(reverse)))
        sites.append(np.array(rows, np.int64).reshape(-1, 3))
        oracle.append(Motif(motif.name, CountMatrix(counts, DNA).to_probabilities(1.0)))
    sequences = SequenceSet.from_arrays(list(codes), alphabet=DNA)
    return Planted(sequences, tuple(chosen), tuple(oracle), tuple(sites))


def _free_place(
    taken: list[tuple[int, int]], length: int, width: int, rng: np.random.Generator
) -> int | None:
    for _ in range(100):
        start = int(rng.integers(0, length - width + 1))
        if all(start + width <= low or start >= high for low, high in taken):
            return start
    return None


@dataclass(frozen=True)
class Verdict:
    """What was found of one planted motif.

    Parameters
    ----------
    motif
        Its name.
    first_rank
        Rank, from 1, of the first motif that found it; None if none did.
    rank, log10_e_value, r, coverage
        Of the motif that is most like it.
    oracle_r
        Correlation of the matrix counted from all planted sites.
    """

    motif: str
    first_rank: int | None
    rank: int | None
    log10_e_value: float
    r: float
    coverage: float
    oracle_r: float


def judge(found: Sequence[Motif], planted: Planted) -> tuple[list[Verdict], int]:
    """Judge motifs, in rank order, against what was planted.

    Returns
    -------
    verdicts : list of Verdict
        One for each planted motif.
    false : int
        Number of motifs at E < .05 that match no planted motif.
    """
    verdicts: list[Verdict] = []
    matched: set[int] = set()
    for truth, oracle in zip(planted.truth, planted.oracle, strict=True):
        matches = [similarity(motif, truth) for motif in found]
        good = [i for i, m in enumerate(matches) if m.r >= FOUND_R and m.coverage >= FOUND_COVERAGE]
        matched |= set(good)
        best = max(good, key=lambda i: matches[i].similarity, default=None)
        oracle_r = similarity(oracle, truth).r
        if best is None:
            verdicts.append(Verdict(truth.name, None, None, 0.0, 0.0, 0.0, oracle_r))
            continue
        log10_e = found[best].log10_e_value
        match = matches[best]
        verdicts.append(
            Verdict(
                truth.name,
                good[0] + 1,
                best + 1,
                0.0 if log10_e is None else log10_e,
                match.r,
                match.coverage,
                oracle_r,
            )
        )
    significant = [
        i
        for i, motif in enumerate(found)
        if motif.log10_e_value is not None and motif.log10_e_value < np.log10(0.05)
    ]
    return verdicts, sum(i not in matched for i in significant)
