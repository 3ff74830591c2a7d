"""Patterns of the gradients of a network whose kernels are known, not of made-up contributions."""

import numpy as np
import pytest

from seqcnn.discovery.attributions import contributions
from seqcnn.explain.patterns.discover import find_patterns
from seqcnn.seq.alphabet import DNA
from tests.discovery.planted import plant, random_rows
from tests.discovery.test_kernels import member_with

WORDS = ("CCGGAAGTA", "TGACTCAGC")


@pytest.mark.slow
def test_what_a_network_goes_by_is_found():
    member = member_with(WORDS)
    head = member.network
    head.bias[...] = np.full(3, -7.0, np.float32)
    for part in (head.hidden, head.output):
        part.kernel[...] = np.full(part.kernel.shape, 1.0, np.float32)
        part.bias[...] = np.zeros(part.bias.shape, np.float32)
    rows = plant(plant(random_rows(600, 60, 0), WORDS[1], 0.6, 1), WORDS[0], 0.4, 2)
    track = contributions(member.network, rows)
    given = track[..., None] * np.eye(4, dtype=np.float32)[rows]
    patterns = [p for p in find_patterns(given, rows, DNA) if p.sign > 0]
    for word in WORDS:
        ways = {word, DNA.decode(DNA.reverse_complement(DNA.encode(word)))}
        assert sum(any(w[1:-1] in p.motif().consensus for w in ways) for p in patterns) == 1
