"""``seqcnn image generate``: train a network that makes pictures, and draw some."""

import rich_click as click

from seqcnn.cli.commands import LazyGroup

COMMANDS = {
    "train": "Train a network that makes pictures of classes.",
    "sample": "Draw pictures with a network that was trained.",
}
"""Commands in the order of the help, with what they do."""


class GenerateCommands(LazyGroup):
    """The commands of networks that make pictures."""

    known = COMMANDS
    package = "seqcnn.cli.image.generate"


@click.group(
    cls=GenerateCommands,
    name="generate",
    context_settings={"help_option_names": ["-h", "--help"]},
)
def command() -> None:
    """Train a network that makes pictures, or draw some with one."""
