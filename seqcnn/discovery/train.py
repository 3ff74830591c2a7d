"""`train`: one calibrated network on all sequences, for prediction alone."""

import numpy as np

from seqcnn.discovery.inputs import prepare
from seqcnn.discovery.network import train_fold
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.settings import Settings
from seqcnn.networks.weights import Model
from seqcnn.seq.record import SequenceSet


def train(
    positives: SequenceSet, control: SequenceSet | None = None, *, settings: Settings | None = None
) -> Model:
    """Fit a network that tells sequences from a control.

    Parameters
    ----------
    positives
        Sequences that share something.
    control
        Sequences that do not; None to shuffle the positives.
    settings
        Seed, strands and schedule; the rest is for `discover`.

    Returns
    -------
    Model
        For `predict`, and for `seqcnn.networks.weights.save_model`.

    Raises
    ------
    SeqcnnError
        There are too few sequences, or they cannot be shuffled.
    """
    settings = settings or Settings()
    inputs = prepare(positives, control, settings, folds=2, notes=Notes())
    data = inputs.data.whole
    rng = np.random.default_rng([settings.seed, 1])
    member, _ = train_fold(
        data.select(rng.permutation(len(data)), rng.permutation(len(data.control))),
        inputs.search,
        schedule=settings.schedule,
        dims=settings.dims,
        seed=settings.seed,
        extra={},
    )
    return Model((member,), inputs.sequences.alphabet, {"kind": "train"})
