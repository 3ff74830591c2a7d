"""`RunRecord`: how a run was called."""

from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
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
        Files that it read, ``path`` and ``sha256`` of each.
    started
        When.
    """

    command: str
    arguments: dict[str, Any]
    inputs: list[dict[str, str | None]]
    started: datetime


def package_versions() -> dict[str, str]:
    """Versions of the packages that numbers depend on."""
    return {name: version(name) for name in ("jax", "flax", "optax", "numpy", "scipy")}
