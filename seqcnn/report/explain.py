"""Files of an explanation: contributions, seqlets, patterns, hits, and pictures of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from seqcnn.explain.attributions import Attributions
from seqcnn.explain.hits import PatternHits, write_hits
from seqcnn.explain.modisco_h5 import write_modisco_h5
from seqcnn.explain.patterns.pattern import Pattern
from seqcnn.explain.seqlets import Seqlets, write_seqlets
from seqcnn.explain.writers import (
    unplaced,
    write_bedgraph,
    write_bigwig,
    write_completeness,
    write_hdf5,
    write_modisco,
    write_npz,
    write_tsv,
)
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.logo import Logo, attribution_logo
from seqcnn.motifs.logo.sheet import write_sheet
from seqcnn.report.tables import write_table
from seqcnn.seq.intervals import intervals_of
from seqcnn.seq.record import SequenceSet

COLUMNS = ("pattern", "consensus", "width", "seqlets", "sequences", "hits", "contribution", "bits")

DRAWN = 12
"""Sequences of `sequences.svg`."""

MOST_DRAWN = 400
"""Letters of a sequence that are drawn."""

FORMATS = ("tsv", "hdf5", "bedgraph", "bigwig", "modisco")


@dataclass(frozen=True, eq=False)
class Explanation:
    """What is written.

    Parameters
    ----------
    attributions
        Of all sequences.
    seqlets, patterns, hits
        Found in them; None if none were looked for.
    """

    attributions: Attributions
    seqlets: Seqlets | None = None
    patterns: Sequence[Pattern] = ()
    hits: PatternHits | None = None

    @property
    def said(self) -> np.ndarray:
        """What patterns are sought in: hypothetical contributions, or those of present letters."""
        given = self.attributions.hypothetical
        return self.attributions.projected() if given is None else given


def check_formats(formats: Sequence[str], sequences: SequenceSet) -> None:
    """Refuse formats that could not be written, before anything is computed.

    Raises
    ------
    SeqcnnError
        A sequence is not named by its place in a genome, and a format is along one.
    """
    if not {"bedgraph", "bigwig"} & set(formats):
        return
    for name, place in zip(sequences.ids, intervals_of(sequences), strict=True):
        if place is None:
            raise unplaced(name)


def write_explanation(
    found: Explanation,
    folder: Path,
    *,
    formats: Sequence[str] = (),
    lengths: Mapping[str, int] | None = None,
) -> None:
    """Write all files of an explanation to a folder.

    Parameters
    ----------
    found
        What is known.
    folder
        Is there.
    formats
        Of `FORMATS`: what contributions are written as beside NPZ; ``"hdf5"`` writes patterns in
        the layout of modisco-lite too.
    lengths
        Of chromosomes, for ``"bigwig"``, see `write_bigwig`.

    Raises
    ------
    SeqcnnError
        A format needs a package that is not installed, or what the method does not give.
    """
    attributions = found.attributions
    write_npz(attributions, folder / "attributions.npz")
    write_completeness(attributions, folder / "completeness.tsv")
    if "tsv" in formats:
        write_tsv(attributions, folder / "attributions.tsv")
    if "hdf5" in formats:
        write_hdf5(attributions, folder / "attributions.h5")
    if "bedgraph" in formats:
        write_bedgraph(attributions, folder / "attributions.bedgraph")
    if "bigwig" in formats:
        write_bigwig(attributions, folder / "attributions.bw", lengths=lengths)
    if "modisco" in formats:
        write_modisco(attributions, folder / "ohe.npz", folder / "hypothetical.npz")
    _draw_sequences(attributions, folder / "sequences.svg")
    if found.seqlets is None or found.hits is None:
        return
    write_seqlets(found.seqlets, folder / "seqlets.tsv", ids=attributions.ids)
    patterns = list(found.patterns)
    write_table(folder / "patterns.tsv", COLUMNS, _pattern_rows(patterns, found.hits))
    write_hits(found.hits, folder / "hits.tsv", patterns=patterns, ids=attributions.ids)
    if patterns:
        write_motifs(folder / "patterns.meme", [pattern.motif().trim() for pattern in patterns])
        write_sheet(folder / "patterns.svg", [_pattern_logo(pattern) for pattern in patterns])
    if "hdf5" in formats:
        write_modisco_h5(
            patterns, folder / "modisco.h5", contributions=found.said, codes=attributions.codes
        )


def _pattern_rows(patterns: Sequence[Pattern], hits: PatternHits) -> list[list[object]]:
    """One row a pattern; `contribution` is the sum of its mean contributions."""
    counts = np.bincount(hits.pattern, minlength=len(patterns))
    return [
        [
            pattern.name,
            pattern.motif().trim().consensus,
            pattern.motif().trim().width,
            len(pattern),
            len(np.unique(pattern.members.row)),
            int(counts[i]),
            f"{float(pattern.projected.sum()):.4g}",
            f"{float(pattern.motif().information(corrected=False).sum()):.2f}",
        ]
        for i, pattern in enumerate(patterns)
    ]


def _pattern_logo(pattern: Pattern) -> Logo:
    logo = attribution_logo(pattern.projected, pattern.alphabet, name=pattern.name)
    return replace(logo, facts=f"{len(pattern):,} seqlets, mean contributions")


def _draw_sequences(attributions: Attributions, path: Path) -> None:
    """Draw the sequences with the highest outputs, one under the other."""
    if not len(attributions):
        return
    best = np.argsort(-attributions.output, kind="stable")[:DRAWN]
    own = attributions.projected()
    logos = []
    for row in best.tolist():
        shown = min(int(attributions.lengths[row]), MOST_DRAWN)
        name = str(attributions.ids[row])
        logo = attribution_logo(own[row, :shown], attributions.alphabet, name=name)
        logos.append(replace(logo, facts=f"output {attributions.output[row]:.3g}"))
    write_sheet(path, logos, columns=1)
