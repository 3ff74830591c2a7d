"""Motifs that are wider than a frame."""

import numpy as np
import pytest

from seqcnn.discovery.candidate import Candidate, Search, sites_of
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH, frame_of
from seqcnn.discovery.merge import Gathered
from seqcnn.discovery.significance import Family, fold_tests
from seqcnn.discovery.wide import strictness_of, with_flanks, without_ends
from seqcnn.motifs.best_scores import best_scores
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.seq.alphabet import DNA
from tests.discovery.planted import plant, random_rows

BOTH = Search(DNA, True, np.full(4, 0.25), max_width=40)
WORD = "TGACTCAGCCATTGAACGTTAGGCATCCGA"


def part(first: int, last: int) -> Candidate:
    """Columns of the word in a frame, as a search would find them."""
    values = np.eye(4)[DNA.encode(WORD[first:last])] * 0.96 + 0.01
    return Candidate(*frame_of(ProbabilityMatrix(values, DNA)))


def spelled(matrix: ProbabilityMatrix) -> str:
    return DNA.decode(matrix.values.argmax(1).astype(np.uint8))


@pytest.fixture(scope="module")
def rows():
    return plant(random_rows(1000, 100, 0), WORD, 0.2, 1)


@pytest.mark.parametrize("first", [0, 3, 6])
def test_a_motif_goes_on_beyond_its_frame_on_either_side(rows, first):
    wide = with_flanks(part(first, first + WIDTH), rows, BOTH, log10_p=-8)
    assert spelled(wide.matrix) == WORD and wide.before == first
    np.testing.assert_allclose(wide.matrix.values.sum(1), 1)
    assert wide.matrix.values.max(1).min() > 0.9


def test_it_ends_where_nothing_more_is_told(rows):
    inside = part(4, 20)  # the fit has seen what stands beside it in its frame
    assert with_flanks(inside, rows, BOTH, log10_p=-8).beyond == 0
    alone = plant(random_rows(1000, 100, 2), WORD[3:27], 0.2, 3)
    assert spelled(with_flanks(part(3, 27), alone, BOTH, log10_p=-8).matrix) == WORD[3:27]


def test_it_is_no_wider_than_allowed(rows):
    narrow = Search(DNA, True, np.full(4, 0.25), max_width=27)
    wide = with_flanks(part(3, 27), rows, narrow, log10_p=-8)
    assert len(wide.matrix) == 27 and spelled(wide.matrix) in WORD


def test_as_many_sequences_keep_a_site(rows):
    narrow = part(3, 27)
    wide = with_flanks(narrow, rows, BOTH, log10_p=-8)
    limit = strictness_of(wide, rows, BOTH, log10_p=-8)
    assert with_site(wide.matrix, rows, limit) == wide.sequences
    assert wide.sequences == len(np.unique(sites_of(narrow, rows, BOTH, log10_p=-8).sequence))


def with_site(matrix, rows, log10_p):
    """Count the sequences with a word of this p-value, looking at every window."""
    scores = matrix.to_scores(background=BOTH.background)
    least = ScoreDistribution.of(scores).log10_threshold(log10_p)
    best = best_scores([scores], rows, DNA, both_strands=True)[0]
    return int((best >= least - 1e-6).sum())


def test_sites_that_are_cut_at_an_end_cost_the_motif_its_flank_or_nothing():
    """Of a word of 30 letters a frame's 24 are there in all, the rest is cut in some sequences."""
    rng = np.random.default_rng(3)
    for share, columns in ((0.05, 30), (0.4, 24)):
        rows = random_rows(1000, 100, 2)
        cut = 0
        for row in rows[:300]:
            at = 76 if rng.random() < share else int(rng.integers(0, 71))
            letters = DNA.encode(WORD)[: 100 - at]
            row[at : at + len(letters)] = letters
            cut += at == 76
        wide = with_flanks(part(0, 24), rows, BOTH, log10_p=-8)
        assert len(wide.matrix) == columns, cut
        if wide.beyond:
            assert abs(wide.sequences - (300 - cut)) <= 3
            limit = strictness_of(wide, rows, BOTH, log10_p=-8)
            assert abs(with_site(wide.matrix, rows, limit) - (300 - cut)) <= 3
            assert limit < -10


