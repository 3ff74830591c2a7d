"""HOMER: a line of facts between tabs, then probabilities, one row a position.

The columns have no names: four are A, C, G, T, twenty are amino acids by letter.
"""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.io.words import alphabet_of_size, one_line, source_of, to_number
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import THRESHOLD, Motif
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.seq.alphabet import Alphabet

LOG_P, OCCURRENCE = "log p", "occurrence"
"""Annotations with the natural logarithm of the p-value of enrichment, and with how many targets
and background sequences have a site: ``T:311.0(4.36%),B:12.3(.05%),P:1e-20``."""

FIELDS = ("name", THRESHOLD, LOG_P, "", OCCURRENCE)
"""What stands behind the consensus; the fourth was something in earlier years, and is 0."""

SITE_P = 1e-4
"""The threshold is that of this p-value, where none is known."""

Row = tuple[int, str]


def recognise(text: str) -> bool:
    """Tell whether text looks like HOMER: ``>consensus``, a name and a number between tabs."""
    head = next((line for line in text.split("\n") if line.strip()), "")
    fields = head.split("\t")
    if not head.startswith(">") or len(fields) < 3:
        return False
    try:
        float(fields[2])
    except ValueError:
        return False
    return True


def read(text: str, *, path: str | Path | None = None) -> list[Motif]:
    """Read all motifs of a HOMER file.

    Parameters
    ----------
    text
        The content of the file.
    path
        Its name, for messages.

    Returns
    -------
    list of Motif
        Threshold, p-value and occurrence become annotations (`THRESHOLD`, `LOG_P`, `OCCURRENCE`);
        `sites` is the number of target sequences where the file has it.

    Raises
    ------
    SeqcnnError
        There is no motif, or one is damaged; with file and line.
    """
    motifs = []
    for start, head, rows in _blocks(text.split("\n"), path):
        try:
            motifs.append(_read_motif(head, rows, path))
        except SeqcnnError as error:
            raise SeqcnnError(error.message, path=path, line=error.line or start) from None
    if not motifs:
        raise SeqcnnError("there are no motifs in this HOMER file", path=path)
    return motifs


def _blocks(lines: Sequence[str], path: str | Path | None) -> Iterator[tuple[int, str, list[Row]]]:
    start, head, rows = 0, "", []
    for number, line in enumerate(lines, 1):
        if line.startswith(">"):
            if start:
                yield start, head, rows
            start, head, rows = number, line[1:], []
        elif line.strip():
            if not start:
                raise SeqcnnError("a motif begins with a line `>consensus`", path=path, line=number)
            rows.append((number, line))
    if start:
        yield start, head, rows


def _read_motif(head: str, rows: Sequence[Row], path: str | Path | None) -> Motif:
    consensus, *fields = (field.strip() for field in head.split("\t"))
    if not rows:
        raise SeqcnnError("the motif has no position")
    values = [_read_row(row, len(rows[0][1].split())) for row in rows]
    facts = dict(zip(FIELDS, fields, strict=False))
    return Motif(
        facts.get("name") or consensus or "unnamed",
        ProbabilityMatrix(np.array(values), alphabet_of_size(len(values[0]))),
        sites=_targets(facts.get(OCCURRENCE, "")),
        source=source_of(path),
        annotations=tuple(
            (key, facts[key]) for key in (THRESHOLD, LOG_P, OCCURRENCE) if facts.get(key)
        ),
    )


def _read_row(row: Row, letters: int) -> list[float]:
    number, line = row
    try:
        values = [to_number(word) for word in line.split()]
        if len(values) != letters:
            raise SeqcnnError(f"this position has {len(values)} numbers, the first has {letters}")
        if min(values) < 0 or not 0.9 < sum(values) < 1.1:
            raise SeqcnnError(f"these are no probabilities that sum to 1: {line.strip()}")
    except SeqcnnError as error:
        raise SeqcnnError(error.message, line=number) from None
    return [value / sum(values) for value in values]


def _targets(occurrence: str) -> float:
    """Read the number of target sequences: ``T:311.0(4.36%),B:...``."""
    for part in occurrence.split(","):
        if part.startswith("T:"):
            try:
                return max(0.0, to_number(part[2:].partition("(")[0]))
            except SeqcnnError:
                return 0.0
    return 0.0


def write(
    motifs: Sequence[Motif],
    *,
    alphabet: Alphabet | None = None,
    background: np.ndarray | None = None,
) -> str:
    """Write motifs for HOMER.

    Parameters
    ----------
    motifs
        Of an alphabet with 4 or 20 letters.
    alphabet, background
        Not held by this format; here so that all writers are called alike.

    Returns
    -------
    str
        With six decimals. A threshold that is not known is that of the p-value `SITE_P`.

    Raises
    ------
    SeqcnnError
        The alphabet has another number of letters, which a reader could not tell.
    """
    return "".join(_write_motif(motif) for motif in motifs)


def _write_motif(motif: Motif) -> str:
    if motif.alphabet.size not in (4, 20):
        raise SeqcnnError(
            f"motif {motif.name!r} has {motif.alphabet.size} letters; HOMER's format has no place "
            f"for their names, write MEME or TRANSFAC"
        )
    threshold = motif.annotation(THRESHOLD) or f"{threshold_of(motif, math.log10(SITE_P)):.6f}"
    log_p = motif.annotation(LOG_P) or "0"
    occurrence = motif.annotation(OCCURRENCE) or ""
    if not occurrence or _targets(occurrence) != motif.sites:
        occurrence = f"T:{motif.sites:.1f}"
    facts = map(one_line, (motif.name, threshold, log_p, "0", occurrence))
    fields = [f">{motif.consensus}", *facts]
    rows = "".join("\t".join(f"{p:.6f}" for p in row) + "\n" for row in motif.matrix.values)
    return "\t".join(fields) + "\n" + rows


def threshold_of(motif: Motif, log10_p_value: float) -> float:
    """Find from which score on HOMER shall take a word for a site.

    Parameters
    ----------
    motif
        Of an alphabet with 4 or 20 letters.
    log10_p_value
        log10 of the p-value of a site, among letters that are equally frequent.

    Returns
    -------
    float
        In natural log-odds; the most frequent word of the motif always has it.
    """
    uniform = np.full(motif.alphabet.size, 1 / motif.alphabet.size)
    # HOMER keeps probabilities above .001
    scores = motif.matrix.to_scores(background=uniform, floor=math.log2(0.004))
    distribution = ScoreDistribution.of(scores)
    bits = distribution.log10_threshold(log10_p_value)
    bits = distribution.highest if math.isinf(bits) else bits
    # a word may score less than its place on the grid
    return math.log(2) * (bits - distribution.error)
