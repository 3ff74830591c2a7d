"""``seqcnn image segment``: train a network that gives a class to each pixel, or use one."""

import rich_click as click

from seqcnn.cli.commands import LazyGroup

COMMANDS = {
    "train": "Fit a network to pictures with masks.",
    "predict": "Give each pixel of pictures its class: masks, overlays and tables.",
}
"""Commands in the order of the help, with what they do."""


class SegmentCommands(LazyGroup):
    """The commands of segmentation."""

    known = COMMANDS
    package = "seqcnn.cli.image.segment"


@click.group(
    cls=SegmentCommands, name="segment", context_settings={"help_option_names": ["-h", "--help"]}
)
def command() -> None:
    """Train a network that gives a class to each pixel, or use one."""
