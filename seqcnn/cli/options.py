"""Options that commands share, and what has to happen before jax is imported."""

import logging
import os
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any

import rich_click as click

from seqcnn.cli.places import Places
from seqcnn.errors import SeqcnnError
from seqcnn.nn.memory import keep_memory

PACKED = (".gz", ".bgz", ".bz2", ".xz", ".zst")
SEQUENCES = (
    ".fa", ".fasta", ".fas", ".fna", ".faa", ".ffn", ".fq", ".fastq", ".txt",
    ".bed", ".narrowpeak", ".broadpeak", ".tsv", ".csv", ".bw", ".bigwig", ".bedgraph", ".bdg",
    ".vcf",
)  # fmt: skip
GPU = "cuda"
"""What jax calls the platform."""

GPU_FILES = ("/dev/nvidia0", "/dev/kfd")
"""One of these is there where a GPU is."""

logger = logging.getLogger(__name__)

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command has."""
    for option in reversed(
        [
            click.option(
                "--seed",
                type=click.IntRange(0, 2**31 - 1),
                default=0,
                show_default=True,
                help="Start of all random numbers: same seed, same result.",
            ),
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
                help="Where networks run; auto takes a GPU if there is one.",
            ),
            click.option(
                "-q",
                "--quiet",
                is_flag=True,
                help="Print nothing on stderr but the error that ended the run: no notes, warnings "
                "or progress.",
            ),
            click.option(
                "--json",
                is_flag=True,
                expose_value=False,
                help="Notes, warnings, progress and errors as JSON on stderr, one object a line.",
            ),
            click.option("--debug", is_flag=True, help="Show where an error arose."),
        ]
    ):
        function = option(function)
    return function


def sequences(
    function: Callable[..., Any],
    *,
    top: tuple[str, ...] = ("--top-peaks",),
    unsaid: str = "guessed by default, and the guess is printed.",
) -> Callable[..., Any]:
    """Add the options that say how sequences are read; those on genomes come as one, `places`.

    Parameters
    ----------
    function
        The command.
    top
        Names of the option that takes the best intervals.
    unsaid
        What the letters are without ``--alphabet``.
    """

    @wraps(function)
    def gathered(
        *args: Any, genome: str | None, window: int | None, top_peaks: int | None, **options: Any
    ) -> Any:
        return function(*args, places=Places(genome, window, top_peaks), **options)

    for option in reversed(
        [
            click.option(
                "--alphabet",
                metavar="dna|rna|protein|LETTERS",
                help=f"What the letters are; {unsaid}",
            ),
            click.option(
                "--mask",
                type=click.Choice(["none", "lower"]),
                default="none",
                show_default=True,
                help="Hide lower-case letters (soft-masked repeats), or read them as upper case.",
            ),
            click.option(
                "--genome",
                metavar="FILE",
                help="Genome of intervals (BED, narrowPeak, broadPeak): FASTA, compressed or not, "
                "or 2bit.",
            ),
            click.option(
                "--window",
                type=click.IntRange(1),
                metavar="N",
                help="Cut N letters around the summits of intervals, or around their middles.",
            ),
            click.option(
                *top,
                "top_peaks",
                type=click.IntRange(1),
                metavar="N",
                help="Take the N intervals with the best scores only.",
            ),
        ]
    ):
        gathered = option(gathered)
    return gathered


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
        os.environ["JAX_PLATFORMS"] = {"cpu": "cpu", "gpu": GPU}[value]


_OWN: list[bool] = []


def own_process() -> None:
    """Note that this process does nothing but run a command, so that all of its memory is ours."""
    _OWN.append(True)


def prepare_jax(*, keep: bool = False) -> None:
    """Keep compiled programs between runs, and order GPUs to be repeatable.

    With `keep`, and where the process is ours, memory is kept between steps: networks for pictures
    train up to 1.6 times as fast. Those for sequences gain nothing, and take half as much again.
    """
    if keep and _OWN:
        keep_memory()
    with suppress(RuntimeError):  # a user without a home has no cache
        home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(home / "seqcnn" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    flags = os.environ.get("XLA_FLAGS", "")
    if os.environ.get("JAX_PLATFORMS") != "cpu" and "deterministic_ops" not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} --xla_gpu_deterministic_ops=true".strip()
    if os.environ.get("JAX_PLATFORMS") == GPU:
        _check_gpu()


def warn_of_idle_gpu() -> None:
    """Warn if jax computes on the CPU although a GPU is there, and nobody said so."""
    import jax

    if os.environ.get("JAX_PLATFORMS") == "cpu" or jax.default_backend() != "cpu":
        return
    if any(Path(path).exists() for path in GPU_FILES):
        logger.warning(
            "a GPU is there, but jax computes on the CPU, which is slower: install a jax for GPUs "
            "(pip install 'seqcnn[cuda]'), or say --device cpu"
        )


def _check_gpu() -> None:
    """Ask for the GPU before any work is done."""
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:
        raise SeqcnnError(
            "no GPU can be used here: take --device cpu, or install a jax for GPUs "
            "(pip install 'seqcnn[cuda]')"
        ) from error


def default_out(path: str, suffix: str) -> Path:
    """Name the output after the input: ``GSM1.rep1.fa.gz`` becomes ``GSM1.rep1<suffix>``.

    Examples
    --------
    >>> default_out("data/GSM1.rep1.fa.gz", "_seqcnn").name
    'GSM1.rep1_seqcnn'
    >>> default_out("calls.vcf.gz", "_variants").name
    'calls_variants'
    """
    stem = "stdin" if path == "-" else Path(path).name
    for endings in (PACKED, SEQUENCES):
        ending = Path(stem).suffix
        if ending.lower() in endings:
            stem = stem.removesuffix(ending)
    return Path(stem + suffix)


def not_the_input(out: str, *inputs: str) -> None:
    """Refuse to write over what is read.

    Raises
    ------
    SeqcnnError
        `out` is the file of one of the inputs.
    """
    for name in inputs:
        if "-" not in (out, name) and Path(out).exists() and Path(name).exists():
            if Path(out).samefile(name):
                raise SeqcnnError("the output is the input: name another file", path=out)
