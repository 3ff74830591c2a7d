"""Two motifs at one distance are two; a gapped motif is one."""

import numpy as np
import pytest

from seqcnn.discovery.blocks import strongest_block
from seqcnn.discovery.candidate import Candidate, Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import frame_of
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA
from tests.discovery.planted import random_rows

BOTH = Search(DNA, True, np.full(4, 0.25))


def candidate(text: str) -> Candidate:
    values = np.full((len(text), 4), 0.25)
    for row, letter in zip(values, text, strict=True):
        if letter != "N":
            row[:] = np.where(np.arange(4) == DNA.letters.index(letter), 0.97, 0.01)
    return Candidate(*frame_of(ProbabilityMatrix(values, DNA)))


def planted(text: str) -> Contrast:
    """Plant a word letter by letter in a quarter of 600 rows; on N stays what is there."""
    rows = random_rows(600, 80, 0)
    rng = np.random.default_rng(0)
    for row in rows[: len(rows) // 4]:
        start = rng.integers(0, 80 - len(text) + 1)
        for i, letter in enumerate(text):
            if letter != "N":
                row[start + i] = DNA.letters.index(letter)
    return Contrast(rows, rng.permuted(rows.repeat(9, axis=0), axis=1), 9)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TGACTCAGNNNNNNNCCGGAAGTA", "CCGGAAGTA"),  # the stronger of two
        ("CGGNNNNNNNNNNNCCGGAAGTA", "CCGGAAGTA"),  # and what the other has in the frame is nothing
        ("CGGNNNNNNNNNNNCCG", None),  # neither block is a motif
        ("TTGACANNNNNNNNGTGACT", None),  # boxes of six letters
        ("TGACTCAGNNNNNCCGGAAGTC", None),  # the gap is short
        ("TGACCTCANNNNNNNTGAGGTCA", None),  # each block is the other's reverse complement
        ("TGACTCAG", None),
    ],
)
def test_a_block_that_stands_alone_is_kept(text, expected):
    assert strongest_block(candidate(text), BOTH).motif(BOTH).consensus == (expected or text)


def test_a_frame_without_a_motif_stays_as_it_is():
    nothing = Candidate(np.full((24, 4), 0.25), np.zeros(24, bool))
    assert strongest_block(nothing, BOTH) is nothing


def test_a_quiet_edge_is_a_gap_with_nothing_behind_it():
    text = candidate("TGACTCAGNNNNNNN")
    assert text.matrix(BOTH).values.shape == (15, 4)
    assert strongest_block(text, BOTH).motif(BOTH).consensus == "TGACTCAG"


def test_blocks_do_not_grow_together_again():
    """What lies in a site of another motif, or behind a gap, is no part of this one."""
    blocks = ["TGACTCAG", "CCGGAAGT"]
    contrast = planted("NNNNNNN".join(blocks))
    both = [candidate(text) for text in blocks]
    for fitted in (fit_mixture(both, contrast, BOTH), fit_mixture(both[:1], contrast, BOTH)):
        for block, expected in zip(fitted, blocks, strict=False):
            assert block.motif(BOTH).consensus == expected
    # a neighbour at once is another motif too, if it is known; else it is a part of this one
    contrast = planted("".join(blocks))
    together = fit_mixture(both, contrast, BOTH)
    assert [c.motif(BOTH).consensus for c in together] == blocks
    (alone,) = fit_mixture(both[:1], contrast, BOTH)
    assert alone.motif(BOTH).consensus in ("TGACTCAGCC", "TGACTCAGCCGGAAGT")
