from itertools import product

import numpy as np
import pytest

from seqcnn.motifs.offsets import GRID, BestOffset, GridScores


def random_similarity(seed, width, columns):
    return np.random.default_rng(seed).normal(size=(width, columns)).astype(np.float32)


def by_enumeration(grid, target_width, strands):
    """P(best >= s) and the largest s, from all combinations of columns; offsets independent."""
    width, columns = grid.values.shape[0], grid.values.shape[1] - 1
    below = {}
    for offset in range(1 - width, target_width):
        rows = [i for i in range(width) if 0 <= offset + i < target_width]
        sums = [
            sum(int(grid.values[i, c]) for i, c in zip(rows, chosen, strict=True))
            for chosen in product(range(columns), repeat=len(rows))
        ]
        below[offset] = np.array(sums)

    def p_value(score):
        return 1 - np.prod([(sums < score).mean() for sums in below.values()]) ** strands

    return p_value, max(int(sums.max()) for sums in below.values())


@pytest.mark.parametrize("strands", [1, 2])
@pytest.mark.parametrize("width", [1, 2, 4])
def test_p_values_are_those_of_all_combinations(width, strands):
    grid = GridScores.of(random_similarity(width, width, 5))
    widths = [1, 2, 3, 4, 6]
    for target_width in widths:
        p_value, highest = by_enumeration(grid, target_width, strands)
        null = BestOffset.of(grid, widths, strands=strands, lowest=-20)
        for score in range(-20, highest + 1):
            found = null.log10_p(np.array([target_width]), np.array([score]))[0]
            assert 10**found == pytest.approx(p_value(score), abs=1e-12), (target_width, score)


def test_the_lowest_score_of_interest_changes_nothing_above_it():
    grid = GridScores.of(random_similarity(0, 6, 40))
    widths, scores = np.repeat([3, 9], 61), np.tile(np.arange(70, 131), 2)
    whole, part = (
        BestOffset.of(grid, [3, 9], strands=2, lowest=lowest).log10_p(widths, scores)
        for lowest in (-300, 70)
    )
    np.testing.assert_allclose(part, whole, rtol=1e-12)


def test_between_points_of_the_grid_p_values_fall():
    grid = GridScores.of(random_similarity(0, 6, 40))
    null = BestOffset.of(grid, [8], strands=2, lowest=0)
    scores = np.arange(0, 140, 0.25)
    log10_p = null.log10_p(np.full(len(scores), 8), scores)
    assert (np.diff(log10_p) <= 0).all()
    np.testing.assert_array_equal(
        log10_p[::4], null.log10_p(np.full(len(scores[::4]), 8), scores[::4].astype(int))
    )


def test_small_p_values_keep_their_digits_and_none_is_zero():
    # one column in 1,000 is alike: ten in a row are so with 1e-30 at each of 2 x 1 full offsets
    similarity = np.zeros((10, 1000), np.float32)
    similarity[:, 0] = 1
    grid = GridScores.of(similarity)
    null = BestOffset.of(grid, [10], strands=2, lowest=0)
    # a score that was not rounded may lie above all that random targets reach
    best = 10.0 * (GRID - 1) + np.array([0, 3])
    np.testing.assert_allclose(null.log10_p(np.full(2, 10), best), np.log10(2e-30), atol=1e-9)
    wide = GridScores.of(np.tile(similarity[:1], (150, 1)))
    scores = np.arange(0, 150 * (GRID - 1), 50)
    null = BestOffset.of(wide, [150], strands=1, lowest=0)
    assert np.isfinite(null.log10_p(np.full(len(scores), 150), scores)).all()


@pytest.mark.parametrize("columns", [1, 2, 7, 30])
def test_grid_counts_every_column(columns):
    similarity = random_similarity(1, 3, columns)
    grid = GridScores.of(similarity.copy())
    np.testing.assert_allclose(grid.shares.sum(1), 1)
    points = grid.values[:, :-1] + grid.medians[:, None]
    assert (grid.values[:, -1] == 0).all()
    assert points.min() == 0 and (columns * 3 == 1 or points.max() == GRID - 1)
    for row, share, median in zip(points, grid.shares, grid.medians, strict=True):
        np.testing.assert_allclose(np.bincount(row, minlength=GRID) / columns, share)
        assert (row < median).mean() < 0.5 <= (row <= median).mean()
    np.testing.assert_allclose(grid.exact, points, atol=0.5001)
    back = grid.exact / (GRID - 1) * np.ptp(similarity) + similarity.min()
    np.testing.assert_allclose(back, similarity, atol=1e-5)


def test_equal_similarities_are_no_division_by_zero():
    grid = GridScores.of(np.ones((2, 4), np.float32))
    assert (grid.values == 0).all()
    null = BestOffset.of(grid, [2, 5], strands=2, lowest=0)
    np.testing.assert_allclose(null.log10_p(np.array([2, 5]), np.zeros(2, int)), 0)
