"""``seqcnn discover``: from FASTA, or peaks and a genome, to motifs and a report."""

from functools import partial
from pathlib import Path
from typing import Any

import rich_click as click
from click import get_current_context
from click.core import ParameterSource

from seqcnn.cli.config import configurable
from seqcnn.cli.dry_run import say_discover
from seqcnn.cli.options import common, default_out, prepare_jax, sequences, warn_of_idle_gpu
from seqcnn.cli.places import Places
from seqcnn.cli.progress import progress_bar
from seqcnn.report.folder import check_output, input_record, output_folder

EXAMPLES = (
    "Examples:",
    "seqcnn discover peaks.fa -o out",
    "seqcnn discover bound.fa --control unbound.fa -o out",
    "seqcnn discover peaks.bed --genome hg38.2bit --window 100 -o out",
    "seqcnn discover peaks.fa --db jaspar:vertebrates --known-only -o out",
    "seqcnn discover --config run.toml --dry-run",
)

click.rich_click.OPTION_GROUPS["* discover"] = [
    {"name": "What is read", "options": ["--alphabet", "--mask"]},
    {"name": "Intervals on a genome", "options": ["--genome", "--window", "--top-peaks"]},
    {"name": "What it is compared with", "options": ["--control", "--kmer"]},
    {
        "name": "Motifs",
        "options": ["--strand", "--min-width", "--max-width", "--e-value", "--sites"],
    },
    {"name": "Known motifs", "options": ["--db", "--known-only"]},
    {
        "name": "Output",
        "options": ["--out", "--force", "--dry-run", "--quiet", "--json", "--debug"],
    },
    {
        "name": "How it is run",
        "options": [
            "--quick",
            "--thorough",
            "--config",
            "--seed",
            "--threads",
            "--device",
            "--dims",
        ],
    },
]


