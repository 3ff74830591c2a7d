"""`attribute`: what each letter contributes to an output, by the method that is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.attributions import Attributions
from seqcnn.explain.deeplift import deepshap
from seqcnn.explain.gradients import corrected, integrated_gradients, saliency, smooth_gradients
from seqcnn.explain.members import Explained, explained
from seqcnn.explain.mutagenesis import Road, mutagenesis
from seqcnn.explain.outputs import Head, Output
from seqcnn.explain.references import Baseline, references_of
from seqcnn.explain.rows import like_lengths, padded_rows
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.weights import Model
from seqcnn.seq.record import SequenceSet

Method = Literal["deepshap", "ig", "saliency", "input_x_gradient", "smoothgrad", "ism"]

METHODS = ("deepshap", "ig", "saliency", "input_x_gradient", "smoothgrad", "ism")

COMPARING = ("deepshap", "ig")
"""Methods that compare with references."""


@dataclass(frozen=True)
class Settings:
    """How a method is run; parameters as of `attribute`."""

    method: Method
    steps: int
    samples: int
    noise: float
    simplex: bool
    seed: int
    road: Road | None


class _Found(NamedTuple):
    """Of some sequences and one network, arrays as in `Attributions`; `said` of all letters."""

    said: np.ndarray
    output: np.ndarray
    of_references: np.ndarray
    road: str = ""


def attribute(
    model: Model | SequenceNetwork,
    sequences: SequenceSet,
    *,
    method: Method = "deepshap",
    task: int | str | None = None,
    head: Head = "total",
    strands: Literal["given", "both"] = "given",
    baseline: Baseline | SequenceSet | None = None,
    references: int = 20,
    k: int | None = None,
    steps: int = 64,
    samples: int = 50,
    noise: float = 0.1,
    simplex: bool = True,
    road: Road | None = None,
    seed: int = 0,
) -> Attributions:
    """Say what each letter of sequences contributes to one output of a model.

    Parameters
    ----------
    model
        As `load_model` gives (the mean over its networks, of logits), or one network.
    sequences
        Of any lengths. The attributions of a sequence do not depend on the others.
    method
        ``"deepshap"``, ``"ig"`` (integrated gradients), ``"saliency"``, ``"input_x_gradient"``,
        ``"smoothgrad"``, or ``"ism"`` (in-silico saturation mutagenesis).
    task
        Name or number of the output; None where there is one.
    head
        ``"total"``, or ``"profile"`` for where a network with a profile sees the signal.
    strands
        ``"given"``, or ``"both"`` for the mean with the attributions of the reverse complements. A
        network that reads both strands itself needs it not.
    baseline
        What ``"deepshap"`` and ``"ig"`` compare with, see `references_of`; None for shuffles, of
        ``"ig"`` for equal shares of all letters.
    references, k
        Shuffles of each sequence, and the letters of the words that they keep.
    steps
        Of integrated gradients.
    samples, noise
        Noisy images of SmoothGrad, and the standard deviation of their noise.
    simplex
        Whether the mean over the letters is subtracted from gradients (not of ``"ig"``).
    road
        Of mutagenesis, see `mutagenesis`.
    seed
        Of shuffles and noise.

    Returns
    -------
    Attributions
        ``values`` are contributions (``deepshap``, ``ig``, ``input_x_gradient``), gradients
        (``saliency``, ``smoothgrad``) or differences of outputs (``ism``, whose ``hypothetical``
        has the mean over the letters subtracted).

    Raises
    ------
    SeqcnnError
        An argument is out of range, or the network holds what a method has no rule for.
    """
    _check(method, strands, steps=steps, samples=samples, noise=noise)
    what = explained(model, sequences, task=task, head=head)
    settings = Settings(method, steps, samples, noise, simplex, seed, road)
    chosen = baseline or ("shuffle" if method == "deepshap" else "uniform")
    compared = references_of(sequences, chosen, number=references, k=k, seed=seed)
    found = _attributions(what, sequences, settings, compared)
    if strands == "given":
        return found
    other = sequences.reverse_complement()
    if isinstance(chosen, SequenceSet):
        chosen = chosen.reverse_complement()
    compared = references_of(other, chosen, number=references, k=k, seed=seed)
    return found.averaged(_attributions(what, other, settings, compared))


def _check(method: str, strands: str, *, steps: int, samples: int, noise: float) -> None:
    if method not in METHODS:
        raise SeqcnnError(f"`method` must be one of {', '.join(METHODS)}, not {method!r}")
    if strands not in ("given", "both"):
        raise SeqcnnError(f"`strands` must be 'given' or 'both', not {strands!r}")
    if min(steps, samples) < 1:
        raise SeqcnnError(f"`steps` and `samples` must be 1 or more, not {steps} and {samples}")
    if not noise >= 0:
        raise SeqcnnError(f"`noise` must be 0 or more, not {noise}")


def _attributions(
    what: Explained,
    sequences: SequenceSet,
    settings: Settings,
    references: Callable[[np.ndarray, int], np.ndarray],
) -> Attributions:
    """Go through the sequences by length and through the networks, and add up."""
    number, letters = len(sequences), sequences.alphabet.size
    codes = sequences.padded(max(1, int(sequences.lengths.max(initial=0))))
    said = np.zeros((*codes.shape, letters), np.float32)
    output, difference = np.zeros(number), np.zeros(number)
    roads = set()
    for rows in like_lengths(sequences.lengths):
        compared = None
        for network, weight in what.networks:
            some = padded_rows(sequences, rows, network.length)
            if settings.method in COMPARING and (
                compared is None or compared.shape[2] != some.shape[1]
            ):
                compared = references(rows, some.shape[1])
            found = _found(network, some, what.output, settings, compared)
            columns = min(some.shape[1], codes.shape[1])
            said[rows, :columns] += np.float32(weight) * found.said[:, :columns]
            output[rows] += weight * found.output.astype(np.float64)
            difference[rows] += weight * (found.output - found.of_references).astype(np.float64)
            roads.add(found.road)
    values, hypothetical = said, None
    if settings.method in ("deepshap", "ig", "input_x_gradient"):
        values, hypothetical = said * sequences.alphabet.shares[codes].astype(np.float32), said
    elif settings.method == "ism":
        hypothetical = corrected(said)
    return Attributions(
        values=values,
        codes=codes,
        ids=tuple(sequences.ids),
        alphabet=sequences.alphabet,
        method=settings.method,
        task=what.task,
        output=output,
        difference=difference,
        hypothetical=hypothetical,
        road=" ".join(sorted(roads)),
    )


def _found(
    network: SequenceNetwork,
    codes: np.ndarray,
    output: Output,
    settings: Settings,
    references: np.ndarray | None,
) -> _Found:
    """Run a method on sequences of like lengths and one network."""
    if settings.method == "deepshap" and references is not None:
        return _Found(*deepshap(network, codes, references, output))
    if settings.method == "ig" and references is not None:
        steps = settings.steps
        return _Found(*integrated_gradients(network, codes, references, output, steps=steps))
    if settings.method == "ism":
        differences, outputs, road = mutagenesis(network, codes, output, road=settings.road)
        return _Found(differences, outputs, np.full(len(outputs), np.nan), road)
    if settings.method == "smoothgrad":
        gradient, outputs = smooth_gradients(
            network,
            codes,
            output,
            samples=settings.samples,
            noise=settings.noise,
            seed=settings.seed,
        )
    else:
        gradient, outputs = saliency(network, codes, output)
    gradient = corrected(gradient) if settings.simplex else gradient
    return _Found(gradient, outputs, np.full(len(outputs), np.nan))
