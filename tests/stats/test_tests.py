import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, fisher_exact, hypergeom

from seqcnn.errors import SeqcnnError
from seqcnn.stats.tests import (
    fisher_log10_p,
    log10_p_of_detail,
    paired_detail,
    paired_log10_p,
    stratified_detail,
    stratified_log10_p,
    sum_tail_log10,
)

cells = st.integers(0, 12)
tables = st.lists(st.tuples(cells, cells, cells, cells), min_size=1, max_size=4)


def log10_of(fraction):
    """log10 of a fraction of whole numbers of any size."""
    if fraction == 0:
        return -math.inf
    return math.log10(fraction.numerator) - math.log10(fraction.denominator)


def tail(pmfs, observed):
    """The upper tail of a sum, by exact convolution of fractions."""
    total = [Fraction(1)]
    for pmf in pmfs:
        longer = [Fraction(0)] * (len(total) + len(pmf) - 1)
        for (i, p), (j, q) in itertools.product(enumerate(total), enumerate(pmf)):
            longer[i + j] += p * q
        total = longer
    return sum(total[max(observed, 0) :], Fraction(0))


def exact_paired(n_by_t, observed):
    versions = len(n_by_t) - 1
    pmfs = []
    for t, n in enumerate(n_by_t):
        p = Fraction(t, versions)
        pmfs.append([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)])
    return tail(pmfs, observed)


def exact_stratified(rows):
    pmfs = []
    for a, b, c, d in rows:
        ways = [math.comb(a + c, k) * math.comb(b + d, a + b - k) for k in range(a + b + 1)]
        pmfs.append([Fraction(w, math.comb(a + b + c + d, a + b)) for w in ways])
    return tail(pmfs, sum(row[0] for row in rows))


def assert_same_log10(found, fraction):
    expected = log10_of(fraction)
    # p close to 1 has a log close to 0, whose own digits nobody needs
    assert found == pytest.approx(expected, rel=1e-11, abs=1e-14)


@given(st.lists(st.integers(0, 7), min_size=3, max_size=6), st.data())
def test_paired_is_exact(n_by_t, data):
    observed = data.draw(st.integers(-1, sum(n_by_t) + 1))
    found = paired_log10_p(np.array(n_by_t), observed)
    assert_same_log10(found, exact_paired(n_by_t, observed))


@pytest.mark.parametrize("observed", [60, 85, 110, 130, 139, 140])
def test_paired_is_exact_far_out(observed):
    n_by_t = [50, 60, 40, 25, 10, 5]
    assert_same_log10(paired_log10_p(np.array(n_by_t), observed), exact_paired(n_by_t, observed))


def test_paired_with_one_shuffle_is_the_sign_test():
    """Sequences that differ from their shuffle, and how many of these differ upwards."""
    expected = binom.logsf(69, 100, 0.5) / math.log(10)
    assert paired_log10_p(np.array([7, 100, 13]), 70 + 13) == pytest.approx(expected, rel=1e-10)


def test_paired_goes_where_floats_cannot():
    n_by_t = np.zeros(11, int)
    n_by_t[1] = 4321
    assert paired_log10_p(n_by_t, 4321) == pytest.approx(-4321, rel=1e-13)
    # C(4321, 2) (1/10)^4319 (9/10)^2 and the two terms above it
    terms = [math.comb(4321, k) * 9**k for k in range(3)]
    assert paired_log10_p(n_by_t, 4319) == pytest.approx(math.log10(sum(terms)) - 4321, rel=1e-13)


def test_paired_of_impossible_and_certain_observations():
    assert paired_log10_p(np.array([3, 4, 2]), 7) == -math.inf
    assert paired_log10_p(np.array([3, 4, 2]), 2) == 0.0
    assert paired_log10_p(np.array([0, 0, 0]), 0) == 0.0


