"""`RunRecord`: how a run was called, and what is remembered of that."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from seqcnn import __version__
from seqcnn.report.checksums import SCHEMA


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


def record_facts(record: RunRecord) -> dict[str, Any]:
    """Collect what made a run what it is; all that changes from run to run is under `time`."""
    import jax

    finished = datetime.now(UTC)
    return {
        "schema": SCHEMA,
        "command": record.command,
        "seqcnn": __version__,
        "python": platform.python_version(),
        "packages": package_versions(),
        "device": jax.devices()[0].device_kind,
        "threads": thread_count(),
        "arguments": record.arguments,
        "inputs": record.inputs,
        "status": "complete",
        "time": {
            "started": record.started.isoformat(timespec="seconds"),
            "finished": finished.isoformat(timespec="seconds"),
            "seconds": round((finished - record.started).total_seconds(), 1),
        },
    }


def thread_count() -> int:
    """Count the processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
