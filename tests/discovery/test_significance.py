import numpy as np

from seqcnn.discovery.candidate import Candidate
from seqcnn.discovery.contrast import ExactTest
from seqcnn.discovery.significance import Family, FoldTest


def trial(fold, log10_p, tests=1, auroc=0.5, hits=0):
    candidate = Candidate(np.full((24, 4), 0.25), np.ones(24, bool))
    result = ExactTest("paired", "", hits, 100, 1, 900, log10_p)
    return FoldTest(fold, candidate, result, tests, auroc)


def test_the_best_test_leads_in_whatever_order_they_come():
    tests = (trial(0, -50.0), trial(1, -5.0), trial(0, -60.0), trial(1, -30.0))
    family = Family(tests, 2)
    assert [t.result.log10_p for t in family.tests] == [-60.0, -50.0, -30.0, -5.0]
    assert [t.result.log10_p for t in family.one_per_fold] == [-60.0, -30.0]


def test_joined_families_count_the_best_of_each_fold():
    first = Family((trial(0, -50.0, hits=7), trial(1, -5.0, hits=1)), 2)
    joined = first.joined(Family((trial(1, -30.0, hits=4),), 2))
    assert joined.table == (11, 200, 2, 1800)
    assert joined.log10_e == first.log10_e


def test_an_e_value_pays_for_tests_and_folds():
    assert np.isclose(10 ** Family((trial(1, -6.0, tests=5),), 2).log10_e, 1e-6 * 5 * 2)


def test_many_tests_may_outweigh_a_smaller_p():
    family = Family((trial(0, -6.0, tests=1000), trial(1, -5.0, tests=2)), 2)
    assert family.best.fold == 1
