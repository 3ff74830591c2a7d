"""Motifs of unusual kinds, small; `benchmarks/bench_discovery_kinds.py` has the large sets."""

from functools import partial

import numpy as np
import pytest

from seqcnn.discovery import pipeline
from seqcnn.discovery.settings import Settings
from seqcnn.motifs.compare import similarity
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.training.loop import Schedule
from tests.discovery.planted import as_set, plant, random_rows

pytestmark = pytest.mark.slow

discover = partial(
    pipeline.discover,
    settings=Settings(schedule=Schedule(steps=20, rounds=3)),
    database="none",
)


def test_a_palindrome_is_one_motif_and_its_sites_count_once():
    rows = plant(random_rows(400, 60, 0), "TCACGTGA", 0.4, 1)
    found = discover(as_set(rows))
    assert [m.motif.consensus for m in found.motifs] == ["TCACGTGA"]
    places = list(zip(found.sites.sequence.tolist(), found.sites.start.tolist(), strict=True))
    assert len(set(places)) == len(places)
    planted = [(i, start) for i, start in places if (rows[i, start : start + 8] ==
               DNA.encode("TCACGTGA")).all()]  # fmt: skip
    assert 160 <= len(planted) <= len(places) <= 170


def test_a_dimer_with_a_gap_is_one_motif():
    rows, rng = random_rows(800, 60, 2), np.random.default_rng(3)
    for row in rng.permutation(800)[:320]:
        start = rng.integers(0, 60 - 17 + 1)
        rows[row, start : start + 3] = DNA.encode("CGG")
        rows[row, start + 14 : start + 17] = DNA.encode("CCG")
    found = discover(as_set(rows))
    values = np.full((17, 4), 0.25)
    for place, letter in zip((0, 1, 2, 14, 15, 16), "CGGCCG", strict=True):
        values[place] = np.arange(4) == DNA.letters.index(letter)
    assert len(found.motifs) == 1
    assert similarity(found.motifs[0].motif, Motif("t", ProbabilityMatrix(values, DNA))).r >= 0.95


def test_every_site_of_a_sequence_is_listed():
    rows, rng = random_rows(400, 90, 4), np.random.default_rng(5)
    planted = set()
    for row in rng.permutation(400)[:120].tolist():
        for low in (0, 30, 60):
            start = int(low + rng.integers(0, 30 - 9 + 1))
            rows[row, start : start + 9] = DNA.encode("TGACTCAGC")
            planted.add((row, start))
    found = discover(as_set(rows))
    assert len(found.motifs) == 1
    width = found.motifs[0].motif.width
    middles = {(h, s + width / 2) for h, s in zip(found.sites.sequence.tolist(),
               found.sites.start.tolist(), strict=True)}  # fmt: skip
    hit = sum(any((r, s + 4.5 + d) in middles for d in np.arange(-2, 2.5, 0.5)) for r, s in planted)
    assert hit >= 0.95 * len(planted)


def test_anchors_of_peptides_are_one_motif():
    rows = random_rows(400, 9, 6, letters=20)
    rows[:, 1], rows[:, 8] = PROTEIN.encode("LV")
    found = discover(as_set(rows, PROTEIN))
    assert len(found.motifs) == 1
    values = found.motifs[0].motif.matrix.values
    anchors = [int(values[:, PROTEIN.letters.index(a)].argmax()) for a in "LV"]
    assert anchors[1] - anchors[0] == 7 and len(values) in (8, 9)


@pytest.mark.parametrize("length", [20, 200])
def test_one_motif_in_one_motif_out_at_any_length(length):
    rows = plant(random_rows(300, length, 7), "TGACTCAGC", 0.5, 8)
    found = discover(as_set(rows))
    assert len(found.motifs) == 1
    assert found.motifs[0].log10_e < -20
