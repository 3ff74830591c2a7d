"""``seqcnn convert``: motif files from one format to another."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import filled_folder, names_folder
from seqcnn.cli.options import PACKED, common, not_the_input
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.motifs.motif import Motif

FORMATS = ("meme", "jaspar", "pfm", "transfac", "homer", "uniprobe")

ENDINGS = {f".{name}": name for name in FORMATS} | {
    ".dat": "transfac",
    ".motif": "homer",
    ".motifs": "homer",
    ".pwm": "uniprobe",
}
"""Formats by the ending of a name; that of a format is its own name."""

EXAMPLES = (
    "Examples:",
    "seqcnn convert motifs.meme motifs.jaspar",
    "seqcnn convert motifs.meme motifs.homer",
)


@click.command(name="convert", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("motifs", metavar="IN")
@click.argument("out", metavar="OUT")
@click.option(
    "--from", "given", type=click.Choice(FORMATS), help="Format of IN; told from its content."
)
@click.option(
    "--to", "wanted", type=click.Choice(FORMATS),
    help="Format of OUT; by default by its name (.meme, .jaspar, .pfm, .transfac, .dat, .homer, "
    ".motif, .uniprobe, .pwm), meme on standard output and in a folder.",
)  # fmt: skip
@click.option(
    "--motif", "names", multiple=True, metavar="NAME",
    help="Convert this motif only: an identifier, with or without its version, or the name of a "
    "factor; * stands for any text. May be given several times.",
)  # fmt: skip
@click.option(
    "--names", "naming", type=click.Choice(["id", "alternative", "both"]),
    help="Call motifs by their identifier alone, by the name of the factor, or by both as one "
    "word; both stay as they are by default.",
)  # fmt: skip
@click.option("--reverse-complement", is_flag=True, help="Write the other strand.")
@click.option(
    "--trim", type=click.FloatRange(0), metavar="BITS",
    help="Drop positions at both ends that have less information than this.",
)  # fmt: skip
@click.option(
    "--alphabet", metavar="dna|rna|protein|LETTERS",
    help="What the motifs must be over; DNA and RNA are turned into each other.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    motifs: str,
    out: str,
    *,
    given: str | None,
    wanted: str | None,
    names: Sequence[str],
    naming: str | None,
    reverse_complement: bool,
    trim: float | None,
    alphabet: str | None,
    force: bool,
    **_: Any,
) -> None:
    """Convert the motifs of IN to the format of OUT.

    IN is a motif file of any format, - for stdin, jaspar, or one group of it such as
    jaspar:vertebrates. OUT is a file, - for stdout, or a folder/ that gets one file for each motif.
    Both may be compressed (.gz). What the new format has no place for is said in one line.
    """
    not_the_input(out, motifs)
    format = wanted or _format_of(out)
    from seqcnn.motifs.choose import choose_motifs, file_names, rename
    from seqcnn.motifs.data import load_motifs
    from seqcnn.motifs.io import write_motifs
    from seqcnn.seq.alphabet import get_alphabet

    letters = None if alphabet is None else get_alphabet(alphabet)
    chosen = choose_motifs(load_motifs(motifs, alphabet=letters, format=given), names)
    if reverse_complement:
        chosen = [motif.reverse_complement() for motif in chosen]
    if trim is not None:
        chosen = [motif.trim(trim) for motif in chosen]
    if naming is not None:
        chosen = rename(chosen, naming)
    if not names_folder(out):
        write_motifs(out, chosen, format=format, alphabet=letters)
    else:
        with filled_folder(out, force=force) as folder:
            files = file_names([motif.name for motif in chosen], f".{format}")
            for file, motif in zip(files, chosen, strict=True):
                write_motifs(folder / file, [motif], format=format)
    _note_losses(chosen, format)


def _format_of(out: str) -> str:
    """Tell the format by the name of a file."""
    if out == "-" or names_folder(out):
        return FORMATS[0]
    name = Path(out)
    name = name.with_suffix("") if name.suffix.lower() in PACKED else name
    format = ENDINGS.get(name.suffix.lower())
    if format is None:
        raise SeqcnnError(
            f"this name does not tell the format: add --to, or end it in {', '.join(ENDINGS)}",
            path=out,
        )
    return format


def _note_losses(motifs: "Sequence[Motif]", format: str) -> None:
    from seqcnn.motifs.io.losses import losses

    lost = losses(motifs, format)
    if lost:
        logging.getLogger(__name__).info(
            f"lost, as the format {format} has no place for it: {', '.join(lost)}"
        )
