"""k-means for classification: what share of a picture has which colour tells its class.

A picture is told by its histogram, the shares of its pixels in each cluster, and goes to the class
whose mean histogram is nearest. Again no place is asked: what differs only in shape is not told
apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image.counts import count_colours, unit_values
from seqcnn.image.kmeans import KMeansSegmentation, check_images, parts_of
from seqcnn.image.lloyd import Points, assign
from seqcnn.image.spaces import features_of


@dataclass(frozen=True, eq=False)
class HistogramClassifier:
    """A classifier by shares of colours; made by `fit_histograms`.

    Parameters
    ----------
    centres
        float32 (k, features): of the clusters.
    space
        Colour space of the features.
    means
        float64 (classes, k): the mean histogram of each class.
    """

    centres: np.ndarray
    space: str
    means: np.ndarray

    def histograms(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Take the shares of the pixels of each picture in each cluster: float64 (n, k)."""
        return histograms_of(images, self.centres, self.space)

    def predict(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Name the class of each picture: int64 (n,)."""
        shares = self.histograms(images)
        return np.argmin(_distances(shares, self.means), axis=1)


def fit_histograms(
    images: Sequence[np.ndarray],
    labels: np.ndarray,
    *,
    settings: KMeansSegmentation | None = None,
) -> HistogramClassifier:
    """Cluster the pixels of all pictures, and average the histograms of each class.

    Parameters
    ----------
    images
        n pictures (*space, channels), of equal channels and dtype.
    labels
        int (n,): classes, numbered from 0.
    settings
        How pixels are clustered; its `place` must be 0.

    Raises
    ------
    SeqcnnError
        There are fewer than two classes, one has no picture, or labels and pictures are not equally
        many.
    """
    base = settings or KMeansSegmentation()
    known = np.asarray(labels, np.int64)
    if len(known) != len(images):
        raise SeqcnnError(f"{len(images)} pictures have {len(known)} labels")
    sizes = np.bincount(known)
    if len(sizes) < 2 or sizes.min() == 0:
        raise SeqcnnError("classification needs two classes or more, with a picture each")
    if base.place:
        raise SeqcnnError("`place` must be 0 where pictures are classified by their colours")
    centres = base.segment_together(images)[0].centres
    shares = histograms_of(images, centres, base.space)
    sums = np.zeros((len(sizes), len(centres)))
    np.add.at(sums, known, shares)
    return HistogramClassifier(centres, base.space, sums / sizes[:, None])


def histograms_of(images: Sequence[np.ndarray], centres: np.ndarray, space: str) -> np.ndarray:
    """Take the shares of the pixels of pictures in each cluster.

    Parameters
    ----------
    images
        n pictures (*space, channels), of equal channels and dtype.
    centres
        float32 (k, features).
    space
        Colour space of the features.

    Returns
    -------
    numpy.ndarray
        float64 (n, k); each row adds up to 1.
    """
    check_images(images)
    counted = count_colours(np.concatenate([i.reshape(-1, i.shape[-1]) for i in images]))
    points = Points.of(features_of(unit_values(counted.colours), space))
    labels = counted.spread(assign(points, centres))
    rows = [np.bincount(labels[part], minlength=len(centres)) for part in parts_of(images)]
    return np.array(rows) / np.array([[row.sum()] for row in rows])


def _distances(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return ((a[:, None] - b[None]) ** 2).sum(axis=-1)
