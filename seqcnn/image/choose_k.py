"""How many clusters a picture has: the silhouette of a sample, and the elbow of the inertia."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.counts import count_colours, unit_values
from seqcnn.image.kmeans import KMeansSegmentation, check_images
from seqcnn.image.lloyd import Points, assign
from seqcnn.image.spaces import features_of

SAMPLE = 1000
"""Pixels whose distances to each other the silhouette takes."""


class KChoice(NamedTuple):
    """What speaks for each number of clusters.

    Parameters
    ----------
    ks
        The numbers that were tried, in order.
    inertia
        float64 (n,), of each.
    silhouette
        float64 (n,): from -1 to 1, the more the better apart the clusters are.
    by_silhouette, by_elbow
        The best number by each.
    """

    ks: tuple[int, ...]
    inertia: np.ndarray
    silhouette: np.ndarray
    by_silhouette: int
    by_elbow: int


def choose_k(
    images: Sequence[np.ndarray],
    ks: Sequence[int] = range(2, 9),
    *,
    settings: KMeansSegmentation | None = None,
) -> KChoice:
    """Cluster the colours of pictures into various numbers of clusters, and compare.

    Parameters
    ----------
    images
        (*space, channels) each, of equal channels and dtype.
    ks
        Numbers to try, 2 or more each.
    settings
        All else; its `place` must be 0.

    Raises
    ------
    SeqcnnError
        A number is less than 2, or places count.
    """
    base = settings or KMeansSegmentation()
    tried = tuple(sorted(set(ks)))
    if len(tried) < 2 or tried[0] < 2:
        raise SeqcnnError(f"`ks` must be two numbers or more, each 2 or more, not {list(ks)}")
    if base.place:
        raise SeqcnnError("`place` must be 0 where the number of clusters is chosen")
    check_images(images)
    pixels = np.concatenate([image.reshape(-1, image.shape[-1]) for image in images])
    counted = count_colours(pixels)
    points = Points.of(features_of(unit_values(counted.colours), base.space), counted.counts)
    sample = points.drawn(min(SAMPLE, len(pixels)), np.random.default_rng([base.seed, 5]))
    inertia, scores = [], []
    for k in tried:
        found = replace(base, k=k).cluster(points, counted)
        inertia.append(found.inertia)
        scores.append(silhouette(sample, assign(Points.of(sample), found.centres)))
    return KChoice(
        tried,
        np.array(inertia),
        np.array(scores),
        tried[int(np.argmax(scores))],
        tried[elbow(tried, inertia)],
    )


def silhouette(points: np.ndarray, labels: np.ndarray) -> float:
    """Say how much nearer points are to their own cluster than to the next one.

    Rousseeuw 1987, doi:10.1016/0377-0427(87)90125-7.

    Parameters
    ----------
    points
        float (n, features).
    labels
        int (n,).

    Returns
    -------
    float
        Mean of (b - a) / max(a, b) over the points: a is the mean distance to the others of the
        cluster, b that to the points of the next cluster. 0 for clusters of one point; -1 if there
        is one cluster only, which nothing speaks for.

    Examples
    --------
    >>> round(silhouette(np.array([[0.0], [1.0], [10.0], [11.0]]), np.array([0, 0, 1, 1])), 3)
    0.9
    """
    names, own = np.unique(labels, return_inverse=True)
    if len(names) < 2:
        return -1.0
    values = np.asarray(points, np.float64)
    squares = (values**2).sum(axis=1)
    squared = squares[:, None] + squares[None] - 2 * values @ values.T
    distances = np.sqrt(np.maximum(squared, 0))
    np.fill_diagonal(distances, 0)
    members = own[:, None] == np.arange(len(names))
    sums, sizes, rows = distances @ members, members.sum(axis=0), np.arange(len(own))
    inside = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    means = sums / sizes
    means[rows, own] = np.inf
    beside = means.min(axis=1)
    widest = np.maximum(inside, beside)
    apart = np.where(widest > 0, (beside - inside) / np.where(widest > 0, widest, 1), 0)
    return float(np.where(sizes[own] > 1, apart, 0).mean())


def elbow(ks: Sequence[int], inertia: Sequence[float]) -> int:
    """Find where a falling curve bends most: the place farthest below the line between its ends.

    Satopää, Albrecht, Irwin and Raghavan 2011, doi:10.1109/ICDCSW.2011.20 ("Kneedle").

    Examples
    --------
    >>> elbow([2, 3, 4, 5], [100, 20, 15, 12])
    1
    """
    x, y = np.asarray(ks, float), np.asarray(inertia, float)
    x = (x - x[0]) / (x[-1] - x[0])
    y = (y - y[-1]) / max(y[0] - y[-1], 1e-300)
    return int(np.argmax(1 - x - y))
