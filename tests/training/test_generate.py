"""Training of networks that make pictures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError, TrainingError
from seqcnn.training.generate import Drill, fit_generator

X = np.random.default_rng(0).integers(0, 256, (20, 2, 2, 1)).astype(np.uint8)
LABELS = np.arange(20) % 2


class Means(nnx.Module):
    """Two players without a quarrel: one learns the mean picture, one the mean label."""

    players = ("picture", "label")

    def __init__(self):
        self.picture = nnx.Param(jnp.zeros((2, 2, 1)))
        self.label = nnx.Param(jnp.zeros(()))
        self.still = nnx.Variable(jnp.ones(()))

    def loss(self, player, x, labels, key):
        if player == "picture":
            return jnp.mean((x - self.picture[...][None]) ** 2) + 0 * self.label[...]
        return jnp.mean((labels - self.label[...]) ** 2) + self.picture[...].sum() ** 2


def test_each_player_moves_its_own_weights_to_where_its_loss_is_least():
    drill = Drill(steps=400, batch=20, rate=0.05, average=0.9)
    seen = []
    fitted, moments = fit_generator(Means(), X, LABELS, drill=drill, report=seen.append)
    np.testing.assert_allclose(fitted.picture[...], (X / 255).mean(axis=0), atol=0.06)
    assert fitted.label[...] == pytest.approx(0.5, abs=0.1)
    assert [moment.step for moment in moments] == [100, 200, 300, 400] and seen == moments
    assert set(moments[0].losses) == {"picture", "label"}
    assert moments[-1].losses["picture"] < moments[0].losses["picture"]


def test_same_seed_same_weights_and_the_start_is_left_alone():
    network, drill = Means(), Drill(steps=3, batch=4)
    one, same, other = (
        jax.tree.leaves(nnx.state(fit_generator(network, X, LABELS, drill=drill, seed=s)[0]))
        for s in (0, 0, 1)
    )
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert any((a != b).any() for a, b in zip(one, other, strict=True))
    assert (network.picture[...] == 0).all()


def test_the_average_lags_behind_by_hand():
    drill = Drill(steps=2, batch=20, rate=0.1, average=0.999, clip=1e9)
    fitted, _ = fit_generator(Means(), X, LABELS, drill=drill)
    # Adam moves by the rate; after k steps the average keeps (1 + k) / (10 + k) of what it was
    first = 0.1
    second = first + drill.rate * (0.05 + 0.95 * 0.5) * 1.0
    average = (1 - 1 / 10) * first
    average = 2 / 11 * average + 9 / 11 * second
    assert float(fitted.label[...]) == pytest.approx(average, rel=0.02)


def test_training_ends_when_it_is_asked_to():
    asked = iter([False, False, True])
    drill = Drill(steps=100, batch=4)
    _, moments = fit_generator(Means(), X, LABELS, drill=drill, stop=lambda: next(asked))
    assert [moment.step for moment in moments] == [2]
    _, moments = fit_generator(Means(), X, LABELS, drill=Drill(steps=10**6, seconds=0.2, batch=4))
    assert moments[-1].step < 10**5


def test_errors_say_what_to_do():
    with pytest.raises(SeqcnnError, match="whole numbers as labels"):
        fit_generator(Means(), X, LABELS[:3], drill=Drill())
    with pytest.raises(SeqcnnError, match="`average`"):
        Drill(average=1.0)
    with pytest.raises(SeqcnnError, match="above 0"):
        Drill(steps=0)
    wrong = np.full((4, 2, 2, 1), np.nan, np.float32)
    with pytest.raises(TrainingError, match="no number"):
        fit_generator(Means(), wrong, LABELS[:4], drill=Drill(steps=2, batch=2))
