import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from seqcnn.stats.fdr import benjamini_hochberg

p_values = st.lists(st.sampled_from([1e-300, 1e-9, 0.001, 0.01, 0.03, 0.2, 0.5, 0.9, 1.0]))


@given(p_values)
def test_q_values_agree_with_scipy(values):
    found = 10 ** benjamini_hochberg(np.log10(np.array(values, float)))
    np.testing.assert_allclose(found, false_discovery_control(values), rtol=1e-12)


@given(p_values, p_values)
def test_missing_tests_do_not_count(values, more):
    logs = np.log10(np.array(values, float))
    places = np.linspace(0, len(values), len(more)).astype(int)
    with_gaps = np.insert(logs, places, np.nan)
    found = benjamini_hochberg(with_gaps)
    assert np.isnan(found).sum() == len(more)
    np.testing.assert_array_equal(found[~np.isnan(found)], benjamini_hochberg(logs))


def test_floats_would_have_been_zero():
    found = benjamini_hochberg(np.array([-4321.0, -1.0, -5000.0, -np.inf]))
    np.testing.assert_allclose(found, [np.log10(4 / 3) - 4321, -1, np.log10(2) - 5000, -np.inf])


def test_share_of_false_discoveries_is_held():
    """900 tests of nothing, 100 of something; the promise is about the mean over experiments."""
    rng = np.random.default_rng(6)
    shares = []
    for _ in range(200):
        log10_p = np.log10(rng.random(1000))
        log10_p[:100] -= 4
        found = benjamini_hochberg(log10_p) <= np.log10(0.1)
        shares.append(found[100:].sum() / max(1, found.sum()))
    assert 0.07 < np.mean(shares) < 0.1
