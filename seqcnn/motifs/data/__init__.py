"""Motif databases that come with the package: JASPAR 2026 CORE (licence in `LICENSE-JASPAR`)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.io import read_motifs
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet

_FILES = {"jaspar": Path(__file__).with_name("jaspar.npz")}
_SOURCE = "JASPAR 2026 CORE"


def load_motifs(
    source: str | Path, *, alphabet: Alphabet | None = None, format: str | None = None
) -> list[Motif]:
    """Load motifs by the name of a database, or from a file of any format.

    Parameters
    ----------
    source
        ``"jaspar"``, ``"jaspar:vertebrates"`` or another group of `load_database`, or a file. The
        name of a database goes before a file of that name, so that a command means the same in
        every folder; that file is ``./jaspar``, or a `Path`.
    alphabet
        What the motifs must be over. DNA is read as RNA and the other way round; an alphabet of
        one's own is the same if it has the same letters, whatever else its symbols stand for.
    format
        Format of a file, see `seqcnn.motifs.io.read_motifs`; with it `source` is a file.

    Returns
    -------
    list of Motif
        In the order of the database or file.

    Raises
    ------
    SeqcnnError
        There is no such database, group or file, the file is damaged, or the alphabet is another.

    Examples
    --------
    >>> len(load_motifs("jaspar:vertebrates"))
    1019
    """
    name, colon, group = str(source).partition(":")
    if format is None and isinstance(source, str) and name in _FILES:
        motifs = load_database(name, group if colon else None)
    elif str(source) != "-" and not Path(source).exists():
        raise SeqcnnError(
            f"{str(source)!r} is neither a motif file nor a database; these are {_offered(', ')}"
        )
    else:
        motifs = read_motifs(source, format=format)
    return motifs if alphabet is None else [over_alphabet(motif, alphabet) for motif in motifs]


def load_database(name: str = "jaspar", group: str | None = None) -> list[Motif]:
    """Load a bundled motif database.

    Parameters
    ----------
    name
        ``"jaspar"``: the latest version of every profile of JASPAR 2026 CORE, all DNA.
    group
        Keep one taxonomic group only: diatoms, fungi, insects, nematodes, plants, urochordates or
        vertebrates.

    Returns
    -------
    list of Motif
        Sorted by identifier. `name` is the identifier with its version, `alternative_name` the
        factor.

    Raises
    ------
    SeqcnnError
        There is no such database or group.

    Examples
    --------
    >>> ctcf = next(m for m in load_database() if m.name == "MA0139.2")
    >>> ctcf.alternative_name, ctcf.width
    ('CTCF', 15)
    """
    if name not in _FILES:
        raise SeqcnnError(f"`name` is {name!r}, it must be one of {', '.join(_FILES)}")
    motifs, groups = _load(name)
    if group is None:
        return list(motifs)
    if group not in groups:
        raise SeqcnnError(
            f"`group` is {group!r}, it must be one of {', '.join(sorted(set(groups)))}"
        )
    return [motif for motif, of in zip(motifs, groups, strict=True) if of == group]


def _offered(between: str) -> str:
    """Name all databases and their groups."""
    return between.join(
        one
        for name in _FILES
        for one in (name, *(f"{name}:{g}" for g in sorted(set(_load(name)[1]))))
    )


def over_alphabet(motif: Motif, alphabet: Alphabet) -> Motif:
    """Check the alphabet of a motif, and read it as another one where that means the same.

    Parameters
    ----------
    motif
        What to check.
    alphabet
        What it must be over; see `load_motifs`.

    Raises
    ------
    SeqcnnError
        The letters differ.
    """
    given = motif.alphabet
    if given == alphabet:
        return motif
    if {given, alphabet} == {DNA, RNA}:
        return replace(motif, matrix=replace(motif.matrix, alphabet=alphabet))
    if sorted(given.letters) != sorted(alphabet.letters):
        raise SeqcnnError(
            f"motif {motif.name!r} is over {given.letters} ({given.name}), but {alphabet.letters} "
            f"({alphabet.name}) is needed: give motifs over these letters"
        )
    order = [given.letters.index(letter) for letter in alphabet.letters]
    matrix = replace(
        motif.matrix,
        values=motif.matrix.values[:, order],
        alphabet=alphabet,
        background=motif.matrix.background[order],
    )
    return replace(motif, matrix=matrix)


def alphabet_of_ones_own(motifs: Sequence[Motif]) -> Alphabet | None:
    """Find the alphabet of motifs that no sequence can tell: neither DNA nor RNA nor protein.

    Returns
    -------
    Alphabet or None
        None also if there is no motif.
    """
    alphabet = motifs[0].alphabet if motifs else DNA
    return None if alphabet in (DNA, RNA, PROTEIN) else alphabet


@cache
def _load(name: str) -> tuple[tuple[Motif, ...], tuple[str, ...]]:
    with np.load(_FILES[name], allow_pickle=False) as archive:
        arrays = dict(archive)
    identifiers, names, groups = (
        arrays[key].tobytes().decode().split("\n") for key in ("identifiers", "names", "groups")
    )
    matrices = np.split(arrays["counts"].T.astype(np.float64), np.cumsum(arrays["widths"])[:-1])
    motifs = tuple(
        Motif(
            identifier,
            CountMatrix(counts, DNA).to_probabilities(),
            factor,
            sites=float(counts.sum(1).max()),
            source=_SOURCE,
        )
        for identifier, factor, counts in zip(identifiers, names, matrices, strict=True)
    )
    return motifs, tuple(groups[g] for g in arrays["group_of_profile"])
