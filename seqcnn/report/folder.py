"""Output folders: whole or not at all, and never in place of something else."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seqcnn.errors import SeqcnnError

MADE_HERE = ("run.json", "demo.json")
"""A folder with one of these was made by a run."""


@contextmanager
def output_folder(out: Path, *, force: bool, inputs: Sequence[str] = ()) -> Iterator[Path]:
    """Give a folder to write in, which becomes `out` only when all has gone well.

    Parameters
    ----------
    out
        The folder to be.
    force
        Whether to replace one that an earlier run made; no other is ever replaced.
    inputs
        Files that are read, which must not be lost with an old folder.

    Raises
    ------
    SeqcnnError
        `out` is a file, or not empty and not to be replaced, or its parent cannot be written.
    """
    _check_replaceable(out, force=force, inputs=inputs)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise SeqcnnError(f"cannot write here: {error.strerror}", path=out) from error
    try:
        yield part
        part.chmod(0o755)
        _put_in_place(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _check_replaceable(out: Path, *, force: bool, inputs: Sequence[str]) -> None:
    if out.exists() and not out.is_dir():
        raise SeqcnnError("the output is a file, give a folder", path=out)
    if not out.is_dir() or not any(out.iterdir()):
        return
    if not force:
        raise SeqcnnError("the output folder is not empty: name another or use --force", path=out)
    if not any((out / name).is_file() for name in MADE_HERE):
        raise SeqcnnError(
            "--force replaces only the folder of an earlier run, and this is none: name another",
            path=out,
        )
    inside = [Path.cwd(), *(Path(name).resolve() for name in inputs if name != "-")]
    if any(path.is_relative_to(out.resolve()) for path in inside):
        raise SeqcnnError(
            "cannot replace a folder that holds an input or that you are in: name another", path=out
        )


def _put_in_place(part: Path, out: Path) -> None:
    """Rename a finished folder; the old one is deleted only after that."""
    old = None
    if out.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
        out.replace(old)
    part.replace(out)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)
