"""Output folders: whole or not at all, and never in place of something else."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from seqcnn.errors import SeqcnnError

MADE_HERE = ("run.json", "demo.json")
"""A folder with one of these was made by a run."""

WRITTEN = frozenset(
    "report.html report.json.gz motifs.meme motifs.tsv candidates.tsv significance.tsv sites.tsv "
    "sites.bed positions.tsv pairs.tsv folds.tsv known.tsv matches.tsv metrics.json logos model "
    "sequences.fa discover seqcnn_mqc.json seqcnn_statistics_mqc.json "
    "seqcnn_mqc_versions.yml".split()
).union(MADE_HERE)
"""All that runs write; a folder with anything else in it is not replaced."""


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
    out = check_output(out, force=force, inputs=inputs)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise SeqcnnError(f"cannot write here: {error.strerror}", path=out) from error
    try:
        yield part
        _put_in_place(part, out)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def check_output(out: Path, *, force: bool, inputs: Sequence[str] = ()) -> Path:
    """Refuse an output folder before the work rather than after it.

    Returns
    -------
    pathlib.Path
        `out` without links.

    Raises
    ------
    SeqcnnError
        As in `output_folder`.
    """
    try:
        out = out.resolve()
        _check_replaceable(out, force=force, inputs=inputs)
    except (OSError, RuntimeError) as error:  # a loop of links is a RuntimeError
        reason = error.strerror if isinstance(error, OSError) else error
        raise SeqcnnError(f"cannot write here: {reason}", path=out) from error
    return out


def input_record(path: str) -> dict[str, str | None]:
    """Describe a file that is going to be read; what is no file (a pipe) has no checksum."""
    if path == "-" or not Path(path).is_file():
        return {"path": path, "sha256": None}
    with Path(path).open("rb") as handle:
        return {"path": path, "sha256": hashlib.file_digest(handle, "sha256").hexdigest()}


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
    foreign = sorted(path.name for path in out.iterdir() if path.name not in WRITTEN)
    if foreign:
        raise SeqcnnError(
            f"--force would delete {foreign[0]!r}, which no run wrote: move it or name another "
            f"folder",
            path=out,
        )
    inside = [Path(name).resolve() for name in inputs if name != "-"]
    if any(path.is_relative_to(out.resolve()) for path in inside):
        raise SeqcnnError("cannot replace a folder that holds an input: name another", path=out)


def _put_in_place(part: Path, out: Path) -> None:
    """Give a finished folder its name; what was there is deleted only after that."""
    part.chmod(0o777 & ~_umask())
    if not out.exists():
        part.replace(out)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
    try:
        _move_content(out, old)
        _move_content(part, out)
    except OSError:
        _move_content(old, out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _move_content(source: Path, target: Path) -> None:
    # the folder itself stays: it may be where a shell is, a mount point, or a link's target
    for path in sorted(source.iterdir()):
        shutil.move(path, target / path.name)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
