import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, contingency

from seqcnn.errors import SeqcnnError
from seqcnn.stats.intervals import logit_interval, normal_quantile, odds_ratio, wilson

counts = st.integers(0, 500)


@given(counts, counts, st.sampled_from([0.8, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(successes, failures, level):
    total = successes + failures
    if not total:
        return
    expected = binomtest(successes, total).proportion_ci(level, method="wilson")
    found = wilson(successes, total, level=level)
    assert found.value == successes / total
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_nothing_seen_is_nothing_known():
    found = wilson(0, 0)
    assert math.isnan(found.value) and (found.low, found.high) == (0, 1)


@given(counts, counts, counts, counts)
def test_odds_ratio_is_finite_and_turns_around(a, b, c, d):
    found = odds_ratio(a, b, c, d)
    assert 0 < found.low < found.value < found.high < math.inf
    turned = odds_ratio(c, d, a, b)
    assert turned.value == pytest.approx(1 / found.value)
    assert turned.low == pytest.approx(1 / found.high)


def test_odds_ratio_by_hand():
    """Half a sequence more in each cell, with 1.96 standard errors of the log around it."""
    found = odds_ratio(0, 4, 3, 1)
    value = (0.5 * 1.5) / (4.5 * 3.5)
    half = 1.959963984540054 * math.sqrt(1 / 0.5 + 1 / 4.5 + 1 / 3.5 + 1 / 1.5)
    expected = (value, value * math.exp(-half), value * math.exp(half))
    assert (found.value, found.low, found.high) == pytest.approx(expected)


def test_odds_ratio_agrees_with_scipy_on_large_tables():
    """Where one half more hardly counts, it is the sample odds ratio with its usual interval."""
    a, b, c, d = 60_000, 40_000, 50_000, 50_000
    expected = contingency.odds_ratio([[a, b], [c, d]], kind="sample")
    interval = expected.confidence_interval(0.95)
    found = odds_ratio(a, b, c, d)
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.statistic, interval.low, interval.high), rel=1e-4
    )


def test_odds_ratio_covers_the_truth():
    rng = np.random.default_rng(5)
    true_value = 3.0
    odds = 0.1 / 0.9 * true_value
    hits, control_hits = rng.binomial(80, odds / (1 + odds), 2000), rng.binomial(80, 0.1, 2000)
    found = [odds_ratio(a, 80 - a, c, 80 - c) for a, c in zip(hits, control_hits, strict=True)]
    assert np.mean([e.low <= true_value <= e.high for e in found]) > 0.94


def test_normal_quantile_is_the_known_one():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054)


def test_logit_interval_never_leaves_its_range():
    found = logit_interval(0.999, 0.4)
    assert 0 <= found.low < 0.999 < found.high <= 1
    found = logit_interval(1e-4, 0.5)
    assert 0 <= found.low < 1e-4 < found.high <= 1


@pytest.mark.parametrize(
    "call",
    [
        lambda: wilson(3, 2),
        lambda: wilson(-1, 2),
        lambda: wilson(1, 2, level=95),
        lambda: odds_ratio(1, 2, -3, 4),
    ],
)
def test_what_makes_no_sense_is_refused(call):
    with pytest.raises(SeqcnnError, match="must"):
        call()
