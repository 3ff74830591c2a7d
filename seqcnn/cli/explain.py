"""``seqcnn explain``: what a model goes by, letter by letter, and the patterns of it."""

import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.models import check_reads_sequences
from seqcnn.cli.options import common, default_out, prepare_jax, sequences, warn_of_idle_gpu
from seqcnn.cli.page import model_files, record_of, started
from seqcnn.cli.places import Places
from seqcnn.cli.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from seqcnn.networks.weights import Model
    from seqcnn.report.explain import Explanation
    from seqcnn.seq.record import SequenceSet

METHODS = ("deepshap", "ig", "saliency", "input_x_gradient", "smoothgrad", "ism")

EXAMPLES = (
    "Examples:",
    "seqcnn explain model peaks.fa",
    "seqcnn explain peaks_seqcnn peaks.fa --method ism -o explained",
)

click.rich_click.OPTION_GROUPS["* explain"] = [
    {
        "name": "What is explained, and how",
        "options": ["--method", "--task", "--head", "--strand", "--references", "--steps"],
    },
    {"name": "Patterns", "options": ["--no-patterns", "--null", "--q-value", "--fewest"]},
    {"name": "What is read", "options": ["--alphabet", "--mask"]},
    {"name": "Intervals on a genome", "options": ["--genome", "--window", "--top-peaks"]},
    {"name": "Output", "options": ["--out", "--force", "--write", "--quiet", "--json", "--debug"]},
    {"name": "How it is run", "options": ["--seed", "--threads", "--device"]},
]

logger = logging.getLogger(__name__)


@click.command(name="explain", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("model", metavar="MODEL")
@click.argument("fasta", metavar="SEQUENCES")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Output folder; by default "
              "<name of SEQUENCES>_explanation.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files of an earlier run.")
@click.option("--method", type=click.Choice(METHODS), default="deepshap", show_default=True,
              help="DeepLIFT against shuffles, integrated gradients, gradients, gradients times "
              "letters, gradients under noise, or in-silico mutagenesis.")  # fmt: skip
@click.option("--task", metavar="NAME", help="Which score is explained, of a model of several "
              "tasks or classes.")  # fmt: skip
@click.option("--head", type=click.Choice(["total", "profile"]), default="total",
              show_default=True, help="What is explained of a model of profiles: the total, or "
              "where the signal lies.")  # fmt: skip
@click.option("--strand", type=click.Choice(["both", "one"]), default="one", show_default=True,
              help="both: take the mean with the reverse complement; models of both strands need "
              "it not.")  # fmt: skip
@click.option("--references", type=click.IntRange(1), default=20, show_default=True,
              help="Shuffles of each sequence that deepshap compares with.")  # fmt: skip
@click.option("--steps", type=click.IntRange(1), default=64, show_default=True,
              help="Points between references and sequence, for ig.")  # fmt: skip
@click.option("--no-patterns", is_flag=True, help="Leave seqlets, patterns and hits out.")
@click.option("--null", type=click.Choice(["sign", "shuffles"]), default="sign",
              show_default=True, help="What seqlets stand out from: contributions of the other "
              "sign, or those in a shuffle of each sequence, which is stricter.")  # fmt: skip
@click.option("--q-value", type=click.FloatRange(0, 1, min_open=True), default=0.05,
              show_default=True, help="Largest q-value of a seqlet.")  # fmt: skip
@click.option("--fewest", type=click.IntRange(3), default=20, show_default=True,
              help="Seqlets that a pattern must have.")  # fmt: skip
@click.option("--write", "formats", multiple=True,
              type=click.Choice(["tsv", "hdf5", "bedgraph", "bigwig", "modisco"]),
              help="Write contributions as this too: a table, hdf5 (with patterns as modisco-lite "
              "writes them), bedgraph or bigwig along the genome, or the files that modisco-lite "
              "reads. May be given several times.")  # fmt: skip
