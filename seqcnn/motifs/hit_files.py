"""Write sites to files: TSV, BED, GFF3, and the columns of FIMO.

Every format has one function that turns a block of sites into text; a block holds sites of
neighbouring sequences in the order in which they are written.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import STEP
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.intervals import Interval, parse_interval
from seqcnn.stats.logspace import format_log10

PACKED = (".gz", ".bz2", ".xz", ".zst")

TSV_COLUMNS = "sequence start end strand motif score p_value q_value matched".split()
FIMO_COLUMNS = (
    "motif_id motif_alt_id sequence_name start stop strand score p-value q-value matched_sequence"
).split()

GFF_KINDS = {DNA: "nucleotide_motif", RNA: "nucleotide_motif", PROTEIN: "polypeptide_motif"}
"""Terms of the Sequence Ontology; other alphabets have the one that stands above both."""


class MotifTable(NamedTuple):
    """What is written of a motif besides its name.

    Parameters
    ----------
    motif
        The motif.
    least
        Smallest score on the grid.
    log10_p, log10_q
        float64 (scores,): of the scores `least`, `least` + 1, ...
    """

    motif: Motif
    least: int
    log10_p: np.ndarray
    log10_q: np.ndarray


@dataclass(frozen=True, eq=False)
class Block:
    """Sites as columns.

    Parameters
    ----------
    tables
        One for each motif.
    names, lengths
        Names and numbers of letters of sequences.
    sequence
        int64 (n,): positions in `names`.
    start
        int64 (n,), from 0.
    motif
        int64 (n,): positions in `tables`.
    reverse
        bool (n,): whether the site is on the other strand.
    score
        int64 (n,), on the grid.
    matched
        bytes (n,): the letters of each site, read along the motif.
    """

    tables: Sequence[MotifTable]
    names: Sequence[str]
    lengths: Sequence[int]
    sequence: np.ndarray
    start: np.ndarray
    motif: np.ndarray
    reverse: np.ndarray
    score: np.ndarray
    matched: np.ndarray

    @cached_property
    def end(self) -> np.ndarray:
        """int64 (n,): exclusive."""
        return self.start + np.array([t.motif.width for t in self.tables], np.int64)[self.motif]

    def rows(self, written: str) -> Iterator[tuple]:
        """Yield sequence, start, end, whether reverse, motif, facts of the score, letters.

        Parameters
        ----------
        written
            The facts, with ``{score}``, ``{p}``, ``{q}`` and ``{rank}`` (-100 log10 p, 1000 at
            most) for numbers.
        """
        return zip(
            self.sequence.tolist(),
            self.start.tolist(),
            self.end.tolist(),
            self.reverse.tolist(),
            self.motif.tolist(),
            self._facts(written),
            b"\n".join(self.matched.tolist()).decode().split("\n"),
            strict=True,
        )

    def _facts(self, written: str) -> Iterator[str]:
        """Write the numbers that depend on motif and score only, each pair of those once."""
        first = np.cumsum([0, *(len(t.log10_p) for t in self.tables)])
        shift = first[:-1] - [t.least for t in self.tables]
        pairs, pair_of_site = np.unique(shift[self.motif] + self.score, return_inverse=True)
        motif = np.searchsorted(first, pairs, side="right") - 1
        log10_p, log10_q = np.empty(len(pairs)), np.empty(len(pairs))
        for m in np.unique(motif).tolist():
            here = motif == m
            table, place = self.tables[m], pairs[here] - first[m]
            log10_p[here], log10_q[here] = table.log10_p[place], table.log10_q[place]
        facts = [
            written.format(score=score, p=p, q=q, rank=rank)
            for score, p, q, rank in zip(
                ((pairs - shift[motif]) * STEP).tolist(),
                _numbers(log10_p),
                _numbers(log10_q),
                np.minimum(1000, np.rint(-100 * log10_p)).astype(np.int64).tolist(),
                strict=True,
            )
        ]
        return map(facts.__getitem__, pair_of_site.tolist())

    @cached_property
    def homes(self) -> list[Interval]:
        """Where each sequence lies: by its name where that holds coordinates, else from 0."""
        return [
            parse_interval(name, length) or Interval(name, 0, length)
            for name, length in zip(self.names, self.lengths, strict=True)
        ]


# q-values repeat
_format = lru_cache(1 << 16)(format_log10)


def _numbers(log10_values: np.ndarray) -> list[str]:
    """Write numbers that are given by their log10, as `format_log10` does."""
    exponents = np.floor(log10_values)
    mantissas = 10.0 ** (log10_values - exponents)
    return [
        # most p-values are small and need none of the exceptions
        f"{mantissa:.2f}e{exponent:.0f}" if exponent < -4 and mantissa < 9.99 else _format(value, 3)
        for value, mantissa, exponent in zip(
            log10_values.tolist(), mantissas.tolist(), exponents.tolist(), strict=True
        )
    ]


def _tsv(block: Block) -> Iterator[str]:
    names, motifs = block.names, [table.motif.name for table in block.tables]
    rows = block.rows("{score:.2f}\t{p}\t{q}")
    for sequence, start, end, reverse, motif, facts, letters in rows:
        yield (
            f"{names[sequence]}\t{start}\t{end}\t{'-' if reverse else '+'}\t{motifs[motif]}\t"
            f"{facts}\t{letters}\n"
        )


def _bed(block: Block) -> Iterator[str]:
    homes, motifs = block.homes, [_word(table.motif.name) for table in block.tables]
    rows = block.rows("{rank} {score:.2f}\t{p}\t{q}")
    for sequence, start, end, reverse, motif, facts, _ in rows:
        site = homes[sequence].part(start, end, "-" if reverse else "+")
        rank, _, more = facts.partition(" ")
        yield (
            f"{site.chromosome}\t{site.start}\t{site.end}\t{motifs[motif]}\t{rank}\t"
            f"{site.strand}\t{more}\n"
        )


def _gff(block: Block) -> Iterator[str]:
    homes, alphabet = block.homes, block.tables[0].motif.alphabet
    kind = GFF_KINDS.get(alphabet, "sequence_motif")
    names = [
        f"Name={_escaped(m.name)};"
        + (f"Alias={_escaped(m.alternative_name)};" if m.alternative_name else "")
        for m in (table.motif for table in block.tables)
    ]
    rows = block.rows("{score:.2f} p_value={p};q_value={q}")
    for sequence, start, end, reverse, motif, facts, letters in rows:
        site = homes[sequence].part(start, end, "-" if reverse else "+")
        score, _, more = facts.partition(" ")
        yield (
            f"{_escaped(site.chromosome)}\tseqcnn\t{kind}\t{site.start + 1}\t{site.end}\t{score}\t"
            f"{site.strand}\t.\t{names[motif]}{more};sequence={letters}\n"
        )


def _fimo(block: Block) -> Iterator[str]:
    names = block.names
    motifs = [f"{t.motif.name}\t{t.motif.alternative_name}" for t in block.tables]
    rows = block.rows("{score:.6g}\t{p}\t{q}")
    for sequence, start, end, reverse, motif, facts, letters in rows:
        yield (
            f"{motifs[motif]}\t{names[sequence]}\t{start + 1}\t{end}\t{'-' if reverse else '+'}\t"
            f"{facts}\t{letters}\n"
        )


def _word(name: str) -> str:
    """One word, since BED may be split at spaces."""
    return "_".join(name.split())


def _escaped(text: str) -> str:
    """Percent signs for what has a meaning in GFF3."""
    return quote(text, safe=" !\"#$'()*+-./:<?@[\\]^_`{|}~")


class Format(NamedTuple):
    """A format of sites: the lines before all sites, and how blocks become lines."""

    header: str
    lines: Callable[[Block], Iterator[str]]


FORMATS = {
    "tsv": Format("\t".join(TSV_COLUMNS) + "\n", _tsv),
    "bed": Format("", _bed),
    "gff": Format("##gff-version 3\n", _gff),
    "fimo": Format("\t".join(FIMO_COLUMNS) + "\n", _fimo),
}
"""By name, as for ``--format``."""

_ENDINGS = {".bed": "bed", ".gff": "gff", ".gff3": "gff"}


def find_format(path: str | Path, name: str | None = None) -> Format:
    """Choose a format by its name, or by the ending of a file: BED, GFF3, else TSV.

    Raises
    ------
    SeqcnnError
        There is no such format.

    Examples
    --------
    >>> find_format("sites.gff3.gz") is FORMATS["gff"]
    True
    """
    if name is None:
        plain = Path(path)
        plain = plain.with_suffix("") if plain.suffix.lower() in PACKED else plain
        name = _ENDINGS.get(plain.suffix.lower(), "tsv")
    if name not in FORMATS:
        raise SeqcnnError(f"`format` is {name!r}, it must be one of {', '.join(FORMATS)}")
    return FORMATS[name]
