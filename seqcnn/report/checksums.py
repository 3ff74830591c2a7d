"""Checksums of the files of a run: written when it ends, checked whenever it is asked for."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.files import atomic_write

RECORD = "run.json"
"""The file that holds the checksums of all others, under ``files``."""

SCHEMA = 1
"""Version of `RECORD` that is understood here."""


def checksums_of(folder: Path) -> dict[str, str]:
    """Compute the SHA-256 of each file of a folder but `RECORD`, by its path inside."""
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).as_posix() != RECORD
    }


def verify(folder: Path) -> list[str]:
    """Check the files of a run against their checksums.

    Parameters
    ----------
    folder
        The output folder of a command that writes a page.

    Returns
    -------
    list of str
        A line for each file that is changed, missing or new; none if all is as it was written.

    Raises
    ------
    SeqcnnError
        The folder has no record with checksums, or one that another version wrote.
    """
    written, there = _record(folder)["files"], checksums_of(folder)
    return [
        *(
            f"changed: {name}"
            for name in written
            if there.get(name, written[name]) != written[name]
        ),
        *(f"missing: {name}" for name in written if name not in there),
        *(f"not of this run: {name}" for name in there if name not in written),
    ]


def add_to_record(folder: Path, names: Sequence[str]) -> None:
    """Take files that were made after the record into it; where there is no record, do nothing."""
    if not (folder / RECORD).is_file():
        return
    record = _record(folder)
    sums = record["files"] | {name: _sha256(folder / name) for name in names}
    record["files"] = dict(sorted(sums.items()))
    with atomic_write(folder / RECORD) as handle:
        handle.write(json.dumps(record, indent=2) + "\n")


def _record(folder: Path) -> dict[str, Any]:
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SeqcnnError(f"no folder of a run: there is no {RECORD}", path=folder) from None
    except (OSError, ValueError) as error:
        raise SeqcnnError(f"the record of the run cannot be read: {error}", path=path) from error
    if not isinstance(record, dict) or record.get("schema") != SCHEMA:
        raise SeqcnnError(
            f"the record has not the schema {SCHEMA}, so that it holds no checksums that are "
            f"understood: run the command again",
            path=path,
        )
    files = record.get("files")
    if not isinstance(files, dict) or not all(isinstance(v, str) for v in files.values()):
        raise SeqcnnError("the record holds no checksums under `files`", path=path)
    return record


def _sha256(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
