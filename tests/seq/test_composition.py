import numpy as np
import pytest

from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.composition import _features, composition_strata
from seqcnn.seq.record import SequenceSet


def random_set(rng, number, length, gc):
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    rows = rng.choice(4, (number, length), p=shares).astype(np.uint8)
    return SequenceSet.from_arrays(list(rows), alphabet=DNA)


def test_features_by_hand():
    texts = ["ACGCGTN", "AAAA", "", "NCG"]
    one = _features(SequenceSet.from_strings(texts, alphabet=DNA), both_strands=False)
    assert one[0].tolist() == pytest.approx([2 / 6, 2 / 6, 1 / 6, 2 / 5])
    assert one[1].tolist() == [0, 0, 0, 0]
    assert one[3].tolist() == [0.5, 0.5, 0, 1.0]
    both = _features(SequenceSet.from_strings(texts, alphabet=DNA), both_strands=True)
    assert both[:, 0].tolist() == pytest.approx([4 / 6, 0, 0, 1])


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
