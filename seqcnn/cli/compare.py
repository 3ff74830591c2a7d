"""``seqcnn compare``: which known motifs a motif is like."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import filled_folder
from seqcnn.cli.options import common, not_the_input
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.motifs.compare import Comparisons

FEW_TARGETS = 50
"""With fewer targets p-values depend much on which they are."""

EXAMPLES = (
    "Examples:",
    "seqcnn compare peaks_seqcnn/motifs.meme",
    "seqcnn compare motifs.meme others.meme -o matches.tsv",
)


@click.command(name="compare", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("queries", metavar="QUERY")
@click.argument("targets", metavar="[TARGETS]", default="jaspar")
@click.option(
    "-o", "--out", default="-", metavar="FILE",
    help="Table to write, .gz compresses; standard output by default.",
)  # fmt: skip
@click.option(
    "--format",
    type=click.Choice(["tsv", "tomtom"]),
    default="tsv",
    show_default=True,
    help="tomtom: the columns of Tomtom's tomtom.tsv.",
)
@click.option(
    "--motif", "names", multiple=True, metavar="NAME",
    help="Compare this motif of QUERY only: an identifier, with or without its version, or the "
    "name of a factor; * stands for any text. May be given several times.",
)  # fmt: skip
@click.option(
    "--distance",
    type=click.Choice(["llr", "pearson", "euclidean", "sandelin"]),
    default="llr",
    show_default=True,
    help="How columns are compared: log-likelihood ratio, correlation, Euclidean distance, "
    "Sandelin-Wasserman.",
)
@click.option(
    "--e-value", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True,
    help="Largest number of targets as alike by chance.",
)  # fmt: skip
@click.option(
    "--q-value", type=click.FloatRange(0, 1, min_open=True), default=1.0,
    help="Largest false discovery rate among the targets of a query. [default: any]",
)  # fmt: skip
@click.option("--top", type=click.IntRange(1), help="Most targets of a query, the best ones.")
@click.option(
    "--strand",
    type=click.Choice(["both", "one"]),
    help="Whether to turn motifs over too; by default both for DNA only.",
)
@click.option(
    "--logos", metavar="FOLDER",
    help="Folder for a page of each query (HTML): its logo above those of its best targets.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write logos into a folder that is not empty.")
@common
def command(
    queries: str,
    targets: str,
    *,
    out: str,
    format: str,
    names: Sequence[str],
    strand: str | None,
    logos: str | None,
    force: bool,
    seed: int,
    quiet: bool,
    debug: bool,
    **options: Any,
) -> None:
    """Find which motifs of TARGETS the motifs of QUERY are like, as Tomtom does.

    QUERY and TARGETS are motif files of any format, - for stdin, jaspar (the default of TARGETS),
    or one group of it such as jaspar:vertebrates.
    """
    not_the_input(out, queries, targets)
    if queries == targets == "-":
        raise SeqcnnError("QUERY and TARGETS cannot both be standard input: name a file")
    from seqcnn.motifs.choose import choose_motifs
    from seqcnn.motifs.compare import compare
    from seqcnn.motifs.data import load_motifs
    from seqcnn.motifs.match_files import logo_pages, write_comparisons
    from seqcnn.motifs.scan import both_strands

    wanted = choose_motifs(load_motifs(queries), names)
    if not wanted:
        raise SeqcnnError("there is no motif in this file", path=queries)
    alphabet = wanted[0].alphabet
    known = load_motifs(targets, alphabet=alphabet)
    if not known:
        raise SeqcnnError("there is no motif in this file", path=targets)
    if len(known) < FEW_TARGETS:
        logging.getLogger(__name__).info(
            f"{len(known)} targets say little about chance: p-values need {FEW_TARGETS} or more"
        )
    both = None if strand is None else both_strands(strand, alphabet)
    found = compare(wanted, known, both_strands=both, **options)
    _note_lonely(found)
    if logos is None:
        write_comparisons(out, found, format=format)
        return
    with filled_folder(logos, force=force) as folder:
        for name, page in logo_pages(found):
            (folder / name).write_text(page, encoding="utf-8")
        write_comparisons(out, found, format=format)


def _note_lonely(found: "Comparisons") -> None:
    """Tell of queries without a row: an empty table alone does not say why."""
    with_rows = set(found.query.tolist())
    lonely = [query for i, query in enumerate(found.queries) if i not in with_rows]
    if lonely:
        logging.getLogger(__name__).info(
            f"queries without a target within --e-value and --q-value: {len(lonely):,} of "
            f"{len(found.queries):,}, first {lonely[0].name}"
        )
