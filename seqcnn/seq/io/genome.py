"""Open genomes: FASTA, plain or compressed, and 2bit, told apart by their content."""

import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.genome import Genome
from seqcnn.seq.io.access import BlockedParts, Parts, PlainParts, block_size
from seqcnn.seq.io.faidx import FastaIndex, build_index, name_of, parts_of_records, read_fai
from seqcnn.seq.io.files import is_packed, open_pieces
from seqcnn.seq.io.lines import BLANKS
from seqcnn.seq.io.twobit import MAGIC, TwoBit

_log = logging.getLogger(__name__)

HELD = 1 << 28
"""A compressed genome of at most so many letters is held in memory once it was read."""

_NO_LETTERS = BLANKS + b"\n\0"
_HEAD = 64
_ENDS = b"\r\n"


def open_genome(path: str | Path, *, save_index: bool = False) -> Genome:
    """Open a genome to read parts of it.

    Parameters
    ----------
    path
        UCSC 2bit; or FASTA: plain (``<path>.fai`` is used if there is one, else lines are counted),
        compressed by bgzip, or in any other way, which is read from its start each time unless it
        is small.
    save_index
        Write ``<path>.fai`` if there is none, so that the next run starts at once.

    Returns
    -------
    Genome

    Raises
    ------
    SeqcnnError
        The file cannot be read or is of another kind, or its index does not fit.
    """
    if str(path) == "-":
        raise SeqcnnError("`genome` must be a file, not standard input: it is read in parts")
    if Path(path).exists() and not (Path(path).is_file() or Path(path).is_dir()):
        raise SeqcnnError("`genome` must be a file, not a pipe: it is read in parts", path=path)
    next(open_pieces(path), b"")  # says what hinders reading
    with Path(path).open("rb") as handle:
        head = handle.read(_HEAD)
    if head[:4] in MAGIC:
        return TwoBit(path)
    blocked = block_size(head) is not None
    if is_packed(head) and not blocked:
        return StreamedFasta(path)
    index = _find_index(path, save_index=save_index)
    if index is None:
        _log.info("%s: read from its start, since its lines differ in length", path)
        return StreamedFasta(path)
    return IndexedFasta(path, index, BlockedParts(path) if blocked else PlainParts(path))


def _find_index(path: str | Path, *, save_index: bool) -> FastaIndex | None:
    saved = Path(f"{path}.fai")
    if saved.is_file():
        if saved.stat().st_mtime < Path(path).stat().st_mtime:
            _log.info("%s is older than its FASTA file, and is not used", saved)
        else:
            return read_fai(saved)
    index = build_index(open_pieces(path), path)
    if save_index and index is not None:
        index.write(saved)
    return index


class IndexedFasta(Genome):
    """A FASTA file of which any part can be read at once.

    Parameters
    ----------
    path
        For messages.
    index
        Where its records lie.
    parts
        Its content.
    """

    def __init__(self, path: str | Path, index: FastaIndex, parts: Parts) -> None:
        self.path, self._index, self._parts = path, index, parts
        if not len(index.names):
            raise SeqcnnError("no sequences: its index (.fai) is empty", path=path)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the records."""
        return self._index.names

    @property
    def lengths(self) -> np.ndarray:
        """int64 (records,): letters of each."""
        return self._index.lengths

    def letters(self, chromosome: np.ndarray, start: np.ndarray, end: np.ndarray) -> bytes:
        """Read stretches as text, line by line."""
        first = self._index.places(chromosome, start)
        # from the first letter to the last one: no end of a line behind it
        sizes = np.where(
            end > start, self._index.places(chromosome, np.maximum(end - 1, 0)) - first + 1, 0
        )
        read = self._parts.read
        columns = (first.tolist(), sizes.tolist())
        text = b"".join([read(place, size) for place, size in zip(*columns, strict=True)])
        found = text.translate(None, _ENDS)
        if len(found) != (end - start).sum() or b">" in found:
            raise SeqcnnError(
                "does not fit its index (.fai): remove that, or write it again with samtools faidx",
                path=self.path,
            )
        return found


class StreamedFasta(Genome):
    """A FASTA file that can only be read from its start.

    Parameters
    ----------
    path
        Compressed, or with lines of any lengths.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = path
        self._held: list[bytes] | None = None
        self._names, self._lengths = self._read()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the records."""
        return self._names

    @property
    def lengths(self) -> np.ndarray:
        """int64 (records,): letters of each."""
        return self._lengths

    def letters(self, chromosome: np.ndarray, start: np.ndarray, end: np.ndarray) -> bytes:
        """Read stretches as text, all in one pass over the file."""
        if self._held is not None:
            columns = (chromosome.tolist(), start.tolist(), end.tolist())
            return b"".join([self._held[c][s:e] for c, s, e in zip(*columns, strict=True)])
        return self._gathered(chromosome, start, end)

    def _stretches(self) -> Iterator[tuple[int, str, bytes]]:
        """Yield number and name of each record, and its letters part by part."""
        number, name = -1, ""
        for is_head, text in parts_of_records(open_pieces(self.path), self.path):
            if is_head:
                number += 1
                name = name_of(text, number)
                yield number, name, b""
            elif number >= 0:
                yield number, name, text.translate(None, _NO_LETTERS)

    def _read(self) -> tuple[tuple[str, ...], np.ndarray]:
        """Learn names and lengths, and keep the letters unless they are many."""
        names: list[str] = []
        lengths: list[int] = []
        parts: list[list[bytes]] = []
        held = 0
        for number, name, text in self._stretches():
            if number == len(names):
                names.append(name)
                lengths.append(0)
                parts.append([])
            lengths[number] += len(text)
            held += len(text)
            if held <= HELD:
                parts[number].append(text)
            elif parts[0]:
                parts = [[]] * len(parts)
        self._held = [b"".join(part) for part in parts] if held <= HELD else None
        return tuple(names), np.array(lengths, np.int64)

    def _gathered(self, chromosome: np.ndarray, start: np.ndarray, end: np.ndarray) -> bytes:
        """Go over the file once, and keep what is asked for."""
        gathered = bytearray(int((end - start).sum()))
        places = np.cumsum(end - start) - end
        last = int(chromosome[-1]) if len(chromosome) else -1
        current, position, coming, limit = -1, 0, 0, 0
        waiting: list[int] = []
        for number, _, text in self._stretches():
            if number > last:
                break
            if number != current:
                current, position, waiting = number, 0, []
                coming, limit = np.searchsorted(chromosome, [number, number + 1]).tolist()
            stop = position + len(text)
            reached = coming + int(np.searchsorted(start[coming:limit], stop, "left"))
            waiting += range(coming, reached)
            coming = reached
            for row in waiting:
                first, beyond = max(int(start[row]), position), min(int(end[row]), stop)
                place = int(places[row])
                gathered[place + first : place + beyond] = text[
                    first - position : beyond - position
                ]
            waiting = [row for row in waiting if end[row] > stop]
            position = stop
        return bytes(gathered)
