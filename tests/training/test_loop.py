"""Training learns what can be learnt, repeats itself, and stops at nonsense."""

import numpy as np
import pytest
from flax import nnx

from seqcnn.data.dataset import Dataset
from seqcnn.errors import TrainingError
from seqcnn.networks.zoo import create
from seqcnn.training.calibrate import calibrated, fit_calibrator
from seqcnn.training.loop import Schedule, fit, predict_logits
from tests.discovery.planted import plant, random_rows

SCHEDULE = Schedule(steps=30, rounds=6, batch=64, learning_rate=1e-2)


def data(seed):
    positives = plant(random_rows(200, 40, seed), "TGACTCAGC", 1.0, seed)
    x = np.concatenate([positives, random_rows(200, 40, seed + 100)])
    return Dataset(x, np.repeat([1.0, 0.0], 200).astype(np.float32))


def network():
    return create("motifcnn", alphabet="dna", kernels=8, width=11, hidden=8)


def test_a_planted_word_is_learnt_and_twice_the_same():
    runs = [fit(network(), data(0), data(1), schedule=SCHEDULE, seed=3) for _ in range(2)]
    assert runs[0].history[runs[0].best].validation_auroc > 0.95
    assert runs[0].history == runs[1].history
    np.testing.assert_array_equal(runs[0].validation_logits, runs[1].validation_logits)


def test_the_best_round_is_kept():
    done = fit(network(), data(0), data(1), schedule=SCHEDULE, seed=3)
    losses = [r.validation_loss for r in done.history]
    assert done.best == int(np.argmin(losses))
    again = predict_logits(*nnx.split(done.network), data(1).x)
    np.testing.assert_allclose(again, done.validation_logits, atol=1e-6)


def test_a_loss_that_is_no_number_ends_training():
    wild = Schedule(steps=20, rounds=2, batch=64, learning_rate=float("nan"))
    with pytest.raises(TrainingError, match="learning rate"):
        fit(network(), data(0), data(1), schedule=wild)


def test_ctrl_c_leaves_the_best_network():
    def stop(done):
        if done.round == 1:
            raise KeyboardInterrupt

    done = fit(network(), data(0), data(1), schedule=SCHEDULE, seed=3, on_round=stop)
    assert len(done.history) == 2
    assert done.best >= 0


def test_calibrated_logits_come_true():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4000)
    labels = rng.random(4000) < 1 / (1 + np.exp(-truth))
    scale, offset = fit_calibrator(3 * truth + 1, labels.astype(float))
    assert scale == pytest.approx(1 / 3, rel=0.15)
    probability = calibrated(3 * truth + 1, (scale, offset))
    assert abs(probability[labels].mean() - (1 / (1 + np.exp(-truth)))[labels].mean()) < 0.03
