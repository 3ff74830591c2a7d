"""Find the sites of motifs in files of any size, and write them, in little memory.

Scores lie on a grid, so the counts of scores are all that q-values need: nothing is ever sorted.
"""

import logging
import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.background import Background, resolve_background
from seqcnn.motifs.hit_files import Format, MotifTable, find_format
from seqcnn.motifs.matrix import PSEUDOCOUNT
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.motifs.passes import (
    Progress,
    Scanner,
    Source,
    Spill,
    Stretch,
    Tally,
    Writing,
    motif_tables,
    overlapping,
)
from seqcnn.motifs.prepare import ReadyMotif, Threshold, ready_motifs
from seqcnn.motifs.scan import both_strands, cores_to_use, crew_for
from seqcnn.motifs.workers import Crew
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.io.files import atomic_write
from seqcnn.seq.io.stream import readable_twice

_log = logging.getLogger(__name__)

USUAL_P = 1e-4
"""Largest p-value of a site where nothing else is asked for."""


@dataclass(frozen=True)
class ScanSummary:
    """What a scan found.

    Parameters
    ----------
    sequences, letters
        What was read.
    sites
        What was written.
    windows, skipped
        Windows of all motifs on all strands that were scored, and that hold an ambiguous letter.
    unattainable
        Motifs of which no word reaches the threshold.
    """

    sequences: int
    letters: int
    sites: int
    windows: int
    skipped: int
    unattainable: int


def scan_file(
    motifs: Motif | Iterable[Motif],
    sequences: str | Path,
    out: str | Path,
    *,
    p_value: float | None = None,
    q_value: float | None = None,
    score: float | None = None,
    best: bool = False,
    background: str | Background = "input",
    pseudocount: float = PSEUDOCOUNT,
    strand: str | None = None,
    alphabet: Alphabet | None = None,
    mask: str = "none",
    format: str | None = None,
    engine: str = "words",
    threads: int | None = None,
    progress: Progress | None = None,
) -> ScanSummary:
    """Find all sites of motifs in a file, and write them.

    Sites are written by sequence, in the order of the file, then by start, then in the order of the
    motifs, the forward strand first.

    Parameters
    ----------
    motifs
        What to look for.
    sequences
        A FASTA file, compressed or not; ``-`` is standard input. Windows with an ambiguous letter
        are left out.
    out
        Where to write; .gz compresses, ``-`` is standard output.
    p_value
        Largest p-value of a site; by default 1e-4 unless `q_value` or `score` is given.
    q_value
        Largest q-value of a site. Without `p_value`, the scores are counted in a pass of their own
        first, so that not one is missed.
    score
        Smallest score of a site in bits.
    best
        Keep the best site of each motif in each sequence only, the first of those that are as good.
    background, pseudocount, strand
        As for `scan`.
    alphabet
        Of the sequences; by default that of the motifs.
    mask
        ``"none"`` reads lower case as upper, ``"lower"`` leaves it out.
    format
        A key of `hit_files.FORMATS`; by default it is told from the name of `out`.
    engine
        One of `engines.choose.ENGINES`.
    threads
        Processor cores to use; all by default.
    progress
        Is told what is being done, and which share of it is done.

    Raises
    ------
    SeqcnnError
        A file cannot be read or written, alphabets differ, or an argument is out of range.
    """
    kind, motifs = find_format(out, format), as_motifs(motifs, "motifs")
    if not motifs:
        raise SeqcnnError("no motifs to scan with")
    alphabet = alphabet or motifs[0].alphabet
    if q_value is not None and not 0 < q_value <= 1:
        raise SeqcnnError(f"`q_value` is {q_value}, it must be above 0 and at most 1")
    both, cores = both_strands(strand, alphabet), cores_to_use(threads)
    threshold = _threshold(p_value, q_value, score)
    with readable_twice(sequences) as path, _crew(path, len(motifs), both, engine, cores) as crew:
        name = "standard input" if str(sequences) == "-" else sequences
        source = Source(path, name, alphabet, mask, progress or (lambda what, share: None))
        model = resolve_background(
            background, alphabet, lambda: source.frequencies(both), both_strands=both
        )
        ready = ready_motifs(
            motifs, alphabet, model, threshold,
            both_strands=both, pseudocount=pseudocount, crew=crew,
        )  # fmt: skip
        silent = [m.name for m, r in zip(motifs, ready, strict=True) if not r.patterns]
        options = {"strands": 1 + both, "engine": engine}
        if q_value is not None and p_value is None:
            counting = Scanner(ready, alphabet, **options)
            ready = _reaching(_look(source, "counting scores", counting, ready, crew), q_value)
        with tempfile.TemporaryFile(prefix="seqcnn-") as file:
            spill = Spill(file, best=best)
            scanner = Scanner(ready, alphabet, **options)
            tally = _look(source, "scanning", scanner, ready, crew, spill)
            tables = motif_tables(motifs, tally)
            written = _write(out, kind, tables, spill, crew, limit=q_value or 1.0)
    return _summary(source, tally, written, len(motifs), silent)


