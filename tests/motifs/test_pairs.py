"""A planted distance is the only preferred one, on either strand; without one there is none."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from scipy.stats import binomtest

from seqcnn.motifs.hits import Hits
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pairs import FARTHEST, spaced_pairs
from seqcnn.motifs.scan import scan
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet

A, B = "TGACTCAGC", "CACGTTGGA"


def motif(word):
    return Motif(word, ProbabilityMatrix(np.eye(4)[DNA.encode(word)] * 0.96 + 0.01, DNA))


def sequences(spacing, number=60, seed=0):
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 4, (number, 100)).astype(np.uint8)
    for row in rows:
        gap = rng.integers(0, 40) if spacing is None else spacing
        site = np.concatenate([DNA.encode(A), rng.integers(0, 4, gap), DNA.encode(B)])
        site = site.astype(np.uint8)
        if rng.random() < 0.5:
            site = DNA.reverse_complement(site)
        start = rng.integers(0, 100 - len(site))
        row[start : start + len(site)] = site
    return SequenceSet.from_arrays(list(rows), alphabet=DNA)


@pytest.mark.parametrize("order", [(A, B), (B, A)])
def test_a_planted_distance_is_found_once(order):
    hits = scan([motif(w) for w in order], sequences(10), p_value=1e-5)
    pairs = [p for p in spaced_pairs(hits) if p.log10_q < np.log10(0.05)]
    assert [(p.first, p.second, p.spacing) for p in pairs] == [(0, 1, 10)]
    assert pairs[0].observed >= 58


def test_random_distances_prefer_none():
    hits = scan([motif(A), motif(B)], sequences(None, number=200), p_value=1e-5)
    assert [p for p in spaced_pairs(hits) if p.log10_q < np.log10(0.05)] == []


def independent_sites(number, seed, length=100, width=9):
    """Sites of two motifs, each at a place of its own in every sequence."""
    rng = np.random.default_rng(seed)
    blank = SequenceSet.from_arrays([np.zeros(length, np.uint8)] * number, alphabet=DNA)
    n = 2 * number
    zeros = np.zeros(n)
    return Hits(
        [motif(A), motif(B)], blank, np.repeat([0, 1], number), np.tile(np.arange(number), 2),
        rng.integers(0, length - width + 1, n), rng.random(n) < 0.5, zeros, zeros, zeros,
    )  # fmt: skip


def test_independent_sites_rarely_prefer_a_distance():
    found = [
        any(p.log10_q < np.log10(0.05) for p in spaced_pairs(independent_sites(500, seed)))
        for seed in range(100)
    ]
    assert sum(found) <= 10  # 5 are expected at most; 11 or more come once in 90 times


def test_every_distance_is_a_test():
    hits = independent_sites(500, 0)
    pairs = spaced_pairs(hits, fewest=0)
    # a with a and b with b in three orientations each, a with b in four
    assert len(pairs) == 10 * (FARTHEST + 1)
    assert [p.observed for p in spaced_pairs(hits)] == [p.observed for p in pairs if p.observed > 1]


def test_what_to_expect_is_what_lies_around():
    hits = independent_sites(400, 1)
    pairs = spaced_pairs(hits, fewest=0)
    kind = (0, 1, "++:ab")
    seen = {p.spacing: p for p in pairs if (p.first, p.second, p.orientation) == kind}
    assert sorted(seen) == list(range(FARTHEST + 1))
    # as many letters as a pair of nine and nine letters at this distance can begin at
    room = {spacing: 100 - 18 - spacing + 1 for spacing in seen}
    for spacing, pair in seen.items():
        around = [x for x in seen if x != spacing and abs(x - spacing) <= 10]
        share = room[spacing] / (room[spacing] + sum(room[x] for x in around))
        others = sum(seen[x].observed for x in around)
        assert pair.expected == pytest.approx(others * share / (1 - share))
        tail = binomtest(pair.observed, others + pair.observed, share, alternative="greater").pvalue
        if pair.observed > pair.expected:
            assert pair.log10_p == pytest.approx(np.log10(tail))
        else:
            assert pair.log10_p == 0


def readings(left, right, reverse_left, reverse_right):
    """Both ways to read two sites: from the given strand, and from the other one."""
    given = (left, reverse_left, right, reverse_right)
    return frozenset([given, (right, not reverse_right, left, not reverse_left)])


def reading_of(pair):
    signs, side = pair.orientation.split(":")
    left, right = (pair.first, pair.second) if side == "ab" else (pair.second, pair.first)
    return readings(left, right, signs[0] == "-", signs[1] == "-"), pair.spacing


def test_pairs_are_those_of_all_sites_laid_beside_all_others():
    rng = np.random.default_rng(5)
    motifs, n = [motif(A), motif(B[:5]), motif(B)], 400
    blank = SequenceSet.from_arrays([np.zeros(120, np.uint8)] * 40, alphabet=DNA)
    zeros = np.zeros(n)
    hits = Hits(
        motifs, blank, rng.integers(0, 3, n), rng.integers(0, 40, n), rng.integers(0, 112, n),
        rng.random(n) < 0.5, zeros, zeros, zeros,
    )  # fmt: skip
    counts = Counter()
    sites = list(zip(hits.sequence, hits.start, hits.motif, hits.reverse, strict=True))
    for (sequence, start, left, reverse), (other, begin, right, turned) in permutations(sites, 2):
        gap = begin - start - motifs[left].width
        if sequence == other and 0 <= gap <= FARTHEST:
            counts[readings(left, right, bool(reverse), bool(turned)), int(gap)] += 1
    found = Counter({reading_of(p): p.observed for p in spaced_pairs(hits, fewest=1)})
    assert found == counts


def test_no_site_has_no_pair():
    none = SequenceSet.from_strings(["AAAAAAAAAAAAAAAA"], alphabet=DNA)
    assert spaced_pairs(scan([motif(A)], none)) == []
