"""Groups of commands that import a command only when they run it."""

import importlib
from collections.abc import Mapping

import rich_click as click


class LazyGroup(click.RichGroup):
    """A group whose commands are known, with what they do, without importing them.

    Attributes
    ----------
    known
        What each command does, in the order of the help.
    package
        Where the module of each lies, which has its `command`; ``-`` in a name is ``_`` there.
    """

    known: Mapping[str, str] = {}
    package = ""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands."""
        return list(self.known)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a stand-in that knows its help: enough for the list of commands."""
        if cmd_name not in self.known:
            return None
        return click.RichCommand(name=cmd_name, help=self.known[cmd_name])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that was named."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None and name is not None:
            module = f"{self.package}.{name.replace('-', '_')}"
            command = importlib.import_module(module).command
        return name, command, rest
