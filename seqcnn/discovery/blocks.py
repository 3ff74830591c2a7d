"""Blocks: two motifs that keep their distance look like one with a gap, and are told apart here.

From sequences alone a gapped motif and a pair at one spacing are the same thing. What could be
found by itself is taken for a motif of its own here: a block that says more than six letters do,
and that is no copy of the other one. Short blocks are boxes of one motif, like ones a dimer.
"""

from dataclasses import replace

import numpy as np

from seqcnn.discovery.candidate import Candidate, Search, alike

GAP, QUIET = 6, 0.25
"""So many columns in a row that have no more bits than this are a gap."""

ALONE = 11.5
"""Bits that a block must have to be a motif."""


def strongest_block(candidate: Candidate, search: Search) -> Candidate:
    """Keep what stands before or behind the longest gap, if it can stand alone.

    Parameters
    ----------
    candidate
        With one column that is used at least.
    search
        Alphabet, strands and background.

    Returns
    -------
    Candidate
        The same, or its stronger block; the other one is left to be found by itself.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import ProbabilityMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> from seqcnn.discovery.frames import frame_of
    >>> search = Search(DNA, True, np.full(4, 0.25))
    >>> values = np.full((21, 4), 0.25)
    >>> values[:8], values[18:] = np.eye(4)[[3, 2, 0, 1, 3, 1, 0, 2]], np.eye(4)[[1, 2, 2]]
    >>> pair = Candidate(*frame_of(ProbabilityMatrix(values, DNA)))
    >>> strongest_block(pair, search).motif(search).consensus
    'TGACTCAG'
    """
    if not candidate.used.any():
        return candidate
    bits = candidate.matrix(search).information()
    first, last = _longest_gap(bits)
    if last - first < GAP or max(bits[:first].sum(), bits[last:].sum()) < ALONE:
        return candidate
    columns = np.flatnonzero(candidate.used)
    places = np.arange(len(candidate.used))
    blocks = [
        replace(candidate, used=np.isin(places, part)) for part in (columns[:first], columns[last:])
    ]
    # at an edge the gap has nothing on one side
    if all(block.used.any() for block in blocks) and alike(blocks[0], blocks[1], search):
        return candidate
    return blocks[int(bits[last:].sum() > bits[:first].sum())]


def strongest_run(candidate: Candidate, search: Search, widest: int) -> Candidate:
    """Keep as many columns in a row as a motif may have, those with the most bits.

    Parameters
    ----------
    candidate
        With one column that is used at least.
    search
        Alphabet, strands and background.
    widest
        Columns that a motif may have.

    Examples
    --------
    >>> from seqcnn.motifs.matrix import ProbabilityMatrix
    >>> from seqcnn.seq.alphabet import DNA
    >>> from seqcnn.discovery.frames import frame_of
    >>> search = Search(DNA, True, np.full(4, 0.25))
    >>> whole = Candidate(*frame_of(ProbabilityMatrix(np.eye(4)[[3, 2, 0, 1, 3]], DNA)))
    >>> strongest_run(whole, search, 4).motif(search).consensus
    'TGAC'
    """
    columns = np.flatnonzero(candidate.used)
    if len(columns) <= widest:
        return candidate
    bits = np.concatenate([[0.0], np.cumsum(candidate.matrix(search).information())])
    first = int((bits[widest:] - bits[:-widest]).argmax())
    used = np.zeros_like(candidate.used)
    used[columns[first : first + widest]] = True
    return replace(candidate, used=used)


def near_columns(used: np.ndarray, frame: np.ndarray, search: Search) -> np.ndarray:
    """Find the columns that no gap parts from the used ones, bool (WIDTH,).

    Parameters
    ----------
    used
        bool (WIDTH,): one run of columns.
    frame
        float64 (WIDTH, letters).
    search
        Alphabet and background.
    """
    odds = np.where(frame > 0, frame / search.background, 1.0)
    loud = (frame * np.log2(odds)).sum(1) > QUIET
    columns = np.flatnonzero(used)
    first, last = int(columns[0]), int(columns[-1])
    while first > 0 and loud[max(first - GAP, 0) : first].any():
        first -= 1
    while last < len(used) - 1 and loud[last + 1 : last + 1 + GAP].any():
        last += 1
    near = np.zeros(len(used), bool)
    near[first : last + 1] = True
    return near


def _longest_gap(bits: np.ndarray) -> tuple[int, int]:
    """Find the longest run of quiet columns: its first, and one past its last.

    Examples
    --------
    >>> _longest_gap(np.array([2.0, 0.1, 2.0, 0.0, 0.1, 1.0]))
    (3, 5)
    """
    loud = np.flatnonzero(np.r_[True, bits > QUIET, True])
    longest = int(np.diff(loud).argmax())
    return int(loud[longest]), int(loud[longest + 1]) - 1
