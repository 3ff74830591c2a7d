"""Families of similar motifs, and the mean motif of each.

Two motifs belong together if they are like the same motifs. A motif's profile is how significantly
it is like each of the motifs, itself too; families are found by average linkage of the cosines
between profiles. Profiles say more than single comparisons: a chance resemblance of two motifs is
not shared by their relatives. Motifs of a database say what chance is where there are few; in
profiles they would join motifs that are like the same large family by chance.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.average import average
from seqcnn.motifs.compare import TargetDatabase
from seqcnn.motifs.data import load_database
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.motifs.scan import cores_to_use
from seqcnn.motifs.similarity import similarity
from seqcnn.seq.alphabet import DNA

THRESHOLD = 0.125
"""Mean cosine between the profiles of two groups above which they are one family. Less joins random
motifs, more splits the broad classes of JASPAR (`benchmarks/bench_motifs_cluster.py`)."""

FAINT, CLEAR = 1.0, 10.0
"""-log10 p up to which motifs are not alike, and from which on they could not be more alike."""

ENOUGH = 2000
"""So many motifs need no database that says what chance is."""

MEAN_COVERAGE = 0.5
"""Share of a family that covers a position of its mean."""


@dataclass(frozen=True, eq=False)
class Family:
    """Motifs that are alike, laid upon their mean.

    Parameters
    ----------
    mean
        The mean of the members, each with equal weight; named like the family.
    members
        int64 (n,): positions in the motifs that were clustered, the most central one first.
    offsets
        int64 (n,): position of the mean on which the first position of each member lies; may be
        negative.
    reverse
        bool (n,): whether the member is reversed and complemented first.
    """

    mean: Motif
    members: np.ndarray
    offsets: np.ndarray
    reverse: np.ndarray

    def __len__(self) -> int:
        return len(self.members)


def cluster(
    motifs: Motif | Iterable[Motif],
    *,
    threshold: float = THRESHOLD,
    reference: Motif | Iterable[Motif] | None = None,
    both_strands: bool | None = None,
    threads: int | None = None,
) -> list[Family]:
    """Group motifs into families.

    Parameters
    ----------
    motifs
        One or more over one alphabet; takes some 5 ms a motif, and 16 bytes a pair of motifs.
    threshold
        Above 0 and below 1: the larger, the more and the smaller families.
    reference
        Further motifs, among which a resemblance must stand out; by default JASPAR's for fewer than
        `ENOUGH` DNA motifs, else none.
    both_strands
        Whether to turn motifs over too; by default for DNA only.
    threads
        Threads to use; by default as many as there are cores for this process.

    Returns
    -------
    list of Family
        The largest first; a motif that is like no other is a family of its own.

    Raises
    ------
    SeqcnnError
        There is no motif, alphabets differ, or `threshold` is out of range.

    Examples
    --------
    >>> from seqcnn.motifs.data import load_database
    >>> names = ("GATA1", "GATA2", "GATA4", "CTCF")
    >>> motifs = [m for m in load_database(group="vertebrates") if m.alternative_name in names]
    >>> [len(family) for family in cluster(motifs)]
    [3, 3]
    """
    motifs = as_motifs(motifs, "motifs")
    if not motifs:
        raise SeqcnnError("`motifs` is empty, there is nothing to cluster")
    if not 0 < threshold < 1:
        raise SeqcnnError(f"`threshold` is {threshold}, it must be above 0 and below 1")
    if reference is None:
        few = len(motifs) < ENOUGH and motifs[0].alphabet == DNA
        given = {motif.name for motif in motifs}
        reference = [m for m in load_database() if m.name not in given] if few else []
    database = TargetDatabase(
        [*motifs, *as_motifs(reference, "reference")], both_strands=both_strands
    )
    with ThreadPoolExecutor(cores_to_use(threads)) as pool:
        # of the whole database, p-values; of the motifs, profiles
        rows = pool.map(lambda motif: -database.log10_p(motif)[: len(motifs)], motifs)
        likeness = np.array(list(rows), np.float32)
    labels = _group(likeness, threshold)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    groups.sort(key=lambda group: (-len(group), group[0]))
    return [
        _align(motifs, group, likeness, f"family{i}", both_strands)
        for i, group in enumerate(groups, 1)
    ]


def _group(likeness: np.ndarray, threshold: float) -> np.ndarray:
    """Cut the tree of average linkage, int (motifs,)."""
    # as slow to import as all the rest of this file
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(likeness) == 1:
        return np.ones(1, int)
    profiles = np.clip(likeness, FAINT, CLEAR) - FAINT
    profiles /= np.maximum(np.sqrt((profiles**2).sum(1, keepdims=True)), np.float32(1e-6))
    # the cosines of a matrix with itself are symmetric but for rounding
    distances = squareform(np.maximum(1 - profiles @ profiles.T, 0), checks=False)
    return fcluster(linkage(distances, "average"), 1 - threshold, "distance")


def _align(
    motifs: Sequence[Motif],
    group: np.ndarray,
    likeness: np.ndarray,
    name: str,
    both_strands: bool | None,
) -> Family:
    """Lay each member upon the member that it is most like, from the most central one outwards."""
    near = likeness[np.ix_(group, group)]
    near = np.clip((near + near.T) / 2, 0, CLEAR)
    centre = int(near.sum(1).argmax())
    offset, reverse = np.zeros(len(group), np.int64), np.zeros(len(group), bool)
    for child, parent in _outwards(near, centre):
        query, target = motifs[group[child]], motifs[group[parent]]
        match = similarity(query, target, both_strands=both_strands)
        if reverse[parent]:
            shift = target.width - match.offset - query.width
        else:
            shift = match.offset
        offset[child] = offset[parent] + shift
        reverse[child] = reverse[parent] != (match.strand == "-")
    order = np.concatenate([[centre], np.delete(np.arange(len(group)), centre)])
    members, offset, reverse = group[order], offset[order], reverse[order]
    mean = average(
        [motifs[i] for i in members],
        offset.tolist(),
        ["-" if turned else "+" for turned in reverse],
        name=name,
        weights="equal",
        coverage=MEAN_COVERAGE,
    )
    widths = np.array([motifs[i].width for i in members])
    mean = replace(mean, alternative_name=motifs[members[0]].alternative_name)
    return Family(mean, members, offset - _start_of_mean(offset, widths), reverse)


def _outwards(near: np.ndarray, centre: int) -> list[tuple[int, int]]:
    """Join each member to the one in the tree that it is nearest to: (child, parent), in order."""
    parent = np.full(len(near), centre)
    best = near[centre].astype(float)
    best[centre] = -np.inf
    joined = []
    for _ in range(len(near) - 1):
        child = int(best.argmax())
        joined.append((child, int(parent[child])))
        outside = np.isfinite(best)
        outside[child] = False
        closer = outside & (near[child] > best)
        best[closer], parent[closer] = near[child][closer], child
        best[child] = -np.inf
    return joined


def _start_of_mean(offsets: np.ndarray, widths: np.ndarray) -> int:
    """First position that `average` keeps, in the frame of the offsets."""
    first = int(offsets.min())
    ends = np.bincount(offsets - first, minlength=int((offsets + widths).max()) - first + 1)
    ends -= np.bincount(offsets + widths - first, minlength=len(ends))
    covered = ends.cumsum() / len(offsets)
    return first + int((covered >= min(MEAN_COVERAGE, covered.max()) - 1e-9).argmax())
