"""``seqcnn logo``: pictures of motifs."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import filled_folder, names_folder
from seqcnn.cli.options import common, not_the_input
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.motifs.logo import Logo
    from seqcnn.motifs.motif import Motif

EXAMPLES = (
    "Examples:",
    "seqcnn logo peaks_seqcnn/motifs.meme -o sheet.pdf",
)


@click.command(name="logo", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("motifs", metavar="MOTIFS")
@click.option(
    "-o", "--out", default="-", metavar="FILE|FOLDER/",
    help="A sheet of all motifs: .svg, .png or .pdf (with pages); or a folder with one file for "
    "each motif. SVG on standard output by default.",
)  # fmt: skip
@click.option(
    "--format",
    type=click.Choice(["svg", "png", "pdf"]),
    help="Format of the output; by default by its name, else svg.",
)
@click.option(
    "--kind",
    type=click.Choice(["bits", "probability", "counts", "log-odds"]),
    default="bits",
    show_default=True,
    help="What the height of a letter is. Log-odds below 0 hang upside down.",
)
@click.option(
    "--motif", "names", multiple=True, metavar="NAME",
    help="Draw this motif only: an identifier, with or without its version, or the name of a "
    "factor; * stands for any text. May be given several times.",
)  # fmt: skip
@click.option("--reverse", is_flag=True, help="Draw the other strand.")
@click.option(
    "--corrected", is_flag=True,
    help="Take off the bits that so few sites would show by chance.",
)  # fmt: skip
@click.option(
    "--background", default="motif", show_default=True, metavar="motif|uniform|FILE",
    help="What bits and log-odds compare with: the background of each motif, equal shares, or a "
    "MEME background file.",
)  # fmt: skip
@click.option(
    "--names", "shown", type=click.Choice(["both", "id", "alternative", "none"]),
    default="both", show_default=True, help="What stands above a logo.",
)  # fmt: skip
@click.option("--columns", type=click.IntRange(1), help="Logos beside each other on a sheet.")
@click.option(
    "--width", type=click.FloatRange(1),
    help="Width of the picture in pixels (svg, png); 20 for each position by default.",
)  # fmt: skip
@click.option(
    "--dpi", type=click.FloatRange(1),
    help="Pixels per inch of a png; 96 make 20 pixels for each position. [default: 192]",
)  # fmt: skip
@click.option(
    "--paper", type=click.Choice(["white", "dark", "clear"]), default="white", show_default=True,
    help="What lies behind; clear is transparent, with black words.",
)  # fmt: skip
@click.option(
    "--colour", "coloured", multiple=True, metavar="LETTER=#RRGGBB",
    help="Colour of a letter. May be given several times.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    motifs: str,
    out: str,
    *,
    format: str | None,
    names: Sequence[str],
    shown: str,
    columns: int | None,
    width: float | None,
    dpi: float | None,
    paper: str,
    force: bool,
    quiet: bool,
    seed: int,
    debug: bool,
    **look: Any,
) -> None:
    """Draw the motifs of MOTIFS as sequence logos.

    MOTIFS is a motif file of any format, - for stdin, jaspar, or one group of it such as
    jaspar:vertebrates.
    """
    not_the_input(out, motifs)
    from seqcnn.motifs.choose import choose_motifs, file_names
    from seqcnn.motifs.data import load_motifs
    from seqcnn.motifs.logo.sheet import FORMATS, format_of, write_sheet

    in_folder = names_folder(out)
    format = format or (FORMATS[0] if in_folder or out == "-" else format_of(out))
    chosen = choose_motifs(load_motifs(motifs), names)
    logos = _make_logos(chosen, shown=shown, **look)
    options = {"format": format, "paper": paper, "width": width, "dpi": dpi}
    if not in_folder:
        write_sheet(out, logos, columns=columns, **options)
        return
    with filled_folder(out, force=force) as folder:
        files = file_names([motif.name for motif in chosen], f".{format}")
        for file, logo in zip(files, logos, strict=True):
            write_sheet(folder / file, [logo], **options)


def _make_logos(
    motifs: "Sequence[Motif]",
    *,
    kind: str,
    reverse: bool,
    corrected: bool,
    background: str,
    coloured: Sequence[str],
    shown: str,
) -> "list[Logo]":
    from seqcnn.motifs.logo import make_logo

    colours = dict(map(_parse_colour, coloured))
    unknown = sum(not motif.sites for motif in motifs)
    if corrected and unknown:
        logging.getLogger(__name__).info(
            f"{unknown:,} of {len(motifs):,} motifs have no number of sites and are not corrected"
        )
    logos = []
    for motif in motifs:
        logo = make_logo(
            motif,
            kind,
            reverse=reverse,
            corrected=corrected,
            background=_background_of(background, motif),
            own_colours=colours,
        )
        logos.append(_captioned(logo, motif, shown))
    return logos


def _parse_colour(text: str) -> tuple[str, str]:
    letter, equals, colour = text.partition("=") if text[:1] != "=" else ("=", text[1:2], text[2:])
    if not (letter and equals and colour):
        raise SeqcnnError(f"`--colour` is {text!r}, it must be like A=#23a672")
    return letter, colour


def _background_of(background: str, motif: "Motif") -> "np.ndarray | None":
    from seqcnn.motifs.background import letter_shares, resolve_background

    if background == "input" and not Path(background).exists():
        raise SeqcnnError("`--background` is 'input', it must be motif, uniform or a file")
    found = resolve_background(background, motif.alphabet, lambda: motif.matrix.background)
    return None if found is None else letter_shares(found)


def _captioned(logo: "Logo", motif: "Motif", shown: str) -> "Logo":
    if shown == "none":
        return replace(logo, name="", facts="")
    name = {"id": motif.name, "alternative": motif.alternative_name or motif.name}.get(shown)
    return logo if name is None else replace(logo, name=name)
