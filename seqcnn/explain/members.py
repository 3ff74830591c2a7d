"""What is explained: one network, or those of a model, whose outputs are averaged."""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.explain.outputs import Head, Output
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Model
from seqcnn.seq.record import SequenceSet
from seqcnn.training.predict import refuse_positions, target_of
from seqcnn.training.targets import PROFILE


@dataclass(frozen=True, eq=False)
class Explained:
    """Networks with the weight of each in the mean, and which output of them is explained."""

    networks: tuple[tuple[SequenceNetwork, float], ...]
    output: Output
    task: str


def explained(
    model: Model | nnx.Module,
    sequences: SequenceSet,
    *,
    task: int | str | None = None,
    head: Head = "total",
) -> Explained:
    """Bring a model or a network into one form.

    Parameters
    ----------
    model
        As `load_model` gives, or one network. Logits, which are not calibrated, are averaged over
        the networks of a fold, then over the folds; of classes that exclude each other the mean
        over all classes is subtracted.
    sequences
        Of the alphabet of the model.
    task
        Name or number of the output; None where there is one.
    head
        As in `Output`.

    Raises
    ------
    SeqcnnError
        The alphabet is another one, a network is none for sequences, or there is no such task.
    """
    if isinstance(model, Model):
        if model.alphabet is not None and model.alphabet != sequences.alphabet:
            raise SeqcnnError(
                f"the model reads {model.alphabet.name}, the sequences are "
                f"{sequences.alphabet.name}"
            )
        target = target_of(model)
        refuse_positions(target)
        names: tuple[str, ...] | None = target.names
        width = target.width if target.kind == PROFILE else 0
        centred = target.kind == "multiclass"
        networks = _weighted(model)
    else:
        names, width, centred, networks = None, 0, False, ((model, 1.0),)
    checked = tuple((_for_sequences(n, sequences), weight) for n, weight in networks)
    if head not in ("total", "profile"):
        raise SeqcnnError(f"`head` must be 'total' or 'profile', not {head!r}")
    number, name = _task(task, names, count_outputs(checked[0][0]))
    width = width if head == "profile" else 0
    return Explained(checked, Output(number, head, width, centred), name)


def _weighted(model: Model) -> tuple[tuple[nnx.Module, float], ...]:
    folds = [int(member.extra.get("fold", 0)) for member in model.members]
    share = {fold: 1 / (len(set(folds)) * folds.count(fold)) for fold in folds}
    pairs = zip(model.members, folds, strict=True)
    return tuple((member.network, share[fold]) for member, fold in pairs)


def _for_sequences(network: Any, sequences: SequenceSet) -> SequenceNetwork:
    """Check a network, and let it compute in float32: differences of short numbers say little."""
    if not isinstance(network, SequenceNetwork):
        raise SeqcnnError(
            f"{type(network).__name__} does not read sequences: explanations need a network that "
            f"keeps to `SequenceNetwork`"
        )
    if network.letters != sequences.alphabet.size:
        raise SeqcnnError(
            f"the network reads {network.letters} letters, {sequences.alphabet.name} has "
            f"{sequences.alphabet.size}"
        )
    if network.dtype == "float32":
        return network
    copy = nnx.clone(network)
    copy.dtype = "float32"
    return copy


def count_outputs(network: nnx.Module) -> int:
    """Count the numbers that a network gives for a sequence, without computing any."""
    columns = getattr(network, "length", None) or getattr(network, "shortest", 1)
    codes = jax.ShapeDtypeStruct((1, columns), np.uint8)
    graph, state = nnx.split(network)
    return jax.eval_shape(lambda s, c: nnx.merge(graph, s)(c), state, codes).shape[1]


def _task(task: int | str | None, names: tuple[str, ...] | None, outputs: int) -> tuple[int, str]:
    known = names if names is not None and len(names) == outputs else None
    shown = ", ".join(known or [str(i) for i in range(outputs)])
    if task is None:
        if outputs > 1:
            raise SeqcnnError(f"the model has several outputs: give `task`, one of {shown}")
        return 0, known[0] if known else "0"
    if isinstance(task, str) and known is not None and task in known:
        return known.index(task), task
    if isinstance(task, str) and task.isdecimal():
        task = int(task)
    if isinstance(task, str) or not 0 <= task < outputs:
        raise SeqcnnError(f"there is no task {task!r}: `task` must be one of {shown}")
    return task, known[task] if known else str(task)