@given(cells, cells, cells, cells)
def test_fisher_agrees_with_fractions_and_with_scipy(a, b, c, d):
    found = fisher_log10_p(a, b, c, d)
    assert_same_log10(found, exact_stratified([(a, b, c, d)]))
    expected = fisher_exact([[a, b], [c, d]], alternative="greater").pvalue
    assert 10**found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "table",
    [
        (9900, 100, 100, 9900),
        (500, 500, 400, 600),
        (52_000, 48_000, 50_000, 50_000),
        (900, 0, 1, 9),
    ],
)
def test_fisher_agrees_with_scipy_far_out(table):
    a, b, c, d = table
    expected = hypergeom.logsf(a - 1, a + b + c + d, a + c, a + b) / math.log(10)
    assert fisher_log10_p(a, b, c, d) == pytest.approx(expected, rel=1e-9)


def test_fisher_of_a_million_counts_is_exact():
    """All of one side are hit, none of the other: 1 / C(2n, n), known from Stirling's series."""
    n = 1_000_000
    ln_ways = 2 * n * math.log(2) - math.log(math.pi * n) / 2 - 1 / (8 * n) + 1 / (192 * n**3)
    assert fisher_log10_p(n, 0, 0, n) == pytest.approx(-ln_ways / math.log(10), rel=1e-12)


def test_fisher_is_exact_for_thousands():
    a, b, c, d = 1800, 1200, 1500, 1500
    assert_same_log10(fisher_log10_p(a, b, c, d), _fisher_by_whole_numbers(a, b, c, d))


def _fisher_by_whole_numbers(a, b, c, d):
    ways = [math.comb(a + c, k) * math.comb(b + d, a + b - k) for k in range(a, a + min(b, c) + 1)]
    return Fraction(sum(ways), math.comb(a + b + c + d, a + b))


@settings(max_examples=60)
@given(tables)
def test_stratified_is_exact(rows):
    found = stratified_log10_p(np.array(rows).reshape(-1, 2, 2))
    assert_same_log10(found, exact_stratified(rows))


@given(tables)
def test_strata_may_come_in_any_order_and_empty_ones_do_nothing(rows):
    found = stratified_log10_p(np.array(rows).reshape(-1, 2, 2))
    more = np.array([*rows[::-1], (0, 0, 0, 0), (0, 5, 0, 3), (4, 0, 2, 0)]).reshape(-1, 2, 2)
    assert stratified_log10_p(more) == pytest.approx(found, rel=1e-11, abs=1e-13)


def test_strata_undo_a_difference_of_composition():
    """Simpson's paradox: no stratum holds a difference, the pooled table a strong one."""
    rich, poor = (160, 40, 40, 10), (10, 40, 40, 160)
    pooled = fisher_log10_p(170, 80, 80, 170)
    assert pooled < -12
    assert stratified_log10_p(np.array([rich, poor]).reshape(-1, 2, 2)) > math.log10(0.3)


