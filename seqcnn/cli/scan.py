"""``seqcnn scan``: the sites of known motifs."""

import os
from collections.abc import Sequence
from functools import partial
from typing import Any

import rich_click as click

from seqcnn.cli.options import GPU, common, not_the_input, prepare_jax, sequences
from seqcnn.cli.places import Places
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

EXAMPLES = (
    "Examples:",
    "seqcnn scan jaspar:vertebrates genome.fa.gz -o sites.bed.gz",
    "seqcnn scan motifs.meme peaks.fa --format fimo -o fimo.tsv",
)


@click.command(name="scan", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("motifs", metavar="MOTIFS")
@click.argument("fasta", metavar="SEQUENCES")
@click.option(
    "-o", "--out", default="-", metavar="FILE",
    help="File to write; .bed and .gff3 choose the format, .gz compresses. Standard output by "
    "default.",
)  # fmt: skip
@click.option(
    "--format",
    type=click.Choice(["tsv", "bed", "gff", "fimo"]),
    help="Format of the output; by default by its name, else tsv. fimo: the columns of FIMO.",
)
@click.option(
    "--motif", "names", multiple=True, metavar="NAME",
    help="Scan with this motif of MOTIFS only: an identifier, with or without its version, or the "
    "name of a factor; * stands for any text. May be given several times.",
)  # fmt: skip
@click.option(
    "--p-value", type=click.FloatRange(0, 1, min_open=True),
    help="Largest p-value of a site. [default: 1e-4 unless --q-value or --score is given]",
)  # fmt: skip
@click.option(
    "--q-value", type=click.FloatRange(0, 1, min_open=True),
    help="Largest q-value of a site (Benjamini-Hochberg, each motif on its own).",
)  # fmt: skip
@click.option("--score", type=float, help="Smallest score of a site in bits.")
@click.option("--best", is_flag=True, help="Only the best site of each motif in each sequence.")
@click.option(
    "--strand",
    type=click.Choice(["both", "one"]),
    help="Strands to look at; by default both for DNA only.",
)
@click.option(
    "--background", default="input", show_default=True, metavar="input|motif|uniform|FILE",
    help="Where random letters come from: SEQUENCES, each motif, equal shares, or a MEME "
    "background file of any order.",
)  # fmt: skip
@click.option(
    "--pseudocount", type=click.FloatRange(0), default=0.1, show_default=True,
    help="Sites added to each motif, shared out like the background.",
)  # fmt: skip
@click.option(
    "--engine",
    type=click.Choice(["words", "lightmotif", "convolution", "lookup"]),
    help="How to search; the result is the same. [default: words, on a GPU convolution]",
)
@partial(sequences, unsaid="by default those of MOTIFS. DNA and RNA motifs are read as each other.")
@common
def command(
    motifs: str,
    fasta: str,
    out: str,
    *,
    names: Sequence[str],
    engine: str | None,
    alphabet: str | None,
    quiet: bool,
    seed: int,
    debug: bool,
    places: Places,
    **options: Any,
) -> None:
    """Find the sites of MOTIFS in SEQUENCES (FASTA of any size, - for stdin), with exact p-values.

    MOTIFS is a motif file of any format, jaspar, or one group of it such as jaspar:vertebrates.
    """
    not_the_input(out, *places.files(motifs, fasta))
    if motifs == fasta == "-":
        raise SeqcnnError("MOTIFS and SEQUENCES cannot both be standard input: name a file")
    engine = engine or ("convolution" if os.environ.get("JAX_PLATFORMS") == GPU else "words")
    if engine == "convolution":
        prepare_jax()
    from seqcnn.motifs.choose import choose_motifs
    from seqcnn.motifs.data import load_motifs
    from seqcnn.motifs.scan_file import scan_file
    from seqcnn.seq.alphabet import get_alphabet

    letters = None if alphabet is None else get_alphabet(alphabet)
    chosen = choose_motifs(load_motifs(motifs, alphabet=letters), names)
    reading = {"alphabet": letters, "mask": options["mask"], "strand": options["strand"]}
    with places.as_fasta(fasta, **reading) as source, progress_bar(quiet=quiet) as progress:
        scan_file(
            chosen,
            source,
            out,
            alphabet=letters,
            engine=engine,
            progress=progress,
            **options,
        )
