"""Patterns: as many as were planted, whatever the length, the order and the strand."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.patterns.discover import find_patterns
from seqcnn.explain.patterns.divide import gain_of_two
from seqcnn.explain.patterns.fragments import without_one
from seqcnn.explain.patterns.grouping import Group, Rules, assign
from seqcnn.explain.patterns.islands import Islands, Places, telling
from seqcnn.explain.patterns.scan import unit
from seqcnn.explain.seqlets import Seqlets, find_seqlets
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.similarity import similarity
from seqcnn.seq.alphabet import DNA, PROTEIN
from tests.explain.planted_contributions import (
    Planted,
    as_matrix,
    plant,
    random_motif,
    word_motif,
)


def found_in(planted, alphabet=DNA, **options):
    return find_patterns(planted.contributions, planted.codes, alphabet, **options)


def owners(patterns, motifs, alphabet=DNA):
    """For each pattern the motif that it found; None if it found none."""
    truth = [Motif(str(i), as_matrix(m, alphabet)) for i, m in enumerate(motifs)]
    found = []
    for pattern in patterns:
        matches = [similarity(pattern.motif(), t) for t in truth]
        best = max(range(len(truth)), key=lambda i: matches[i].similarity)
        good = matches[best].r > 0.9 and matches[best].coverage > 0.7
        found.append(best if good else None)
    return found


def projected(planted, letters=4):
    there = np.eye(letters, dtype=np.float32)[planted.codes]
    return Planted(planted.contributions * there, planted.codes, planted.sites, planted.shown)


@pytest.mark.parametrize("length", [20, 41, 60, 200])
def test_one_motif_is_one_pattern(length):
    motif = random_motif(12, np.random.default_rng(20 + length), bits=1.3)
    planted = plant([motif], number=1000, length=length, seed=21 + length)
    for given in (planted, projected(planted)):
        patterns = found_in(given)
        assert owners(patterns, [motif]) == [0]
        assert len(patterns[0]) == pytest.approx(planted.shown[0].sum(), rel=0.1)


def test_members_are_the_sites():
    motif = random_motif(11, np.random.default_rng(22))
    planted = plant([motif], number=400, length=60, silent=0, seed=23)
    (pattern,) = found_in(planted)
    members = pattern.members
    sites = {(row, start): strand for row, start, strand in planted.sites[0].tolist()}
    width = len(motif)
    near = [
        (r, s + d)
        for r, s, e in zip(members.row, members.start, members.end, strict=True)
        for d in range(-3, 4)
        if (r, s + d) in sites and abs((s + e) / 2 - (s + d + width / 2)) <= 3
    ]
    assert len(set(near)) >= 0.97 * len(sites)
    strands = np.array(
        [sites.get(place, -1) for place in zip(members.row, members.start, strict=True)]
    )
    if (strands >= 0).sum() > 100:  # the pattern is as wide as the motif
        agree = (strands == members.reverse)[strands >= 0].mean()
        assert agree in (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))
    # what is written of it is the mean of its members
    assert pattern.counts.sum(1).max() <= len(pattern)
    assert pattern.projected.shape == pattern.contributions.shape == pattern.counts.shape
    assert (pattern.projected.sum(1) > 0.3).sum() >= 8


def test_noise_has_no_pattern():
    for seed in range(5):
        assert found_in(plant([], number=500, length=60, seed=30 + seed)) == []


def test_seqlets_of_random_words_are_no_pattern():
    """Spans stand out, but what they hold is chance."""
    for seed in range(3):
        planted = plant([], number=500, length=60, seed=40 + seed)
        rng = np.random.default_rng(50 + seed)
        for row in range(500):
            start = rng.integers(0, 50)
            planted.contributions[row, start : start + 10] += np.eye(4)[
                planted.codes[row, start : start + 10]
            ]
        assert found_in(planted) == []
        assert found_in(projected(planted)) == []


def test_three_motifs_side_by_side():
    rng = np.random.default_rng(60)
    motifs = [random_motif(10, rng) for _ in range(3)]
    planted = plant(motifs, number=1000, length=60, seed=61)
    patterns = found_in(planted)
    assert sorted(owners(patterns, motifs)) == [0, 1, 2]


def test_two_spacings_are_two_patterns():
    motifs = [word_motif("AGGTCA" + "N" * gap + "AGGTCA") for gap in (1, 4)]
    planted = plant(motifs, number=1000, length=60, share=0.5, exclusive=True, seed=62)
    patterns = found_in(planted)
    assert sorted(owners(patterns, motifs)) == [0, 1]


def test_a_word_and_its_dimer_are_two_patterns():
    motifs = [word_motif("AGATAA"), word_motif("AGATAANNNNAGATAA")]
    planted = plant(motifs, number=1000, length=60, share=0.5, exclusive=True, seed=63)
    patterns = found_in(planted)
    assert sorted(p.width > 12 for p in patterns) == [False, True]


@pytest.mark.parametrize(("redrawn", "expected"), [(3, 1), (6, 2)])
def test_half_a_dimer_is_a_pattern_if_it_stands_alone(redrawn, expected):
    """Half of the sites contribute with one half; the other is broken, or was never there."""
    rng = np.random.default_rng(65)
    planted = plant([word_motif("AGGTCANNNNNNNNCCATGG")], number=800, length=60, silent=0, seed=66)
    codes, given = planted.codes.copy(), planted.contributions.copy()
    for row, start, reverse in planted.sites[0][::2].tolist():
        half = start + (0 if reverse else 14)
        codes[row, half + rng.permutation(6)[:redrawn]] = rng.integers(0, 4, redrawn)
        given[row, half : half + 6] = rng.normal(0, 0.25, (6, 4))
    patterns = find_patterns(given, codes, DNA)
    assert len(patterns) == expected
    assert any("AGGTCA--------CCATGG" in text for p in patterns for text in consensuses(p))


@pytest.mark.parametrize(("word", "is_pattern"), [("AG", False), ("AGGTCA", True)])
def test_letters_have_to_tell_more_than_where_they_lie(word, is_pattern):
    rng = np.random.default_rng(67)
    codes = rng.integers(0, 4, (300, 40)).astype(np.uint8)
    start = rng.integers(12, 20, 300)
    site = start[:, None] + np.arange(len(word))
    codes[np.arange(300)[:, None], site] = DNA.encode(word)
    given = rng.normal(0, 0.1, (300, 40, 4)).astype(np.float32)
    given[np.arange(300)[:, None], site] += np.eye(4, dtype=np.float32)[DNA.encode(word)]
    each, ones = np.arange(300), np.ones(300)
    seqlets = Seqlets(each, start - 6, start + 12, ones.astype(np.int8), ones, ones, ones)
    islands = Islands.of(given, codes, seqlets, 1, DNA)
    places = Places(each, (start[islands.row] - islands.origin), each < 0)
    template = unit(np.eye(4, dtype=np.float32)[DNA.encode(word)])
    rules = Rules(np.full(4, 0.25), True, 20, 0)
    left = without_one(islands, [Group(template, places, ones, ones)], rules)
    assert (left is None) is is_pattern


def consensuses(pattern):
    shares = pattern.counts / pattern.counts.sum(1, keepdims=True)
    text = "".join("ACGT"[row.argmax()] if row.max() > 0.5 else "-" for row in shares)
    return text, text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def test_both_signs():
    rng = np.random.default_rng(64)
    motifs = [random_motif(10, rng) for _ in range(2)]
    planted = plant(motifs, number=600, length=60, share=0.5, signs=[1, -1], seed=65)
    patterns = found_in(planted)
    assert [p.sign for p in patterns] == [1, -1]
    assert owners(patterns, motifs) == [0, 1]
    assert [p.name for p in patterns] == ["positive1", "negative1"]
    assert patterns[1].projected.sum() < 0


def test_what_any_letter_contributes_makes_nothing_alike():
    """Letters beside a site may contribute a little, whichever they are."""
    rng = np.random.default_rng(77)
    motifs = [random_motif(8, rng) for _ in range(2)]
    planted = plant(motifs, number=500, length=60, share=0.5, exclusive=True, noise=0.1, seed=78)
    seqlets = find_seqlets(planted.contributions, planted.codes, DNA)
    for sites in planted.sites:
        for row, start, _ in sites.tolist():
            planted.contributions[row, max(0, start - 9) : start + 17] += 0.4
    patterns = found_in(planted, seqlets=seqlets)
    assert sorted(owners(patterns, motifs)) == [0, 1]
    assert max(p.width for p in patterns) <= 10


def test_letters_that_are_there_tell_sites_apart():
    """A network expects a motif at two places alike; one has its letters, the other has not."""
    expected = np.log(random_motif(10, np.random.default_rng(79)))
    best, worst = expected.argmax(1), expected.argmin(1)
    one, other = (telling(expected, np.eye(4)[letters]) for letters in (best, worst))
    cosine = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
    assert cosine < 0.95
    np.testing.assert_allclose(telling(expected + 3, np.eye(4)[best]), one, atol=1e-6)
    np.testing.assert_allclose(one.sum(1), 0, atol=1e-6)


def test_a_short_template_takes_no_members_from_a_long_one():
    motif = random_motif(10, np.random.default_rng(80))
    planted = plant([motif], number=300, length=60, silent=0, seed=81)
    seqlets = find_seqlets(planted.contributions, planted.codes, DNA)
    seqlets = seqlets.select(seqlets.sign > 0)
    islands = Islands.of(planted.contributions, planted.codes, seqlets, 1, DNA)
    rules = Rules(np.full(4, 0.25), True, 20, 0)
    odds = np.log(motif)
    long = unit(odds - odds.mean(1, keepdims=True))
    # two columns are like something in nearly every island
    short = unit(np.array([[1, -1, 0, 0], [0, 0, 1, -1]]))
    alone, beside = (assign(islands, t, rules)[0][0] for t in ([long], [long, short]))
    assert len(alone) > 250
    assert len(beside) > 0.95 * len(alone)


def test_order_of_the_sequences_is_of_no_account():
    rng = np.random.default_rng(66)
    motifs = [random_motif(10, rng) for _ in range(2)]
    planted = plant(motifs, number=400, length=50, share=0.7, seed=67)
    order = rng.permutation(400)
    shuffled = Planted(planted.contributions[order], planted.codes[order], [], [])
    for one, other in zip(found_in(planted), found_in(shuffled), strict=True):
        np.testing.assert_array_equal(one.counts, other.counts)
        np.testing.assert_allclose(one.projected, other.projected, atol=1e-6)
        members = set(zip(one.members.row, one.members.start, strict=True))
        again = zip(order[other.members.row], other.members.start, strict=True)
        assert members == set(again)


def test_turning_sequences_over_turns_members_over():
    motif = random_motif(10, np.random.default_rng(68))
    planted = plant([motif], number=400, length=50, seed=69)
    turned = np.arange(400) % 3 == 0
    given, codes = planted.contributions.copy(), planted.codes.copy()
    given[turned] = given[turned][:, ::-1, ::-1]
    codes[turned] = DNA.reverse_complement(codes[turned])
    (one,), (other,) = found_in(planted), found_in(Planted(given, codes, [], []))
    assert similarity(one.motif(), other.motif()).r > 0.999
    assert len(one) == pytest.approx(len(other), rel=0.02)


def test_one_strand():
    motif = word_motif("ACCGTTA")
    planted = plant([motif], number=500, length=50, seed=70)
    assert len(found_in(planted)) == 1
    # read on one strand, a word and its complement have nothing in common
    assert len(found_in(planted, both_strands=False)) == 2


def test_protein():
    rng = np.random.default_rng(71)
    motifs = [random_motif(8, rng, bits=2.5, letters=20) for _ in range(2)]
    planted = plant(
        motifs, number=600, length=50, share=0.6, alphabet=PROTEIN, both_strands=False, seed=72
    )
    patterns = found_in(planted, PROTEIN)
    assert sorted(owners(patterns, motifs, PROTEIN)) == [0, 1]


def test_letters_of_independent_columns_are_never_divided():
    """Whichever column says so, telling kinds apart costs more than it saves."""
    rng = np.random.default_rng(73)
    letters = np.array([rng.choice(4, 800, p=p) for p in random_motif(12, rng)], np.uint8).T
    for column in range(12):
        assert gain_of_two(letters, letters[:, column] == letters[0, column], 4) < 0
    likely = letters[:, :6].astype(int).sum(1) > 8
    assert gain_of_two(letters, likely, 4) < 0
    both = np.concatenate([letters[:400], np.roll(letters[400:], 3, axis=1)])
    assert gain_of_two(both, np.arange(800) < 400, 4) > 0


def test_what_does_not_fit_is_refused():
    planted = plant([], number=20, length=20, alphabet=PROTEIN, seed=74)
    with pytest.raises(SeqcnnError, match="no complement"):
        found_in(planted, PROTEIN, both_strands=True)
    with pytest.raises(SeqcnnError, match="fewest"):
        found_in(planted, PROTEIN, fewest=1)


@pytest.mark.slow
def test_twelve_motifs():
    rng = np.random.default_rng(75)
    motifs = [random_motif(11, rng) for _ in range(12)]
    planted = plant(motifs, number=10_000, length=60, exclusive=True, silent=0, seed=76)
    assert sorted(owners(found_in(planted), motifs)) == list(range(12))
