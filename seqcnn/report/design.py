"""Files of designed sequences: FASTA, a row a sequence, a row an edit."""

from pathlib import Path

import numpy as np

from seqcnn.explain.design import Designed
from seqcnn.report.tables import write_table
from seqcnn.seq.io.fasta import write_fasta

COLUMNS = ("id", "score_start", "score", "edits", "sequence")
EDIT_COLUMNS = ("id", "position", "from", "to")


def write_design(made: Designed, folder: Path) -> None:
    """Write the sequences that keep to all constraints; positions of edits are from 1."""
    rows = np.flatnonzero(made.kept)
    chosen = made.sequences.select(rows)
    write_fasta(folder / "designed.fa", chosen)
    decode = made.start.alphabet.decode
    write_table(
        folder / "designed.tsv",
        COLUMNS,
        (
            [
                name,
                f"{made.before[i]:.5g}",
                f"{made.after[i]:.5g}",
                len(made.edits(i)),
                decode(codes),
            ]
            for name, i, codes in zip(chosen.ids, rows.tolist(), chosen, strict=True)
        ),
    )
    write_table(
        folder / "edits.tsv",
        EDIT_COLUMNS,
        (
            [name, position + 1, one, other]
            for name, i in zip(chosen.ids, rows.tolist(), strict=True)
            for position, one, other in made.edits(i)
        ),
    )
