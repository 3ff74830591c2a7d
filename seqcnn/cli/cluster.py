"""``seqcnn cluster``: families of similar motifs."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import filled_folder
from seqcnn.cli.options import common, default_out
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seqcnn.motifs.cluster import Family
    from seqcnn.motifs.motif import Motif

COLUMNS = "motif family strand offset".split()

EXAMPLES = (
    "Examples:",
    "seqcnn cluster jaspar:vertebrates -o families",
)


@click.command(name="cluster", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("motifs", metavar="MOTIFS")
@click.option(
    "-o", "--out", metavar="FOLDER",
    help="Folder to write; by default named after MOTIFS, with _families at the end.",
)  # fmt: skip
@click.option(
    "--threshold", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.125,
    show_default=True, help="How alike a family has to be: the larger, the smaller families.",
)  # fmt: skip
@click.option(
    "--reference", metavar="MOTIFS|none",
    help="Further motifs to compare with, so that chance likenesses weigh less. [default: jaspar "
    "for fewer than 2,000 DNA motifs, else none]",
)  # fmt: skip
@click.option(
    "--strand",
    type=click.Choice(["both", "one"]),
    help="Whether to turn motifs over too; by default both for DNA only.",
)
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    motifs: str,
    *,
    out: str | None,
    threshold: float,
    reference: str | None,
    strand: str | None,
    force: bool,
    **_: Any,
) -> None:
    """Group the MOTIFS into families, and average each family.

    MOTIFS is a motif file of any format, - for stdin, jaspar, or one group of it such as
    jaspar:vertebrates. Writes families.tsv (which family each motif is in, and how it lies upon
    the mean of the family) and families.meme (the means).
    """
    from seqcnn.motifs.cluster import cluster
    from seqcnn.motifs.data import load_motifs
    from seqcnn.motifs.io import write_motifs
    from seqcnn.motifs.scan import both_strands

    given = load_motifs(motifs)
    if not given:
        raise SeqcnnError("there is no motif in this file", path=motifs)
    both = None if strand is None else both_strands(strand, given[0].alphabet)
    others = None if reference is None else []
    if reference not in (None, "none"):
        others = load_motifs(reference, alphabet=given[0].alphabet)
    target = str(default_out(motifs.replace(":", "_"), "_families")) if out is None else out
    with filled_folder(target, force=force) as folder:
        families = cluster(given, threshold=threshold, reference=others, both_strands=both)
        _write_table(folder / "families.tsv", given, families)
        write_motifs(folder / "families.meme", [family.mean for family in families])
    logging.getLogger(__name__).info(f"{len(given)} motifs in {len(families)} families: {target}")


def _write_table(path: Path, motifs: "Sequence[Motif]", families: "Sequence[Family]") -> None:
    rows = ["\t".join(COLUMNS)]
    for family in families:
        for member, offset, turned in zip(
            family.members, family.offsets, family.reverse, strict=True
        ):
            strand = "-" if turned else "+"
            rows.append(f"{motifs[member].name}\t{family.mean.name}\t{strand}\t{offset}")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