@click.command(name="discover", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("positives", metavar="SEQUENCES")
@click.option(
    "--control",
    metavar="FILE|genome",
    help="Sequences without the motifs, or genome: windows of --genome of like length, GC, CpG and "
    "share of repeats. By default SEQUENCES are shuffled.",
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="Output folder; by default <name of SEQUENCES>_seqcnn.",
)
@click.option("--force", is_flag=True, help="Replace the output folder of an earlier run.")
@click.option(
    "--strand",
    type=click.Choice(["both", "one"]),
    help="Look for motifs on both strands or on the one given; by default both for DNA only.",
)
@click.option(
    "--kmer",
    type=click.IntRange(1, 3),
    help="Shuffles keep the counts of all words of this length; by default 2, for protein 1.",
)
@click.option(
    "--min-width",
    type=click.IntRange(3, 24),
    default=4,
    show_default=True,
    help="Letters of the shortest motif.",
)
@click.option(
    "--max-width",
    type=click.IntRange(4, 48),
    default=40,
    show_default=True,
    help="Letters of the longest motif.",
)
@click.option(
    "--e-value", type=click.FloatRange(0, min_open=True), default=0.05, show_default=True,
    help="Report motifs up to this E-value.",
)  # fmt: skip
@click.option(
    "--sites",
    type=click.Choice(["anr", "zoops"]),
    default="anr",
    show_default=True,
    help="Sites to list: any number of repetitions in a sequence (anr), or zero or one occurrence "
    "per sequence, the best (zoops). Motifs are the same.",
)
@click.option(
    "--db", "database", metavar="jaspar|jaspar:TAXON|FILE|none",
    help="Known motifs: each is tested too, and motifs are named after them. TAXON: vertebrates, "
    "plants, fungi, insects, nematodes, diatoms or urochordates. [default: jaspar for DNA, none "
    "for other letters]",
)  # fmt: skip
@click.option(
    "--known-only", is_flag=True,
    help="Test the motifs of --db only: trains no network and seeks no motif.",
)  # fmt: skip
@click.option(
    "--quick", is_flag=True,
    help="A first look: shorter training, fewer sequences searched, and weaker p-values, as each "
    "sequence has 3 shuffles instead of 9.",
)  # fmt: skip
@click.option(
    "--thorough", is_flag=True,
    help="The last word: longer training, more seeds, up to 40,000 sequences searched.",
)  # fmt: skip
@partial(sequences, top=("--top", "--top-peaks"))
@configurable
@common
@click.option(
    "--dims", type=click.IntRange(1, 2), default=1, show_default=True,
    help="Read sequences as rows of letters (1) or as images (2); the result is the same.",
)  # fmt: skip
def command(positives: str, out: Path | None, *, force: bool, **options: Any) -> None:
    """Find the motifs that tell SEQUENCES (FASTA or FASTQ, - for stdin) from a control.

    20 sequences at least; some hundreds of 50 to 500 letters around summits are usual. With
    --genome, SEQUENCES may be intervals: BED, narrowPeak or broadPeak. A run takes some 20
    seconds of processor time for 2,000 sequences of 100 letters, one to two minutes for 20,000, and
    more the first time, when programs are compiled.

    Two networks are trained, each on half of the sequences; every motif is tested on the half that
    it was not found on, and so is every known motif. Writes report.html, motifs.meme, motifs.tsv,
    known.tsv and more to the output folder.
    """
    run_discover(positives, out or default_out(positives, "_seqcnn"), force=force, **options)


def run_discover(
    positives: str,
    out: Path,
    *,
    force: bool,
    quiet: bool,
    control: str | None = None,
    alphabet: str | None = None,
    mask: str = "none",
    database: str | None = None,
    places: Places | None = None,
    debug: bool = False,
    dry_run: bool = False,
    quick: bool = False,
    thorough: bool = False,
    **settings: Any,
) -> None:
    """Read, discover, write."""
    effort = _effort(quick=quick, thorough=thorough)
    from datetime import UTC, datetime

    from seqcnn.seq.io.files import atomic_write

    started, places = datetime.now(UTC), places or Places()
    motif_file = database if database is not None and Path(database).is_file() else None
    paths = places.files(positives, control, motif_file)
    check_output(out, force=force, inputs=paths)
    prepare_jax()
    inputs = [input_record(path) for path in paths]
    reading = {"mask": mask, "strand": settings.get("strand")}
    foreground = places.read(positives, alphabet=alphabet, **reading)
    background = places.read_control(
        control, positives, foreground, seed=settings.get("seed", 0), **reading
    )
    from seqcnn.discovery.pipeline import discover
    from seqcnn.discovery.settings import Settings
    from seqcnn.report.multiqc import write_multiqc
    from seqcnn.report.record import RunRecord
    from seqcnn.report.run import write_page, write_run

    warn_of_idle_gpu()
    wanted = Settings.of_effort(effort, **settings)
    if dry_run:
        say_discover(foreground, background, wanted, database, out)
        return
    arguments = {
        "positives": positives, "control": control, "alphabet": foreground.alphabet.name,
        "mask": mask, "genome": places.genome, "window": places.window, "top_peaks": places.top,
        "database": database, "effort": effort, **settings,
    }  # fmt: skip
    record = RunRecord("discover", arguments, inputs, started)
    with output_folder(out, force=force, inputs=paths) as folder:
        with progress_bar(quiet=quiet) as progress:
            found = discover(
                foreground, background, settings=wanted, database=database, progress=progress
            )
        write_multiqc(found, folder, default_out(positives, "").name)
        write_run(found, folder, record)
    # the results are in place: an error from here on loses the page at most
    there = write_page(found, out, record)
    with atomic_write("-") as handle:
        handle.write(_summary(found, out, page=there) + "\n")


def _effort(*, quick: bool, thorough: bool) -> str:
    """Name what is wanted; the command line wins over a file of options."""
    if not (quick and thorough):
        return "quick" if quick else "thorough" if thorough else "usual"
    source = get_current_context().get_parameter_source
    said = [name for name in ("quick", "thorough") if source(name) is ParameterSource.COMMANDLINE]
    if len(said) != 1:
        raise click.UsageError("--quick and --thorough contradict each other: give one of them")
    return said[0]


def _summary(found: Any, out: Path, *, page: bool) -> str:
    from seqcnn.report.text import summary_sentences

    where = f"Report: {out / 'report.html'}" if page else f"Results without a report: {out}"
    return " ".join(summary_sentences(found)) + "\n" + where
