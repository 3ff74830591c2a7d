"""Options of the commands that read pictures and train on them."""

from collections.abc import Callable
from typing import Any

import rich_click as click

from seqcnn.errors import SeqcnnError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def pictures(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how pictures are read."""
    return _added(function, [
        click.option("--size", metavar="HxW", help="Resize all pictures to so many rows and "
                     "columns, such as 64x64."),
        click.option("--fit", type=click.Choice(["stretch", "crop", "pad"]), default="stretch",
                     show_default=True, help="How: stretch them, cut the longer side off, or "
                     "fill up around the picture."),
        click.option("--channels", type=click.Choice(["1", "3"]), callback=_number,
                     help="1 turns colour to grey, 3 grey to three channels."),
    ])  # fmt: skip


def learning(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of network and training."""
    return _added(function, [
        click.option("--network", default="auto", show_default=True, help="cnn, lenet, mlp, "
                     "resnet_small, inception_small, or one for sequences (their pictures have a "
                     "row for each letter); auto chooses by number and size of the pictures, and "
                     "says why."),
        click.option("--set", "settings", metavar="OPTION=VALUE", multiple=True,
                     help="An option of the network, such as channels=[16,32]; may be given "
                     "several times."),
        click.option("--dims", type=click.IntRange(1, 2), help="With a network for sequences: "
                     "kernels over rows of letters (1) or over the image (2)."),
        click.option("--alphabet", metavar="dna|rna|protein|LETTERS", help="With a network for "
                     "sequences: what the rows of the pictures are; dna by default."),
        click.option("--augment", metavar="STEP,...", help="Change pictures at random in training: "
                     "flip, turn:30, turn180, shift:0.1, zoom, skew, blur, noise, brightness, "
                     "fragment, cutout and others, see `seqcnn image augment`."),
        click.option("--ensemble", type=click.IntRange(1), default=1, show_default=True,
                     help="Networks of each fold, whose predictions are averaged."),
        click.option("--folds", type=click.IntRange(1), default=1, show_default=True,
                     help="Cross-validate: so many times, another part is held out."),
        click.option("--balance", type=click.Choice(["auto", "batches", "weights", "none"]),
                     default="auto", show_default=True, help="How classes of unequal size come to "
                     "count alike: by batches with as many of each, or by weights in the loss."),
        click.option("--smoothing", type=click.FloatRange(0, 1, max_open=True), default=0.0,
                     show_default=True, help="Share of a label that goes to all classes alike."),
        click.option("--repeats", type=click.IntRange(1), default=1, show_default=True,
                     help="Steps on a batch before the next one is drawn."),
        click.option("--rounds", type=click.IntRange(1), help="Rounds of training at most."),
        click.option("--steps", type=click.IntRange(1), help="Steps of a round; by default a pass "
                     "through the pictures, or 400."),
        click.option("--batch", type=click.IntRange(2), help="Pictures of a step."),
        click.option("--patience", type=click.IntRange(1), help="Rounds without a better loss on "
                     "the stopping part, after which training ends."),
        click.option("--learning-rate", type=click.FloatRange(0, min_open=True),
                     help="Largest rate; it falls along a cosine."),
        click.option("--weight-decay", type=click.FloatRange(0), help="Of AdamW."),
        click.option("--calibration", type=click.Choice(["platt", "isotonic"]), default="platt",
                     show_default=True, help="How outputs become probabilities."),
    ])  # fmt: skip


def _added(function: Callable[..., Any], options: list[Decorator]) -> Callable[..., Any]:
    for option in reversed(options):
        function = option(function)
    return function


def _number(ctx: click.Context, parameter: click.Parameter, value: str | None) -> int | None:
    return None if value is None else int(value)


def parsed_size(text: str | None) -> tuple[int, int] | None:
    """Read a size.

    Examples
    --------
    >>> parsed_size("28x32"), parsed_size("28"), parsed_size(None)
    ((28, 32), (28, 28), None)
    """
    if text is None:
        return None
    parts = text.lower().split("x")
    if len(parts) > 2 or not all(part.isdigit() and int(part) for part in parts):
        raise SeqcnnError(f"`--size` is {text!r}, it must be like 64x64: rows, then columns")
    return int(parts[0]), int(parts[-1])
