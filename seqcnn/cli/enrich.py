"""``seqcnn enrich``: which known motifs sequences share, and where in them."""

from functools import partial
from typing import Any

import rich_click as click

from seqcnn.cli.options import common, not_the_input, sequences
from seqcnn.cli.places import Places
from seqcnn.cli.progress import progress_bar
from seqcnn.errors import SeqcnnError

EXAMPLES = (
    "Examples:",
    "seqcnn enrich jaspar peaks.fa -o enriched.tsv",
    "seqcnn enrich motifs.meme bound.fa --control unbound.fa",
)


@click.command(name="enrich", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("motifs", metavar="MOTIFS")
@click.argument("positives", metavar="SEQUENCES")
@click.option(
    "--control",
    metavar="FILE|genome",
    help="Sequences to compare with, of like length and composition, or genome: such windows of "
    "--genome. By default SEQUENCES are shuffled.",
)
@click.option(
    "-o", "--out", default="-", metavar="FILE",
    help="TSV file to write; standard output by default.",
)  # fmt: skip
@click.option(
    "--position", "positions", metavar="FILE",
    help="Also write how many sites lie in each twentieth of the sequences.",
)  # fmt: skip
@click.option(
    "--test",
    type=click.Choice(["fisher", "rank-sum"]),
    default="fisher",
    show_default=True,
    help="Compare shares of sequences with a site, or ranks of the scores of best sites.",
)
@click.option(
    "--strand",
    type=click.Choice(["both", "one"]),
    help="Strands to look at; by default both for DNA only.",
)
@click.option(
    "--kmer",
    type=click.IntRange(1, 3),
    help="Shuffles keep the counts of all words of this length; by default 2, for protein 1.",
)
@click.option(
    "--background", default="input", show_default=True, metavar="input|motif|uniform|FILE",
    help="What letters are compared with: SEQUENCES and control, the background of each motif, "
    "equal shares, or a MEME background file.",
)  # fmt: skip
@click.option(
    "--pseudocount", type=click.FloatRange(0), default=0.1, show_default=True,
    help="Sites added to each motif, shared out like the background.",
)  # fmt: skip
@click.option(
    "--decoys", type=click.IntRange(0), default=600, show_default=True,
    help="Motifs without meaning that are tested too, to correct q-values; 0 for none.",
)  # fmt: skip
@click.option("--top", type=click.IntRange(1), help="Write so many motifs at most.")
@click.option(
    "--q-value", type=click.FloatRange(0, 1, min_open=True),
    help="Write motifs up to this q-value; all by default.",
)  # fmt: skip
@partial(
    sequences,
    unsaid="guessed by default, and the guess is printed; letters of your own come with MOTIFS.",
)
@common
def command(
    motifs: str,
    positives: str,
    out: str,
    *,
    control: str | None,
    positions: str | None,
    top: int | None,
    q_value: float | None,
    alphabet: str | None,
    mask: str,
    places: Places,
    quiet: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Test which MOTIFS are enriched in SEQUENCES (FASTA, - for stdin), and where they lie.

    MOTIFS is a motif file of any format, jaspar, or one group of it such as jaspar:vertebrates.
    """
    inputs = places.files(motifs, positives, control)
    if inputs.count("-") > 1:
        raise SeqcnnError("only one of the inputs can be standard input: name files")
    if positions is not None and positions == out:
        raise SeqcnnError(f"both tables would be written to {out!r}: name another file")
    for path in (out, positions):
        if path is not None:
            not_the_input(path, *inputs)
    import math

    from seqcnn.motifs.data import alphabet_of_ones_own, load_motifs, over_alphabet
    from seqcnn.motifs.enrich import enrich
    from seqcnn.motifs.enrich_files import write_enrichments, write_positions

    # sequences tell DNA, RNA and protein; letters of one's own stand with the motifs
    loaded = load_motifs(motifs)
    letters = alphabet or alphabet_of_ones_own(loaded)
    reading = {"mask": mask, "strand": options["strand"]}
    foreground = places.read(positives, alphabet=letters, **reading)
    compared = places.read_control(control, positives, foreground, seed=options["seed"], **reading)
    chosen = [over_alphabet(motif, foreground.alphabet) for motif in loaded]
    with progress_bar(quiet=quiet) as progress:
        found = enrich(chosen, foreground, compared, progress=progress, **options)
    if q_value is not None:
        found = [one for one in found if one.log10_q <= math.log10(q_value)]
    write_enrichments(out, found[:top])
    if positions is not None:
        write_positions(positions, found[:top])
