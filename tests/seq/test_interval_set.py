import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval, parse_interval


def random_set(seed, n=60, names=("a", "b", "c")):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 100, n)
    return IntervalSet.from_columns(
        names, rng.integers(0, len(names), n), start, start + rng.integers(0, 9, n),
        strand=rng.integers(-1, 2, n),
    )  # fmt: skip


def test_single_intervals_come_back():
    rows = [Interval("x", 3, 5, "-"), Interval("y", 1, 2), Interval("x", 0, 9, "+")]
    found = IntervalSet.from_intervals(rows)
    assert list(found) == rows
    assert found.chromosomes == ("x", "y")
    assert found.lengths.tolist() == [2, 1, 9]


def test_choice_by_position_and_by_mask():
    found = random_set(0)
    rows = list(found)
    assert list(found.select(np.array([5, 1, 5]))) == [rows[5], rows[1], rows[5]]
    kept = found.lengths > 4
    assert list(found.select(kept)) == [row for row in rows if len(row) > 4]


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_those_of_comparing_all(seed):
    one, other = random_set(seed), random_set(seed + 50, 20, ("b", "c", "d"))
    expected = [
        any(
            x.chromosome == y.chromosome and set(range(x.start, x.end)) & set(range(y.start, y.end))
            for y in other
        )
        for x in one
    ]
    assert one.overlaps(other).tolist() == expected
    assert 0 < sum(expected) < len(one)


def test_ids_are_read_back():
    found = random_set(1)
    found = found.select(found.lengths > 0)
    for name, row in zip(found.ids(), found, strict=True):
        assert parse_interval(name, len(row)) == Interval(row.chromosome, row.start, row.end)
    for name, row in zip(found.ids(stranded=True), found, strict=True):
        strand = "-" if row.strand == "-" else "+"
        assert parse_interval(name, len(row)) == Interval(
            row.chromosome, row.start, row.end, strand
        )


def test_columns_of_unlike_lengths_are_refused():
    with pytest.raises(SeqcnnError, match="differ in length"):
        IntervalSet.from_columns(("a",), np.zeros(2, int), np.zeros(2, int), np.zeros(3, int))


@pytest.mark.parametrize("seed", range(5))
def test_clusters_are_what_is_linked_by_overlaps(seed):
    found = random_set(seed, 40)
    found = found.select(found.lengths > 0)
    rows = list(found)
    group = list(range(len(rows)))
    for i, x in enumerate(rows):
        for j, y in enumerate(rows[:i]):
            if x.chromosome == y.chromosome and max(x.start, y.start) < min(x.end, y.end):
                group = [group[i] if g == group[j] else g for g in group]
    clusters = found.clusters()
    same = clusters[:, None] == clusters[None, :]
    np.testing.assert_array_equal(same, np.equal.outer(group, group))
    assert 5 < len(set(group)) < len(rows)
