"""Parts of a contrast: shuffles follow their originals, a small control is not cut to nothing."""

import numpy as np
import pytest

from seqcnn.discovery.contrast import Contrast, FoldedContrast
from seqcnn.stats.tests import fisher_log10_p


def numbered(n: int, copies: int) -> Contrast:
    """Row i of the foreground holds i, and so do its shuffles."""
    foreground = np.arange(n, dtype=np.uint8)[:, None]
    return Contrast(foreground, foreground.repeat(copies, axis=0), copies)


def given(n: int, m: int) -> Contrast:
    rows = [np.arange(k, dtype=np.uint8)[:, None] for k in (n, m)]
    return Contrast(*rows, 0, np.arange(n) % 3, np.arange(m) % 3)


def test_shuffles_follow_their_originals():
    some = numbered(6, 3).select(np.array([4, 1]))
    assert some.foreground.ravel().tolist() == [4, 1]
    assert some.control.ravel().tolist() == [4, 4, 4, 1, 1, 1]
    thin = some.thinned(2)
    assert (thin.copies, thin.control.ravel().tolist()) == (2, [4, 4, 1, 1])
    assert some.thinned(9).copies == 3


@pytest.mark.parametrize(
    ("n", "m", "size", "kept"),
    [(100, 100, 20, 20), (100, 200, 20, 40), (100, 10, 20, 10), (100, 30, 20, 20), (10, 5, 99, 5)],
)
def test_the_head_keeps_a_share_of_a_given_control_but_not_too_few(n, m, size, kept):
    head = given(n, m).head(size)
    assert head.foreground.ravel().tolist() == list(range(min(size, n)))
    assert head.control.ravel().tolist() == list(range(kept))
    assert (len(head.strata), len(head.control_strata)) == (min(size, n), kept)


@pytest.mark.parametrize("copies", [0, 2])
def test_folds_share_no_sequence(copies):
    whole = numbered(9, copies) if copies else given(9, 7)
    control_fold = np.zeros(0, np.int64) if copies else np.arange(7) % 2
    data = FoldedContrast(whole, np.arange(9) % 2, control_fold)
    for number in (0, 1):
        held, training = data.held(number), data.training(number, np.random.default_rng(0))
        assert not set(held.foreground.ravel()) & set(training.foreground.ravel())
        assert not set(held.control.ravel()) & set(training.control.ravel())
        assert len(held.control) + len(training.control) == len(whole.control)


def test_one_stratum_is_fishers_test():
    contrast = given(9, 9)
    alike = Contrast(contrast.foreground, contrast.control, 0, np.zeros(9, int), np.zeros(9, int))
    result = alike.test(np.arange(9) < 7, np.arange(9) < 2)
    assert result.log10_p == pytest.approx(fisher_log10_p(7, 2, 2, 7))
    assert (result.hits, result.total, result.control_hits, result.control_total) == (7, 9, 2, 9)
