"""``seqcnn shuffle``: a control that keeps the composition."""

from typing import Any

import rich_click as click

from seqcnn.cli.options import common, sequences


@click.command(name="shuffle", no_args_is_help=True)
@click.argument("fasta", metavar="SEQUENCES")
@click.option("-o", "--out", default="-", help="FASTA file to write; standard output by default.")
@click.option("-k", "--kmer", type=click.IntRange(1, 3), help="Word length to keep; 2, protein 1.")
@click.option("--copies", type=click.IntRange(1), default=1, show_default=True)
@sequences
@common
def command(
    fasta: str,
    out: str,
    *,
    kmer: int | None,
    copies: int,
    seed: int,
    alphabet: str | None,
    mask: str,
    **_: Any,
) -> None:
    """Shuffle SEQUENCES; the counts of all words of k letters stay exactly the same."""
    from seqcnn.seq.io.fasta import read_sequences, write_fasta
    from seqcnn.seq.shuffle import shuffled_control

    original = read_sequences(fasta, alphabet=alphabet, mask=mask)
    shuffled, _k = shuffled_control(original, k=kmer, copies=copies, seed=seed)
    write_fasta(out, shuffled)
