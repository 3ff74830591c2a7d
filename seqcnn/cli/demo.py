"""``seqcnn demo``: the main job on planted motifs."""

import json
from pathlib import Path

import rich_click as click

from seqcnn.cli.discover import run_discover
from seqcnn.cli.options import common
from seqcnn.report.folder import output_folder

PLANTED = {"MA0139": 0.6, "MA0035": 0.25, "MA0506": 0.1}
"""JASPAR profiles (CTCF, GATA1, NRF1) and the share of sequences that have one."""

EXAMPLES = (
    "Examples:",
    "seqcnn demo",
    "seqcnn demo -o elsewhere --force",
)


@click.command(name="demo", epilog="\n\n".join(EXAMPLES))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("demo_seqcnn"),
    show_default=True,
    help="Output folder.",
)
@click.option("--force", is_flag=True, help="Replace the output folder of an earlier run.")
@common
def command(out: Path, *, force: bool, seed: int, quiet: bool, debug: bool) -> None:
    """Plant three JASPAR motifs in 2,000 random sequences, and find them again."""
    from seqcnn.motifs.data import load_database
    from seqcnn.motifs.sample import planted_sequences
    from seqcnn.seq.io.fasta import write_fasta

    database = load_database()
    shares = {
        next(m for m in database if m.name.startswith(name)): share
        for name, share in PLANTED.items()
    }
    with output_folder(out, force=force) as folder:
        planted = planted_sequences(shares, number=2000, length=100, gc=0.45, seed=seed)
        write_fasta(folder / "sequences.fa", planted)
        planted_names = {motif.name: share for motif, share in shares.items()}
        (folder / "demo.json").write_text(json.dumps({"planted": planted_names}, indent=2) + "\n")
    if not quiet:
        names = ", ".join(f"{m.alternative_name} ({s:.0%})" for m, s in shares.items())
        click.echo(f"Planted {names} in 2,000 sequences of 100 letters: {out / 'sequences.fa'}")
    run_discover(str(out / "sequences.fa"), out / "discover", force=False, quiet=quiet, seed=seed)
