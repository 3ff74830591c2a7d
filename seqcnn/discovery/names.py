"""Names for motifs: the known ones that they are like, and how sure that is."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.result import DiscoveredMotif
from seqcnn.errors import SeqcnnError
from seqcnn.motifs.compare import Comparisons, compare, similarity
from seqcnn.motifs.data import load_motifs, over_alphabet
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, Alphabet

logger = logging.getLogger(__name__)

DEFAULT = "jaspar"
"""The database of DNA if none is named: all of it, since sequences do not say whose they are."""

NONE = "none"
"""What is no database."""

TARGETS = 10
"""Known motifs that are listed for a motif, at most."""


def load_known(
    database: str | Sequence[Motif] | None, alphabet: Alphabet
) -> tuple[list[Motif], str]:
    """Load known motifs, and say which.

    Parameters
    ----------
    database
        See `seqcnn.motifs.data.load_motifs`; `NONE` for none; None for `DEFAULT` with DNA, none
        with other letters.
    alphabet
        What the motifs must be over.

    Returns
    -------
    list of Motif
    str
        What to call the database: its name or file, `NONE`, or "given".

    Raises
    ------
    SeqcnnError
        There is no such database or file, it holds no motif, or its motifs are over other letters.
    """
    if database is None:
        database = DEFAULT if alphabet == DNA else NONE
    if not isinstance(database, str):
        return [over_alphabet(motif, alphabet) for motif in database], "given"
    if database == NONE:
        return [], NONE
    known = load_motifs(database, alphabet=alphabet)
    if not known:
        raise SeqcnnError("there is no motif in this file", path=database)
    narrower = "; --db jaspar:vertebrates takes one group of it" if database == DEFAULT else ""
    logger.info("known motifs: %s, %s motifs%s", database, f"{len(known):,}", narrower)
    return known, database


def with_matches(
    motifs: Sequence[DiscoveredMotif], database: Sequence[Motif], search: Search
) -> tuple[tuple[DiscoveredMotif, ...], Comparisons | None]:
    """Find the known motifs that motifs are like, as `seqcnn.compare` does.

    Parameters
    ----------
    motifs
        With their final names.
    database
        May be empty.
    search
        Strands.

    Returns
    -------
    tuple of DiscoveredMotif
        The same, with the most significant match; without one if no known motif is like it.
    Comparisons or None
        The best matches of each; None if there is nothing to compare.
    """
    if not motifs or not database:
        return tuple(motifs), None
    both = search.both_strands
    found = compare([m.motif for m in motifs], database, top=TARGETS, both_strands=both)
    named = []
    for i, m in enumerate(motifs):
        best = next(iter(found.of(i)), None)
        if best is not None:
            match = similarity(m.motif, best.target, both_strands=both)
            m = replace(m, best_match=match, match_log10_q=best.log10_q)
        named.append(m)
    return tuple(named), found
