"""`train`: a calibrated ensemble in one call, as the command ``seqcnn train`` makes it."""

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.networks.choose import choose_network
from seqcnn.networks.weights import Member, Model
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.sources import Sequences, as_sequences
from seqcnn.training.ensemble import Plan, train_ensemble
from seqcnn.training.loop import Schedule
from seqcnn.training.recipe import default_schedule
from seqcnn.training.roles import Sample
from seqcnn.training.samples import (
    Apart,
    class_sample,
    sample_of,
    shuffled_sample,
)
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target, check_labels, guess_kind


def train(
    sequences: Sequences,
    control: Sequences | None = None,
    *,
    alphabet: Alphabet | str | None = None,
    labels: np.ndarray | None = None,
    task: str = "auto",
    network: str = "auto",
    options: Mapping[str, Any] | None = None,
    strand: Literal["both", "one"] | None = None,
    ensemble: int = 3,
    folds: int = 1,
    schedule: Mapping[str, float] | None = None,
    seed: int = 0,
) -> Model:
    """Fit networks to sequences, calibrate them, and judge them on what they have not seen.

    Parameters
    ----------
    sequences
        What is learnt from: a `SequenceSet`, a path, strings, records of Biopython, a pandas
        Series; see `seqcnn.seq.sources.as_sequences`.
    control
        Sequences of the other class; None, and no labels, to tell `sequences` from their shuffles.
    alphabet
        Of the letters, where `sequences` are not encoded yet; None to guess it.
    labels
        float (n,) or (n, tasks), NaN where missing: 0 and 1, numbers, or counts.
    task
        ``"binary"``, ``"multilabel"``, ``"regression"`` or ``"counts"``; ``"auto"`` guesses by the
        labels.
    network
        A name of the zoo; ``"auto"`` chooses by the number and length of sequences.
    options
        Of the network, such as ``{"kernels": 64}``.
    strand
        Strands that are read; None for both of DNA, and one of anything else.
    ensemble, folds
        Networks of each fold, and folds: 1 to hold one part out, more to cross-validate.
    schedule
        What differs from the default schedule: ``batch``, ``steps``, ``rounds``, ``patience``,
        ``learning_rate``, ``weight_decay``.
    seed
        Same seed, same model.

    Returns
    -------
    Model
        For `seqcnn.predict` and `seqcnn.networks.weights.save_model`; ``model.extra["metrics"]``
        is what it is worth, as in the `metrics.json` of the command.

    Raises
    ------
    SeqcnnError
        There are too few sequences, labels do not fit, or an option is unknown.
    """
    sequences = as_sequences(sequences, alphabet=alphabet)
    if control is not None:
        control = as_sequences(control, alphabet=sequences.alphabet, argument="control")
    sample, target = _sample(sequences, control, labels, task, strand, seed)
    number, letters = int(sample.counted.sum()), sequences.alphabet
    kind: Any = target.kind
    blueprint, _ = choose_network(
        network, number, sample.typical_length, letters, kind, options or {}
    )
    given = {"tasks": target.outputs} | ({"strand": strand} if strand else {})
    blueprint = replace(blueprint, options={**blueprint.options, **given})
    changed: dict[str, Any] = dict(schedule or {})
    unknown = changed.keys() - {f.name for f in fields(Schedule)}
    if unknown:
        raise SeqcnnError(f"`schedule` has {min(unknown)!r}, which is no part of a schedule")
    recipe = Recipe(
        replace(default_schedule(number, letters.size), **changed),
        balanced=target.kind == "binary",
    )
    each = blueprint.of_each(ensemble)
    done = train_ensemble(
        lambda i, start: blueprint.build(letters, each[i], start),
        sample,
        target,
        Plan(recipe, folds=folds, ensemble=ensemble, seed=seed),
    )
    members = tuple(
        Member(blueprint.name, each[i % ensemble], m.network, m.extra)
        for i, m in enumerate(done.members)
    )
    return Model(members, letters, {**done.extra, "metrics": done.metrics})


def _sample(
    sequences: SequenceSet,
    control: SequenceSet | None,
    labels: np.ndarray | None,
    task: str,
    strand: str | None,
    seed: int,
) -> tuple[Sample, Target]:
    both = sequences.alphabet.double_stranded if strand is None else strand == "both"
    apart = Apart(both)
    if labels is None:
        if task not in ("auto", "binary"):
            raise SeqcnnError(f"`task` {task!r} goes with `labels`")
        if control is None:
            return shuffled_sample(sequences, apart, kmer=None, seed=seed)
        return class_sample([sequences, control], (), apart)
    if control is not None:
        raise SeqcnnError("`control` and `labels` say both what is learnt: leave one of them out")
    values = np.asarray(labels, float).reshape(len(labels), -1)
    if len(values) != len(sequences):
        raise SeqcnnError(f"there are {len(sequences)} sequences, but {len(values)} labels")
    kind = guess_kind(values) if task == "auto" else task
    if kind not in ("binary", "multilabel", "regression", "counts"):
        raise SeqcnnError(
            f"`task` is {task!r}, of `labels` it must be binary, multilabel, regression or counts"
        )
    names = ("label",) if values.shape[1] == 1 else tuple(map(str, range(1, values.shape[1] + 1)))
    target = Target(kind, names)
    check_labels(target, values, sequences.ids)
    return sample_of(sequences, values, apart), target
