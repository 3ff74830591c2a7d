"""Hits that lie on each other, against a search through all pairs."""

import numpy as np
import pytest

from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.overlaps import without_overlaps
from seqcnn.motifs.scan import scan
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet


def motif(word: str) -> Motif:
    return Motif(word, CountMatrix(np.eye(4)[DNA.encode(word)], DNA).to_probabilities(1.0))


def by_all_pairs(hits):
    kept = []
    rows = sorted(range(len(hits)), key=lambda i: (hits.motif[i], hits.sequence[i], -hits.score[i]))
    for i in rows:
        clash = any(
            hits.motif[i] == hits.motif[j]
            and hits.sequence[i] == hits.sequence[j]
            and 2 * abs(hits.start[i] - hits.start[j]) <= hits.motifs[hits.motif[i]].width
            for j in kept
        )
        if not clash:
            kept.append(i)
    return sorted(kept)


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_each_heap_is_kept(seed):
    rng = np.random.default_rng(seed)
    sequences = SequenceSet.from_arrays(
        list(rng.integers(0, 4, (6, 80)).astype(np.uint8)), alphabet=DNA
    )
    hits = scan([motif("ACACAC"), motif("GATC"), motif("A")], sequences, p_value=0.3)
    expected = hits.select(np.array(by_all_pairs(hits)))
    found = without_overlaps(hits)
    assert 0 < len(found) < len(hits)
    np.testing.assert_array_equal(found.start, expected.start)
    np.testing.assert_array_equal(found.motif, expected.motif)
    np.testing.assert_array_equal(found.score, expected.score)


def test_a_palindrome_hits_a_site_once_and_neighbours_stay():
    sequences = SequenceSet.from_strings(["TTGATCGATCTT", "CCGATCCC"], alphabet=DNA)
    hits = scan([motif("GATC")], sequences, p_value=0.01)
    assert without_overlaps(hits).start.tolist() == [2, 6, 2]
    none = scan([motif("GATC")], sequences, p_value=1e-9)
    assert len(without_overlaps(none)) == 0