@pytest.mark.parametrize(("gap", "columns"), [(5, 33), (8, 24)])
def test_a_short_gap_is_part_of_the_motif_and_no_end_is_idle(gap, columns):
    text = WORD[3:27] + "." * gap + "CCGG"
    rows = plant(random_rows(1000, 100, 4), text, 0.3, 5)
    assert len(with_flanks(part(3, 27), rows, BOTH, log10_p=-8).matrix) == columns
    # what fits below the greatest width ends in the gap: its idle columns do not stay
    narrow = Search(DNA, True, np.full(4, 0.25), max_width=28)
    assert spelled(with_flanks(part(3, 27), rows, narrow, log10_p=-8).matrix) == WORD[3:27]


def gathered_of(found, sample, log10_p=-4.0):
    tests = [fold_tests(0, [c], sample, BOTH)[0] for c in found]
    return [Gathered(Family((t,), 1), c, log10_p) for t, c in zip(tests, found, strict=True)]


def test_two_wide_parts_of_one_motif_are_one():
    """Two halves of the sequences have shown other parts of it; both are read to 36 letters."""
    word = WORD + "CATGACCTTG"
    rows = plant(random_rows(1000, 120, 6), word, 0.2, 7)
    sample = Contrast(rows, random_rows(2000, 120, 9), 2)
    search = Search(DNA, True, np.full(4, 0.25), max_width=36)
    values = np.eye(4)[DNA.encode(word)] * 0.96 + 0.01
    found = [
        Candidate(*frame_of(ProbabilityMatrix(values[low : low + 24], DNA))) for low in (0, 16)
    ]
    gathered = gathered_of(found, sample)
    wide = [with_flanks(g.candidate, rows, search, log10_p=-4.0) for g in gathered]
    assert [len(w.matrix) for w in wide] == [36, 36]
    ((kept, one),) = without_ends(gathered, wide, sample, search)
    assert kept.candidate is found[0] and one is wide[0] and len(kept.family.tests) == 2


def test_the_ends_of_a_wide_motif_are_no_motifs():
    rows = plant(random_rows(1000, 100, 6), WORD, 0.2, 7)
    rows = plant(rows, "CCGGAAGTA", 0.3, 8)
    sample = Contrast(rows, random_rows(2000, 100, 9), 2)
    others = ProbabilityMatrix(np.eye(4)[DNA.encode("CCGGAAGTA")] * 0.96 + 0.01, DNA)
    found = [part(6, 30), part(0, 7), Candidate(*frame_of(others))]
    tests = [fold_tests(0, [c], sample, BOTH)[0] for c in found]
    gathered = [Gathered(Family((t,), 1), c, -4.0) for t, c in zip(tests, found, strict=True)]
    wide = [with_flanks(g.candidate, sample.foreground, BOTH, log10_p=-4.0) for g in gathered]
    kept = without_ends(gathered, wide, sample, BOTH)
    assert [spelled(w.matrix) for _, w in kept] == [WORD, "CCGGAAGTA"]
    assert [len(g.family.tests) for g, _ in kept] == [2, 1]


def test_a_motif_that_stands_alone_too_is_no_end():
    """Half of a composite, most of whose sites are elsewhere."""
    rows = plant(random_rows(1000, 100, 6), WORD, 0.1, 7)
    rows = plant(rows, WORD[:9], 0.5, 8)
    sample = Contrast(rows, random_rows(2000, 100, 9), 2)
    found = [part(6, 30), part(0, 9)]
    tests = [fold_tests(0, [c], sample, BOTH)[0] for c in found]
    gathered = [Gathered(Family((t,), 1), c, -4.0) for t, c in zip(tests, found, strict=True)]
    wide = [with_flanks(g.candidate, sample.foreground, BOTH, log10_p=-4.0) for g in gathered]
    kept = without_ends(gathered, wide, sample, BOTH)
    assert [spelled(w.matrix) for _, w in kept] == [WORD, WORD[:9]]
