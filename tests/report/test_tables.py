"""Tables on sites, against counts by hand."""

import numpy as np
import pytest
from scipy.stats import binomtest

from seqcnn.report.tables import position_rows
from seqcnn.stats.logspace import parse_log10
from tests.report.results import WORD, empty_result, with_sites


@pytest.fixture(scope="module")
def empty():
    return empty_result()


def test_positions_are_counted_in_twentieths_of_the_room_for_a_site(empty):
    rng = np.random.default_rng(2)
    lengths = rng.integers(20, 200, 300).tolist()
    places = [(i, int(rng.integers(0, n - len(WORD) + 1))) for i, n in enumerate(lengths)]
    rows = list(position_rows(with_sites(empty, places, lengths)))
    counts, shares = np.zeros(20, int), np.zeros(20)
    for sequence, start in places:
        room = lengths[sequence] - len(WORD) + 1
        counts[start * 20 // room] += 1
        for other in range(room):
            shares[other * 20 // room] += 1 / room / len(places)
    assert [row[:2] for row in rows] == [["m1", i] for i in range(20)]
    assert [row[2] for row in rows] == counts.tolist()
    for row, count, share in zip(rows, counts.tolist(), shares, strict=True):
        tail = binomtest(count, len(places), min(share, 1.0), alternative="greater").pvalue
        assert parse_log10(row[3]) == pytest.approx(np.log10(tail), abs=0.022)  # two digits


def test_sites_that_keep_to_the_middle_show(empty):
    rng = np.random.default_rng(3)
    places = [(i, int(rng.integers(40, 52))) for i in range(100)]
    rows = list(position_rows(with_sites(empty, places, [100] * 100)))
    assert {row[1] for row in rows if parse_log10(row[3]) < -6} <= set(range(8, 12))
    assert sum(row[2] for row in rows if row[1] in range(8, 12)) == 100


@pytest.mark.parametrize("one_a_sequence", [False, True])
def test_all_sites_of_a_sequence_or_one(empty, one_a_sequence):
    places = [(i, start) for i in range(10) for start in (0, 20, 61)]
    found = with_sites(empty, places, [100] * 20, one_a_sequence=one_a_sequence)
    seen = list(zip(found.sites.sequence.tolist(), found.sites.start.tolist(), strict=True))
    assert seen == (places[::3] if one_a_sequence else places)
    assert found.motifs[0].motif.sites == len(seen)
