"""Profiles against SciPy, and a bump that is planted and learnt."""

import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from scipy.spatial.distance import jensenshannon

from seqcnn.errors import SeqcnnError
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PAD
from seqcnn.training.losses import losses, mean_loss
from seqcnn.training.metrics import intervals, score
from seqcnn.training.profiles import (
    TOTAL_WEIGHT,
    ProfileScores,
    mean_profile,
    outputs_of,
)
from seqcnn.training.targets import Target

RNG = np.random.default_rng(0)
N, WIDTH, TASKS = 12, 30, 2
COUNTS = RNG.poisson(3, (N, WIDTH, TASKS)).astype(np.float32)
OUTPUTS = RNG.normal(size=(N, 1 + WIDTH, TASKS)).astype(np.float32)
TARGET = Target("profile", ("plus", "minus"), width=WIDTH).fitted(COUNTS)


def test_the_loss_is_minus_a_multinomial_and_a_normal_likelihood():
    found = losses("profile", jnp.array(OUTPUTS), jnp.array(TARGET.encode(COUNTS)))
    for i in range(N):
        for t in range(TASKS):
            k, z = COUNTS[i, :, t].astype(float), OUTPUTS[i, 1:, t].astype(float)
            p = np.exp(z) / np.exp(z).sum()
            constant = scipy.stats.multinomial.logpmf(k, k.sum(), np.full(WIDTH, 1 / WIDTH))
            constant += k.sum() * np.log(WIDTH)
            multinomial = -(scipy.stats.multinomial.logpmf(k, k.sum(), p) - constant)
            mean = COUNTS[..., t].sum(1).mean()
            wanted = np.log1p(k.sum()) - np.log1p(COUNTS[..., t].sum(1)).mean()
            error = TOTAL_WEIGHT * (OUTPUTS[i, 0, t] - wanted) ** 2 / 2
            assert found[i, t] == pytest.approx(multinomial / mean + error, rel=1e-4)


def test_tracks_that_are_missing_do_not_count():
    targets = TARGET.encode(COUNTS)
    targets[3, :, 1] = np.nan
    whole = losses("profile", jnp.array(OUTPUTS), jnp.array(TARGET.encode(COUNTS)))
    weights = RNG.random(N).astype(np.float32)
    found = mean_loss("profile", jnp.array(OUTPUTS), jnp.array(targets), jnp.array(weights))
    kept = np.repeat(weights[:, None], 2, 1)
    kept[3, 1] = 0
    assert found == pytest.approx(float((whole * kept).sum() / kept.sum()), rel=1e-5)


def test_predictions_are_totals_and_shares():
    decoded = TARGET.decode(OUTPUTS)
    shares = np.exp(OUTPUTS[:, 1:]) / np.exp(OUTPUTS[:, 1:]).sum(1, keepdims=True)
    np.testing.assert_allclose(decoded[:, 1:], shares, rtol=1e-5)
    perfect = TARGET.encode(COUNTS)
    perfect[:, 1:] = np.log(np.maximum(perfect[:, 1:], 1e-30))
    back = TARGET.decode(perfect)
    np.testing.assert_allclose(back[:, 0], COUNTS.sum(1), rtol=1e-4)
    np.testing.assert_allclose(back[:, 1:] * back[:, :1], COUNTS, rtol=1e-4, atol=1e-4)


def test_likeness_is_that_of_scipy():
    predictions = TARGET.decode(OUTPUTS)
    found = ProfileScores(TARGET.names, predictions, COUNTS)(np.arange(N))
    for t, name in enumerate(TARGET.names):
        pairs = [(predictions[i, 1:, t], COUNTS[i, :, t]) for i in range(N)]
        wanted = {
            "profile_pearson": np.mean([scipy.stats.pearsonr(*pair)[0] for pair in pairs]),
            "profile_jsd": np.mean([jensenshannon(*pair, base=2) ** 2 for pair in pairs]),
            "count_pearson": scipy.stats.pearsonr(
                np.log1p(predictions[:, 0, t]), np.log1p(COUNTS.sum(1)[:, t])
            )[0],
            "count_spearman": scipy.stats.spearmanr(predictions[:, 0, t], COUNTS.sum(1)[:, t])[0],
        }
        for metric, value in wanted.items():
            assert found[name][metric] == pytest.approx(value, rel=1e-4), metric
    joined = score(TARGET, predictions, COUNTS)
    pair = [found[name]["profile_jsd"] for name in TARGET.names]
    assert joined["mean/profile_jsd"] == pytest.approx(np.mean(pair))


def test_intervals_hold_the_value_and_examples_without_counts_are_left_out():
    counts = COUNTS.copy()
    counts[0] = 0
    predictions = TARGET.decode(OUTPUTS)
    found = intervals(TARGET, predictions, counts)
    estimate = found["plus"]["profile_jsd"]
    assert estimate.low < estimate.value < estimate.high
    rest = ProfileScores(TARGET.names, predictions[1:], counts[1:])(np.arange(N - 1))
    assert estimate.value == pytest.approx(rest["plus"]["profile_jsd"])


def test_the_mean_profile_weighs_examples_alike():
    counts = np.zeros((3, 4, 1))
    counts[0, :, 0] = [1, 1, 0, 0]
    counts[1, :, 0] = [0, 0, 0, 100]
    np.testing.assert_allclose(mean_profile(counts)[:, 0], [0.25, 0.25, 0, 0.5])


def test_outputs_are_the_middle_and_padding_has_no_share():
    network = create("bpnet", alphabet="dna", channels=4, layers=2, width=5, strand="one")
    codes = RNG.integers(0, 4, (2, 20)).astype(np.uint8)
    codes[1, 14:] = PAD
    totals, shares = network.profile_logits(jnp.array(codes))
    found = outputs_of(network, jnp.array(codes), width=10)
    np.testing.assert_array_equal(found[:, 0], totals)
    np.testing.assert_array_equal(found[0, 1:], shares[0, 5:15])
    np.testing.assert_array_equal(found[1, 1:10], shares[1, 5:14])
    decoded = Target("profile", ("t",), centre=(0.0,), spread=(1.0,), width=10).decode(
        np.array(found)
    )
    assert decoded[1, 10, 0] == 0
    with pytest.raises(SeqcnnError, match="shorter than the profile of 21"):
        outputs_of(network, jnp.array(codes), width=21)
    with pytest.raises(SeqcnnError, match="take the network bpnet"):
        outputs_of(create("motifcnn", alphabet=DNA), jnp.array(codes), width=10)


@pytest.mark.parametrize("kind", ["binary", "profile"])
def test_a_width_is_for_profiles(kind):
    with pytest.raises(SeqcnnError, match="profiles have 1 or more positions"):
        Target(kind, ("a",), width=int(kind == "binary"))
    assert Target.from_dict(TARGET.to_dict()) == TARGET
