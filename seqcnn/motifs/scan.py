"""Find the sites of motifs in sequences in memory, with exact p-values; for files: `scan_file`."""

import os
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.background import Background, resolve_background
from seqcnn.motifs.engines.base import Engine, Found
from seqcnn.motifs.engines.choose import make_engine
from seqcnn.motifs.engines.lookup import LookupEngine
from seqcnn.motifs.hits import Hits
from seqcnn.motifs.matrix import PSEUDOCOUNT
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.motifs.prepare import (
    ReadyMotif,
    Threshold,
    count_windows,
    ready_motifs,
)
from seqcnn.motifs.pvalue import STEP
from seqcnn.motifs.workers import Crew, Processes, Threads
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.sources import Sequences, as_sequences

CHUNK = 1 << 19
"""Letters that are looked at in a go."""

HELPED = 1 << 29
"""Letters times patterns for which it pays to start a helper: twice as much as it costs."""

LONG_CALLS = ("lightmotif", "convolution")
"""Engines that leave Python's lock alone while they work, so that threads do."""


def scan(
    motifs: Motif | Iterable[Motif],
    sequences: Sequences,
    *,
    p_value: float = 1e-4,
    score: float | None = None,
    background: str | Background = "input",
    pseudocount: float = PSEUDOCOUNT,
    strand: str | None = None,
    merge_strands: bool = False,
    ambiguous: str = "skip",
    engine: str = "words",
    threads: int | None = None,
) -> Hits:
    """Find all sites of motifs.

    Parameters
    ----------
    motifs
        Over the alphabet of the sequences.
    sequences
        Where to look.
    p_value
        Largest p-value of a site, per window and strand.
    score
        Smallest score of a site in bits; no such limit by default.
    background
        Where random letters come from: ``"input"`` for the shares in `sequences`, ``"motif"`` for
        the background of each motif, ``"uniform"``, a MEME background file, shares (letters,), or a
        model of higher order. With both strands it is made the same on both.
    pseudocount
        Sites added to each motif, shared out like the background.
    strand
        ``"both"`` or ``"one"``; by default both for DNA only.
    merge_strands
        Count a window once, on the strand with the better score, so that the site of a palindrome
        is one site. By default each strand is reported on its own.
    ambiguous
        ``"skip"`` leaves windows with ambiguous letters out, ``"worst"`` scores such a letter like
        the worst letter that it may stand for.
    engine
        One of `engines.choose.ENGINES`; all find the same sites.
    threads
        Processor cores to use; all by default.

    Returns
    -------
    Hits

    Raises
    ------
    SeqcnnError
        Alphabets differ, there is no second strand, or an argument is out of range.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import CountMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> word = Motif("word", CountMatrix(np.eye(4)[[0, 0, 1, 2, 2]], DNA).to_probabilities())
    >>> sequences = SequenceSet.from_strings(["TTAACGGTT"], alphabet=DNA)
    >>> [(hit.start, hit.matched) for hit in scan([word], sequences, p_value=0.01)]
    [(2, 'AACGG')]
    """
    if ambiguous not in ("skip", "worst"):
        raise SeqcnnError(f"`ambiguous` is {ambiguous!r}, it must be 'skip' or 'worst'")
    motifs, cores = as_motifs(motifs, "motifs"), cores_to_use(threads)
    sequences = as_sequences(sequences)
    both = both_strands(strand, sequences.alphabet)
    engine = engine if ambiguous == "skip" else "lookup"
    work = len(sequences.codes) * len(motifs) * (1 + both)
    with crew_for(engine, work, cores) as crew:
        model = resolve_background(
            background,
            sequences.alphabet,
            lambda: letter_frequencies(sequences, both, pseudocount=1.0),
            both_strands=both,
        )
        ready = ready_motifs(
            motifs, sequences.alphabet, model, Threshold(p_value, score),
            both_strands=both, pseudocount=pseudocount, crew=crew,
        )  # fmt: skip
        patterns = [pattern for motif in ready for pattern in motif.patterns]
        if ambiguous == "worst":
            searching: Engine = LookupEngine(patterns, sequences.alphabet, ambiguous="worst")
        else:
            searching = make_engine(engine, patterns, sequences.alphabet)
        widest = max((motif.width for motif in ready), default=1)
        found = find_in_chunks(searching, sequences.codes, widest - 1, crew)
    strands = np.array([len(motif.patterns) for motif in ready], np.int64)
    motif = np.repeat(np.arange(len(ready)), strands)[found.pattern]
    reverse = found.pattern > (np.cumsum(strands) - strands)[motif]
    return _hits(
        motifs, ready, sequences, (motif, found.start, reverse, found.score),
        strands=2 if both else 1, merge=merge_strands, skip=ambiguous == "skip",
    )  # fmt: skip


