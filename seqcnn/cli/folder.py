"""Folders of files, one for each motif: all of them or none."""

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seqcnn.errors import SeqcnnError


def names_folder(out: str) -> bool:
    """Tell whether an output is meant to be a folder: it ends in ``/``, or there is one."""
    return out.endswith("/") or (out != "-" and Path(out).is_dir())


def check_folder(out: str | Path, *, force: bool) -> None:
    """Refuse a folder that cannot be filled; arguments and errors as for `filled_folder`."""
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise SeqcnnError("is a file, not a folder", path=out)
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise SeqcnnError("the folder is not empty: name another one, or add --force", path=out)


@contextmanager
def filled_folder(out: str, *, force: bool) -> Iterator[Path]:
    """Give a folder to write in, whose files come into `out` only when all has gone well.

    Parameters
    ----------
    out
        The folder; made if it is not there.
    force
        Whether it may hold files already. Those of the same name are replaced, no other is touched.

    Raises
    ------
    SeqcnnError
        The folder is a file, holds files already, or cannot be written.
    """
    check_folder(out, force=force)
    folder = Path(out)
    # inside of the folder, so that it lies on the same disk whatever links lead there
    part = folder / f".seqcnn-{secrets.token_hex(8)}.tmp"
    was_there = folder.is_dir()
    try:
        part.mkdir(parents=True)
    except OSError as error:
        raise SeqcnnError(f"cannot write here: {error.strerror}", path=out) from error
    try:
        yield part
        for path in sorted(part.iterdir()):
            path.replace(folder / path.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        if not was_there and not any(folder.iterdir()):
            folder.rmdir()
