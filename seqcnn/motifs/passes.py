"""One pass over a file of any size: pieces that overlap, their sites, counts, and sites that wait.

A file is read in pieces, and what is looked at begins with the last letters of the piece before, so
that no window is lost. Sites are known to be sites at once, but their q-values only at the end;
until then they wait in a temporary file, in the order in which they are written.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from seqcnn.motifs.engines.choose import make_engine
from seqcnn.motifs.hit_files import Block, Format, MotifTable
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.prepare import ReadyMotif, WindowCount, count_windows, log10_q_of_scores
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.io.stream import LETTERS, Piece, read_pieces

SITES = 1 << 17
"""Sites expected in a piece, at most: pieces are small where many motifs have many sites."""

SMALLEST = 1 << 14
"""Letters of a piece, at least."""

Progress = Callable[[str, float], None]


class Stretch(NamedTuple):
    """The end of a piece of a file, and all or most of the next piece.

    Parameters
    ----------
    codes, offsets, names, first
        As those of a `Piece`.
    before
        Letters of the first sequence before the first of `codes`.
    limit
        Windows that begin here or further right are left to the next stretch, which begins here.
    """

    codes: np.ndarray
    offsets: np.ndarray
    names: Sequence[str]
    first: int
    before: int
    limit: int

    @property
    def last(self) -> int:
        """Position in the file of the last sequence."""
        return self.first + len(self.names) - 1

    def length(self, sequence: int) -> int:
        """Count the letters of a sequence of the file up to here."""
        i = sequence - self.first
        return int(self.offsets[i + 1] - self.offsets[i]) + (self.before if i == 0 else 0)


def overlapping(pieces: Iterable[Piece], overlap: int) -> Iterator[Stretch]:
    """Leave windows that begin in the last `overlap` letters of a piece to the next stretch.

    Only then is all that was found in a stretch further left than what the next ones will find.
    """
    rest = np.zeros(0, np.uint8)
    filled = (piece for piece in pieces if len(piece.names))
    for piece, following in pairwise(chain(filled, [None])):
        assert piece is not None
        codes = np.concatenate([rest, piece.codes])
        offsets = piece.offsets + len(rest)
        offsets[0] = 0
        limit = len(codes)
        if following is not None and following.before:
            limit = max(int(offsets[-2]), limit - overlap)
        yield Stretch(codes, offsets, piece.names, piece.first, piece.before - len(rest), limit)
        rest = codes[limit:]


@dataclass
class Source:
    """A file that is read several times.

    Parameters
    ----------
    path
        The file.
    name
        What messages call it.
    alphabet, mask
        As for `read_pieces`.
    tell
        Is told what is being done, and which share of it is done.
    """

    path: str | Path
    name: str | Path
    alphabet: Alphabet
    mask: str
    tell: Progress
    letters: int = 0
    sequences: int = 0

    def pieces(self, doing: str, size: int = LETTERS) -> Iterator[Piece]:
        """Read the file; oddities are told the first time."""
        total, letters = self.letters, 0
        for piece in read_pieces(
            self.path, self.alphabet, mask=self.mask, letters=size, name=self.name, quiet=total > 0
        ):
            yield piece
            letters += len(piece.codes)
            self.sequences = piece.first + len(piece.names)
            self.tell(doing, letters / total if total else 0.0)
        self.letters = letters

    def frequencies(self, both: bool) -> np.ndarray:
        """Count letters, float64 (letters,), as `seq.background.letter_frequencies` does."""
        counts = np.ones(self.alphabet.size)
        for piece in self.pieces("counting letters"):
            counts += [np.count_nonzero(piece.codes == c) for c in range(self.alphabet.size)]
        if both:
            counts = counts + counts[self.alphabet.complement_of_code[: self.alphabet.size]]
        return counts / counts.sum()


class Scanner:
    """Find the sites of motifs in stretches; from several threads at once.

    Parameters
    ----------
    ready
        What to look for.
    alphabet
        Of the sequences.
    strands
        Number of strands to look at.
    engine
        One of `engines.choose.ENGINES`.
    """

    def __init__(
        self, ready: Sequence[ReadyMotif], alphabet: Alphabet, *, strands: int, engine: str
    ) -> None:
        self.alphabet, self.strands = alphabet, strands
        self.engine = make_engine(engine, [p for m in ready for p in m.patterns], alphabet)
        self.motif_of_pattern = np.repeat(np.arange(len(ready)), [len(m.patterns) for m in ready])
        self.reverse = np.array([i > 0 for m in ready for i in range(len(m.patterns))], bool)
        self.widths = np.array([m.width for m in ready], np.int64)
        self.scored_widths = {m.width for m in ready if m.patterns}
        self.widest = max(self.scored_widths, default=1)
        # of each code on the forward strand, then on the other
        self.bytes = np.zeros(512, np.uint8)
        self.bytes[:256] = np.frombuffer(alphabet.byte_of_code, np.uint8)
        if self.reverse.any():
            complements = alphabet.complement_of_code
            self.bytes[256 : 256 + len(complements)] = self.bytes[complements]
        self.type = np.dtype(
            [
                ("sequence", np.int64),
                ("start", np.int64),
                ("motif", np.int32),
                ("reverse", bool),
                ("score", np.int32),
                ("matched", f"S{self.widest}"),
            ]
        )
        expected = sum(strands * 10.0 ** m.log10_p[0] for m in ready if m.patterns)
        self.size = int(np.clip(SITES / max(expected, 1e-9), SMALLEST, LETTERS))

    def look(self, stretch: Stretch) -> tuple[np.ndarray, dict[int, WindowCount]]:
        """Find the sites of a stretch, and count its windows by width."""
        codes, offsets = stretch.codes, stretch.offsets
        pattern, start, score = self.engine.find(codes)
        motif = self.motif_of_pattern[pattern]
        sequence = np.searchsorted(offsets, start, side="right") - 1
        kept = (start + self.widths[motif] <= offsets[sequence + 1]) & (start < stretch.limit)
        pattern, start, score, motif, sequence = (
            column[kept] for column in (pattern, start, score, motif, sequence)
        )
        sites = np.empty(len(start), self.type)
        sites["sequence"] = sequence + stretch.first
        sites["start"] = start - offsets[sequence] + np.where(sequence == 0, stretch.before, 0)
        sites["motif"], sites["score"] = motif, score
        sites["reverse"] = self.reverse[pattern]
        sites["matched"] = self._letters(codes, start, self.widths[motif], sites["reverse"])
        return sites, self._count(stretch)

    def _count(self, stretch: Stretch) -> dict[int, WindowCount]:
        codes, limit, letters = stretch.codes, stretch.limit, self.alphabet.size
        counts = count_windows(codes, stretch.offsets, letters, self.scored_widths)
        if limit == len(codes):
            return counts
        rest = np.array([0, len(codes) - limit])
        later = count_windows(codes[limit:], rest, letters, self.scored_widths)
        return {width: counts[width] - later[width] for width in counts}

    def _letters(
        self, codes: np.ndarray, start: np.ndarray, widths: np.ndarray, reverse: np.ndarray
    ) -> np.ndarray:
        """Read the letters of sites along their motifs, bytes (n,)."""
        letters = np.zeros((len(start), self.widest), np.uint8)
        first = np.where(reverse, start + widths - 1, start)
        step = np.where(reverse, -1, 1)
        strand = np.where(reverse, 256, 0)
        for column in range(int(widths.max(initial=0))):
            # beyond the ends of a narrower site nothing is kept
            code = codes.take(first, mode="clip")
            np.copyto(letters[:, column], self.bytes.take(strand + code), where=column < widths)
            first += step
        return letters.view(f"S{self.widest}").ravel()


class Tally:
    """Counts from which q-values follow.

    Parameters
    ----------
    ready
        The motifs, with their scores.
    strands
        Number of strands that are looked at.
    """

    def __init__(self, ready: Sequence[ReadyMotif], strands: int) -> None:
        self.ready, self.strands = ready, strands
        self.ends = np.cumsum([len(m.log10_p) for m in ready], dtype=np.int64)
        self.counts = np.zeros(self.ends[-1] if len(ready) else 0, np.int64)
        self.shift = np.array(
            [e - len(m.log10_p) - m.least for e, m in zip(self.ends, ready, strict=True)], np.int64
        )
        self.windows: dict[int, WindowCount] = {}

    def add(self, sites: np.ndarray, windows: dict[int, WindowCount]) -> None:
        """Count the sites and windows of a stretch."""
        np.add.at(self.counts, self.shift[sites["motif"]] + sites["score"], 1)
        for width, count in windows.items():
            self.windows[width] = self.windows.get(width, WindowCount(0, 0)) + count

    def log10_q(self) -> list[np.ndarray]:
        """Compute log10 of the q-value of each score of each motif, from its least score on."""
        counts = np.split(self.counts, self.ends[:-1])
        return [
            log10_q_of_scores(m.log10_p, c, self.strands * self.scored(m))
            for m, c in zip(self.ready, counts, strict=True)
        ]

    def scored(self, motif: ReadyMotif) -> int:
        """Count the windows of a motif on one strand."""
        return self.windows.get(motif.width, WindowCount(0, 0)).scored


def best_of_each(sites: np.ndarray) -> np.ndarray:
    """Keep the best site of each motif in each sequence, the first of those that are as good."""
    order = np.lexsort((-sites["score"].astype(np.int64), sites["motif"], sites["sequence"]))
    ranked = sites[order]
    same = (ranked["sequence"][1:] == ranked["sequence"][:-1]) & (
        ranked["motif"][1:] == ranked["motif"][:-1]
    )
    return sites[np.sort(order[np.append(True, ~same)[: len(order)]])]


class Spill:
    """Sites that wait in a file, as they were found, until all counts are known.

    Parameters
    ----------
    file
        Open for reading and writing, binary.
    best
        Keep the best site of each motif in each sequence only.
    """

    def __init__(self, file: IO[bytes], *, best: bool) -> None:
        self.file, self.best, self.blocks = file, best, 0
        # of sequences that may go on
        self.lengths: dict[int, int] = {}
        self.name_of_last = (-1, "")
        self.held: np.ndarray | None = None

    def add(self, stretch: Stretch, sites: np.ndarray) -> None:
        """Put the sites of the next stretch behind the others."""
        if self.best:
            sites = best_of_each(sites if self.held is None else np.append(self.held, sites))
            still_open = sites["sequence"] == stretch.last
            self.held, sites = sites[still_open], sites[~still_open]
        self._write(stretch, sites)
        self.lengths[stretch.last] = stretch.length(stretch.last)
        self.name_of_last = (stretch.last, stretch.names[-1])

    def end(self, stretch: Stretch) -> None:
        """Write what was held back."""
        if self.held is not None:
            self._write(stretch, self.held)

    def _write(self, stretch: Stretch, sites: np.ndarray) -> None:
        if not len(sites):
            return
        used, sites["sequence"] = np.unique(sites["sequence"], return_inverse=True)
        names, lengths = [], []
        for sequence in used.tolist():
            if sequence >= stretch.first:
                names.append(stretch.names[sequence - stretch.first])
                lengths.append(stretch.length(sequence))
            else:
                names.append(self.name_of_last[1])
                lengths.append(self.lengths[sequence])
        for array in (
            sites,
            used,
            np.array(lengths),
            np.frombuffer("\n".join(names).encode(), np.uint8),
        ):
            np.save(self.file, array, allow_pickle=False)
        self.blocks += 1

    def read(self, tables: Sequence[MotifTable], log10_limit: float = 0.0) -> Iterator[Block]:
        """Give all sites up to a limit of their q-value, in the order in which they came.

        `Writing` puts the tables into the blocks: helpers are sent them once.
        """
        self.file.seek(0)
        for _ in range(self.blocks):
            sites, used, lengths, names = (np.load(self.file, allow_pickle=False) for _ in range(4))
            stored = zip(used.tolist(), lengths.tolist(), strict=True)
            known = [self.lengths.get(sequence) or int(n) for sequence, n in stored]
            if log10_limit < 0:
                motif, score = sites["motif"], sites["score"]
                sites = sites[_log10_q_of(tables, motif, score) <= log10_limit + 1e-12]
            if len(sites):
                yield Block(
                    (),
                    names.tobytes().decode().split("\n"),
                    known,
                    sequence=sites["sequence"],
                    start=sites["start"],
                    motif=sites["motif"],
                    reverse=sites["reverse"],
                    score=sites["score"],
                    matched=sites["matched"],
                )


def _log10_q_of(tables: Sequence[MotifTable], motif: np.ndarray, score: np.ndarray) -> np.ndarray:
    first = np.cumsum([0, *(len(t.log10_q) for t in tables)])[:-1]
    shift = first - np.array([t.least for t in tables])
    return np.concatenate([t.log10_q for t in tables])[shift[motif] + score]


@dataclass(frozen=True, eq=False)
class Writing:
    """How sites become text.

    Parameters
    ----------
    kind
        The format.
    tables
        What is written of the motifs.
    """

    kind: Format
    tables: Sequence[MotifTable]

    def text(self, block: Block) -> str:
        """Write the lines of a block."""
        return "".join(self.kind.lines(replace(block, tables=self.tables)))


def motif_tables(motifs: Sequence[Motif], tally: Tally) -> list[MotifTable]:
    """Gather what is written of each motif."""
    return [
        MotifTable(motif, ready.least, ready.log10_p, log10_q)
        for motif, ready, log10_q in zip(motifs, tally.ready, tally.log10_q(), strict=True)
    ]
