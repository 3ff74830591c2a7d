"""Prediction: the mean of the calibrated probabilities of a model's networks."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.seq.record import SequenceSet
from seqcnn.training.calibrate import calibrated
from seqcnn.training.loop import predict_logits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from seqcnn.seq.alphabet import Alphabet


class MemberLike(Protocol):
    """One network with its calibrator; `networks.weights.Member` is one."""

    @property
    def network(self) -> nnx.Module:
        """Give the network."""
        ...

    @property
    def extra(self) -> "Mapping[str, Any]":
        """Give further facts, the calibrator among them."""
        ...


class ModelLike(Protocol):
    """Networks that predict together; `networks.weights.Model` is one."""

    @property
    def members(self) -> "Sequence[MemberLike]":
        """Give the networks."""
        ...

    @property
    def alphabet(self) -> "Alphabet | None":
        """Give the alphabet of the sequences."""
        ...


def predict(model: ModelLike, sequences: SequenceSet) -> np.ndarray:
    """Score sequences.

    Parameters
    ----------
    model
        One or more networks, as `load_model` gives.
    sequences
        Of the alphabet of the model.

    Returns
    -------
    numpy.ndarray
        float64 (n,): the probability of belonging to the foreground, the mean over the networks;
        that of a sequence does not depend on the others.

    Raises
    ------
    SeqcnnError
        The alphabet is another one.
    """
    if model.alphabet is not None and sequences.alphabet != model.alphabet:
        raise SeqcnnError(
            f"the model reads {model.alphabet.name}, the sequences are {sequences.alphabet.name}: "
            f"say `--alphabet {model.alphabet.name}` if they can be read so"
        )
    codes = sequences.padded()
    return np.mean([probabilities_of_codes(m, codes) for m in model.members], axis=0)


def probabilities_of_codes(member: MemberLike, codes: np.ndarray) -> np.ndarray:
    """Score rows of codes, uint8 (n, length), by one network: float64 (n,)."""
    graph, weights = nnx.split(member.network)
    scale, offset = member.extra["calibrator"]
    return calibrated(predict_logits(graph, weights, codes), (scale, offset))
