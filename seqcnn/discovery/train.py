"""`train`: one calibrated network on all sequences, for prediction alone."""

import numpy as np

from seqcnn.discovery.inputs import check_control, check_positives, contrast_of
from seqcnn.discovery.network import train_fold
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
    positives, notes = check_positives(positives, settings.min_width)
    both = settings.reads_both_strands(positives.alphabet)
    control = check_control(control, positives, both, notes)
    data, _, facts = contrast_of(positives, control, settings, both_strands=both, notes=notes)
    rng = np.random.default_rng([settings.seed, 1])
    shuffled = data.select(rng.permutation(len(data)), rng.permutation(len(data.control)))
    search = settings.search(positives.alphabet, facts["background"])
    member, _ = train_fold(
        shuffled,
        search,
        schedule=settings.schedule,
        dims=settings.dims,
        seed=settings.seed,
        extra={},
    )
    return Model((member,), positives.alphabet, {"kind": "train"})
