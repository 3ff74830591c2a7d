"""The group of commands, and the border at which every error becomes one line and an exit code."""

import os
import sys
from typing import Any

import rich_click as click
from click.exceptions import Exit

from seqcnn import __version__
from seqcnn.cli import stop
from seqcnn.cli.commands import LazyGroup
from seqcnn.cli.speech import speaking, speech, speech_of
from seqcnn.errors import SeqcnnError, TrainingError

COMMANDS = {
    "discover": "Find motifs in sequences, and test known ones: the main job. Writes a report.",
    "train": "Fit a network to classes, labels or numbers, and report what it is worth.",
    "predict": "Score sequences with a model.",
    "evaluate": "Judge a model on sequences that it has not seen.",
    "explain": "Say what each letter contributes to a score, and gather patterns of it.",
    "variants": "Score both alleles of the variants in a VCF, and name lost and gained motifs.",
    "design": "Change sequences, or random ones, until a model scores them as is wanted.",
    "experiment": "Plant, remove, space and swap stretches of sequences, and see what scores do.",
    "scan": "Find the sites of known motifs in sequences or a genome, with exact p-values.",
    "compare": "Find which known motifs a motif is like.",
    "enrich": "Test which known motifs are enriched in sequences, and where they lie.",
    "cluster": "Group similar motifs into families.",
    "convert": "Convert motif files between formats.",
    "logo": "Draw motifs.",
    "shuffle": "Shuffle sequences, keeping counts of k-letter words: a control.",
    "image": "Work on pictures: k-means, filters, networks that classify, segment and generate.",
    "report": "Render the report of a run of discover again.",
    "verify": "Check the files of a run of discover against their checksums.",
    "networks": "List the networks, with their sizes, and where they come from.",
    "doctor": "Say what is installed, which devices there are, and what is missing for what.",
    "demo": "Run the main job on data with planted motifs that it makes itself.",
}
"""Commands in the order of the help, with what they do; known without importing them."""


class Commands(LazyGroup):
    """The commands of seqcnn."""

    known = COMMANDS
    package = "seqcnn.cli"


@click.group(
    cls=Commands,
    name="seqcnn",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Start with: seqcnn demo, or seqcnn discover peaks.fa -o out",
)
@click.version_option(__version__, prog_name="seqcnn", message="%(prog)s %(version)s")
def seqcnn() -> None:
    """Find motifs in DNA, RNA and protein with convolutional networks."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done; 1 the run failed (disk, memory, training); 2 bad input or arguments; 129, 130 and 143
    interrupted.
    """
    given = sys.argv[1:] if arguments is None else arguments
    debug = bool(os.environ.get("SEQCNN_DEBUG")) or "--debug" in given
    with speaking(speech_of(given)), stop.listening():
        return _run(given, debug=debug)


def _run(given: list[str], *, debug: bool) -> int:
    try:
        return _exit_code(seqcnn.main(given or ["--help"], "seqcnn", standalone_mode=False))
    except Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt, stop.Stopped):
        return _fail("interrupted", stop.exit_code() or 130)
    except Exception as error:
        if stop.exit_code():  # what a half-done call says after a signal is no news
            return _fail("interrupted", stop.exit_code() or 130)
        if debug:
            raise
        return _fail(*_explained(error))


def _exit_code(result: Any) -> int:
    return result if isinstance(result, int) else 0


def _explained(error: Exception) -> tuple[str, int]:
    if isinstance(error, click.ClickException):
        hint = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else None
        return error.format_message() + (f" (see {hint} --help)" if hint else ""), 2
    if isinstance(error, SeqcnnError):
        return str(error), 2
    if isinstance(error, TrainingError):
        return str(error), 1
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return "out of memory: give fewer or shorter sequences, or a larger machine", 1
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or error}", 1
    return f"{type(error).__name__}: {error} (--debug shows where; please report it)", 1


def _fail(message: str, code: int) -> int:
    speech().say("error", message, exit_code=code)
    return code
