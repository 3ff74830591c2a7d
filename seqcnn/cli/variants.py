"""``seqcnn variants``: what changes of a genome do to the score of a model."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, default_out, prepare_jax, warn_of_idle_gpu
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.motifs.motif import Motif
    from seqcnn.networks.weights import Model
    from seqcnn.seq.alphabet import Alphabet

SAID = 10
"""So many problems are told one by one; all are in a file."""

logger = logging.getLogger(__name__)

EXAMPLES = (
    "Examples:",
    "seqcnn variants model changes.vcf.gz --genome hg38.2bit",
)


@click.command(name="variants", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("model", metavar="MODEL")
@click.argument("vcf", metavar="VCF")
@click.option("--genome", required=True, metavar="FILE",
              help="That VCF is about: FASTA, compressed or not, or 2bit.")  # fmt: skip
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Output folder; by default "
              "<name of VCF>_variants.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files of an earlier run.")
@click.option("--window", type=click.IntRange(2), metavar="N", help="Letters that are scored "
              "around each variant; by default as many as MODEL has seen in training.")  # fmt: skip
@click.option("--motifs", metavar="FILE|jaspar", help="Motifs whose sites are lost or gained; by "
              "default those of the run of `seqcnn discover` that MODEL belongs to.")  # fmt: skip
@click.option("--site", type=click.FloatRange(0, 1, min_open=True), default=1e-4,
              show_default=True, help="Largest p-value of a site.")  # fmt: skip
@click.option("--strand", type=click.Choice(["both", "one"]), help="Score the reverse complement "
              "too, and take the mean; models of both strands do so by themselves.")  # fmt: skip
@common
def command(
    model: str,
    vcf: str,
    out: Path | None,
    *,
    genome: str,
    force: bool,
    window: int | None,
    motifs: str | None,
    site: float,
    strand: str | None,
    quiet: bool,
    **_: Any,
) -> None:
    """Score both alleles of each variant in VCF (plain or compressed, - for stdin).

    Scores are calibrated log-odds, or numbers on the scale that MODEL has learnt, means over its
    networks; sd is how far these differ about the difference. Writes variants.tsv, an annotated
    VCF, and problems.tsv with the lines that could not be scored and why.
    """
    out = out or default_out(vcf, "_variants")
    check_folder(out, force=force)
    prepare_jax()
    from seqcnn.networks.weights import load_model
    from seqcnn.seq.io.genome import open_genome

    loaded = load_model(model)
    alphabet = _alphabet(loaded)
    length = window or loaded.extra.get("length")
    if length is None:
        raise SeqcnnError("the model does not say how long its sequences were: say --window")
    chosen = _motifs(motifs, model, alphabet)
    warn_of_idle_gpu()
    from seqcnn.report.variants import VariantReport

    opened = open_genome(genome)
    own = _reads_both(loaded)
    with filled_folder(str(out), force=force) as folder, progress_bar(quiet=quiet) as show:
        report = VariantReport(
            loaded, opened, length=length, motifs=chosen, p_value=site,
            both_strands=strand == "both" and not own,
        )  # fmt: skip
        for done in report.write(vcf, folder, packed=vcf.endswith((".gz", ".bgz"))):
            show(f"{done:,} variants", 0.0)
    for problem in report.problems[:SAID]:
        logger.warning("%s: line %d: %s", vcf, problem.line, problem.message)
    if len(report.problems) > SAID:
        logger.warning("%d more are in problems.tsv", len(report.problems) - SAID)
    print(
        f"{report.scored:,} variants are scored in windows of {length:,} letters, "
        f"{len(report.problems):,} could not be.\nFiles: {out}"
    )


def _reads_both(loaded: "Model") -> bool:
    """Tell whether networks read both strands by themselves, whatever their options leave open."""
    return getattr(loaded.members[0].network, "complement", None) is not None


def _alphabet(loaded: "Model") -> "Alphabet":
    if loaded.alphabet is None or loaded.alphabet.complements is None:
        name = "images" if loaded.alphabet is None else loaded.alphabet.name
        raise SeqcnnError(f"the model reads {name}: variants of a genome are DNA")
    return loaded.alphabet


def _motifs(path: str | None, model: str, alphabet: "Alphabet") -> "list[Motif]":
    from seqcnn.motifs.data import load_motifs

    if path is None:
        folder = Path(model).resolve()
        run = folder.parent if folder.name == "model" else folder
        found = run / "motifs.meme"
        # a run that found nothing leaves a file without motifs, which readers refuse
        if not found.is_file() or "\nMOTIF" not in found.read_text():
            return []
        path = str(found)
    return list(load_motifs(path, alphabet=alphabet))
