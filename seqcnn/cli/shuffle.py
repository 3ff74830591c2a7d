"""``seqcnn shuffle``: a control that keeps the composition."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import rich_click as click

from seqcnn.cli.options import common, not_the_input, sequences
from seqcnn.cli.places import Places
from seqcnn.errors import SeqcnnWarning

FEW_LETTERS = 100
"""An alphabet guessed from fewer letters may be wrong."""

EXAMPLES = (
    "Examples:",
    "seqcnn shuffle peaks.fa -o control.fa",
)


@click.command(name="shuffle", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("fasta", metavar="SEQUENCES")
@click.option("-o", "--out", default="-", help="FASTA file to write; standard output by default.")
@click.option(
    "-k",
    "--kmer",
    type=click.IntRange(1, 3),
    help="Keep the counts of all words of this length; by default 2, for protein 1.",
)
@click.option(
    "--copies",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Shuffles of each sequence.",
)
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
    places: Places,
    **_: Any,
) -> None:
    """Shuffle SEQUENCES; the counts of all words of k letters stay exactly the same."""
    not_the_input(out, *places.files(fasta))
    with _one_warning():
        from seqcnn.seq.duplicates import near_duplicate_groups
        from seqcnn.seq.io.fasta import write_fasta
        from seqcnn.seq.shuffle import shuffled_control

        original = places.read(fasta, alphabet=alphabet, mask=mask)
        if alphabet is None and len(original.codes) < FEW_LETTERS:
            warnings.warn(
                f"read as {original.alphabet.name}, guessed from {len(original.codes)} letters "
                f"only: --alphabet makes sure",
                SeqcnnWarning,
                stacklevel=1,
            )
        both = original.alphabet.double_stranded
        repeats = len(original) - 1 - int(near_duplicate_groups(original, both_strands=both).max())
        if repeats:
            warnings.warn(f"{repeats:,} sequences repeat others", SeqcnnWarning, stacklevel=1)
        shuffled, _k = shuffled_control(original, k=kmer, copies=copies, seed=seed)
    write_fasta(out, shuffled)


@contextmanager
def _one_warning() -> Iterator[None]:
    """Gather all warnings into one line; an input that is odd is mostly odd in several ways."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    if caught:
        said = dict.fromkeys(str(w.message) for w in caught)
        warnings.warn("; ".join(said), SeqcnnWarning, stacklevel=1)
