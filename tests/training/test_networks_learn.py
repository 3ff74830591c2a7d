"""Every network learns a motif by the loop that `train` runs, whatever its layers need."""

import numpy as np
import pytest

from seqcnn.networks.zoo import create
from seqcnn.training.ensemble import Plan, train_ensemble
from seqcnn.training.loop import Schedule
from seqcnn.training.roles import Sample
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target
from tests.discovery.planted import plant, random_rows

N = 1000
"""Sequences of each class."""

SMALL = {
    "motifcnn": {"kernels": 16, "width": 9},
    "motifcnn as chosen": {
        "kernels": 16, "width": 11, "narrow": 9, "norm": True, "pool": "max_mean",
        "pooled_dropout": 0.3,
    },
    "basset": {"channels": (16, 16, 16), "widths": (9, 5, 3), "pools": (3, 2, 2), "hidden": (16,)},
    "dilated": {"channels": 16, "width": 9, "layers": 3},
    "hybrid": {"channels": (16, 16), "widths": (9, 3), "neurons": 16, "heads": 2, "hidden": (16,)},
    "danq": {"channels": (16,), "widths": (9,), "pools": (5,), "neurons": 16, "hidden": (16,)},
    "explainn": {"units": 16, "width": 9, "hidden": 8},
}  # fmt: skip


QUICK = ("motifcnn as chosen",)
"""The default is tried in every run, the others (each is also trained by itself in tests/networks)
where there is time."""


@pytest.mark.parametrize(
    "name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in SMALL]
)
def test_a_planted_motif_is_learnt(name):
    x = np.concatenate([plant(random_rows(N, 50, 0), "TGACTCAGC", 0.95, 1), random_rows(N, 50, 2)])
    labels = np.repeat([[1.0], [0.0]], N, axis=0)
    ids = [f"s{i}" for i in range(2 * N)]
    sample = Sample(x, labels, np.arange(2 * N), np.ones(2 * N, bool), None, 4, ids)
    schedule = Schedule(batch=64, steps=25, rounds=8, patience=8, learning_rate=5e-3)

    def build(number, seed):
        return create(name.split()[0], alphabet="dna", strand="one", seed=seed, **SMALL[name])

    target = Target("binary", ("bound",))
    done = train_ensemble(build, sample, target, Plan(Recipe(schedule, balanced=True)))
    # as 95 % have the motif, .975 is the most but for chance; deep networks learn much of so few
    # sequences by heart
    assert done.metrics["held_out"]["bound"]["auroc"]["value"] > 0.85
