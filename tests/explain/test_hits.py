"""Hits: the places where patterns explain contributions, and no others."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.hits import COLUMNS, find_hits, write_hits
from seqcnn.explain.patterns.discover import find_patterns
from seqcnn.seq.alphabet import DNA, PROTEIN
from tests.explain.planted_contributions import plant, random_motif


@pytest.fixture(scope="module")
def case():
    rng = np.random.default_rng(80)
    motifs = [random_motif(10, rng) for _ in range(2)]
    planted = plant(motifs, number=500, length=60, share=0.7, silent=0.2, seed=81)
    return planted, find_patterns(planted.contributions, planted.codes, DNA), motifs


def test_hits_are_the_members(case):
    planted, patterns, _ = case
    hits = find_hits(patterns, planted.contributions, planted.codes, DNA)
    for i, pattern in enumerate(patterns):
        mine = hits.select(hits.pattern == i)
        found = set(zip(mine.row, mine.start, strict=True))
        members = set(zip(pattern.members.row, pattern.members.start, strict=True))
        assert len(found & members) >= 0.95 * len(members)
        assert len(found) <= 1.1 * len(members)
        assert np.median(mine.amplitude) == pytest.approx(1.0, abs=0.2)
    assert hits.likeness.min() > 0 and (hits.log10_p <= -2).all()


def test_sites_that_contribute_nothing_are_no_hits(case):
    planted, patterns, _ = case
    hits = find_hits(patterns, planted.contributions, planted.codes, DNA)
    centres = {(r, (s + e) // 2) for r, s, e in zip(hits.row, hits.start, hits.end, strict=True)}
    for sites, shown in zip(planted.sites, planted.shown, strict=True):
        near = [
            any((row, start + 5 + d) in centres for d in (-2, -1, 0, 1, 2))
            for row, start, _ in sites.tolist()
        ]
        assert np.mean(np.array(near)[shown]) > 0.95
        assert np.mean(np.array(near)[~shown]) < 0.1


def test_other_sequences_and_noise(case):
    _, patterns, motifs = case
    other = plant(motifs, number=200, length=120, share=0.5, silent=0, seed=82)
    hits = find_hits(patterns, other.contributions, other.codes, DNA)
    assert len(hits) == pytest.approx(sum(len(s) for s in other.sites), rel=0.1)
    quiet = plant([], number=300, length=60, seed=83)
    # one sequence in a hundred by chance; more than 10 of 300 are one in a thousand
    assert len(find_hits(patterns, quiet.contributions, quiet.codes, DNA)) <= 10


def test_hits_do_not_overlap(case):
    planted, patterns, _ = case
    hits = find_hits(patterns, planted.contributions, planted.codes, DNA)
    same = hits.row[1:] == hits.row[:-1]
    # a pattern's edge may lie on what another left, never on its middle
    assert (hits.start[1:] - hits.start[:-1])[same].min() >= 3


def test_table(case, tmp_path):
    planted, patterns, _ = case
    hits = find_hits(patterns, planted.contributions, planted.codes, DNA)
    ids = [f"s{i}" for i in range(500)]
    # as if the first hit hung over both edges
    hits.start[0], hits.end[0] = -2, 63
    lengths = [60] * 500
    write_hits(hits, tmp_path / "hits.tsv", patterns=patterns, ids=ids, lengths=lengths)
    lines = [line.split("\t") for line in (tmp_path / "hits.tsv").read_text().splitlines()]
    assert lines[1][1:3] == ["0", "60"]
    assert lines[0] == COLUMNS and len(lines) == len(hits) + 1
    assert {line[4] for line in lines[1:]} == {"positive1", "positive2"}


def test_what_does_not_fit_is_refused(case):
    planted, patterns, _ = case
    with pytest.raises(SeqcnnError, match="p_value"):
        find_hits(patterns, planted.contributions, planted.codes, DNA, p_value=0)
    given = np.zeros((3, 20, 20), np.float32)
    with pytest.raises(SeqcnnError, match="is over ACGT"):
        find_hits(patterns, given, np.zeros((3, 20), np.uint8), PROTEIN)
    assert len(find_hits([], planted.contributions, planted.codes, DNA)) == 0
