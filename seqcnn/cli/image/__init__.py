"""``seqcnn image``: its commands, one file each, and what they do."""

import rich_click as click

from seqcnn.cli.commands import LazyGroup

COMMANDS = {
    "kmeans": "Group the pixels of pictures by their colours.",
    "filter": "Send pictures through named filters, or draw the gallery of all of them.",
    "augment": "Draw sheets of changed copies of pictures.",
    "train": "Fit a network to pictures of several classes, or with numbers.",
    "predict": "Classify pictures, or predict their numbers.",
    "segment": "Train a network that gives a class to each pixel, or use one.",
    "upright": "Learn how pictures are turned, and turn them the right way up.",
    "generate": "Train a network that makes pictures, or draw some with one.",
    "from-sequences": "Draw sequences as black-and-white pictures, one file each.",
}
"""Commands in the order of the help, with what they do."""


class ImageCommands(LazyGroup):
    """The commands of the image path."""

    known = COMMANDS
    package = "seqcnn.cli.image"


@click.group(
    cls=ImageCommands, name="image", context_settings={"help_option_names": ["-h", "--help"]}
)
def command() -> None:
    """Work on pictures with the same convolutions and networks as on sequences."""