@partial(sequences, unsaid="by default those of MODEL.")
@common
def command(
    model: str,
    fasta: str,
    out: Path | None,
    *,
    force: bool,
    formats: tuple[str, ...],
    alphabet: str | None,
    mask: str,
    places: Places,
    quiet: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Say what each letter of SEQUENCES contributes to a score of MODEL, and gather patterns.

    Writes attributions.npz, completeness.tsv, sequences.svg (the 12 with the highest scores; with
    --method ism mutagenesis.svg, heat maps of them), seqlets.tsv, patterns.tsv, patterns.meme,
    patterns.svg, hits.tsv and report.html. How well contributions add up to differences of scores
    is printed.
    """
    out, start = out or default_out(fasta, "_explanation"), started()
    check_folder(out, force=force)
    prepare_jax()
    from seqcnn.explain.writers import check_formats
    from seqcnn.networks.weights import load_model
    from seqcnn.report.explain import write_explanation
    from seqcnn.report.explain_page import explanation_page
    from seqcnn.report.finish import add_page, write_record

    loaded = load_model(model)
    check_reads_sequences(loaded, model)
    given = places.read(fasta, alphabet=alphabet or loaded.alphabet, mask=mask, strand=None)
    check_formats(formats, options["method"], given)
    warn_of_idle_gpu()
    with progress_bar(quiet=quiet) as show:
        found, summary = _explained(loaded, given, show, options)
    with filled_folder(str(out), force=force) as folder:
        write_explanation(found, folder, formats=formats, sizes=_sizes(places))
        record = record_of([fasta, places.genome, *model_files(model)], start)
        write_record(folder, record)
    add_page(out, lambda: explanation_page(found, record, completeness=summary))
    print(summary)
    if not options["no_patterns"]:
        for pattern in found.patterns:
            print(f"{pattern.name}: {pattern.motif().trim().consensus}, {len(pattern):,} seqlets")
        if not found.patterns:
            print("no pattern: no kind of seqlet is there often enough (--fewest)")
    print(f"Files: {out}")


def _sizes(places: Places) -> dict[str, int] | None:
    """Tell the lengths of the chromosomes of the genome, if there is one."""
    opened = places.opened
    if opened is None:
        return None
    return dict(zip(opened.names, opened.lengths.tolist(), strict=True))


def _explained(
    loaded: "Model",
    given: "SequenceSet",
    show: "Callable[[str, float], None]",
    options: dict[str, Any],
) -> "tuple[Explanation, str]":
    """Compute contributions, and what stands out in them; and say how well they add up."""
    from seqcnn.explain.completeness import completeness
    from seqcnn.explain.hits import find_hits
    from seqcnn.explain.methods import attribute
    from seqcnn.explain.patterns.discover import find_patterns
    from seqcnn.explain.seqlets import find_seqlets
    from seqcnn.report.explain import Explanation
    from seqcnn.seq.shuffle import shuffled_control

    how = {
        "method": options["method"], "task": options["task"], "head": options["head"],
        "strands": "both" if options["strand"] == "both" else "given",
        "references": options["references"], "steps": options["steps"], "seed": options["seed"],
    }  # fmt: skip
    show(f"attributions by {options['method']}", 0.0)
    found = Explanation(attribute(loaded, given, **how))
    summary = completeness(found.attributions).summary
    if options["no_patterns"]:
        return found, summary
    control = None
    if options["null"] == "shuffles":
        show("attributions of shuffles", 0.4)
        shuffled, _ = shuffled_control(given, seed=options["seed"])
        of_shuffles = Explanation(attribute(loaded, shuffled, **how))
        control = of_shuffles.said, of_shuffles.attributions.codes
    said, codes, seed = found.said, found.attributions.codes, options["seed"]
    show("seqlets", 0.8)
    seqlets = find_seqlets(
        said, codes, given.alphabet, control=control, q_value=options["q_value"], seed=seed
    )
    show(f"patterns of {len(seqlets):,} seqlets", 0.85)
    patterns = find_patterns(
        said, codes, given.alphabet, seqlets=seqlets, fewest=options["fewest"], seed=seed
    )
    show("hits", 0.95)
    hits = find_hits(patterns, said, codes, given.alphabet, seed=seed)
    return Explanation(found.attributions, seqlets, patterns, hits), summary
