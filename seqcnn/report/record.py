"""`RunRecord`: how a run was called."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class RunRecord:
    """How a run was called.

    Parameters
    ----------
    command
        Name of the command.
    arguments
        Its arguments and settings.
    inputs
        Files that it read.
    started
        When.
    """

    command: str
    arguments: dict[str, Any]
    inputs: list[str]
    started: datetime
