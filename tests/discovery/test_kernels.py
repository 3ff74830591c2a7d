"""Kernels of a network as seeds: which are read, and as what."""

import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH
from seqcnn.discovery.network import kernel_frames
from seqcnn.networks.weights import create_member
from seqcnn.seq.alphabet import DNA
from tests.discovery.planted import plant, random_rows

BOTH = Search(DNA, True, np.full(4, 0.25))
WORDS = ("CCGGAAGTA", "TGACTCAGC", "GCTGAGTCA", "AAAAAAAAA", "GATTACAGG")


def member_with(words: tuple[str, ...]):
    """A network with one kernel for each word; the last one is never excited."""
    member = create_member(
        "motifcnn", alphabet=DNA, seed=0, strand="both", dims=1, kernels=len(words) + 1, pool="max"
    )
    kernel = np.zeros(member.network.kernel.shape, np.float32)
    for i, word in enumerate(words):
        kernel[4 : 4 + len(word), :, i] = np.eye(4)[DNA.encode(word)]
    member.network.kernel[...] = jnp.asarray(kernel)
    member.network.bias[...] = jnp.asarray([-5.0] * len(words) + [-1.0])
    return member


@pytest.fixture(scope="module")
def contrast():
    rows = plant(random_rows(400, 60, 0), "TGACTCAGC", 0.6, 1)
    rows = plant(rows, "CCGGAAGTA", 0.3, 2)
    return Contrast(rows, np.random.default_rng(3).permuted(rows.repeat(2, axis=0), axis=1), 2)


def letters(frame: np.ndarray) -> str:
    strong = frame.max(1) > 0.7
    return DNA.decode(frame[strong].argmax(1).astype(np.uint8))


def test_kernels_are_read_as_their_motifs_the_most_telling_first(contrast):
    frames = kernel_frames(member_with(WORDS), contrast, BOTH)
    assert frames.shape[1:] == (WIDTH, 4)
    np.testing.assert_allclose(frames.sum(2), 1, rtol=1e-6)
    assert letters(frames[0]) in ("TGACTCAGC", "GCTGAGTCA")
    assert letters(frames[1]) == "CCGGAAGTA"


def test_of_like_kernels_one_is_read_and_of_silent_ones_none(contrast):
    found = [letters(f) for f in kernel_frames(member_with(WORDS), contrast, BOTH)]
    assert sum(text in ("TGACTCAGC", "GCTGAGTCA") for text in found) == 1
    assert len(found) <= len(WORDS) - 1


def test_no_more_kernels_are_read_than_asked_for(contrast):
    (frame,) = kernel_frames(member_with(WORDS), contrast, BOTH, 1)
    assert letters(frame) in ("TGACTCAGC", "GCTGAGTCA")
    assert len(kernel_frames(member_with(WORDS), contrast, BOTH, 0)) == 0


def test_sequences_shorter_than_the_kernels():
    rows = plant(random_rows(100, 9, 4), "TGACTCAGC", 0.5, 5)
    contrast = Contrast(rows, random_rows(100, 9, 6), 1)
    for frame in kernel_frames(member_with(WORDS), contrast, BOTH):
        assert np.isfinite(frame).all()
