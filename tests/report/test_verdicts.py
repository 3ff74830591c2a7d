"""Words on motifs: each condition of the rule decides on its own."""

import math

import pytest

from seqcnn.report.verdicts import ARTEFACT, NOT_SIGNIFICANT, STRONG, WEAK, judge

GOOD = {"log10_e": -9.0, "least_ratio": 3.0, "limit": 0.05, "in_both_halves": True, "flags": ()}


def judged(**changed):
    return judge(**GOOD | changed)


@pytest.mark.parametrize(
    ("changed", "word", "part"),
    [
        ({}, STRONG, "both halves"),
        ({"log10_e": -3.0, "least_ratio": 2.0}, STRONG, "E ≤ 0.001"),
        ({"log10_e": -2.99}, WEAK, "E-value is above 0.001"),
        ({"in_both_halves": False}, WEAK, "one half"),
        ({"least_ratio": 1.99}, WEAK, "as low as 2"),
        ({"least_ratio": math.nan}, WEAK, "nan"),
        ({"flags": ("low_complexity", "repeat")}, ARTEFACT, "low complexity, repeat"),
        ({"log10_e": math.log10(0.06)}, NOT_SIGNIFICANT, "above 0.05"),
        ({"log10_e": math.log10(0.06), "flags": ("repeat",)}, NOT_SIGNIFICANT, "above 0.05"),
        ({"log10_e": 0.0, "limit": 10.0}, WEAK, "above 0.001"),
    ],
)
def test_each_condition_decides(changed, word, part):
    verdict = judged(**changed)
    assert verdict.word == word and part in verdict.why


def test_a_strong_motif_says_that_shuffles_are_no_real_control():
    assert "shuffles" in judged(shuffled=True).why
    assert "shuffles" not in judged().why
    assert "shuffles" not in judged(shuffled=True, in_both_halves=False).why


def test_all_that_fails_is_named():
    why = judged(log10_e=-2.0, in_both_halves=False, least_ratio=1.0).why
    assert why.count(";") == 2
