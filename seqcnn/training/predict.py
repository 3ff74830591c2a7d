"""Prediction: the mean of the calibrated outputs of a model's networks."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from flax import nnx
from scipy.special import logsumexp

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.sources import Sequences, as_sequences
from seqcnn.training.baseline import composition
from seqcnn.training.calibrate import Calibrator, calibrated, with_prevalence
from seqcnn.training.loop import predict_logits
from seqcnn.training.step import predict_outputs
from seqcnn.training.targets import PER_BASE, PROFILE, Target

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
    model: ModelLike, sequences: Sequences, *, prevalence: float | None = None
) -> np.ndarray:
    """Score sequences.

    Parameters
    ----------
    model
        One or more networks, as `load_model` gives.
    sequences
        Of the alphabet of the model: a `SequenceSet`, a path, strings, records of Biopython, a
        pandas Series.
    prevalence
        Share of positives, above 0 and below 1, that probabilities are to be for; None for that
        of the data that the model was trained on. For models of one class or not.

    Returns
    -------
    numpy.ndarray
        float64 (n,), for a model of several tasks or classes (n, tasks): the probability of
        belonging to the foreground or of each class, the value of each task, or its expected total
        if it is a profile; the mean over the networks. That of a sequence does not depend on the
        others.

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
    refuse_positions(target)
    sequences = as_sequences(sequences, alphabet=model.alphabet)
    _check(model, sequences)
    if target.kind == PROFILE:
        return _squeezed(_predicted(model, sequences, target)[:, 0].astype(np.float64))
    result = _predicted(model, sequences, target)
    if prevalence is not None:
        # what `discover` calibrates gives both classes half of the weight
        result = with_prevalence(result, model.extra.get("prevalence", 0.5), prevalence)
    return _squeezed(result)


def predict_profiles(model: ModelLike, sequences: SequenceSet) -> tuple[np.ndarray, np.ndarray]:
    """Predict profiles.

    Parameters
    ----------
    model, sequences
        As for `predict`; a model of profiles.

    Returns
    -------
    totals : numpy.ndarray
        float64 (n, tasks): expected totals.
    shares : numpy.ndarray
        float32 (n, width, tasks): of the positions in the middle of each sequence; they sum to 1.

    Raises
    ------
    SeqcnnError
        As for `predict`; or the model is of another kind.
    """
    target = target_of(model)
    if target.kind != PROFILE:
        raise SeqcnnError(f"the model is of {target.kind}, it predicts no profiles")
    _check(model, sequences)
    found = _predicted(model, sequences, target)
    return found[:, 0].astype(np.float64), found[:, 1:]


def predict_positions(model: ModelLike, sequences: SequenceSet) -> list[np.ndarray]:
    """Predict for each letter whether it lies in a site.

    Parameters
    ----------
    model, sequences
        As for `predict`; a model of ``"per-base"``.

    Returns
    -------
    list of numpy.ndarray
        For each sequence float32 (length, tasks): probabilities.

    Raises
    ------
    SeqcnnError
        As for `predict`; or the model is of another kind.
    """
    target = target_of(model)
    if target.kind != PER_BASE:
        raise SeqcnnError(f"the model is of {target.kind}, it scores no positions")
    _check(model, sequences)
    result: list[np.ndarray] = [np.zeros((0, target.outputs), np.float32)] * len(sequences)
    for rows, codes in _batches(model, sequences, same=True):
        found = predictions_of_codes(model.members, codes, target)
        for row, values in zip(rows.tolist(), found, strict=True):
            result[row] = values
    return result


def refuse_positions(target: Target) -> None:
    """Raise if a model scores positions, where whole sequences are to be scored or explained."""
    if target.kind == PER_BASE:
        raise SeqcnnError(
            "the model scores positions (--task per-base), no whole sequences: `seqcnn predict` "
            "writes what it finds as bedGraph or BED"
        )


def scores_of_networks(model: ModelLike, sequences: SequenceSet) -> np.ndarray:
    """Score sequences by each network on the scale that is learnt, calibrated.

    Parameters
    ----------
    model, sequences
        As for `predict`.

    Returns
    -------
    numpy.ndarray
        float64 (networks, n, tasks): log-odds of classes (of several that exclude each other, each
        against all others), numbers as they are transformed, logarithms of rates or of the totals
        of profiles. That of a sequence is the same to the bit
        whatever others of its length there are.

    Raises
    ------
    SeqcnnError
        As for `predict`.
    """
    target = target_of(model)
    refuse_positions(target)
    _check(model, sequences)
    result = np.empty((len(model.members), len(sequences), target.outputs))
    for rows, codes in _batches(model, sequences, same=target.kind == PROFILE):
        for i, member in enumerate(model.members):
            result[i, rows] = _score(member, codes, target, trained="target" in model.extra)
    return result


def _score(member: MemberLike, codes: np.ndarray, target: Target, *, trained: bool) -> np.ndarray:
    """Score rows of codes by one network, float64 (n, tasks)."""
    if not trained:  # of `discover`
        graph, weights = nnx.split(member.network)
        scale, offset = member.extra.get("calibrator", (1.0, 0.0))
        # not by way of the probability, which is 1 from log-odds of 37 on
        logits = predict_logits(graph, weights, codes).astype(np.float64)
        return (scale * logits + offset)[:, None]
    outputs = mean_outputs([member.network], codes, width=target.width, fixed=True)
    if target.kind == PROFILE:
        return outputs[:, 0] + np.array(target.centre)
    scores = target.rescaled(Calibrator.from_dict(member.extra["calibrator"])(outputs))
    if target.kind == "multiclass":
        each = [log_odds_of_class(scores, number) for number in range(target.outputs)]
        return np.stack(each, axis=1)
    return scores


