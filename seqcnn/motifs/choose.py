"""Choose motifs by name, and name files after them."""

import difflib
import fnmatch
import re
from collections.abc import Sequence
from dataclasses import replace

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.motif import Motif

NAMINGS = ("id", "alternative", "both")
"""What `rename` can do."""

LONGEST = 100
"""Characters of a file name without its ending; disks allow 255."""

_UNSAFE = re.compile(r"[^A-Za-z0-9._+()-]+")
_VERSION = re.compile(r"\.\d+$")
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def choose_motifs(motifs: Sequence[Motif], patterns: Sequence[str]) -> list[Motif]:
    """Choose motifs by name.

    Parameters
    ----------
    motifs
        What to choose from.
    patterns
        Identifiers, with or without version, or alternative names, in either case; ``*`` and ``?``
        stand for any text and any sign. None at all chooses all motifs.

    Returns
    -------
    list of Motif
        In the order of `motifs`.

    Raises
    ------
    SeqcnnError
        A pattern fits no motif.

    Examples
    --------
    >>> from seqcnn.motifs.data import load_motifs
    >>> [m.name for m in choose_motifs(load_motifs("jaspar:vertebrates"), ["ma0139", "GATA?"])]
    ['MA0035.5', 'MA0036.4', 'MA0037.5', 'MA0139.2', 'MA0482.3', 'MA0766.3', 'MA1104.3']
    """
    if not patterns:
        return list(motifs)
    called = [_calls(motif) for motif in motifs]
    chosen = set()
    for pattern in patterns:
        low = pattern.lower()
        found = {
            i
            for i, names in enumerate(called)
            if low in names or any(fnmatch.fnmatchcase(name, low) for name in names)
        }
        if not found:
            raise SeqcnnError(f"there is no motif {pattern!r}{_similar(low, motifs)}")
        chosen |= found
    return [motifs[i] for i in sorted(chosen)]


def rename(motifs: Sequence[Motif], naming: str) -> list[Motif]:
    """Choose what motifs are called by.

    Parameters
    ----------
    motifs
        What to rename.
    naming
        ``"id"``: the identifier alone; ``"alternative"``: the alternative name takes the place of
        the identifier, and the other way round; ``"both"``: one word of both, as in
        ``MA0139.2_CTCF``. A motif without alternative name keeps its own.
    """
    if naming not in NAMINGS:
        raise SeqcnnError(f"`naming` is {naming!r}, it must be one of {', '.join(NAMINGS)}")
    return [_renamed(motif, naming) for motif in motifs]


def file_names(names: Sequence[str], ending: str = "") -> list[str]:
    """Make file names that are safe on every system, different even where case does not count.

    Parameters
    ----------
    names
        Any texts.
    ending
        What to add to each, for instance ``.svg``.

    Examples
    --------
    >>> file_names(["MA0139.2", "../up", "a b", "A:B", ""], ".svg")
    ['MA0139.2.svg', 'up.svg', 'a_b.svg', 'A_B_2.svg', 'motif.svg']
    """
    taken: set[str] = set()
    found = []
    for name in names:
        stem = _UNSAFE.sub("_", name).strip("._-")[:LONGEST] or "motif"
        stem = f"_{stem}" if _DEVICES.fullmatch(stem) else stem
        free, number = stem, 1
        while free.lower() in taken:
            number += 1
            free = f"{stem}_{number}"
        taken.add(free.lower())
        found.append(free + ending)
    return found


def _calls(motif: Motif) -> tuple[str, str, str]:
    """Give all that a motif may be called by, in lower case."""
    name = motif.name.lower()
    return name, _VERSION.sub("", name), motif.alternative_name.lower()


def _similar(pattern: str, motifs: Sequence[Motif]) -> str:
    names = {name.lower(): name for m in motifs for name in (m.name, m.alternative_name) if name}
    close = difflib.get_close_matches(pattern, names, n=3, cutoff=0.6)
    return (
        "; similar names are " + ", ".join(sorted(names[name] for name in close)) if close else ""
    )


def _renamed(motif: Motif, naming: str) -> Motif:
    other = motif.alternative_name
    if naming == "id":
        return replace(motif, alternative_name="")
    if not other:
        return motif
    if naming == "alternative":
        return replace(motif, name=other, alternative_name=motif.name)
    return replace(motif, name=f"{motif.name}_{other}", alternative_name="")
