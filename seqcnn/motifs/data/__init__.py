"""Motif databases that come with the package: JASPAR 2026 CORE (licence in `LICENSE-JASPAR`)."""

from functools import cache
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA

_FILES = {"jaspar": Path(__file__).with_name("jaspar.npz")}
_SOURCE = "JASPAR 2026 CORE"


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
