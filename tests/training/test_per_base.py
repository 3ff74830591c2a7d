"""Sites along sequences as targets: the loss by loops, areas by ranks, and the door of networks."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.networks.choose import choose_network
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PAD
from seqcnn.stats.auroc import auprc, auroc
from seqcnn.training.metrics import intervals, main_metric, score
from seqcnn.training.per_base import PerBaseScores, per_base_loss, prior_of_positions
from seqcnn.training.targets import Target

TARGET = Target("per-base", ("a", "b"))
UNET = {"channels": [4, 6], "depth": 1}


def drawn(n=7, length=40):
    rng = np.random.default_rng(1)
    labels = (rng.random((n, length, 2)) < 0.2).astype(np.uint8)
    labels[rng.random(labels.shape) < 0.1] = 255
    outputs = rng.normal(size=labels.shape) + 1.5 * (labels == 1)
    return outputs.astype(np.float32), labels


def test_the_loss_by_loops():
    outputs, labels = drawn(3, 5)
    weights = [1.0, 0.0, 2.0]
    total = weight = 0.0
    for place in np.ndindex(labels.shape):
        if labels[place] != 255:
            p = 1 / (1 + math.exp(-outputs[place]))
            total -= weights[place[0]] * math.log(p if labels[place] else 1 - p)
            weight += weights[place[0]]
    value, slope = jax.jit(jax.value_and_grad(per_base_loss))(
        jnp.array(outputs), jnp.array(labels), jnp.array(weights)
    )
    assert float(value) == pytest.approx(total / weight, rel=1e-5)
    assert np.all(np.asarray(slope)[labels == 255] == 0) and np.all(np.asarray(slope)[1] == 0)


def test_areas_are_those_of_all_positions_by_rank():
    outputs, labels = drawn()
    found = score(TARGET, TARGET.decode(outputs), labels)
    for i, name in enumerate(TARGET.names):
        sides = outputs[..., i][labels[..., i] == 1], outputs[..., i][labels[..., i] == 0]
        assert found[f"{name}/auprc"] == pytest.approx(auprc(*sides), abs=1e-9)
        assert found[f"{name}/auroc"] == pytest.approx(auroc(*sides), abs=1e-9)
        told, true = outputs[..., i] > 0, labels[..., i] == 1
        known = labels[..., i] != 255
        dice = 2 * (told & true).sum() / ((told & known).sum() + true.sum())
        assert found[f"{name}/dice"] == pytest.approx(dice)
    assert main_metric(TARGET) == "auprc"


def test_areas_of_many_positions_are_close():
    rng = np.random.default_rng(0)
    labels = (rng.random((50, 4000, 1)) < 0.02).astype(np.uint8)
    told = (rng.normal(size=labels.shape) + 2 * labels).astype(np.float32)
    found = PerBaseScores(("a",), told, labels)(np.arange(50))["a"]
    sides = told[labels == 1], told[labels == 0]
    assert found["auprc"] == pytest.approx(auprc(*sides), abs=2e-3)
    assert found["auroc"] == pytest.approx(auroc(*sides), abs=1e-3)


def test_rows_that_come_twice_count_twice():
    outputs, labels = drawn()
    rows = np.array([0, 0, 3, 5])
    twice = PerBaseScores(TARGET.names, outputs[rows], labels[rows])(np.arange(4))
    once = PerBaseScores(TARGET.names, outputs, labels)(rows)
    assert once["a"]["auprc"] == pytest.approx(twice["a"]["auprc"], abs=1e-9)
    found = intervals(TARGET, TARGET.decode(outputs), labels, repeats=100)
    assert found["a"]["auprc"].low < found["a"]["auprc"].value < found["a"]["auprc"].high


def test_without_letters_the_share_of_sites_is_all_that_is_known():
    _, labels = drawn()
    prior = prior_of_positions(labels, (2, 40, 2))
    assert prior.shape == (2, 40, 2)
    assert prior[1, 7, 0] == pytest.approx((labels[..., 0] == 1).sum() / (labels[..., 0] < 2).sum())


def networks():
    return {
        "dilated_positions": {"channels": 4, "width": 5, "layers": 1},
        "unet": {**UNET, "length": 32},
    }


@pytest.mark.parametrize("name", networks())
def test_each_letter_gets_the_mean_of_both_strands(name):
    codes = np.random.default_rng(3).integers(0, 4, (2, 32)).astype(np.uint8)
    options = networks()[name]
    both, one = (
        create(name, alphabet="dna", tasks=2, seed=1, strand=strand, **options)
        for strand in ("both", "one")
    )
    other = np.stack([DNA.reverse_complement(row) for row in codes])
    run = jax.jit(lambda network, x: network(x), static_argnums=0)
    found, forward, backward = run(both, codes), run(one, codes), run(one, other)
    assert found.shape == (2, 32, 2)
    np.testing.assert_allclose(found, (forward + backward[:, ::-1]) / 2, atol=1e-5)
    assert not np.allclose(forward, backward[:, ::-1], atol=1e-3)


def test_padding_gets_nothing_and_changes_nothing():
    codes = np.random.default_rng(3).integers(0, 4, (1, 32)).astype(np.uint8)
    network = create("dilated_positions", alphabet="dna", **networks()["dilated_positions"])
    longer = np.pad(codes, ((0, 0), (0, 6)), constant_values=PAD)
    found = np.asarray(network(longer))
    np.testing.assert_allclose(found[:, :32], network(codes), atol=1e-5)
    assert np.all(found[:, 32:] == 0)


def test_a_network_that_scores_no_positions_is_refused():
    with pytest.raises(SeqcnnError, match="`--network` basset scores whole sequences"):
        choose_network("basset", 100, 50, "dna", "per-base", {})
    blueprint, reason = choose_network("auto", 100, 50, "dna", "per-base", {})
    assert blueprint.name == "dilated_positions" and reason
