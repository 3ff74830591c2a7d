"""The folder of a model while it is trained: checkpoints, and whether there is anything to do."""

import json
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seqcnn.errors import SeqcnnError

CHECKPOINTS = "checkpoint"
"""Folder, within that of the model, with the state of a run that goes on."""

CURVES = "tensorboard"
"""Folder, within that of the model, with event files."""

logger = logging.getLogger(__name__)


@contextmanager
def begun(out: Path, *, anew: bool) -> Iterator[Path]:
    """Give the folder of checkpoints; it does not stay if no state came into it.

    A model that was there stays until the new one is written.
    """
    folder, was_there = out / CHECKPOINTS, out.is_dir()
    if anew:
        for path in (folder, out / CURVES):
            shutil.rmtree(path, ignore_errors=True)
    try:
        yield folder
    finally:
        if not any(any(folder.rglob(name)) for name in ("state.json", "trials.tsv")):
            shutil.rmtree(folder, ignore_errors=True)
            if not was_there and out.is_dir() and not any(out.iterdir()):
                out.rmdir()


def is_done(out: Path, *, force: bool, resume: bool) -> bool:
    """Look at the folder of the model, and say whether there is nothing left to do."""
    if out.exists() and not out.is_dir():
        raise SeqcnnError("is a file: name a folder for the model", path=out)
    if not out.is_dir() or not any(out.iterdir()):
        return False
    going = (out / CHECKPOINTS).is_dir()
    if not resume and not force:
        hint = "--resume goes on with the run that was broken off, " if going else ""
        raise SeqcnnError(
            f"the folder is not empty: {hint}--force replaces what is there, or name another",
            path=out,
        )
    if resume and not going and (out / "config.json").exists():
        logger.info("%s is complete: there is nothing to resume", out)
        return True
    return False


def check_same_network(folder: Path, wanted: dict[str, Any]) -> None:
    """Refuse to resume another network; remember this one."""
    from seqcnn.seq.io.files import atomic_write

    path = folder / "network.json"
    text = json.dumps(wanted, indent=1, sort_keys=True) + "\n"
    if path.exists():
        if path.read_text() != text:
            raise SeqcnnError(
                "the run that was broken off has another network or other options of it: give the "
                "same, or start anew with --force",
                path=path,
            )
        return
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as handle:
        handle.write(text)
