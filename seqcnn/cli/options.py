"""Options that commands share, and what has to happen before jax is imported."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import rich_click as click

from seqcnn.errors import SeqcnnError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command has."""
    for option in reversed(
        [
            click.option("--seed", default=0, show_default=True, help="Same seed, same result."),
            click.option(
                "--threads",
                type=click.IntRange(1),
                callback=_use_threads,
                is_eager=True,
                expose_value=False,
                help="Processor cores to use; all by default.",
            ),
            click.option(
                "--device",
                type=click.Choice(["auto", "cpu", "gpu"]),
                default="auto",
                show_default=True,
                callback=_use_device,
                is_eager=True,
                expose_value=False,
                help="Where networks run.",
            ),
            click.option("-q", "--quiet", is_flag=True, help="Print no notes and no progress."),
            click.option("--debug", is_flag=True, hidden=True, help="Show where an error arose."),
        ]
    ):
        function = option(function)
    return function


def sequences(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how sequences are read."""
    for option in reversed(
        [
            click.option(
                "--alphabet",
                metavar="dna|rna|protein|LETTERS",
                help="What the letters are; guessed by default, and the guess is printed.",
            ),
            click.option(
                "--mask",
                type=click.Choice(["none", "lower"]),
                default="none",
                show_default=True,
                help="Hide lower-case letters (soft-masked repeats), or read them as upper case.",
            ),
        ]
    ):
        function = option(function)
    return function


def _use_threads(ctx: click.Context, parameter: click.Parameter, value: int | None) -> None:
    """Bind the process to `value` cores; must come before jax is imported."""
    if value is None:
        return
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, allowed[:value])
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NPROC"):
        os.environ[name] = str(value)


def _use_device(ctx: click.Context, parameter: click.Parameter, value: str) -> None:
    if value != "auto":
        os.environ["JAX_PLATFORMS"] = {"cpu": "cpu", "gpu": "cuda"}[value]


def prepare_jax() -> None:
    """Keep compiled programs between runs, and order GPUs to be repeatable."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seqcnn" / "jax"
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(cache))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    flags = os.environ.get("XLA_FLAGS", "")
    if os.environ.get("JAX_PLATFORMS") != "cpu" and "deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()


def default_out(path: str, suffix: str) -> Path:
    """Name the output after the input: ``peaks.fa.gz`` becomes ``peaks<suffix>``."""
    stem = "stdin" if path == "-" else Path(path).name
    return Path(stem.split(".")[0] + suffix)


@contextmanager
def output_folder(out: Path, *, force: bool) -> Iterator[Path]:
    """Give a folder to write in, which becomes `out` only when all has gone well.

    Raises
    ------
    SeqcnnError
        `out` exists and is not empty, is a file, or its parent cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise SeqcnnError("the output is a file, give a folder", path=out)
    if out.is_dir() and any(out.iterdir()) and not force:
        raise SeqcnnError("the output folder is not empty: name another or use --force", path=out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise SeqcnnError(f"cannot write here: {error.strerror}", path=out) from error
    try:
        yield part
        part.chmod(0o755)
        if out.exists():
            shutil.rmtree(out)
        part.replace(out)
    finally:
        shutil.rmtree(part, ignore_errors=True)
