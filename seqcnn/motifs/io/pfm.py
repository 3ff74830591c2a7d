"""Raw frequency matrices: nothing but numbers, one row a letter or one row a position.

Above a matrix there may be a line ``>name``, lines of facts such as ``Motif M1734``, and the
letters of its columns, as in ``Pos A C G T``: CIS-BP, Cluster-Buster, HOCOMOCO and old JASPAR.
Columns or rows without letters are A, C, G, T or the amino acids by letter.
"""

import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError, SeqcnnWarning
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
from seqcnn.seq.alphabet import DNA, PROTEIN, Alphabet

POSITION = ("pos", "position", "po", "p0", "#")
"""Heads of a column that counts positions."""

NAMES = ("motif", "gene", "tf")
"""Facts that name a motif, the first that is there."""

MOST_FACTS = 20
"""Lines without a number that may stand above the first matrix."""

EQUAL = 0.02
"""Totals that differ by no more than this share are those of positions, each seen as often."""

Row = tuple[int, list[str]]
"""Number of a line, and its words."""


class _Block(NamedTuple):
    start: int
    head: str
    facts: list[list[str]]
    letters: str
    rows: list[Row]

    @property
    def name(self) -> str:
        """The name in the file, empty if there is none."""
        known = {words[0].lower(): " ".join(words[1:]) for words in self.facts}
        named = (known[key] for key in NAMES if known.get(key))
        return self.head or next(named, "") or " ".join(self.facts[0] if self.facts else [])


def recognise(text: str) -> bool:
    """Tell whether text looks like bare numbers, perhaps with names and letters above."""
    facts = 0
    for line in text.split("\n"):
        words = line.split()
        if not words or line.startswith((">", "#")):
            continue
        if _letters(words):
            return True
        if any(map(_is_number, words)):
            return len(words) > 1 and all(map(_is_number, words))
        facts += 1
        if facts > MOST_FACTS:
            break
    return False


def read(text: str, *, path: str | Path | None = None) -> list[Motif]:
    """Read all matrices of a raw file; they are apart by ``>name`` or by an empty line.

    Parameters
    ----------
    text
        The content of the file.
    path
        Its name, for messages; also the name of a matrix without one.

    Returns
    -------
    list of Motif
        `sites` is the largest total of a position, or not known where all totals are 1.

    Raises
    ------
    SeqcnnError
        There is no matrix, or one is damaged; with file and line.

    Warns
    -----
    SeqcnnWarning
        Rows may be letters or positions, and the totals do not tell; they are read as letters.
    """
    blocks = [block for block in _blocks(text.split("\n"), path) if block.rows or block.name]
    stem = "motif" if path is None else Path(path).stem
    motifs = []
    for number, block in enumerate(blocks, 1):
        name = block.name or (stem if len(blocks) == 1 else f"{stem}_{number}")
        try:
            motifs.append(_read_motif(name, block, path))
        except SeqcnnError as error:
            raise SeqcnnError(error.message, path=path, line=error.line or block.start) from None
    if not motifs:
        raise SeqcnnError("there are no motifs in this file of raw matrices", path=path)
    return motifs


def _blocks(lines: Sequence[str], path: str | Path | None) -> Iterator[_Block]:
    block = _Block(1, "", [], "", [])
    for number, line in enumerate(lines, 1):
        words = line.split()
        letters = _letters(words)
        # whatever has a number is a row, good or bad
        named = bool(words) and not letters and not any(map(_is_number, words))
        if line.startswith(">"):
            yield block
            block = _Block(number, line[1:].strip() or "unnamed", [], "", [])
        elif line.startswith("#") and not letters:
            continue
        elif block.rows and (not words or named):
            yield block
            block = _Block(number, "", [], "", [])
        elif letters and block.rows:
            raise SeqcnnError("letters stand above a matrix only", path=path, line=number)
        elif letters:
            block = block._replace(letters=letters)
        elif words and not named:
            block.rows.append((number, words))
        if named and not line.startswith(">"):
            block.facts.append(words)
    yield block


