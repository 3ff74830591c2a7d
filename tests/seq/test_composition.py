from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from seqcnn.seq import composition
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from seqcnn.seq.composition import (
    composition_strata,
    composition_strata_of_rows,
    letter_shares,
)
from seqcnn.seq.record import SequenceSet


def random_set(rng, number, length, gc):
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    rows = rng.choice(4, (number, length), p=shares).astype(np.uint8)
    return SequenceSet.from_arrays(list(rows), alphabet=DNA)


def features(texts, *, both_strands):
    places = composition._places_of_set(SequenceSet.from_strings(texts, alphabet=DNA))
    return composition._features(places, DNA, both_strands)


def test_features_by_hand():
    texts = ["ACGCGTN", "AAAA", "", "NCG"]
    one = features(texts, both_strands=False)
    assert one[0].tolist() == pytest.approx([2 / 6, 2 / 6, 1 / 6, 2 / 5, np.log(6)])
    assert one[1].tolist() == pytest.approx([0, 0, 0, 0, np.log(4)])
    assert one[2].tolist() == [0, 0, 0, 0, 0]
    assert one[3].tolist() == pytest.approx([0.5, 0.5, 0, 1.0, np.log(2)])
    both = features(texts, both_strands=True)
    assert both[:, 0].tolist() == pytest.approx([4 / 6, 0, 0, 1])


def padded_rows(alphabet, number, seed):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, len(alphabet.symbols), (number, 30)).astype(np.uint8)
    codes[np.arange(30) >= rng.integers(0, 31, number)[:, None]] = PAD
    return codes


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
@pytest.mark.parametrize("block", [1, 70, 1 << 22])
def test_shares_are_those_that_one_counts(alphabet, block, monkeypatch):
    monkeypatch.setattr(composition, "BLOCK", block)
    codes, size = padded_rows(alphabet, 40, 3), alphabet.size
    found = letter_shares(codes, size)
    assert found.shape == (40, size + (size**2 if alphabet is DNA else 0))
    for row, shares in zip(codes.tolist(), found, strict=True):
        letters = Counter(a for a in row if a < size)
        pairs = Counter(pair for pair in pairwise(row) if max(pair) < size)
        total, total_pairs = max(1, letters.total()), max(1, pairs.total())
        expected = [letters[a] / total for a in range(size)]
        expected += [pairs[a, b] / total_pairs for a in range(size) for b in range(size)]
        np.testing.assert_allclose(shares, expected[: len(shares)], rtol=1e-12)
    assert letter_shares(codes[:0], size).shape == (0, found.shape[1])


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_rows_of_codes_are_classed_like_their_sequences(alphabet, monkeypatch):
    monkeypatch.setattr(composition, "BLOCK", 1000)
    sides = [padded_rows(alphabet, number, number) for number in (150, 90)]
    sets = [
        SequenceSet.from_arrays([row[row != PAD] for row in side], alphabet=alphabet)
        for side in sides
    ]
    options = {"both_strands": alphabet is DNA, "classes": 10}
    by_rows = composition_strata_of_rows(*sides, alphabet, **options)
    assert by_rows[0].max() == 3
    for one, other in zip(by_rows, composition_strata(*sets, **options), strict=True):
        np.testing.assert_array_equal(one, other)


def test_gc_is_balanced_within_classes():
    rng = np.random.default_rng(0)
    first, second = random_set(rng, 2000, 100, 0.55), random_set(rng, 2000, 100, 0.45)
    strata, control_strata, area = composition_strata(first, second, both_strands=True, classes=10)
    assert strata.max() == 9
    assert area > 0.9
    gc, control_gc = (np.isin(s.padded(), [1, 2]).mean(1) for s in (first, second))
    gaps = [
        gc[strata == s].mean() - control_gc[control_strata == s].mean()
        for s in range(10)
        if min((strata == s).sum(), (control_strata == s).sum()) >= 50
    ]
    assert len(gaps) >= 4
    assert max(map(abs, gaps)) < 0.02


def test_few_sequences_make_few_classes():
    rng = np.random.default_rng(1)
    strata, control, area = composition_strata(
        random_set(rng, 30, 50, 0.5), random_set(rng, 500, 50, 0.5), both_strands=True, classes=10
    )
    assert strata.max() == control.max() == 0
    assert 0.3 < area < 0.8


def test_protein():
    rng = np.random.default_rng(2)
    rows = [rng.integers(0, 20, 30).astype(np.uint8) for _ in range(200)]
    some = SequenceSet.from_arrays(rows, alphabet=PROTEIN)
    strata, _, _ = composition_strata(some, some, both_strands=False, classes=5)
    assert np.bincount(strata).min() > 10