def log_odds_of_class(logits: np.ndarray, number: int) -> np.ndarray:
    """Compute the log-odds of one of several classes, float64 (..., classes) to (...).

    Logits of classes that exclude each other say something only together: all may be raised alike
    and no probability changes.
    """
    others = np.delete(logits, number, axis=-1)
    return logits[..., number] - logsumexp(others, axis=-1)


def _check(model: ModelLike, sequences: SequenceSet) -> None:
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


def _squeezed(result: np.ndarray) -> np.ndarray:
    return result[:, 0] if result.shape[1] == 1 else result


def _predicted(model: ModelLike, sequences: SequenceSet, target: Target) -> np.ndarray:
    """Score sequences of like lengths together: (n, outputs), of profiles one axis more."""
    profile = target.kind == PROFILE
    shape = (1 + target.width, target.outputs) if profile else (target.outputs,)
    result = np.empty((len(sequences), *shape), np.float32 if profile else np.float64)
    for rows, codes in _batches(model, sequences, same=profile):
        if "target" in model.extra:
            result[rows] = predictions_of_codes(model.members, codes, target)
        else:
            each = [probabilities_of_codes(m, codes) for m in model.members]
            result[rows, 0] = np.mean(each, axis=0)
    return result


def _batches(
    model: ModelLike, sequences: SequenceSet, *, same: bool
) -> "Iterator[tuple[np.ndarray, np.ndarray]]":
    """Yield positions and codes of sequences of like lengths, or of the same length only."""
    lengths = sequences.lengths
    # the middle of a sequence, where its profile is, is not that of a row that is filled up
    equal = (np.flatnonzero(lengths == length) for length in np.unique(lengths))
    for rows in equal if same else _like_lengths(lengths):
        yield rows, _filled_up(model, sequences.select(rows))


def _filled_up(model: ModelLike, sequences: SequenceSet) -> np.ndarray:
    """Pad sequences to one length: that of the networks, if they have weights of positions."""
    codes = sequences.padded()
    length = next((n for m in model.members if (n := getattr(m.network, "length", None))), None)
    if length is None:
        return codes
    if codes.shape[1] > length:
        name = sequences.ids[int(sequences.lengths.argmax())]
        raise SeqcnnError(
            f"sequence {name!r} has {codes.shape[1]:,} letters, the model reads {length:,} at "
            f"most: cut windows of that length"
        )
    return np.pad(codes, ((0, 0), (0, length - codes.shape[1])), constant_values=PAD)


def predictions_of_codes(
    members: "Sequence[MemberLike]",
    codes: np.ndarray,
    target: Target,
    *,
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """Score rows of codes by networks that share a target.

    Networks of one fold are an ensemble: their outputs are averaged, then calibrated together.
    Those of several folds are calibrated each by what its fold has held back, and averaged then;
    probabilities as log-odds, for a mean of probabilities would be too timid.

    Parameters
    ----------
    members
        Networks; `extra` holds ``fold`` and the ``calibrator`` of the fold.
    codes
        uint8 (n, length), or pixels (n, *space, channels).
    target
        What they predict.
    rows
        int64 (m,): these only, in this order; None for all.

    Returns
    -------
    numpy.ndarray
        float64 (n, outputs); of profiles float32 (n, 1 + width, tasks), see `Target.decode`.
    """
    folds: dict[int, list[MemberLike]] = {}
    for member in members:
        folds.setdefault(int(member.extra["fold"]), []).append(member)
    each = []
    for together in folds.values():
        networks = [member.network for member in together]
        logits = mean_outputs(networks, codes, rows=rows, width=target.width)
        calibrator = Calibrator.from_dict(together[0].extra["calibrator"])
        each.append(calibrator(logits))
    return target.decode(np.mean(each, axis=0))


def mean_outputs(
    networks: "Sequence[nnx.Module]",
    codes: np.ndarray,
    *,
    rows: np.ndarray | None = None,
    width: int = 0,
    fixed: bool = False,
) -> np.ndarray:
    """Average the outputs of networks, as the loss takes them and before calibration.

    Parameters
    ----------
    networks
        One or more that share a target.
    codes
        uint8 (n, length), or pixels (n, *space, channels).
    rows, width, fixed
        See `predict_outputs`.

    Returns
    -------
    numpy.ndarray
        float64 (n, outputs), of profiles (n, 1 + width, tasks).
    """
    total = 0.0
    for network in networks:
        # split as in training, so that one compiled program serves both
        graph, *states = nnx.split(network, nnx.Param, ...)
        total = total + predict_outputs(
            graph, tuple(states), codes, rows=rows, width=width, fixed=fixed
        ).astype(np.float64)
    return np.asarray(total) / len(networks)


def composition_of_set(sequences: SequenceSet) -> np.ndarray:
    """Compute `composition` of sequences, float64 (n, features), of like lengths together."""
    parts = [
        (rows, composition(sequences.select(rows).padded(), sequences.alphabet.size))
        for rows in _like_lengths(sequences.lengths)
    ]
    result = np.zeros((len(sequences), parts[0][1].shape[1] if parts else 0))
    for rows, found in parts:
        result[rows] = found
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
