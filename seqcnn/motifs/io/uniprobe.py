"""UniPROBE: a line that names the protein, then probabilities, one row a letter."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.io.words import known_by_letters, one_line, plain_letters, source_of, to_number
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import Alphabet

NAMES = ("Protein", "Gene", "Motif")
"""Facts that name a motif."""

_KEY = re.compile(r"\w[\w -]*")
"""What the reader takes for the key of a fact."""

LONGEST_HEADING = 2000
"""Characters of a heading that are searched for facts."""

_FACT = re.compile(r"(\w[\w -]*?):\s*(.*?)\s*(?=\t|  +\w[\w -]*?:|$)")
"""``Key: value``; the next one follows a tab or two blanks."""

Row = tuple[int, str, str]
"""Number of a line, its letter, and its numbers."""


def recognise(text: str) -> bool:
    """Tell whether text looks like UniPROBE: four rows ``A:``, ``C:``, ... of numbers."""
    letters = {row[1] for row in map(_split_row, enumerate(text.split("\n"), 1)) if row}
    return len(letters) >= 4


def read(text: str, *, path: str | Path | None = None) -> list[Motif]:
    """Read all motifs of a UniPROBE file.

    Parameters
    ----------
    text
        The content of the file.
    path
        Its name, for messages.

    Returns
    -------
    list of Motif
        Facts of the heading, ``Protein: Cbf1  Seed k-mer: ...``, become annotations.

    Raises
    ------
    SeqcnnError
        There is no motif, or a matrix is damaged; with file and line.
    """
    motifs = []
    for heading, rows in _blocks(text.split("\n")):
        try:
            motifs.append(_read_motif(heading, rows, path))
        except SeqcnnError as error:
            raise SeqcnnError(error.message, path=path, line=error.line or rows[0][0]) from None
    if not motifs:
        raise SeqcnnError("there are no motifs in this UniPROBE file", path=path)
    return motifs


def _blocks(lines: Sequence[str]) -> Iterator[tuple[str, list[Row]]]:
    heading, rows = "", []
    for number, line in enumerate(lines, 1):
        row = _split_row((number, line))
        if row is not None and not (rows and row[1] in {r[1] for r in rows}):
            rows.append(row)
        elif line.strip():
            if rows:
                yield heading, rows
                rows = []
            if row is not None:
                rows = [row]
            else:
                heading = line.strip()
    if rows:
        yield heading, rows


def _split_row(numbered: tuple[int, str]) -> Row | None:
    """Split ``A:  0.1  0.2``; None for any other line."""
    number, line = numbered
    letter, colon, rest = line.partition(":")
    letter = letter.strip()
    if not colon or len(letter) != 1 or not letter.isalpha():
        return None
    return number, letter.upper(), rest


def _read_motif(heading: str, rows: Sequence[Row], path: str | Path | None) -> Motif:
    values = [_read_numbers(row) for row in rows]
    for (number, _, _), row in zip(rows, values, strict=True):
        if len(row) != len(values[0]):
            raise SeqcnnError(
                f"this row has {len(row)} numbers, the first has {len(values[0])}", line=number
            )
    alphabet, columns = known_by_letters("".join(letter for _, letter, _ in rows))
    order = [columns.index(letter) for letter in alphabet.letters]
    pairs = list(_facts(heading))
    facts = dict(pairs)
    name = next((facts[key] for key in NAMES if facts.get(key)), "") or heading.split("\t")[0]
    name = name or ("unnamed" if path is None else Path(path).stem)
    return Motif(
        name,
        ProbabilityMatrix(np.array(values)[order].T, alphabet),
        source=source_of(path),
        annotations=tuple((k, v) for k, v in pairs if v and v != name),
    )


def _read_numbers(row: Row) -> list[float]:
    number, _, text = row
    try:
        return [to_number(word) for word in text.split()]
    except SeqcnnError as error:
        raise SeqcnnError(error.message, line=number) from None


def _facts(heading: str) -> Iterator[tuple[str, str]]:
    # the time grows with the square of the length
    for key, value in _FACT.findall(heading[:LONGEST_HEADING]):
        yield key.strip(), value.strip()


def write(
    motifs: Sequence[Motif],
    *,
    alphabet: Alphabet | None = None,
    background: np.ndarray | None = None,
) -> str:
    """Write motifs as UniPROBE does.

    Parameters
    ----------
    motifs
        Of any alphabet of capital letters.
    alphabet, background
        Not held by this format; here so that all writers are called alike.

    Returns
    -------
    str
        Probabilities with six decimals. Annotations become facts of the heading, as far as it is
        read.
    """
    return "\n".join(_write_motif(motif) for motif in motifs)


def _write_motif(motif: Motif) -> str:
    rows = "".join(
        f"{letter}:\t" + "\t".join(f"{p:.6f}" for p in row) + "\n"
        for letter, row in zip(plain_letters(motif), motif.matrix.values.T, strict=True)
    )
    facts = [f"Protein: {one_line(motif.name)}"]
    facts += [
        f"{key}: {one_line(text)}"
        for key, text in motif.annotations
        if _KEY.fullmatch(key) and key != "Protein"
    ]
    return "\t".join(facts) + f"\n{rows}"
