"""`as_sequences`: whatever a Python program holds sequences in."""

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.io.fasta import parse_sequences, read_sequences
from seqcnn.seq.record import SequenceSet

Sequences = SequenceSet | str | Path | Mapping[Any, Any] | Iterable[Any]
"""What `as_sequences` takes."""

COLUMN, NAMES = "sequence", ("id", "name", "identifier")
"""Columns of a data frame."""

LONGEST_NAME = 4096
"""Characters of a path, at most."""


def as_sequences(
    source: Sequences, *, alphabet: Alphabet | str | None = None, argument: str = "sequences"
) -> SequenceSet:
    """Take sequences as they come.

    Parameters
    ----------
    source
        A `SequenceSet`; the path of a file; strings; records of Biopython (or anything with `id`
        and `seq`); a pandas Series, whose index names the sequences; a data frame with a column
        ``sequence``; a mapping of names to sequences.
    alphabet
        An alphabet, its name, or its letters; None guesses DNA, RNA or protein by the letters.
    argument
        Its name, for messages.

    Returns
    -------
    SequenceSet
        In the order given. A `SequenceSet` comes back as it is.

    Raises
    ------
    SeqcnnError
        Something is no sequence, has letters outside of the alphabet, or nothing is there; and as
        `seqcnn.read_sequences`.

    Examples
    --------
    >>> as_sequences(["ACGT", "TTGA"], alphabet="dna").ids
    ('seq_1', 'seq_2')
    >>> as_sequences({"a": "MKV", "b": "MLL"}, alphabet="protein").text(1)
    'MLL'
    """
    if isinstance(source, SequenceSet):
        return source
    if isinstance(source, str | os.PathLike):
        return read_sequences(_path(source, argument), alphabet=alphabet)
    names: list[str] = []
    lines: list[str] = []
    for number, (name, sequence) in enumerate(_pairs(source, argument), 1):
        lines.append(_letters(sequence, number, argument))
        names.append(f"seq_{number}" if _is_unnamed(name) else str(name))
    if not lines:
        raise SeqcnnError(f"`{argument}` is empty: give sequences, or the path of a file")
    return parse_sequences(names, lines, alphabet=alphabet, origin=f"`{argument}`")


def _path(source: Any, argument: str) -> Path:
    text = str(source)
    if not text.strip():
        raise SeqcnnError(f"`{argument}` is empty: give sequences, or the path of a file")
    if text != "-" and not _is_there(text) and _looks_like_letters(text):
        how = f"in a list, [{text!r:.20}, ...]" if text.isalpha() else "in a list of strings"
        raise SeqcnnError(f"`{argument}` is {text!r:.60}, which is no file: sequences come {how}")
    return Path(source)


def _is_there(text: str) -> bool:
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # longer than a name of a file may be, or with a NUL
        return False


def _looks_like_letters(text: str) -> bool:
    no_name = len(text) > LONGEST_NAME or "\n" in text or "\0" in text or text.startswith(">")
    return no_name or (text.isalpha() and text.isupper())


def _is_unnamed(name: Any) -> bool:
    """Tell whether a name is what pandas and Biopython put where there is none."""
    if isinstance(name, str):
        return name == "<unknown id>"
    return name is None or str(name) in ("nan", "<NA>")


def _pairs(source: Any, argument: str) -> Iterator[tuple[Any, Any]]:
    """Give names, or None, and sequences."""
    if hasattr(source, "columns") and hasattr(source, "itertuples"):
        yield from _rows(source, argument)
    elif isinstance(source, Mapping):
        yield from source.items()
    elif hasattr(source, "items") and hasattr(source, "index"):  # a Series
        counted = getattr(source.index, "start", None) is not None  # names nobody gave
        yield from ((None if counted else name, text) for name, text in source.items())
    elif isinstance(source, Iterable):
        yield from ((getattr(one, "id", None), one) for one in source)
    else:
        raise SeqcnnError(
            f"`{argument}` is {type(source).__name__}: give a path, strings, records of Biopython, "
            f"or a pandas Series"
        )


def _rows(frame: Any, argument: str) -> Iterator[tuple[Any, Any]]:
    columns = {str(name).lower(): name for name in frame.columns}
    if COLUMN not in columns:
        raise SeqcnnError(f"`{argument}` is a table without a column {COLUMN!r}")
    named = next((columns[name] for name in NAMES if name in columns), None)
    texts = frame[columns[COLUMN]]
    if getattr(texts, "ndim", 1) > 1:
        raise SeqcnnError(f"`{argument}` is a table with more than one column {COLUMN!r}")
    names = frame[named] if named is not None else [None] * len(texts)
    yield from zip(names, texts, strict=True)


def _letters(sequence: Any, number: int, argument: str) -> str:
    sequence = getattr(sequence, "seq", sequence)  # a record of Biopython
    if isinstance(sequence, str):
        text = sequence
    elif isinstance(sequence, bytes):
        text = sequence.decode("ascii", "replace")
    elif hasattr(sequence, "reverse_complement") or hasattr(sequence, "__bytes__"):  # Bio.Seq
        text = str(sequence)
    else:
        raise SeqcnnError(
            f"`{argument}`, number {number}, is {sequence!r:.40}, which is no sequence of letters"
        )
    if _is_path(text):
        raise SeqcnnError(
            f"`{argument}`, number {number}, is {text!r:.60}, a path: give one path by itself, not "
            f"in a list"
        )
    return text.strip()


def _is_path(text: str) -> bool:
    # dots may be gaps of an alignment, hence the look at whether a file is there
    return "/" in text or ("." in text and len(text) < LONGEST_NAME and _is_there(text))