@pytest.mark.parametrize("scale", [1, 30, 1000])
def test_more_hits_are_always_less_likely(scale):
    n_by_t = np.array([5, 4, 0, 3, 1]) * scale
    logs = [paired_log10_p(n_by_t, k) for k in range(0, n_by_t.sum() + 1, max(1, scale // 10))]
    steps = np.diff([x for x in logs if x > -math.inf])
    assert steps.max() < 1e-13
    assert logs[0] == 0 and logs[-1] == -math.inf
    informative = np.array(logs[1:])[: len(steps)] < -1e-6
    assert steps[informative].max() < 0


def test_no_sum_is_zero():
    assert sum_tail_log10([], 0) == 0.0
    assert sum_tail_log10([], 1) == -math.inf


@pytest.mark.parametrize("observed", range(12))
def test_sums_of_any_counts_are_served(observed):
    """Gaps, a constant and a very unlikely top value, which no binomial has."""
    pmfs = [
        [Fraction(1, 2), Fraction(0), Fraction(0), Fraction(1, 2)],
        [Fraction(1)],
        [Fraction(10**30 - 1, 10**30), Fraction(1, 10**30)],
        [Fraction(1, 7)] * 7,
    ]
    with np.errstate(divide="ignore"):
        logs = [np.log(np.array(pmf, float)) for pmf in pmfs]
    assert sum_tail_log10(logs, observed) == pytest.approx(
        log10_of(tail(pmfs, observed)), rel=1e-13, abs=1e-14
    )


def share_at_or_below(log10_p, levels):
    return (np.asarray(log10_p)[:, None] <= np.log10(levels)).mean(0)


LEVELS = np.array([0.001, 0.01, 0.05, 0.1, 0.3])


def assert_no_more_than_promised(log10_p):
    found = share_at_or_below(log10_p, LEVELS)
    spread = np.sqrt(LEVELS * (1 - LEVELS) / len(log10_p))
    assert (found <= LEVELS + 3.5 * spread).all(), found
    assert found[3] > 0.02, "a test that never rejects holds no promise worth keeping"


def test_paired_keeps_its_level_when_nothing_is_there():
    """Sequences differ in how easily they are hit, but an original is like its shuffles."""
    rng = np.random.default_rng(1)
    logs = []
    for _ in range(3000):
        ease = rng.beta(0.5, 2, 50)
        hit = rng.random((50, 4)) < ease[:, None]
        logs.append(paired_log10_p(np.bincount(hit.sum(1), minlength=5), int(hit[:, 0].sum())))
    assert_no_more_than_promised(logs)


def test_stratified_keeps_its_level_when_nothing_is_there():
    """The strata differ in hits and in their share of the foreground; within them nothing does."""
    rng = np.random.default_rng(2)
    rates, foreground, control = np.array([0.1, 0.3, 0.7]), [10, 20, 50], [50, 30, 10]
    logs, pooled = [], []
    for _ in range(3000):
        a, c = rng.binomial(foreground, rates), rng.binomial(control, rates)
        table = np.stack([a, foreground - a, c, control - c], 1)
        logs.append(stratified_log10_p(table.reshape(-1, 2, 2)))
        pooled.append(fisher_log10_p(*table.sum(0).tolist()))
    assert_no_more_than_promised(logs)
    assert share_at_or_below(pooled, LEVELS)[2] > 0.5, "the strata were needed"


def test_p_values_come_back_from_their_rows():
    hit, not_hit = np.array([0, 9, 14, 3]), np.array([50, 11, 5, 0])
    detail = paired_detail(hit, not_hit)
    assert detail == "0/50 9/11 14/5 3/0"
    assert log10_p_of_detail("paired", detail) == paired_log10_p(hit + not_hit, int(hit.sum()))
    strata = np.array([[[9, 2], [3, 8]], [[5, 5], [2, 8]]])
    assert stratified_detail(strata) == "9/2/3/8 5/5/2/8"
    assert log10_p_of_detail("cmh", stratified_detail(strata)) == stratified_log10_p(strata)


@pytest.mark.parametrize(
    ("test", "detail", "message"),
    [
        ("t", "1/2 3/4 5/6", "`test`"),
        ("paired", "1/2/3/4", "`detail`"),
        ("cmh", "1/2", "`detail`"),
        ("cmh", "1/2/3/x", "`detail`"),
        ("cmh", "", "`detail`"),
        ("cmh", "1/2/3/4 1/2", "`detail`"),
        ("cmh", "1/2/3/-4", "counts"),
        ("paired", "1/2", "R \\+ 2"),
    ],
)
def test_rows_that_make_no_sense_are_refused(test, detail, message):
    with pytest.raises(SeqcnnError, match=message):
        log10_p_of_detail(test, detail)


def test_counts_must_be_counts():
    with pytest.raises(SeqcnnError, match="whole numbers"):
        paired_log10_p(np.array([1.5, 2, 3]), 2)
    with pytest.raises(SeqcnnError, match="shape"):
        stratified_log10_p(np.array([1, 2, 3, 4]))
