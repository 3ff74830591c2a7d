"""TRANSFAC: records of lines with two-letter codes; the matrix begins with `P0` or `PO`."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.io.words import (
    counts_of,
    known_by_letters,
    one_line,
    one_word,
    plain_letters,
    sites_of,
    source_of,
    to_number,
)
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import Alphabet

NAMES = ("AC", "ID", "NA")
"""Codes that name a motif: the first that is there is the identifier, the last the alternative
name; an `ID` that is neither becomes an annotation."""

Line = tuple[int, str, str]
"""Number of a line, its code, and what follows."""


def recognise(text: str) -> bool:
    """Tell whether text looks like TRANSFAC records: a line of codes, and a matrix."""
    return any(line[:2] in ("P0", "PO") and line[2:3].isspace() for line in text.split("\n"))


def read(text: str, *, path: str | Path | None = None) -> list[Motif]:
    """Read all motifs of a TRANSFAC file.

    Parameters
    ----------
    text
        The content of the file.
    path
        Its name, for messages.

    Returns
    -------
    list of Motif
        `sites` is the largest total of a position, or not known where all totals are 1. All codes
        but names and matrix become annotations. Records without a matrix are passed over, as the
        head of a file is one.

    Raises
    ------
    SeqcnnError
        There is no motif, or a matrix is damaged; with file and line.
    """
    motifs = []
    for lines in _records(text):
        try:
            motif = _read_record(lines, path)
        except SeqcnnError as error:
            raise SeqcnnError(error.message, path=path, line=error.line or lines[0][0]) from None
        if motif is not None:
            motifs.append(motif)
    if not motifs:
        raise SeqcnnError("there are no motifs in this TRANSFAC file", path=path)
    return motifs


def _records(text: str) -> Iterator[list[Line]]:
    lines: list[Line] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("//"):
            if lines:
                yield lines
            lines = []
        elif line.strip() and not line.startswith("XX"):
            code, *rest = line.split(maxsplit=1)
            lines.append((number, code, rest[0].strip() if rest else ""))
    if lines:
        yield lines


def _read_record(lines: Sequence[Line], path: str | Path | None) -> Motif | None:
    start = next((i for i, (_, code, _) in enumerate(lines) if code in ("P0", "PO")), None)
    if start is None:
        return None
    stop = start + 1
    while stop < len(lines) and lines[stop][1].isdigit():
        stop += 1
    counts = _read_counts(lines[start], lines[start + 1 : stop])
    named = {code: text for _, code, text in reversed(lines) if code in NAMES and text}
    names = list(dict.fromkeys(named[code] for code in NAMES if code in named))
    between = tuple(("ID", name) for name in names[1:-1])
    others = tuple(
        (code, text) for _, code, text in (*lines[:start], *lines[stop:]) if code not in NAMES
    )
    return Motif(
        names[0] if names else "unnamed",
        counts.to_probabilities(),
        names[-1] if len(names) > 1 else "",
        sites=sites_of(counts.values),
        source=source_of(path),
        annotations=between + others,
    )


def _read_counts(head: Line, rows: Sequence[Line]) -> CountMatrix:
    letters = "".join(head[2].split()).upper()
    try:
        alphabet, columns = known_by_letters(letters)
    except SeqcnnError as error:
        raise SeqcnnError(error.message, line=head[0]) from None
    if not rows:
        raise SeqcnnError("the matrix has no position", line=head[0])
    values = [_read_row(row, len(columns)) for row in rows]
    order = [columns.index(letter) for letter in alphabet.letters]
    return CountMatrix(np.array(values)[:, order], alphabet)


def _read_row(row: Line, letters: int) -> list[float]:
    number, _, text = row
    try:
        # behind the counts a letter of the consensus may stand
        counts = [to_number(word) for word in text.split()[:letters]]
        if len(counts) < letters:
            raise SeqcnnError(f"this position has {len(counts)} counts, it needs {letters}")
        if min(counts) < 0:
            raise SeqcnnError(f"a count is negative: {min(counts):g}")
    except SeqcnnError as error:
        raise SeqcnnError(error.message, line=number) from None
    return counts


def write(
    motifs: Sequence[Motif],
    *,
    alphabet: Alphabet | None = None,
    background: np.ndarray | None = None,
) -> str:
    """Write motifs as TRANSFAC records.

    Parameters
    ----------
    motifs
        Of any alphabet of capital letters.
    alphabet, background
        Not held by this format; here so that all writers are called alike.

    Returns
    -------
    str
        Counts with at most six decimals: probability times `sites`. Annotations whose key is a
        two-letter code are kept; without one of them, `ID` is the name.
    """
    head = "VV  seqcnn\nXX\n//\n"
    return head + "".join(_write_motif(motif) for motif in motifs)


def _write_motif(motif: Motif) -> str:
    name, alternative = one_word(motif.name), one_line(motif.alternative_name)
    identifier = one_word(motif.annotation("ID") or "") or name
    lines = [f"AC  {name}", "XX", f"ID  {identifier}"]
    lines += [f"NA  {alternative}"] if alternative else []
    notes = [(code, one_line(text)) for code, text in motif.annotations if _is_code(code)]
    lines += ["XX", "P0  " + "  ".join(f"{letter:>8}" for letter in plain_letters(motif))]
    rows = zip(counts_of(motif), motif.consensus, strict=True)
    lines += [
        f"{i:02d}  " + "  ".join(f"{count:>8.10g}" for count in row) + f"      {letter}"
        for i, (row, letter) in enumerate(rows, 1)
    ]
    lines += ["XX", *(f"{code}  {text}" for code, text in notes), "//"]
    return "\n".join(lines) + "\n"


def _is_code(key: str) -> bool:
    return len(key) == 2 and key.isupper() and key not in (*NAMES, "XX", "P0", "PO", "VV")
