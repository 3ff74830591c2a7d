"""Several steps on a batch before the next one is drawn."""

import jax
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.zoo import create
from seqcnn.training import fitting
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import Fitted, TrainingStopped, fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target

TARGET = Target("binary", ("bright",))
SCHEDULE = Schedule(batch=8, steps=7, rounds=2, patience=9, learning_rate=1e-2)


def fit(repeats: int, **options) -> Fitted:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (40, 4, 4, 1)).astype(np.uint8)
    y = (x.mean(axis=(1, 2)) > 127).astype(np.float32)
    network = create("mlp", input_shape=(4, 4, 1), classes=1, hidden=(4,), pixels={})
    parts = Examples(x, y, rows=np.arange(30)), Examples(x, y, rows=np.arange(30, 40))
    recipe = Recipe(SCHEDULE, repeats=repeats)
    return fit_target(network, *parts, target=TARGET, recipe=recipe, **options)


def weights_of(done: Fitted) -> list[bytes]:
    return [np.asarray(w).tobytes() for w in jax.tree.leaves(nnx.state(done.network, nnx.Param))]


@pytest.mark.parametrize("repeats", [1, 3])
def test_a_batch_stays_for_so_many_steps(repeats, monkeypatch):
    seen, take_step = [], fitting.take_step

    def watched(weights, statistics, state, batch, *arguments, **options):
        seen.append(batch[0].tobytes())
        return take_step(weights, statistics, state, batch, *arguments, **options)

    monkeypatch.setattr(fitting, "take_step", watched)
    fit(repeats)
    assert len(seen) == 14
    for first in (0, 7):  # a round begins with a batch of its own
        batches = [seen[first + step] for step in range(7)]
        expected = [batches[step - step % repeats] for step in range(7)]
        assert batches == expected
        assert len(set(batches)) == -(-7 // repeats)


def test_a_run_that_is_stopped_amid_a_batch_goes_on_to_the_same_bits(tmp_path):
    left = iter(range(4))
    folder = CheckpointFolder(tmp_path, {"seed": 0})
    with pytest.raises(TrainingStopped):
        fit(3, folder=folder, stop=lambda: next(left, None) is None)
    assert weights_of(fit(3, folder=folder)) == weights_of(fit(3))


def test_what_cannot_be_is_refused():
    with pytest.raises(SeqcnnError, match="`repeats` must be 1 or more"):
        Recipe(repeats=0)
    with pytest.raises(SeqcnnError, match="`smoothing` from 0 to below 1"):
        Recipe(smoothing=1.0)
