"""Prediction: the mean of the calibrated probabilities of a model's networks."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.seq.record import SequenceSet
from seqcnn.training.calibrate import calibrated
from seqcnn.training.loop import predict_logits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from seqcnn.seq.alphabet import Alphabet


LONGEST = 1_000_000
"""Letters of the longest sequence that is scored in one piece."""

SHORT = 256
"""Shorter sequences are padded to the longest of them."""


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
        The alphabet is another one, or a sequence is too long.
    """
    if model.alphabet is not None and sequences.alphabet != model.alphabet:
        raise SeqcnnError(
            f"the model reads {model.alphabet.name}, the sequences are {sequences.alphabet.name}: "
            f"say `--alphabet {model.alphabet.name}` if they can be read so"
        )
    longest = int(sequences.lengths.max(initial=0))
    if longest > LONGEST:
        name = sequences.ids[int(sequences.lengths.argmax())]
        raise SeqcnnError(
            f"sequence {name!r} has {longest:,} letters, networks score up to {LONGEST:,} at once: "
            f"cut it into windows"
        )
    result = np.empty(len(sequences))
    for rows in _like_lengths(sequences.lengths):
        codes = sequences.select(rows).padded()
        result[rows] = np.mean([probabilities_of_codes(m, codes) for m in model.members], axis=0)
    return result


def _like_lengths(lengths: np.ndarray) -> "Iterator[np.ndarray]":
    """Group sequences so that none is padded to much more than twice its length."""
    classes = np.ceil(np.log2(np.maximum(lengths, SHORT)))
    for number in np.unique(classes):
        yield np.flatnonzero(classes == number)


def probabilities_of_codes(member: MemberLike, codes: np.ndarray) -> np.ndarray:
    """Score rows of codes, uint8 (n, length), by one network: float64 (n,)."""
    graph, weights = nnx.split(member.network)
    scale, offset = member.extra.get("calibrator", (1.0, 0.0))
    return calibrated(predict_logits(graph, weights, codes), (scale, offset))
