"""A training run in a process of its own, to be killed: ``python -m tests.training.crash FOLDER``.

Prints a checksum of the weights at its end.
"""

import hashlib
import sys

import jax
import numpy as np
from flax import nnx

from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.augment import evoaug
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.fitting import Examples, Fitted, Recipe, fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.targets import Target
from tests.discovery.planted import plant, random_rows

SCHEDULE = Schedule(batch=32, steps=15, rounds=6, patience=9, learning_rate=1e-2)
TARGET = Target("binary", ("bound",))


def examples(seed: int) -> Examples:
    positives = plant(random_rows(150, 40, seed), "TGACTCAGC", 0.7, seed)
    x = np.concatenate([positives, random_rows(150, 40, seed + 100)])
    return Examples(x, np.repeat([[1.0], [0.0]], 150, axis=0).astype(np.float32))


def fit_small(folder: str | None, **options) -> Fitted:
    network = create("motifcnn", alphabet="dna", kernels=8, width=11, hidden=8)
    recipe = Recipe(SCHEDULE, balanced=True, augmentation=evoaug(DNA, length=40))
    checkpoints = None if folder is None else CheckpointFolder(folder, {"seed": 3})
    return fit_target(
        network, examples(0), examples(1), target=TARGET, recipe=recipe, seed=3,
        folder=checkpoints, **options,
    )  # fmt: skip


def checksum(fitted: Fitted) -> str:
    leaves = jax.tree.leaves(nnx.state(fitted.network, nnx.Param))
    digest = hashlib.sha256(b"".join(np.asarray(leaf).tobytes() for leaf in leaves))
    return digest.hexdigest() + repr(fitted.history)


if __name__ == "__main__":
    print(checksum(fit_small(sys.argv[1], save_seconds=0.0)))
