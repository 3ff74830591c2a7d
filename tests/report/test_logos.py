"""Logos in tables: one scale for DNA, room that is used for proteins."""

import re

import numpy as np
import pytest

from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.report.logos import row_logo
from seqcnn.seq.alphabet import DNA, PROTEIN


def tallest(motif: Motif) -> float:
    """Height of the tallest letter, percent of the picture."""
    heights = re.findall(r'<use[^>]* height="([\d.]+)"', row_logo(motif))
    return max(map(float, heights))


def leading(alphabet, share):
    values = np.full((6, alphabet.size), (1 - share) / (alphabet.size - 1))
    values[:, 0] = share
    return Motif("m", ProbabilityMatrix(values, alphabet))


@pytest.mark.parametrize(("alphabet", "share"), [(DNA, 0.999), (PROTEIN, 0.999), (PROTEIN, 0.6)])
def test_letters_fill_the_row_and_never_leave_it(alphabet, share):
    assert 45 < tallest(leading(alphabet, share)) <= 100.001


def test_weak_dna_is_drawn_small():
    assert tallest(leading(DNA, 0.6)) < 0.4 * tallest(leading(DNA, 0.999))