def both_strands(strand: str | None, alphabet: Alphabet) -> bool:
    """Tell whether to look at both strands; by default for DNA only."""
    if strand not in (None, "both", "one"):
        raise SeqcnnError(f"`strand` is {strand!r}, it must be 'both' or 'one'")
    if strand is None:
        return alphabet.double_stranded
    if strand == "both" and alphabet.complements is None:
        raise SeqcnnError(f"alphabet {alphabet.name!r} has no complement: use `strand` 'one'")
    return strand == "both"


def available_threads() -> int:
    """Count the processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return int(os.environ.get("NPROC", os.cpu_count() or 1))


def cores_to_use(threads: int | None) -> int:
    """Take all processor cores, or the number that a caller gave.

    Raises
    ------
    SeqcnnError
        It is below 1.
    """
    if threads is None:
        return available_threads()
    if threads < 1:
        raise SeqcnnError(f"`threads` is {threads}, it must be at least 1, or None for all cores")
    return threads


def crew_for(engine: str, work: float, threads: int) -> Crew:
    """Choose who works: this process alone, its threads, or helpers as well.

    Parameters
    ----------
    engine
        One of `engines.choose.ENGINES`.
    work
        Letters times patterns; for little of it nobody is called.
    threads
        Processor cores to use.
    """
    if engine in LONG_CALLS:
        return Threads(threads)
    helpers = min(threads - 1, int(work // HELPED)) if os.name == "posix" else 0
    return Processes(helpers) if helpers else Crew()


def find_in_chunks(engine: Engine, codes: np.ndarray, overlap: int, crew: Crew) -> Found:
    """Find all sites, chunk by chunk.

    Parameters
    ----------
    engine
        See `engines.base.Engine`.
    codes
        uint8 (n,).
    overlap
        Letters of the widest pattern but one: by so much a chunk reads on into the next one.
    crew
        Who works.
    """
    begins = range(0, len(codes), CHUNK)
    chunks = (codes[begin : begin + CHUNK + overlap] for begin in begins)
    parts = [Found.none()]
    for begin, (_, found) in zip(begins, crew.in_turn(engine.find, chunks), strict=True):
        found = found.select(found.start < CHUNK)
        parts.append(found._replace(start=found.start + begin))
    return Found(*map(np.concatenate, zip(*parts, strict=True)))


def _hits(
    motifs: Sequence[Motif],
    ready: Sequence[ReadyMotif],
    sequences: SequenceSet,
    columns: tuple[np.ndarray, ...],
    *,
    strands: int,
    merge: bool,
    skip: bool,
) -> Hits:
    """Drop windows across the ends of sequences, and add p- and q-values."""
    motif, place, reverse, score = columns
    sequence = np.searchsorted(sequences.offsets, place, side="right") - 1
    widths = np.array([m.width for m in ready], np.int64)
    kept = place + widths[motif] <= sequences.offsets[sequence + 1]
    if merge:
        kept &= _better_strand(motif, place, score)
    order = np.flatnonzero(kept)
    # by start already, and so by sequence
    order = order[np.argsort(motif[order], kind="stable")]
    motif, place, reverse, score, sequence = (
        column[order] for column in (motif, place, reverse, score, sequence)
    )
    windows = count_windows(sequences.codes, sequences.offsets, sequences.alphabet.size, widths)
    log10_p, log10_q = np.zeros(len(motif)), np.zeros(len(motif))
    limits = np.searchsorted(motif, np.arange(len(ready) + 1)).tolist()
    for (first, last), m in zip(pairwise(limits), ready, strict=True):
        if first < last:
            count = windows[m.width]
            tests = strands * (count.scored + (0 if skip else count.skipped))
            log10_p[first:last] = m.log10_p[score[first:last] - m.least]
            log10_q[first:last] = log10_q_values(log10_p[first:last], tests)
    start = place - sequences.offsets[sequence]
    return Hits(motifs, sequences, motif, sequence, start, reverse, score * STEP, log10_p, log10_q)


def _better_strand(motif: np.ndarray, place: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Choose one of two sites in one window, the forward one where both are as good: bool (n,)."""
    # both strands of a motif follow each other
    twins = np.flatnonzero((motif[1:] == motif[:-1]) & (place[1:] == place[:-1]))
    chosen = np.ones(len(motif), bool)
    forward_wins = score[twins] >= score[twins + 1]
    chosen[twins + forward_wins] = False
    return chosen


def log10_q_values(log10_p_values: np.ndarray, tests: int) -> np.ndarray:
    """Benjamini-Hochberg when only the smallest p-values are at hand.

    Parameters
    ----------
    log10_p_values
        float64 (n,): the n smallest of all tests.
    tests
        Number of all tests, at least n.

    Returns
    -------
    numpy.ndarray
        float64 (n,): log10 of the smallest false discovery rate at which each would be accepted,
        never less than its true value, for the larger p-values are not seen.
    """
    order = np.argsort(log10_p_values, kind="stable")
    ranked = log10_p_values[order] + np.log10(tests / np.arange(1, len(order) + 1))
    falling = np.minimum.accumulate(ranked[::-1])[::-1]
    result = np.empty_like(falling)
    result[order] = np.minimum(falling, 0.0)
    return result
