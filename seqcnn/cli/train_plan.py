"""How ``train`` trains: the network, its options, the schedule, and the search for better ones."""

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.roles import Sample
    from seqcnn.training.search import Trial
    from seqcnn.training.targets import Target

logger = logging.getLogger(__name__)


def choose_network(
    sample: "Sample",
    target: "Target",
    alphabet: "Alphabet",
    settings: dict[str, Any],
    options: Mapping[str, Any],
) -> tuple[str, dict[str, Any], Sequence[Mapping[str, Any]]]:
    """Choose the network, its options, and in what those of an ensemble differ by turns.

    What is told comes before what is chosen.
    """
    import numpy as np

    from seqcnn.networks.choose import default_network, motif_options, motif_variants
    from seqcnn.seq.alphabet import PAD

    name, chosen, variants = options["network"], {}, ({},)
    some = sample.x[: min(len(sample.x), 10_000)]
    length = max(1, int(np.median((some != PAD).sum(axis=1))))
    number = int(sample.counted.sum())
    if name == "auto":
        kind: Any = target.kind
        choice = default_network(number, length, alphabet, kind)
        name, chosen, variants = choice.name, choice.options, choice.variants
        logger.info("network %s: %s (--network takes another)", name, choice.reason)
    elif name == "motifcnn":
        chosen = motif_options(number, length, alphabet)
        variants = motif_variants(number, length, alphabet)
    if {"width", "narrow"} & set(settings):
        variants = ({},)
    variants = [{k: v for k, v in each.items() if k not in settings} for each in variants]
    if target.kind == "profile" and name not in ("bpnet", "dilated"):
        raise SeqcnnError(f"`--network` {name} scores no positions: take bpnet for --profile")
    defaults = {"profile": True} if target.kind == "profile" else {}
    return name, {**defaults, **chosen, **settings}, variants


def precision_options(wanted: str, network: str) -> dict[str, str]:
    """Say what is computed in, as an option of the network; none for float32."""
    import jax

    from seqcnn.networks.zoo import defaults

    if wanted == "auto":
        known = "dtype" in defaults(network)
        wanted = "bfloat16" if known and jax.default_backend() in ("gpu", "tpu") else "float32"
    return {} if wanted == "float32" else {"dtype": wanted}


def search_options(
    build: Callable[[Mapping[str, Any], int], Any],
    made: "tuple[Sample, Target, Plan]",
    network: str,
    given: Mapping[str, Any],
    *,
    fixed: tuple[str, ...],
    number: int,
    folder: Path,
    **telling: Any,
) -> "tuple[list[Trial], Plan, dict[str, Any]]":
    """Search, and give the trials, the plan with the best rates, and the best options."""
    from seqcnn.networks.zoo import defaults
    from seqcnn.training.search import best_trial, draw_options, search, with_options

    sample, target, plan = made
    known = {**defaults(network), **given}
    options = [
        draw_options(known, plan.recipe, fixed=fixed, seed=plan.seed, number=i)
        for i in range(number)
    ]

    def build_trial(changed: Mapping[str, Any], start: int) -> Any:
        return build(with_options(plan.recipe, changed)[1], start)

    trials = search(build_trial, sample, target, plan, options=options, folder=folder, **telling)
    best = best_trial(trials)
    logger.info(
        "search: trial %d of %d is the best on the stopping part, loss %.4g (defaults: %.4g): %s",
        best, number - 1, trials[best].loss, trials[0].loss,
        ", ".join(f"{k}={v}" for k, v in trials[best].options.items()) or "the defaults",
    )  # fmt: skip
    recipe, chosen = with_options(plan.recipe, trials[best].options)
    return trials, replace(plan, recipe=recipe), chosen


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
    options: dict[str, Any],
) -> "Plan":
    """Make the plan of training: a schedule by the number of sequences, and what was told."""
    from seqcnn.seq.augment import evoaug
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.recipe import default_schedule
    from seqcnn.training.step import Recipe

    schedule = default_schedule(int(sample.counted.sum()), alphabet.size)
    names = ("batch", "steps", "rounds", "patience", "learning_rate", "weight_decay")
    changed = {name: options[name] for name in names if options[name] is not None}
    augmentation = evoaug(alphabet, length=sample.x.shape[1]) if options["augment"] else None
    balanced = target.kind in ("binary", "multiclass")
    recipe = Recipe(replace(schedule, **changed), balanced=balanced, augmentation=augmentation)
    return Plan(
        recipe,
        folds=options["folds"],
        ensemble=options["ensemble"],
        seed=seed,
        calibration=options["calibration"],
    )
