"""``seqcnn image upright``: learn how pictures are turned, and turn them back."""

import rich_click as click

from seqcnn.cli.commands import LazyGroup

COMMANDS = {
    "train": "Learn from pictures that are upright.",
    "apply": "Turn pictures the right way up.",
}
"""Commands in the order of the help, with what they do."""


class UprightCommands(LazyGroup):
    """What to do with pictures that are turned."""

    known = COMMANDS
    package = "seqcnn.cli.image.upright"


@click.group(
    cls=UprightCommands, name="upright", context_settings={"help_option_names": ["-h", "--help"]}
)
def command() -> None:
    """Learn how pictures are turned, and turn them the right way up."""
