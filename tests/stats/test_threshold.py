import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.stats.threshold import best_threshold

scores = st.lists(st.integers(0, 9), min_size=1, max_size=25).map(lambda x: np.array(x, float))


def signed_ratio(foreground, control, threshold):
    """Log-likelihood ratio of two shares against one, with its sign, from its definition."""
    a, c = int((foreground >= threshold).sum()), int((control >= threshold).sum())
    n, m = len(foreground), len(control)

    def log_likelihood(hits, total, share):
        parts = ((hits, share), (total - hits, 1 - share))
        return sum(k * math.log(p) for k, p in parts if k)

    both = (a + c) / (n + m)
    ratio = log_likelihood(a, n, a / n) + log_likelihood(c, m, c / m)
    ratio -= log_likelihood(a, n, both) + log_likelihood(c, m, both)
    return ratio if a * m > c * n else -ratio


@given(scores, scores)
def test_no_other_score_separates_better(foreground, control):
    chosen = best_threshold(foreground, control)
    assert chosen in foreground
    best = max(signed_ratio(foreground, control, t) for t in foreground)
    assert signed_ratio(foreground, control, chosen) > best - 1e-9
