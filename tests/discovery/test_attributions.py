"""Attributions of a network as seeds: contributions, seqlets, patterns."""

import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.discovery import attributions
from seqcnn.discovery.attributions import attribution_frames, contributions
from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PAD
from tests.discovery.planted import plant, random_rows
from tests.discovery.test_kernels import BOTH, letters, member_with

WORDS = ("CCGGAAGTA", "TGACTCAGC")


@pytest.fixture(scope="module")
def member():
    """The logit is the sum of what the kernels say, of words with one letter wrong at most."""
    made = member_with(WORDS)
    head = made.network
    head.bias[...] = np.full(3, -7.0, np.float32)
    for part, weight in ((head.hidden, 1.0), (head.output, 1.0)):
        part.kernel[...] = np.full(part.kernel.shape, weight, np.float32)
        part.bias[...] = np.zeros(part.bias.shape, np.float32)
    return made


@pytest.fixture(scope="module")
def contrast():
    rows = plant(random_rows(400, 60, 0), "TGACTCAGC", 0.6, 1)
    rows = plant(rows, "CCGGAAGTA", 0.3, 2)
    return Contrast(rows, np.random.default_rng(3).permuted(rows.repeat(2, axis=0), axis=1), 2)


def test_contributions_are_differences_of_the_logit(member, contrast):
    """Where a network is linear in a letter, changing it changes the logit by the gradient."""
    codes = contrast.foreground[:3].copy()
    given = contributions(member.network, codes)
    logits = np.asarray(member.network(codes))[:, 0]
    assert given.shape == codes.shape and np.abs(given).max() > 1
    for row in range(3):
        at = int(given[row].argmax())
        changed = np.tile(codes[row], (4, 1))
        changed[:, at] = np.arange(4)
        others = np.asarray(member.network(changed))[:, 0]
        # other windows may take over when a letter is lost: never is more lost than it contributes
        lost = logits[row] - others.mean()
        assert 0 < lost <= given[row, at] * (1 + 1e-4)


def test_contributions_are_slopes_less_those_of_the_mean_letter():
    """By finite differences, on a network whose kernels are anything but centred."""
    network = create("dilated", alphabet="dna", channels=8, layers=2, width=7, seed=3)
    codes = random_rows(2, 30, 1)
    image, inside = network.image(jnp.asarray(codes))
    given, step = contributions(network, codes), 0.002
    for row, at in ((0, 3), (0, 17), (1, 29)):
        slopes = []
        for letter in range(4):
            ends = [
                np.asarray(network.logits(image.at[row, at, letter].add(sign * step), inside))
                for sign in (1, -1)
            ]
            slopes.append(float((ends[0] - ends[1])[row, 0]) / (2 * step))
        expected = slopes[codes[row, at]] - np.mean(slopes)
        assert given[row, at] == pytest.approx(expected, rel=0.1, abs=2e-4)


def test_batches_leave_no_trace(member, contrast, monkeypatch):
    whole = contributions(member.network, contrast.foreground[:70])
    monkeypatch.setattr(attributions, "LETTERS", 60 * 16)
    parts = contributions(member.network, contrast.foreground[:70])
    np.testing.assert_allclose(parts, whole, atol=1e-5)


def test_both_strands_are_one_pattern_and_one_strand_has_two(member):
    rows = plant(random_rows(300, 60, 0), WORDS[0], 0.5, 1)
    turned = DNA.reverse_complement(plant(random_rows(300, 60, 5), WORDS[0], 0.5, 6))
    rows = np.concatenate([rows, turned])
    mixed = Contrast(rows, np.random.default_rng(3).permuted(rows, axis=1), 1)
    reverse = DNA.decode(DNA.reverse_complement(DNA.encode(WORDS[0])))
    texts = [letters(f) for f in attribution_frames(member, mixed, BOTH)]
    assert sum(WORDS[0] in t or reverse in t for t in texts) == 1
    one = Search(DNA, False, np.full(4, 0.25))
    texts = [letters(f) for f in attribution_frames(member, mixed, one)]
    assert sum(WORDS[0] in t for t in texts) == sum(reverse in t for t in texts) == 1


def test_what_is_no_letter_contributes_nothing(member, contrast):
    codes = contrast.foreground[:50].copy()
    codes[:, 50:] = PAD
    given = contributions(member.network, codes)
    assert (given[:, 50:] == 0).all()
    np.testing.assert_allclose(
        given[:, :50], contributions(member.network, codes[:, :50]), atol=1e-4
    )


def test_patterns_are_what_the_network_goes_by(member, contrast):
    frames = attribution_frames(member, contrast, BOTH)
    assert frames.shape[1:] == (WIDTH, 4)
    np.testing.assert_allclose(frames.sum(2), 1, rtol=1e-6)
    found = [letters(f) for f in frames]
    both_ways = [{w, DNA.decode(DNA.reverse_complement(DNA.encode(w)))} for w in WORDS]
    for ways in both_ways:
        # seqlets are eight letters of nine: what stands beside them belongs to the pattern
        assert sum(any(way in text for way in ways) for text in found) == 1
    assert len(frames) == 2


def test_one_strand_and_no_more_patterns_than_asked_for(member, contrast):
    one = Search(DNA, False, np.full(4, 0.25))
    assert len(attribution_frames(member, contrast, one, 1)) == 1
    assert len(attribution_frames(member, contrast, one, 0)) == 0


def test_a_network_that_sees_nothing_has_no_patterns(contrast):
    rows = random_rows(300, 60, 9)
    nothing = Contrast(rows, random_rows(300, 60, 10), 1)
    member = member_with(WORDS)
    member.network.output.kernel[...] = np.zeros(member.network.output.kernel.shape, np.float32)
    assert len(attribution_frames(member, nothing, BOTH)) == 0


def test_sequences_shorter_than_a_seqlet(member):
    rows = random_rows(50, 7, 4)
    assert len(attribution_frames(member, Contrast(rows, rows, 1), BOTH)) == 0
