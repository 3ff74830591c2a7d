"""k-means in the space of colours: pixels of like colour become one segment.

Where a pixel lies is not asked: shuffle the pixels, and the clusters stay what they are. Two things
of one colour are one segment, and noise goes through. `place` gives the pixels their places as
features; what a network gains over this is the rest of the lecture.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.image import lloyd
from seqcnn.image.counts import ColourCounts, count_colours, stored_values, unit_values
from seqcnn.image.spaces import SPACES, features_of
from seqcnn.nn.geometry import whole_number


class Segmentation(NamedTuple):
    """A picture in segments.

    Parameters
    ----------
    labels
        uint8 (*space,): the cluster of each pixel.
    colours
        (k, channels), of the dtype of the picture: the mean colour of each cluster.
    recoloured
        (*space, channels): each pixel in the colour of its cluster.
    shares
        float64 (k,): of the pixels.
    inertia
        Sum over the pixels of the squared distance to the centre of their cluster, in the features
        that were clustered.
    centres
        float32 (k, features).
    rounds
        How often the centres moved.
    """

    labels: np.ndarray
    colours: np.ndarray
    recoloured: np.ndarray
    shares: np.ndarray
    inertia: float
    centres: np.ndarray
    rounds: int


@dataclass(frozen=True)
class KMeansSegmentation:
    """Segments by k-means: settings, to be used on any number of pictures.

    Parameters
    ----------
    k
        Clusters, 1 to 255.
    space
        ``"rgb"``, ``"hsv"``, ``"lab"`` or ``"grey"``; `seqcnn.image.spaces` says how each becomes
        features. Pictures of other than three channels are clustered as they are.
    place
        How much a pixel's place counts: x and y from 0 to `place` are features beside the colour
        (from 0 to 1). 0 for colours alone.
    restarts
        Starts of which the one with the least inertia is kept.
    random_starts
        Whether centres start at pixels drawn by chance; else by k-means++.
    batch
        Pixels of a mini-batch, for what is too large for rounds over all pixels; None for these.
    most_rounds, tolerance
        When to stop, as in `seqcnn.image.lloyd.lloyd`.
    seed
        Same seed, same segments.

    Raises
    ------
    SeqcnnError
        A setting is out of range.

    Notes
    -----
    Clusters are numbered from the darkest to the brightest, so that equal pictures give equal maps.
    A picture in 8 bits is counted first: rounds run over its different colours, with weights, and
    give what rounds over all pixels give.

    Examples
    --------
    >>> image = np.repeat(np.array([[[9, 9, 9]], [[200, 0, 0]]], np.uint8), 3, axis=1)
    >>> found = KMeansSegmentation(k=2).segment(image)
    >>> found.labels.tolist(), found.colours.tolist()
    ([[0, 0, 0], [1, 1, 1]], [[9, 9, 9], [200, 0, 0]])
    """

    k: int = 6
    space: str = "rgb"
    place: float = 0.0
    restarts: int = 4
    random_starts: bool = False
    batch: int | None = None
    most_rounds: int = 300
    tolerance: float = 1e-4
    seed: int = 0

    def __post_init__(self) -> None:
        k = whole_number(self.k)
        if k is None or not 1 <= k <= lloyd.MOST_CLUSTERS:
            raise SeqcnnError(f"`k` must be 1 to {lloyd.MOST_CLUSTERS} clusters, not {self.k!r}")
        if self.space not in SPACES:
            raise SeqcnnError(f"`space` must be one of {', '.join(SPACES)}, not {self.space!r}")
        if self.place < 0 or self.restarts < 1:
            raise SeqcnnError("`place` must be 0 or more and `restarts` 1 or more")

    def segment(self, image: np.ndarray, *, start: np.ndarray | None = None) -> Segmentation:
        """Cluster the pixels of one picture.

        Parameters
        ----------
        image
            (*space, channels): bool, uint8, uint16, or float from 0 to 1.
        start
            float (k, features): where the centres start, in place of restarts.

        Raises
        ------
        SeqcnnError
            The picture has fewer colours than there are clusters, pixels that are no numbers, or
            none at all.
        """
        return self.segment_together([image], start=start)[0]

    def segment_together(
        self, images: Sequence[np.ndarray], *, start: np.ndarray | None = None
    ) -> list[Segmentation]:
        """Cluster the pixels of several pictures at once, so that a label means the same in all.

        Parameters
        ----------
        images
            As in `segment`; of any sizes, with equal channels and dtype.
        start
            As in `segment`.
        """
        check_images(images)
        counted = self._counted(images)
        points = lloyd.Points.of(self._features(counted, images), counted.counts)
        found = self.cluster(points, counted, start)
        weights, colours = mean_colours(counted, found.labels, self.k)
        order = np.argsort(colours.sum(axis=1), kind="stable")
        rank = np.argsort(order, kind="stable").astype(np.uint8)
        stored = stored_values(colours[order], images[0].dtype)
        labels = counted.spread(rank[found.labels])
        recoloured = stored.take(labels, axis=0)
        shares = weights[order] / len(labels)
        return [
            Segmentation(
                labels[part].reshape(image.shape[:-1]),
                stored,
                recoloured[part].reshape(image.shape),
                shares,
                found.inertia,
                found.centres[order],
                found.rounds,
            )
            for image, part in zip(images, parts_of(images), strict=True)
        ]

    def _counted(self, images: Sequence[np.ndarray]) -> ColourCounts:
        pixels = np.concatenate([image.reshape(-1, image.shape[-1]) for image in images])
        if not self.place:
            return count_colours(pixels)
        return ColourCounts(pixels, np.ones(len(pixels), np.int64), None)

    def _features(self, counted: ColourCounts, images: Sequence[np.ndarray]) -> np.ndarray:
        values = features_of(unit_values(counted.colours), self.space)
        if not self.place:
            return values
        places = np.concatenate([_places(image.shape[:-1]) for image in images])
        return np.concatenate([values, np.float32(self.place) * places], axis=1)

    def cluster(
        self, points: lloyd.Points, counted: ColourCounts, start: np.ndarray | None = None
    ) -> lloyd.Clusters:
        """Cluster counted colours, laid out as `points`; `start` as in `segment`."""
        if counted.index is not None and len(counted.colours) < self.k:
            raise SeqcnnError(
                f"there are {len(counted.colours)} different colours, too few for {self.k} "
                f"clusters: lower `k`"
            )
        if start is not None:
            starts = [np.asarray(start, np.float32)]
            if starts[0].shape != (self.k, points.host.shape[1]):
                raise SeqcnnError(
                    f"`start` must be {(self.k, points.host.shape[1])}, not {starts[0].shape}"
                )
        else:
            streams = np.random.default_rng([self.seed, 3]).spawn(self.restarts)
            starts = [
                lloyd.start_centres(points, self.k, rng, random=self.random_starts)
                for rng in streams
            ]
        return min((self._run(points, one, i) for i, one in enumerate(starts)), key=_inertia)

    def _run(self, points: lloyd.Points, start: np.ndarray, number: int) -> lloyd.Clusters:
        if self.batch is None:
            return lloyd.lloyd(
                points, start, most_rounds=self.most_rounds, tolerance=self.tolerance
            )
        rng = np.random.default_rng([self.seed, 4, number])
        return lloyd.mini_batches(
            points, start, rng, batch=self.batch, most_rounds=self.most_rounds
        )


def mean_colours(
    counted: ColourCounts, labels: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Average the colours of each cluster.

    Parameters
    ----------
    counted
        Colours, and how often each occurs.
    labels
        int (m,): the cluster of each colour.
    k
        How many clusters there are.

    Returns
    -------
    tuple of numpy.ndarray
        How many pixels each cluster has, float64 (k,), and their mean colour, float64 (k, channels)
        from 0 to 1; 0 for clusters without pixels.
    """
    weights = np.bincount(labels, counted.counts, k)
    values = unit_values(counted.colours)
    sums = [np.bincount(labels, counted.counts * channel, k) for channel in values.T]
    return weights, np.stack(sums, axis=1) / np.maximum(weights, 1)[:, None]


def check_images(images: Sequence[np.ndarray]) -> None:
    """Raise unless pictures have pixels, and equal channels and dtype."""
    if not len(images) or any(image.ndim < 2 or not image.size for image in images):
        raise SeqcnnError("a picture must be (*space, channels) and have pixels")
    if len({(image.dtype, image.shape[-1]) for image in images}) > 1:
        raise SeqcnnError("pictures that are clustered together need equal channels and bit depth")


def parts_of(images: Sequence[np.ndarray]) -> list[slice]:
    """Say where the pixels of each picture are among those of all."""
    ends = np.cumsum([0, *(image.size // image.shape[-1] for image in images)]).tolist()
    return [slice(a, b) for a, b in itertools.pairwise(ends)]


def _places(space: tuple[int, ...]) -> np.ndarray:
    """Scale rows and columns to 0 to 1 along the longest axis: float32 (n, axes)."""
    axes = np.indices(space, dtype=np.float32).reshape(len(space), -1)
    return axes.T / np.float32(max(max(space) - 1, 1))


def _inertia(found: lloyd.Clusters) -> float:
    return found.inertia
