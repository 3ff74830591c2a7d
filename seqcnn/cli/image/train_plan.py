"""How ``image train`` trains: the network with its options, and the plan."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from seqcnn.cli.train_plan import recipe_of
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.networks.choose import Blueprint
    from seqcnn.seq.alphabet import Alphabet
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.pictures import PictureSample
    from seqcnn.training.targets import Target

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wanted:
    """What is trained.

    Parameters
    ----------
    blueprint
        Network and options.
    alphabet
        What the rows of the pictures are, for a network that reads sequences; else None.
    """

    blueprint: "Blueprint"
    alphabet: "Alphabet | None" = None

    def of_each(self, plan: "Plan") -> list[dict[str, Any]]:
        """Give the options of each network of a fold."""
        return self.blueprint.of_each(plan.ensemble)


def plan_of(
    sample: "PictureSample", target: "Target", options: Mapping[str, Any], *, seed: int
) -> "Plan":
    """Make the plan of training: a schedule by the number of pictures, and what was told."""
    from seqcnn.training.ensemble import Plan
    from seqcnn.training.pictures import picture_schedule
    from seqcnn.training.recipe import default_schedule

    schedule = picture_schedule(len(sample.x))
    if reads_letters(options["network"]):
        schedule = default_schedule(len(sample.x), sample.x.shape[1])
    recipe = replace(
        recipe_of(schedule, sample, target, options),
        augmentation=_augmentation(options["augment"], target),
        repeats=options["repeats"],
        smoothing=options["smoothing"],
    )
    return Plan(
        recipe,
        folds=options["folds"],
        ensemble=options["ensemble"],
        seed=seed,
        calibration=options["calibration"],
    )


def _augmentation(text: str | None, target: "Target") -> Any:
    if text is None or text == "none":
        return None
    from seqcnn.image.augment import Mixup, parse_augment

    made = parse_augment(text)
    if not any(isinstance(step, Mixup) for step in made.steps):
        return made
    if target.kind not in ("binary", "multiclass", "multilabel"):
        raise SeqcnnError(f"`--augment` mixup mixes classes: it is not for {target.kind}")
    numbered = target.kind == "multiclass"
    return replace(made, target="shares", classes=target.outputs if numbered else 0)


def choose_network(
    sample: "PictureSample",
    target: "Target",
    plan: "Plan",
    settings: dict[str, Any],
    options: Mapping[str, Any],
) -> Wanted:
    """Choose the network and its options; what is told comes before what is chosen."""
    name, shape = options["network"], sample.x.shape[1:]
    if reads_letters(name):
        return _for_sequences(sample, target, settings, options)
    for option in ("dims", "alphabet"):
        if options[option] is not None:
            raise SeqcnnError(
                f"`--{option}` {options[option]} is for pictures of sequences, with a network that "
                f"reads these (--network motifcnn)"
            )
    from seqcnn.networks.choose import Blueprint
    from seqcnn.networks.choose_image import default_image_network
    from seqcnn.training.pictures import pixel_moments

    chosen: dict[str, Any] = {}
    if name == "auto":
        choice = default_image_network(len(sample.x), shape)
        name, chosen = choice.name, choice.options
        logger.info("network %s: %s (--network takes another)", name, choice.reason)
    mean, std = pixel_moments(sample.x, _learnt(sample, target, plan))
    given = {
        "input_shape": list(shape),
        "classes": target.outputs,
        "pixels": {"mean": list(mean), "std": list(std)},
    }
    return Wanted(Blueprint(name, {**chosen, **settings, **given}))


def _learnt(sample: "PictureSample", target: "Target", plan: "Plan") -> Any:
    """Find the pictures that the first network learns; None for all, if each fold has others."""
    from seqcnn.training.roles import deal

    roles = deal(sample, target, folds=plan.folds, ensemble=plan.ensemble, seed=plan.seed)
    return roles[0].train[0] if plan.folds == 1 else None


def reads_letters(name: str) -> bool:
    """Tell whether a network of the zoo reads sequences, and so pictures of these."""
    from seqcnn.networks.zoo import describe

    return name != "auto" and describe(name).family == "sequence"


def _for_sequences(
    sample: "PictureSample",
    target: "Target",
    settings: dict[str, Any],
    options: Mapping[str, Any],
) -> Wanted:
    """Choose a network for sequences that reads their pictures."""
    from seqcnn.networks.choose import choose_network as choose
    from seqcnn.seq.alphabet import get_alphabet

    alphabet = get_alphabet(options["alphabet"] or "dna")
    rows, length, *depth = sample.x.shape[1:]
    if rows != alphabet.size or depth != [1]:
        raise SeqcnnError(
            f"pictures of {alphabet.name} sequences are grey and have {alphabet.size} rows, these "
            f"are {' x '.join(map(str, sample.x.shape[1:]))}: make them by `seqcnn image "
            f"from-sequences`, or name their --alphabet"
        )
    kind: Any = target.kind
    number = len(sample.x)
    made, _ = choose(options["network"], number, length, alphabet, kind, settings)
    given = {"tasks": target.outputs, "dims": options["dims"] or 2, "pixels": {}}
    return Wanted(replace(made, options={**made.options, **given}), alphabet)
