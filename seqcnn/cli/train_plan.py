"""How ``train`` trains: the network, its options, the schedule, and the search for better ones."""

import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.networks.choose import Blueprint
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.loop import Schedule
    from seqcnn.training.roles import Sample
    from seqcnn.training.search import Trial
    from seqcnn.training.step import Recipe
    from seqcnn.training.targets import Target

logger = logging.getLogger(__name__)


def choose_blueprint(
    sample: "Sample",
    target: "Target",
    alphabet: "Alphabet",
    settings: dict[str, Any],
    options: Mapping[str, Any],
    strand: str | None,
) -> "Blueprint":
    """Choose the network and its options; what is told comes before what is chosen."""
    from seqcnn.networks.choose import choose_network
    from seqcnn.networks.zoo import ARRAYS, describe

    number, length = int(sample.counted.sum()), sample.typical_length
    kind: Any = target.kind
    made, reason = choose_network(options["network"], number, length, alphabet, kind, settings)
    if reason is not None:
        logger.info("network %s: %s (--network takes another)", made.name, reason)
    given = {"tasks": target.outputs, "dims": options["dims"]}
    if describe(made.name).family in ARRAYS:  # these read sequences of one length
        given["length"] = settings.get("length", sample.x.shape[1])
    given |= {"strand": strand} if strand else {}
    computed = precision_options(options["precision"], made.name)
    return replace(made, options={**made.options, **given}, computed=computed)


def precision_options(wanted: str, network: str) -> dict[str, str]:
    """Say what is computed in, as an option of the network; none for float32."""
    import jax

    from seqcnn.networks.zoo import defaults

    if wanted == "auto":
        known = "dtype" in defaults(network)
        wanted = "bfloat16" if known and jax.default_backend() in ("gpu", "tpu") else "float32"
    return {} if wanted == "float32" else {"dtype": wanted}


def search_options(
    wanted: "Blueprint",
    made: "tuple[Sample, Target, Plan]",
    alphabet: "Alphabet",
    *,
    fixed: tuple[str, ...],
    number: int,
    folder: Path,
    **telling: Any,
) -> "tuple[list[Trial], Plan, Blueprint]":
    """Search, and give the trials, the plan with the best rates, and the best networks."""
    from seqcnn.networks.zoo import defaults
    from seqcnn.training.search import best_trial, draw_options, search, with_options

    sample, target, plan = made
    known = {**defaults(wanted.name), **wanted.options}
    options = [
        draw_options(known, plan.recipe, fixed=fixed, seed=plan.seed, number=i)
        for i in range(number)
    ]

    def build_trial(changed: Mapping[str, Any], start: int) -> Any:
        return wanted.build(alphabet, with_options(plan.recipe, changed)[1], start)

    trials = search(build_trial, sample, target, plan, options=options, folder=folder, **telling)
    best = best_trial(trials)
    logger.info(
        "search: trial %d of %d is the best on the stopping part, loss %.4g (defaults: %.4g): %s",
        best, number - 1, trials[best].loss, trials[0].loss,
        ", ".join(f"{k}={v}" for k, v in trials[best].options.items()) or "the defaults",
    )  # fmt: skip
    recipe, chosen = with_options(plan.recipe, trials[best].options)
    return trials, replace(plan, recipe=recipe), wanted.with_best(chosen)


def parsed_settings(settings: tuple[str, ...]) -> dict[str, Any]:
    """Read options of a network: JSON where it is JSON, text elsewhere."""
    result = {}
    for text in settings:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise SeqcnnError(f"`--set` is {text!r}, it must be like kernels=128")
        try:
            result[name] = json.loads(value)
        except ValueError:
            result[name] = value
    if "dtype" in result:
        raise SeqcnnError(f"`--set` dtype={result['dtype']}: say --precision instead")
    return result


def plan_of(
    sample: "Sample",
    target: "Target",
    alphabet: "Alphabet",
    *,
    seed: int,
    strand: str | None,
    options: Mapping[str, Any],
) -> "Plan":
    """Make the plan of training: a schedule by the number of sequences, and what was told."""
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.recipe import default_schedule

    schedule = default_schedule(int(sample.counted.sum()), alphabet.size)
    recipe = recipe_of(schedule, sample, target, options)
    augmentation = _augmentation(alphabet, sample.x.shape[1], strand, options)
    return Plan(
        replace(recipe, augmentation=augmentation),
        folds=options["folds"],
        ensemble=options["ensemble"],
        seed=seed,
        calibration=options["calibration"],
    )


def recipe_of(
    schedule: "Schedule", sample: "Sample", target: "Target", options: Mapping[str, Any]
) -> "Recipe":
    """Change a schedule by what was told, and say how classes of unequal size count alike."""
    from seqcnn.training.losses import balanced_class_weights
    from seqcnn.training.step import Recipe

    names = ("batch", "steps", "rounds", "patience", "learning_rate", "weight_decay")
    changed = {name: options[name] for name in names if options[name] is not None}
    balance = options["balance"]
    if balance != "auto" and not target.classifies:
        raise SeqcnnError(f"`--balance` {balance} is for classes, these are {target.kind}")
    if balance == "auto":
        balance = "batches" if target.kind in ("binary", "multiclass") else "none"
    if balance == "batches" and target.kind == "multilabel":
        raise SeqcnnError("`--balance` batches cannot hold for several labels at once: say weights")
    weights = stopping = None
    if balance == "weights":
        # all shuffles train, one of each stops
        weights = balanced_class_weights(target, sample.labels)
        stopping = balanced_class_weights(target, sample.labels[sample.counted])
    return Recipe(
        replace(schedule, **changed),
        balanced=balance == "batches",
        class_weights=weights,
        stop_class_weights=stopping,
    )


def _augmentation(
    alphabet: "Alphabet", length: int, strand: str | None, options: Mapping[str, Any]
) -> Any:
    """Choose what is done to sequences in training; None for nothing."""
    from seqcnn.seq.augment import Augmentation, ReverseComplement, evoaug

    operations = evoaug(alphabet, length=length) if options["augment"] else None
    if not options["augment_strand"]:
        return operations
    if strand != "one" or alphabet.complements is None:
        raise SeqcnnError(
            "`--augment-strand` shows networks of one strand the other: it goes with --strand one, "
            "and letters that have complements"
        )
    turn = Augmentation((ReverseComplement.of(alphabet),), 0.5)
    return turn if operations is None else Augmentation((turn, operations), 1.0)
