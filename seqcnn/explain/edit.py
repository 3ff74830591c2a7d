"""Edits of sequences at exact places: plant, insert, delete, shuffle, ablate, turn, mutate.

Every function takes a `SequenceSet` and returns a new one, with the same names. Positions count
from 0, ends are exclusive. Where `start` is an array, it holds the position in each sequence.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.sites import Choice, Word, sites_of
from seqcnn.explain.spans import Spans, joined_spans, spans_of
from seqcnn.seq.background import MarkovBackground
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffle

Side = Literal["left", "right"]

Removal = Literal["shuffle", "random"]
"""What stretches are replaced by: shuffles of themselves, or letters of a background."""

Start = int | np.ndarray | None


def substitute(
    sequences: SequenceSet,
    motif: Word,
    start: Start = None,
    *,
    letters: Choice = "best",
    seed: int = 0,
) -> SequenceSet:
    """Write a motif over the letters of sequences.

    Parameters
    ----------
    sequences
        Over any alphabet; none shorter than the motif.
    motif, letters, seed
        As for `sites_of`; ``"sampled"`` draws one site for each sequence.
    start
        Of the motif; None for the middle, ``(length - width) // 2``.

    Raises
    ------
    SeqcnnError
        The motif does not lie in a sequence, or as for `sites_of`.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> given = SequenceSet.from_strings(["AAAAAA"], alphabet=DNA)
    >>> substitute(given, "GC").text(0), substitute(given, "GC", 4).text(0)
    ('AAGCAA', 'AAAAGC')
    """
    sites = sites_of(motif, sequences.alphabet, len(sequences), letters=letters, seed=seed)
    first = _starts(sequences, start, sites.shape[1])
    codes = sequences.codes.copy()
    place = sequences.offsets[:-1, None] + first[:, None] + np.arange(sites.shape[1])
    codes[place] = sites
    return _with(sequences, codes)


def insert(
    sequences: SequenceSet,
    motif: Word,
    start: Start = None,
    *,
    cut: Side | None = None,
    letters: Choice = "best",
    seed: int = 0,
) -> SequenceSet:
    """Put a motif between the letters of sequences.

    Parameters
    ----------
    sequences, motif, letters, seed
        As for `substitute`.
    start
        Position of its first letter afterwards, from 0 to the length; None for ``length // 2``.
    cut
        End of which as many letters are cut off, so that lengths stay; None for none.

    Raises
    ------
    SeqcnnError
        `start` does not lie in a sequence, or as for `sites_of`.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> given = SequenceSet.from_strings(["AAATTT"], alphabet=DNA)
    >>> insert(given, "GC").text(0), insert(given, "GC", cut="left").text(0)
    ('AAAGCTTT', 'AGCTTT')
    """
    if cut not in (None, "left", "right"):
        raise SeqcnnError(f"`cut` is {cut!r}, it must be 'left' or 'right', or None")
    sites = sites_of(motif, sequences.alphabet, len(sequences), letters=letters, seed=seed)
    first = _starts(sequences, start, 0)
    rows = []
    for codes, at, site in zip(sequences, first.tolist(), sites, strict=True):
        row = np.concatenate([codes[:at], site, codes[at:]])
        extra = len(site) if cut else 0
        rows.append(row[extra:] if cut == "left" else row[: len(row) - extra])
    return _of_rows(sequences, rows)


def delete(
    sequences: SequenceSet,
    start: int,
    end: int,
    *,
    fill: Side | None = None,
    refill: str | np.ndarray | SequenceSet | None = None,
) -> SequenceSet:
    """Take a stretch out of sequences.

    Parameters
    ----------
    sequences
        Over any alphabet.
    start, end
        The stretch, of every sequence.
    fill
        End at which the sequences are filled up to their length; None for shorter ones.
    refill
        What they are filled up with: text, codes, or sequences, one for all or one for each. Those
        letters are taken that would lie next to the sequence: on the left the last ones, on the
        right the first ones. None for the symbol of any letter.

    Raises
    ------
    SeqcnnError
        The stretch does not lie in a sequence, or there is too little to fill up with.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> given = SequenceSet.from_strings(["AACCTT"], alphabet=DNA)
    >>> delete(given, 2, 4).text(0), delete(given, 2, 4, fill="left", refill="CCGT").text(0)
    ('AATT', 'GTAATT')
    """
    if fill not in (None, "left", "right"):
        raise SeqcnnError(f"`fill` is {fill!r}, it must be 'left' or 'right', or None")
    spans_of([(start, end)], sequences)
    ends = None if fill is None else _fillings(sequences, fill, refill, end - start)
    rows = []
    for i, codes in enumerate(sequences):
        parts = [codes[:start], codes[end:]]
        if ends is not None:
            parts = [ends[i], *parts] if fill == "left" else [*parts, ends[i]]
        rows.append(np.concatenate(parts))
    return _of_rows(sequences, rows)


def _fillings(
    sequences: SequenceSet, side: Side, refill: str | np.ndarray | SequenceSet | None, width: int
) -> list[np.ndarray]:
    """Cut what is filled up with, uint8 (width,) for each sequence."""
    alphabet, number = sequences.alphabet, len(sequences)
    if refill is None:
        refill = alphabet.unknown * width
    if isinstance(refill, SequenceSet):
        if refill.alphabet != alphabet or len(refill) not in (1, number):
            raise SeqcnnError(
                f"`refill` must be 1 or {number} sequences of {alphabet.name}, not {refill!r}"
            )
        given = list(refill) * (number if len(refill) == 1 else 1)
    else:
        given = list(sites_of(refill, alphabet, 1)) * number
    short = min((len(codes) for codes in given), default=width)
    if short < width:
        raise SeqcnnError(f"`refill` has {short} letters, {width} are deleted")
    return [codes[len(codes) - width :] if side == "left" else codes[:width] for codes in given]


def shuffle_stretch(
    sequences: SequenceSet, start: int, end: int, *, k: int = 1, seed: int = 0
) -> SequenceSet:
    """Shuffle a stretch of every sequence, keeping its words of `k` letters; see `shuffle`."""
    return ablate(sequences, [(start, end)], k=k, seed=seed)


def ablate(
    sequences: SequenceSet,
    spans: Spans,
    *,
    by: Removal = "shuffle",
    k: int = 1,
    background: MarkovBackground | None = None,
    seed: int = 0,
) -> SequenceSet:
    """Replace stretches by what means nothing, all at once; those that overlap are joined.

    Parameters
    ----------
    sequences
        Over any alphabet.
    spans
        Pairs (start, end) for every sequence, or triples (row, start, end).
    by
        ``"shuffle"`` for shuffles of each stretch, which leave one of a single letter as it is;
        ``"random"`` for letters drawn from `background`.
    k
        Letters of the words that shuffles keep: 1, 2 or 3.
    background
        None for the letters of the sequences as they are frequent.
    seed
        Same seed, same letters.

    Raises
    ------
    SeqcnnError
        A stretch does not lie in its sequence, or an argument is out of range.
    """
    joined = joined_spans(spans_of(spans, sequences))
    pieces = replacements(sequences, joined, by=by, k=k, background=background, seed=seed)
    codes = sequences.codes.copy()
    for (row, start, end), piece in zip(joined.tolist(), pieces, strict=True):
        offset = int(sequences.offsets[row])
        codes[offset + start : offset + end] = piece
    return _with(sequences, codes)


def replacements(
    sequences: SequenceSet,
    spans: np.ndarray,
    *,
    by: Removal = "shuffle",
    k: int = 1,
    background: MarkovBackground | None = None,
    copies: int = 1,
    seed: int = 0,
) -> SequenceSet:
    """Make what stretches int64 (m, 3) are replaced by: m * `copies` sequences, as of `shuffle`."""
    if by not in ("shuffle", "random"):
        raise SeqcnnError(f"`by` is {by!r}, it must be 'shuffle' or 'random'")
    if copies < 1:
        raise SeqcnnError(f"`copies` is {copies}, it must be 1 or more")
    stretches = SequenceSet.from_arrays(
        [sequences[row][start:end] for row, start, end in spans.tolist()],
        alphabet=sequences.alphabet,
    )
    if by == "shuffle":
        return shuffle(stretches, k=k, copies=copies, seed=seed)
    drawn_from = background or MarkovBackground.fit(sequences)
    if drawn_from.alphabet != sequences.alphabet:
        raise SeqcnnError("`background` is over another alphabet than the sequences")
    return drawn_from.sample(len(spans) * copies, np.repeat(stretches.lengths, copies), seed)


def reverse_stretch(
    sequences: SequenceSet, start: int, end: int, *, complement: bool | None = None
) -> SequenceSet:
    """Turn a stretch of every sequence around.

    Parameters
    ----------
    sequences
        Over any alphabet.
    start, end
        The stretch.
    complement
        Whether the other strand is read there; None for alphabets with two strands only (DNA).

    Raises
    ------
    SeqcnnError
        The stretch does not lie in a sequence, or the alphabet has no complements.
    """
    spans_of([(start, end)], sequences)
    alphabet = sequences.alphabet
    place = sequences.offsets[:-1, None] + np.arange(start, end)
    codes = sequences.codes.copy()
    turned = codes[place][:, ::-1]
    if alphabet.double_stranded if complement is None else complement:
        turned = alphabet.complement_of_code[turned]
    codes[place] = turned
    return _with(sequences, codes)


def saturation_mutagenesis(
    sequences: SequenceSet, positions: Sequence[int] | np.ndarray | None = None
) -> SequenceSet:
    """Make all sequences that differ in one letter.

    Parameters
    ----------
    sequences
        Over any alphabet.
    positions
        Where; None for all. An ambiguous letter is replaced by every letter.

    Returns
    -------
    SequenceSet
        By sequence, position and letter; named by position from 0, letter before and after, such as
        ``10A>C``; of several sequences with the name of each before it, ``seq_1:10A>C``.

    Raises
    ------
    SeqcnnError
        A position does not lie in a sequence.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> mutants = saturation_mutagenesis(SequenceSet.from_strings(["CA"], alphabet=DNA), [1])
    >>> mutants.ids, mutants.text(0)
    (('1A>C', '1A>G', '1A>T'), 'CC')
    """
    alphabet = sequences.alphabet
    blocks, ids = [], []
    if positions is not None:
        spans_of([(int(p), int(p) + 1) for p in positions], sequences)
    for name, codes in zip(sequences.ids, sequences, strict=True):
        where = np.arange(len(codes)) if positions is None else np.asarray(positions, np.int64)
        place, letter = np.nonzero(codes[where, None] != np.arange(alphabet.size))
        block = np.tile(codes, (len(place), 1))
        block[np.arange(len(place)), where[place]] = letter
        before, after = alphabet.decode(codes[where[place]]), alphabet.decode(letter)
        prefix = f"{name}:" if len(sequences) > 1 else ""
        ids += [
            f"{prefix}{p}{a}>{b}"
            for p, a, b in zip(where[place].tolist(), before, after, strict=True)
        ]
        blocks += list(block)
    return SequenceSet.from_arrays(blocks, alphabet=alphabet, ids=ids)


def _starts(sequences: SequenceSet, start: Start, width: int) -> np.ndarray:
    """Find where each sequence is edited, int64 (n,)."""
    room = sequences.lengths - width
    first = room // 2 if start is None else np.asarray(start, np.int64)
    if first.ndim > 1 or (first.ndim and len(first) != len(sequences)):
        raise SeqcnnError(
            f"`start` must be one position, or one for each of the {len(sequences)} sequences"
        )
    first = np.broadcast_to(first, room.shape)
    wrong = np.flatnonzero((first < 0) | (first > room))
    if len(wrong):
        row = wrong[0]
        what = f"{width} letters at {first[row]}" if width else f"position {first[row]}"
        raise SeqcnnError(
            f"{what} do{'' if width else 'es'} not lie in sequence {sequences.ids[row]!r} of "
            f"{sequences.lengths[row]:,} letters: positions count from 0"
        )
    return first


def _with(sequences: SequenceSet, codes: np.ndarray) -> SequenceSet:
    return SequenceSet(
        sequences.alphabet, codes, sequences.offsets, sequences.ids, sequences.descriptions
    )


def _of_rows(sequences: SequenceSet, rows: Sequence[np.ndarray]) -> SequenceSet:
    lengths = [len(row) for row in rows]
    offsets = np.cumsum([0, *lengths], dtype=np.int64)
    codes = np.concatenate(rows) if len(rows) else sequences.codes[:0]
    return SequenceSet(sequences.alphabet, codes, offsets, sequences.ids, sequences.descriptions)
