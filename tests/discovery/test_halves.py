"""Two motifs at one distance are two; a gapped motif is one."""

import numpy as np
import pytest

from seqcnn.discovery import halves as halves_module
from seqcnn.discovery.candidate import Candidate, Search, scan_contrast, with_thresholds
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import frame_of
from seqcnn.discovery.halves import split_halves
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA
from tests.discovery.planted import plant, random_rows

BOTH = Search(DNA, True, np.full(4, 0.25))


def candidate(text: str) -> Candidate:
    values = np.full((len(text), 4), 0.25)
    for row, letter in zip(values, text, strict=True):
        if letter != "N":
            row[:] = np.where(np.arange(4) == DNA.letters.index(letter), 0.97, 0.01)
    return Candidate(*frame_of(ProbabilityMatrix(values, DNA)))


def planted(text: str, seed: int = 0, *, alone: float = 0.0) -> Contrast:
    """Plant the whole, and the first half alone, letter by letter: N stays as it is."""
    rows = random_rows(600, 80, seed)
    rng = np.random.default_rng(seed)
    for row in rows[: len(rows) // 4]:
        start = rng.integers(0, 80 - len(text) + 1)
        for i, letter in enumerate(text):
            if letter != "N":
                row[start + i] = DNA.letters.index(letter)
    if alone:
        rows = plant(rows, text[: text.index("N")], alone, seed)
    return Contrast(rows, rng.permuted(rows.repeat(9, axis=0), axis=1), 9)


def split(text: str, contrast: Contrast) -> list[str]:
    whole = with_thresholds([candidate(text)], scan_contrast([candidate(text)], contrast, BOTH))
    (halves,) = split_halves(whole, contrast, BOTH)
    return [half.motif(BOTH).consensus for half in halves]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TGACTCAGNNNNNNNCCGGAAGT", ["TGACTCAG", "CCGGAAGT"]),
        ("CGGNNNNNNNNNNNCCG", []),  # neither half is a motif
        ("TTGACANNNNNNNNGTGACT", []),  # boxes of six letters
        ("TGACTCAGNNNNNCCGGAAGTC", []),  # the gap is short
        ("TGACTCAGNNNNNNNNNNNNCCG", []),  # one half says too little
        ("TGACCTCANNNNNNNTGAGGTCA", []),  # each half is the other's reverse complement
    ],
)
def test_only_halves_that_stand_alone_are_split(text, expected):
    assert split(text, planted(text)) == expected


def test_halves_that_random_sequences_have_as_often_stay_together(monkeypatch):
    # of five letters: the half is in one of seven sequences by chance
    monkeypatch.setattr(halves_module, "HALF", 8.0)
    text = "TTGGCNNNNNNNGCGAT"
    assert split(text, planted(text)) == []
    assert split(text, planted(text, alone=0.02)) == []


def test_halves_do_not_grow_together_again():
    """What lies in a site of another motif, or behind a gap, is no part of this one."""
    text = "TGACTCAGNNNNNNNCCGGAAGT"
    contrast = planted(text)
    whole = [candidate(text)]
    whole = with_thresholds(whole, scan_contrast(whole, contrast, BOTH))
    (halves,) = split_halves(whole, contrast, BOTH)
    for fitted in (fit_mixture(halves, contrast, BOTH), fit_mixture(halves[:1], contrast, BOTH)):
        for half, expected in zip(fitted, ("TGACTCAG", "CCGGAAGT"), strict=False):
            assert half.motif(BOTH).consensus == expected
    # a neighbour at once is another motif too, if it is known; else it is a part of this one
    contrast = planted("TGACTCAGCCGGAAGT")
    together = fit_mixture([candidate("TGACTCAG"), candidate("CCGGAAGT")], contrast, BOTH)
    assert [c.motif(BOTH).consensus for c in together] == ["TGACTCAG", "CCGGAAGT"]
    (alone,) = fit_mixture([candidate("TGACTCAG")], contrast, BOTH)
    assert alone.motif(BOTH).consensus in ("TGACTCAGCC", "TGACTCAGCCGGAAGT")
