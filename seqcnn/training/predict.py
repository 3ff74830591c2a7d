"""Prediction: the mean of the calibrated probabilities of a model's networks."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.seq.record import SequenceSet
from seqcnn.training.calibrate import Calibrator, calibrated, with_prevalence
from seqcnn.training.loop import predict_logits
from seqcnn.training.step import predict_outputs
from seqcnn.training.targets import Target

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

    @property
    def extra(self) -> "Mapping[str, Any]":
        """Give further facts, the target among them."""
        ...


def target_of(model: ModelLike) -> Target:
    """Tell what a model predicts; without a record, that is one class or not."""
    facts = model.extra.get("target")
    return Target("binary", ("probability",)) if facts is None else Target.from_dict(facts)


def predict(
    model: ModelLike, sequences: SequenceSet, *, prevalence: float | None = None
) -> np.ndarray:
    """Score sequences.

    Parameters
    ----------
    model
        One or more networks, as `load_model` gives.
    sequences
        Of the alphabet of the model.
    prevalence
        Share of positives, above 0 and below 1, that probabilities are to be for; None for that
        of the data that the model was trained on. For models of one class or not.

    Returns
    -------
    numpy.ndarray
        float64 (n,), for a model of several tasks or classes (n, tasks): the probability of
        belonging to the foreground or of each class, or the value of each task; the mean over the
        networks. That of a sequence does not depend on the others.

    Raises
    ------
    SeqcnnError
        The alphabet is another one, a sequence is too long, or `prevalence` is no share.
    """
    target = target_of(model)
    if prevalence is not None:
        if target.kind != "binary":
            raise SeqcnnError(
                f"`prevalence` is for models of one class or not, this one is of {target.kind}"
            )
        if not 0 < prevalence < 1:
            raise SeqcnnError(f"`prevalence` is {prevalence}, it must lie between 0 and 1")
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
    result = np.empty((len(sequences), target.outputs))
    for rows in _like_lengths(sequences.lengths):
        codes = sequences.select(rows).padded()
        if "target" in model.extra:
            result[rows] = predictions_of_codes(model.members, codes, target)
        else:
            each = [probabilities_of_codes(m, codes) for m in model.members]
            result[rows, 0] = np.mean(each, axis=0)
    if prevalence is not None:
        # what `discover` calibrates gives both classes half of the weight
        result = with_prevalence(result, model.extra.get("prevalence", 0.5), prevalence)
    return result[:, 0] if target.outputs == 1 else result


def predictions_of_codes(
    members: "Sequence[MemberLike]", codes: np.ndarray, target: Target
) -> np.ndarray:
    """Score rows of codes by networks that share a target.

    Networks of one fold are an ensemble: their logits are averaged, then calibrated, for the mean
    of calibrated probabilities would be too timid. Predictions of folds are averaged.

    Parameters
    ----------
    members
        Networks; `extra` holds ``fold`` and the ``calibrator`` of the fold.
    codes
        uint8 (n, length).
    target
        What they predict.

    Returns
    -------
    numpy.ndarray
        float64 (n, outputs).
    """
    folds: dict[int, list[MemberLike]] = {}
    for member in members:
        folds.setdefault(int(member.extra["fold"]), []).append(member)
    each = []
    for together in folds.values():
        logits = mean_outputs([member.network for member in together], codes)
        calibrator = Calibrator.from_dict(together[0].extra["calibrator"])
        each.append(target.decode(calibrator(logits)))
    return np.mean(each, axis=0)


def mean_outputs(networks: "Sequence[nnx.Module]", codes: np.ndarray) -> np.ndarray:
    """Average the outputs of networks, float64 (n, outputs)."""
    total = 0.0
    for network in networks:
        # split as in training, so that one compiled program serves both
        graph, *states = nnx.split(network, nnx.Param, ...)
        total = total + predict_outputs(graph, tuple(states), codes).astype(np.float64)
    return np.asarray(total) / len(networks)


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
