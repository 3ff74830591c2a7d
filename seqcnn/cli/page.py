"""What a command says of itself for its page: its arguments, its inputs, and the command again."""

import shlex
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click
from click.core import ParameterSource

if TYPE_CHECKING:
    from seqcnn.report.record import RunRecord

OF_THE_MACHINE = ("out", "force", "resume", "quiet", "debug", "threads", "device", "tensorboard")
"""Parameters that do not change what comes out."""


def started() -> datetime:
    """Tell the time at which a run begins."""
    return datetime.now(UTC)


def record_of(inputs: Iterable[str | None], start: datetime) -> "RunRecord":
    """Describe the command that runs now.

    Parameters
    ----------
    inputs
        What it reads; those that are None, or folders, have no checksum.
    start
        When it began.
    """
    from seqcnn.report.folder import input_record
    from seqcnn.report.record import RunRecord

    context: click.Context = click.get_current_context()  # pyright: ignore[reportAssignmentType]
    told = {
        name: value if isinstance(value, bool | int | float) else _text(value)
        for name, value in context.params.items()
        if name not in OF_THE_MACHINE and not (value is None or value is False or value == ())
    }
    read = [input_record(path) for path in inputs if path is not None]
    command = context.command_path.removeprefix("seqcnn ")
    return RunRecord(command, {**told, "again": command_again(context)}, read, start)


def command_again(context: click.Context) -> str:
    """Write the command that does the same: what was said, and nothing of where it is written."""
    words, named = [], []
    for parameter in context.command.params:
        name = str(parameter.name)
        value = context.params.get(name)
        given = context.get_parameter_source(name) is ParameterSource.COMMANDLINE
        if isinstance(parameter, click.Argument):
            if value is not None:
                words += [str(v) for v in (value if isinstance(value, tuple) else (value,))]
        elif given and name not in OF_THE_MACHINE and value is not None:
            option = max(parameter.opts, key=len)
            if getattr(parameter, "is_flag", False):
                named += [option] if value else []
            else:
                for each in value if isinstance(value, tuple) else (value,):
                    named += [option, str(each)]
    if any(word.startswith("-") and word != "-" for word in words):
        words = ["--", *words]
    return shlex.join([*context.command_path.split(), *named, *words])


def model_files(model: str) -> list[str]:
    """Name the files of the model, whose checksums say which one it was."""
    folder = Path(model)
    names = ("config.json", "weights.safetensors")
    return [str(path) for path in (folder / n for n in names) if path.is_file()]


def _text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