def _threshold(p_value: float | None, q_value: float | None, score: float | None) -> Threshold:
    """Find what no site may fall short of, whatever the counts will be."""
    if p_value is None:
        # a q-value is never less than its p-value
        p_value = USUAL_P if q_value is None and score is None else q_value or 1.0
    return Threshold(p_value, score)


def _crew(path: str | Path, motifs: int, both: bool, engine: str, threads: int) -> Crew:
    """Start helpers before they are needed, if the file is large."""
    letters = Path(path).stat().st_size if Path(path).is_file() else 0
    return crew_for(engine, letters * motifs * (1 + both), threads)


def _look(
    source: Source,
    doing: str,
    scanner: Scanner,
    ready: Sequence[ReadyMotif],
    crew: Crew,
    spill: Spill | None = None,
) -> Tally:
    """Go over the whole input once."""
    tally = Tally(ready, scanner.strands)
    stretch: Stretch | None = None
    stretches = overlapping(source.pieces(doing, scanner.size), scanner.widest - 1)
    for stretch, (sites, windows) in crew.in_turn(scanner.look, stretches):
        tally.add(sites, windows)
        if spill is not None:
            spill.add(stretch, sites)
    if spill is not None and stretch is not None:
        spill.end(stretch)
    return tally


def _reaching(tally: Tally, q_value: float) -> list[ReadyMotif]:
    """Raise the threshold of each motif to the smallest score that has the q-value."""
    reaching = []
    for motif, log10_q in zip(tally.ready, tally.log10_q(), strict=True):
        good = np.flatnonzero(log10_q <= math.log10(q_value) + 1e-12)
        reaching.append(motif.above(motif.least + int(good[0])) if len(good) else motif.silent())
    return reaching


def _write(
    out: str | Path,
    kind: Format,
    tables: list[MotifTable],
    spill: Spill,
    crew: Crew,
    *,
    limit: float,
) -> int:
    """Write the sites up to a q-value, and count them."""
    written = 0
    blocks = crew.in_turn(Writing(kind, tables).text, spill.read(tables, math.log10(limit)))
    with atomic_write(out) as handle:
        handle.write(kind.header)
        for block, text in blocks:
            handle.write(text)
            written += len(block.start)
    return written


def _summary(
    source: Source, tally: Tally, written: int, motifs: int, silent: Sequence[str]
) -> ScanSummary:
    """Sum up, and tell what a user could not see in the output."""
    counts = [tally.windows[r.width] for r in tally.ready if r.patterns and tally.windows]
    summary = ScanSummary(
        source.sequences,
        source.letters,
        written,
        tally.strands * sum(c.scored for c in counts),
        tally.strands * sum(c.skipped for c in counts),
        len(silent),
    )
    if silent:
        _log.info(
            "motifs without any word that reaches the threshold, skipped: %s of %s, first %s",
            f"{len(silent):,}", f"{motifs:,}", silent[0],
        )  # fmt: skip
    if summary.skipped:
        _log.info(
            "windows with ambiguous letters skipped: %s of %s, all motifs and strands together",
            f"{summary.skipped:,}", f"{summary.skipped + summary.windows:,}",
        )  # fmt: skip
    if counts and not summary.windows + summary.skipped:
        _log.info("no sequence is as long as the motifs: there is nothing to scan")
    _log.info(
        "sites written: %s, of %s motifs in %s sequences with %s letters",
        f"{written:,}", f"{motifs:,}", f"{source.sequences:,}", f"{source.letters:,}",
    )  # fmt: skip
    return summary
