"""Ensembles: networks that die are trained anew, and half precision ends where training does."""

import logging
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.zoo import create
from seqcnn.training import ensemble as ensemble_module
from seqcnn.training.calibrate import Calibrator
from seqcnn.training.ensemble import Plan, prepare, train_ensemble
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.roles import Sample
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target
from tests.discovery.planted import plant, random_rows
from tests.training.crash import examples

TARGET = Target("binary", ("bound",))
RECIPE = Recipe(Schedule(batch=32, steps=10, rounds=4, learning_rate=1e-2), balanced=True)


def made():
    x = np.concatenate(
        [plant(random_rows(150, 40, 0), "TGACTCAGC", 0.9, 1), random_rows(150, 40, 2)]
    )
    labels = np.repeat([[1.0], [0.0]], 150, axis=0)
    ids = [f"s{i}" for i in range(300)]
    return Sample(x, labels, np.arange(300), np.ones(300, bool), None, 4, ids)


def build(seed, **options):
    return create("motifcnn", alphabet="dna", seed=seed, kernels=8, width=9, hidden=8, **options)


def dead(number, seed):
    """Make a network all of whose hidden units are off, whatever comes in."""
    network = build(seed)
    network.hidden.bias[...] = jnp.full_like(network.hidden.bias[...], -1e3)
    return network


def test_a_dead_network_is_trained_anew_and_slower(caplog, monkeypatch):
    seeds, rates = [], []

    def first_dies(number, seed):
        seeds.append(seed)
        return dead(number, seed) if len(seeds) == 1 else build(seed)

    def watched(*arguments, recipe, **options):
        rates.append(recipe.schedule.learning_rate)
        return fit_target(*arguments, recipe=recipe, **options)

    monkeypatch.setattr(ensemble_module, "fit_target", watched)
    with caplog.at_level(logging.INFO, "seqcnn"):
        done = train_ensemble(first_dies, made(), TARGET, Plan(RECIPE))
    assert len(seeds) == 2 and seeds[0] != seeds[1]
    assert rates == [0.01, 0.005]
    assert "trained anew" in caplog.text
    assert np.ptp(done.held_out.predicted) > 0


def test_a_network_that_never_learns_is_told_of(caplog):
    with caplog.at_level(logging.INFO, "seqcnn"):
        done = train_ensemble(dead, made(), TARGET, Plan(RECIPE))
    assert caplog.text.count("trained anew") == ensemble_module.ATTEMPTS
    assert "learnt nothing in 3 attempts" in caplog.text
    assert np.ptp(done.held_out.predicted) == 0


@pytest.mark.parametrize("pool", ["max", "max_mean"])
def test_half_precision_computes_nearly_the_same_and_keeps_weights_whole(pool):
    losses, trained = {}, {}
    for dtype in ("float32", "bfloat16"):
        network = build(0, pool=pool, dtype=dtype, dropout=0.0)
        fitted = fit_target(network, examples(0), examples(1), target=TARGET, recipe=RECIPE)
        losses[dtype] = [epoch.loss for epoch in fitted.history]
        trained[dtype] = fitted.network
    leaves = jax.tree.leaves(nnx.state(trained["bfloat16"], nnx.Param))
    assert {str(leaf.dtype) for leaf in leaves} == {"float32"}
    np.testing.assert_allclose(losses["bfloat16"], losses["float32"], rtol=0.05)
    assert losses["bfloat16"] != losses["float32"]


def test_members_compute_in_full_whatever_they_were_trained_in():
    done = train_ensemble(
        lambda number, s: build(s, dtype="bfloat16"), made(), TARGET, Plan(RECIPE)
    )
    (member,) = done.members
    assert member.network.dtype == "float32"
    rows = done.held_out.rows
    from seqcnn.training.predict import predictions_of_codes

    again = build(99)
    nnx.update(again, nnx.state(member.network, nnx.Param))
    codes = made().x[rows]
    found = predictions_of_codes([type(member)(again, member.extra, ())], codes, TARGET)
    np.testing.assert_array_equal(found, done.held_out.predicted)


def test_networks_of_an_ensemble_are_told_their_number():
    numbers = []

    def counted(number, seed):
        numbers.append(number)
        return build(seed, pool="max_mean" if number else "max")

    done = train_ensemble(counted, made(), TARGET, Plan(RECIPE, ensemble=2, folds=2))
    assert numbers == [0, 1, 0, 1]
    assert [m.network.pool for m in done.members] == ["max", "max_mean"] * 2


def test_any_rising_curve_is_an_option_and_kept_in_the_model():
    done = train_ensemble(
        lambda number, s: build(s), made(), TARGET, Plan(RECIPE, calibration="isotonic")
    )
    assert Calibrator.from_dict(done.members[0].extra["calibrator"]).curves
    with pytest.raises(SeqcnnError, match="`calibration` is 'magic'"):
        train_ensemble(
            lambda number, s: build(s), made(), TARGET, Plan(RECIPE, calibration="magic")
        )


@pytest.mark.parametrize("folds", [1, 3])
def test_the_scale_of_numbers_is_learnt_without_those_that_are_held_out(folds):
    held = np.arange(300) % 5 == 0
    labels = np.where(held[:, None], 1e6, made().labels)
    sample = replace(made(), labels=labels, held=held if folds == 1 else None)
    target = prepare(sample, Target("regression", ("t",)), Plan(RECIPE, folds=folds)).target
    assert (target.centre[0] < 100) == (folds == 1)
