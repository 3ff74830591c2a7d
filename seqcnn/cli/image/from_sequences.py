"""``seqcnn image from-sequences``: draw sequences as black-and-white pictures."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, sequences
from seqcnn.cli.places import Places

if TYPE_CHECKING:
    from seqcnn.training.roles import Sample

CLASSES = ("foreground", "control")
"""Names of the folders."""

TABLE = "pictures.tsv"
"""What says of each picture its sequence and its group."""


@click.command(name="from-sequences", no_args_is_help=True)
@click.argument("fasta", metavar="SEQUENCES")
@click.option("--control", metavar="FILE|genome", help="Sequences of the other class, or genome: "
              "windows of --genome of like length and composition. By default SEQUENCES are "
              "shuffled.")  # fmt: skip
@click.option("--kmer", type=click.IntRange(1, 3), help="Shuffles keep the counts of all words of "
              "this length; by default 2, for protein 1.")  # fmt: skip
@click.option("--copies", type=click.IntRange(1), default=1, show_default=True,
              help="Shuffles of each sequence; `seqcnn train` learns 9.")  # fmt: skip
@click.option("-o", "--out", required=True, help="Folder to write.")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@sequences
@common
def command(
    fasta: str,
    *,
    control: str | None,
    kmer: int | None,
    copies: int,
    out: str,
    force: bool,
    seed: int,
    quiet: bool,
    alphabet: str | None,
    mask: str,
    places: Places,
    **_: Any,
) -> None:
    """Draw each of SEQUENCES, and of a control, as a PNG file in the folder of its class.

    A picture has a row for each letter (A, C, G, T from above) and a column for each position; a
    pixel is white where the letter stands, and grey for ambiguity codes. The reverse complement is
    the picture turned half around (--augment turn180). Shorter sequences end in black columns.

    pictures.tsv says of which sequence each picture is, and which hang together: shuffles with
    their originals, and near-duplicates. `seqcnn image train OUT --labels OUT/pictures.tsv
    --columns class --group-by group --network motifcnn` learns from all that.
    """
    check_folder(out, force=force)
    facts = {"alphabet": alphabet, "mask": mask, "places": places, "seed": seed}
    sample, letters = _read(fasta, control, kmer, copies, facts)
    with filled_folder(out, force=force) as folder:
        number = _write(folder, sample, letters)
    if not quiet:
        click.echo(f"{number:,} pictures of {letters.shape[1]} x {sample.x.shape[1]}: {out}")


def _read(
    fasta: str, control: str | None, kmer: int | None, copies: int, facts: Mapping[str, Any]
) -> "tuple[Sample, Any]":
    """Read both classes; give them with the shares of letters that codes stand for."""
    places, mask, seed = facts["places"], facts["mask"], facts["seed"]
    first = places.read(fasta, alphabet=facts["alphabet"], mask=mask, strand=None)
    from seqcnn.training.samples import Apart, class_sample, shuffled_sample

    apart = Apart(first.alphabet.double_stranded)
    reading = {"mask": mask, "strand": None}
    other = places.read_control(control, fasta, first, seed=seed, **reading)
    if other is None:
        sample, _ = shuffled_sample(first, apart, kmer=kmer, seed=seed, copies=copies)
    else:
        sample, _ = class_sample([first, other], (), apart)
    return sample, first.alphabet.shares


def _write(folder: Path, sample: "Sample", shares: Any) -> int:
    """Write the pictures and their table."""
    from PIL import Image

    from seqcnn.report.sequence_image import sequence_pictures
    from seqcnn.report.tables import write_table

    digits = len(str(len(sample.x)))
    for name in CLASSES:
        (folder / name).mkdir()
    rows = []
    for begin in range(0, len(sample.x), 1024):
        pictures = sequence_pictures(sample.x[begin : begin + 1024], shares)
        for i, picture in enumerate(pictures, begin):
            kind = CLASSES[0] if sample.labels[i, 0] == 1 else CLASSES[1]
            name = f"{kind}/{i + 1:0{digits}d}.png"
            # at once: the folder appears when it is complete, and its files are many
            Image.fromarray(picture[..., 0]).save(folder / name)
            rows.append([name, kind, int(sample.groups[i]), sample.ids[i]])
    write_table(folder / TABLE, ["file", "class", "group", "sequence"], rows)
    return len(rows)
