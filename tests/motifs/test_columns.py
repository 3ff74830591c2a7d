import math

import numpy as np
import pytest

from seqcnn.motifs.columns import MOST_SITES, PSEUDOCOUNT, SIMILARITIES, Columns


def by_loops(name, p, q, sites):
    """One column of a query and one of a target, with plain loops."""
    letters = range(len(p))
    if name == "llr":
        n = min(sites, MOST_SITES)
        smooth = [(q[a] * n + PSEUDOCOUNT / len(p)) / (n + PSEUDOCOUNT) for a in letters]
        return sum(p[a] * math.log(smooth[a]) for a in letters)
    if name == "pearson":
        return float(np.corrcoef(p, q)[0, 1])
    squared = sum((p[a] - q[a]) ** 2 for a in letters)
    return 2 - squared if name == "sandelin" else -math.sqrt(squared)


@pytest.mark.parametrize("letters", [4, 20])
@pytest.mark.parametrize("name", SIMILARITIES)
def test_similarities_are_those_of_loops(name, letters):
    rng = np.random.default_rng(0)
    queries, targets = rng.dirichlet(np.full(letters, 0.4), 7), rng.dirichlet(np.ones(letters), 9)
    sites = rng.integers(1, 500, 9).astype(float)
    similarity = SIMILARITIES[name]
    found = similarity(Columns(queries, np.ones(7)), similarity.prepare(Columns(targets, sites)))
    pairs = list(zip(targets, sites, strict=True))
    expected = [[by_loops(name, p, q, n) for q, n in pairs] for p in queries]
    np.testing.assert_allclose(found, expected, atol=2e-6 * letters)


@pytest.mark.parametrize("name", SIMILARITIES)
def test_flat_and_certain_columns_have_finite_similarities(name):
    columns = Columns(np.vstack([np.full(4, 0.25), np.eye(4)]), np.full(5, 1e9))
    similarity = SIMILARITIES[name]
    found = similarity(columns, similarity.prepare(columns))
    assert np.isfinite(found).all()
    assert (found[1:].argmax(1) == np.arange(1, 5)).all()


def test_many_columns_are_multiplied_in_blocks():
    rng = np.random.default_rng(0)
    targets = Columns(rng.dirichlet(np.ones(4), 70_000), np.full(70_000, 20.0))
    similarity = SIMILARITIES["llr"]
    prepared = similarity.prepare(targets)
    queries = Columns(targets.values[:3], np.ones(3))
    np.testing.assert_allclose(
        similarity(queries, prepared), queries.values.astype(np.float32) @ prepared, rtol=1e-5
    )