def _letters(words: Sequence[str]) -> str:
    """Give the letters that a line names the columns by; nothing if it does not."""
    names = [word for word in words if word.lower() not in POSITION]
    named = len(names) > 1 and all(len(name) == 1 and name.isalpha() for name in names)
    return "".join(names).upper() if named else ""


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _read_motif(name: str, block: _Block, path: str | Path | None) -> Motif:
    if not block.rows:
        raise SeqcnnError("the matrix has no rows")
    values = np.array(_read_rows(block))
    if block.letters:
        alphabet, columns = known_by_letters(block.letters)
        values = values[:, [columns.index(letter) for letter in alphabet.letters]]
    else:
        values, alphabet = _turned(values, name)
    names = name.split(maxsplit=1)
    return Motif(
        names[0],
        CountMatrix(values, alphabet).to_probabilities(),
        names[1] if len(names) > 1 else "",
        sites=sites_of(values),
        source=source_of(path),
    )


def _read_rows(block: _Block) -> list[list[float]]:
    letters, width = len(block.letters), len(block.rows[0][1])
    # a column may count the positions
    skipped = 1 if letters and width == letters + 1 else 0
    needed = letters or width
    values = []
    for number, words in block.rows:
        try:
            row = [to_number(word) for word in words[skipped:]]
            if len(row) != needed:
                raise SeqcnnError(f"this row has {len(row)} numbers, it needs {needed}")
            if min(row) < 0:
                raise SeqcnnError(f"a count is negative: {min(row):g}")
        except SeqcnnError as error:
            raise SeqcnnError(error.message, line=number) from None
        values.append(row)
    return values


def _turned(values: np.ndarray, name: str) -> tuple[np.ndarray, Alphabet]:
    """Turn a table so that rows are positions, and tell the alphabet."""
    rows, columns = values.shape
    ways = [
        (table, alphabet)
        for size, table, alphabet in (
            (rows, values.T, DNA),
            (columns, values, DNA),
            (columns, values, PROTEIN),
            (rows, values.T, PROTEIN),
        )
        if size == alphabet.size
    ]
    if not ways:
        raise SeqcnnError(
            f"a matrix of {rows} rows and {columns} columns has neither 4 (A, C, G, T) nor 20 "
            f"(amino acids, by letter) of one of them"
        )
    # each site adds one letter to each position, so that positions have equal totals
    fitting = [way for way in ways if np.ptp(way[0].sum(1)) <= EQUAL * way[0].sum(1).max()]
    if len(ways) > 1 and len(fitting) != 1:
        warnings.warn(
            f"matrix {name!r} of {rows} rows and {columns} columns may be read both ways; its "
            f"positions are taken to be its {'rows' if ways[0][0] is values else 'columns'}",
            SeqcnnWarning,
            stacklevel=5,
        )
    return fitting[0] if len(fitting) == 1 else ways[0]


def write(
    motifs: Sequence[Motif],
    *,
    alphabet: Alphabet | None = None,
    background: np.ndarray | None = None,
) -> str:
    """Write motifs as raw matrices.

    Parameters
    ----------
    motifs
        Of any alphabet of capital letters.
    alphabet, background
        Not held by this format; here so that all writers are called alike.

    Returns
    -------
    str
        For DNA a line ``>name`` and four rows of counts, as JASPAR does; other alphabets have a row
        for each position below the letters of the columns.
    """
    return "".join(_write_motif(motif) for motif in motifs)


def _write_motif(motif: Motif) -> str:
    title = "\t".join(filter(None, [one_word(motif.name), one_line(motif.alternative_name)]))
    counts = counts_of(motif)
    lines = [f">{title}"]
    if motif.alphabet == DNA:
        counts = counts.T
    else:
        lines.append(" ".join(plain_letters(motif)))
    lines += [" ".join(f"{count:.10g}" for count in row) for row in counts]
    return "\n".join(lines) + "\n"
