"""k-means in the space of colours, against loops over all pixels."""

import colorsys

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.image.choose_k import choose_k, silhouette
from seqcnn.image.counts import count_colours
from seqcnn.image.kmeans import KMeansSegmentation
from seqcnn.image.kmeans_classify import fit_histograms
from seqcnn.image.lloyd import Points, lloyd, mini_batches
from seqcnn.image.spaces import features_of

WORDS = np.array([[30, 40, 50], [200, 60, 40], [60, 190, 80], [240, 240, 220]])


def picture(shape=(24, 20), noise=12.0, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, len(WORDS), shape)
    values = WORDS[labels] + rng.normal(0, noise, (*shape, 3))
    return np.clip(values, 0, 255).astype(np.uint8), labels


def by_hand(pixels, centres, rounds=100):
    """Lloyd's rounds, pixel by pixel, in float64."""
    centres = centres.astype(float)
    for _ in range(rounds):
        labels = [int(np.argmin([((p - c) ** 2).sum() for c in centres])) for p in pixels]
        members = [pixels[np.array(labels) == k] for k in range(len(centres))]
        new = np.array([m.mean(axis=0) for m in members])
        if np.allclose(new, centres, atol=1e-12):
            break
        centres = new
    return centres, np.array(labels)


def test_rounds_from_the_same_start_are_those_by_hand():
    image, _ = picture()
    pixels = image.reshape(-1, 3) / 255
    start = pixels[[0, 7, 100, 333]]
    centres, labels = by_hand(pixels, start)
    found = KMeansSegmentation(k=4, tolerance=0).segment(image, start=start)
    inertia = ((pixels - centres[labels]) ** 2).sum()
    assert found.inertia == pytest.approx(inertia, rel=1e-5)
    order = np.argsort(centres.sum(axis=1))
    np.testing.assert_allclose(found.centres, centres[order], atol=1e-5)
    assert (np.argsort(order)[labels] == found.labels.reshape(-1)).all()


def test_colours_are_the_means_and_the_shares_those_of_the_segments():
    image, truth = picture()
    found = KMeansSegmentation(k=4).segment(image)
    for label in range(4):
        inside = image[found.labels == label]
        assert found.shares[label] == pytest.approx(len(inside) / truth.size)
        np.testing.assert_allclose(found.colours[label], inside.mean(axis=0), atol=0.51)
        assert (found.recoloured[found.labels == label] == found.colours[label]).all()
    together = {(int(a), int(b)) for a, b in zip(truth.ravel(), found.labels.ravel(), strict=True)}
    assert len(together) == 4, "each colour that was painted is a segment of its own"


def test_same_seed_same_segments_and_more_starts_are_never_worse():
    image, _ = picture(noise=60)
    one, same = (KMeansSegmentation(k=6, restarts=1).segment(image) for _ in range(2))
    assert (one.labels == same.labels).all()
    many = KMeansSegmentation(k=6, restarts=5).segment(image)
    assert many.inertia <= one.inertia * (1 + 1e-6)
    random = KMeansSegmentation(k=6, restarts=5, random_starts=True).segment(image)
    assert random.inertia == pytest.approx(many.inertia, rel=0.05)


def test_places_of_pixels_are_not_asked_unless_they_are_features():
    """The lesson: shuffled pixels give the same clusters, and halves of one colour are one."""
    image, _ = picture(noise=40)
    shuffled = np.random.default_rng(1).permutation(image.reshape(-1, 3)).reshape(image.shape)
    first, second = (KMeansSegmentation(k=4).segment(i) for i in (image, shuffled))
    assert (first.centres == second.centres).all() and first.inertia == second.inertia
    flat = np.full((8, 20, 3), 90, np.uint8)
    flat[0, 0] = 91
    split = KMeansSegmentation(k=2, place=1).segment(flat)
    assert len(np.unique(split.labels[:, 2:8])) == len(np.unique(split.labels[:, 12:18])) == 1
    assert split.labels[0, 4] != split.labels[0, 15]


def test_pictures_that_are_clustered_together_share_labels():
    (a, _), (b, _) = picture(seed=1), picture((5, 7), seed=2)
    one, other = KMeansSegmentation(k=4).segment_together([a, b])
    assert one.labels.shape == (24, 20) and other.labels.shape == (5, 7)
    both = np.concatenate([a.reshape(-1, 3), b.reshape(-1, 3)])[None]
    alone = KMeansSegmentation(k=4).segment(both)
    labels = np.concatenate([one.labels.ravel(), other.labels.ravel()])
    assert (alone.labels.ravel() == labels).all()


def test_a_cluster_that_loses_its_points_starts_again():
    image, _ = picture()
    start = np.concatenate([image.reshape(-1, 3)[:3] / 255, [[9, 9, 9]]])
    found = KMeansSegmentation(k=4).segment(image, start=start)
    assert (found.shares > 0).all()


def test_counted_colours_give_what_all_pixels_give():
    image, _ = picture((40, 40))
    pixels = image.reshape(-1, 3)
    start = pixels[[0, 7, 100, 333]] / 255
    every = lloyd(Points.of(pixels / np.float32(255)), start, tolerance=0)
    counted = count_colours(np.repeat(pixels, 3, axis=0))
    values = counted.colours / np.float32(255)
    thrice = lloyd(Points.of(values, counted.counts), start, tolerance=0)
    np.testing.assert_allclose(every.centres, thrice.centres, atol=1e-6)
    assert thrice.inertia == pytest.approx(3 * every.inertia, rel=1e-5)
    assert (counted.spread(thrice.labels)[::3] == every.labels).all()


@pytest.mark.parametrize(
    ("channels", "dtype"),
    [(3, "uint8"), (1, "uint16"), (4, "uint16"), (5, "uint16"), (2, "bool")],
)
@pytest.mark.parametrize("n", [50, 2**18])
def test_every_way_of_counting_counts(channels, dtype, n):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 2 if dtype == "bool" else 5, (n, channels)).astype(dtype)
    counted = count_colours(pixels)
    assert (counted.colours[counted.index] == pixels).all()
    assert (np.bincount(counted.index) == counted.counts).all()
    assert len(np.unique(counted.colours, axis=0)) == len(counted.colours)
    unequal, counts = np.unique(pixels, axis=0, return_counts=True)
    assert (unequal == counted.colours).all() and (counts == counted.counts).all()


def test_pictures_of_mostly_different_colours_are_not_counted():
    pixels = np.random.default_rng(0).integers(0, 256, (2**18, 3)).astype(np.uint8)
    assert count_colours(pixels).index is None


def test_mini_batches_come_near_all_points():
    image, _ = picture((60, 60))
    points = Points.of(image.reshape(-1, 3) / np.float32(255))
    rng = np.random.default_rng(0)
    start = WORDS / 255 + 0.1
    full = lloyd(points, start)
    some = mini_batches(points, start, rng, batch=200)
    assert full.inertia <= some.inertia <= 1.02 * full.inertia
    found = KMeansSegmentation(k=4, batch=200).segment(image)
    assert found.inertia <= 1.05 * full.inertia


def test_other_pictures_than_colours_in_8_bits():
    grey = np.repeat([[10], [60_000]], 6, axis=1)[..., None].astype(np.uint16)
    found = KMeansSegmentation(k=2).segment(grey)
    assert found.colours.tolist() == [[10], [60_000]] and found.recoloured.dtype == np.uint16
    volume = np.random.default_rng(0).random((3, 4, 5, 1)).astype(np.float32)
    assert KMeansSegmentation(k=2).segment(volume).labels.shape == (3, 4, 5)


def test_the_number_of_clusters_is_found():
    image, _ = picture()
    found = choose_k([image], range(2, 8))
    assert found.by_silhouette == found.by_elbow == 4
    assert (np.diff(found.inertia) < 0).all()


def test_silhouette_is_that_by_loops():
    rng = np.random.default_rng(0)
    points, labels = rng.random((30, 2)), rng.integers(0, 3, 30)
    labels[0] = 3  # alone in its cluster
    distance = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    scores = []
    for i in range(30):
        own = [j for j in range(30) if labels[j] == labels[i] and j != i]
        if not own:
            scores.append(0.0)
            continue
        a = distance[i, own].mean()
        b = min(distance[i, labels == k].mean() for k in range(4) if k != labels[i])
        scores.append((b - a) / max(a, b))
    assert silhouette(points, labels) == pytest.approx(np.mean(scores))


def test_pictures_are_classified_by_their_colours_not_their_shapes():
    rng = np.random.default_rng(0)
    tints, labels = np.array([[200, 40, 40], [40, 60, 200]]), np.arange(20) % 2
    ground = rng.integers(90, 140, (20, 8, 8, 3))
    disc = (np.indices((8, 8)) - 3.5) ** 2
    ground[:, disc.sum(axis=0) < 8] = tints[labels][:, None] + rng.integers(-20, 20, (20, 1, 3))
    x = list(ground.astype(np.uint8))
    fitted = fit_histograms(x[:10], labels[:10], settings=KMeansSegmentation(k=3))
    np.testing.assert_allclose(fitted.histograms(x).sum(axis=1), 1)
    assert (fitted.predict(x[10:]) == labels[10:]).all()
    shuffled = [rng.permutation(i.reshape(-1, 3)).reshape(i.shape) for i in x[10:]]
    assert (fitted.predict(shuffled) == labels[10:]).all()


def test_errors_say_what_to_do():
    flat = np.zeros((4, 4, 3), np.uint8)
    with pytest.raises(SeqcnnError, match="1 different colours, too few for 6"):
        KMeansSegmentation().segment(flat)
    with pytest.raises(SeqcnnError, match="NaN"):
        KMeansSegmentation().segment(np.full((4, 4, 3), np.nan, np.float32))
    with pytest.raises(SeqcnnError, match="`k`"):
        KMeansSegmentation(k=256)
    with pytest.raises(SeqcnnError, match="`space`"):
        KMeansSegmentation(space="cmyk")
    with pytest.raises(SeqcnnError, match="not int32"):
        KMeansSegmentation().segment(flat.astype(np.int32))
    with pytest.raises(SeqcnnError, match="bit depth"):
        KMeansSegmentation().segment_together([flat, flat[..., :1]])
    with pytest.raises(SeqcnnError, match="two classes"):
        fit_histograms([flat], np.array([0]))
    with pytest.raises(SeqcnnError, match="have pixels"):
        KMeansSegmentation().segment(flat[:0])


@pytest.mark.parametrize("space", ["rgb", "hsv", "lab", "grey"])
def test_every_colour_space_tells_the_colours_apart(space):
    image, truth = picture(noise=4)
    found = KMeansSegmentation(k=4, space=space).segment(image)
    pairs = {(int(a), int(b)) for a, b in zip(truth.ravel(), found.labels.ravel(), strict=True)}
    assert len(pairs) == 4
    assert found.centres.shape == (4, 1 if space == "grey" else 3)
    np.testing.assert_allclose(np.sort(found.colours.sum(1)), np.sort(WORDS.sum(1)), atol=6)


def test_features_are_colours_as_python_and_the_standard_have_them():
    rgb = np.random.default_rng(0).random((20, 3)).astype(np.float32)
    hsv = np.array([colorsys.rgb_to_hsv(*colour) for colour in rgb.tolist()])
    turn, radius = 2 * np.pi * hsv[:, 0], hsv[:, 1] * hsv[:, 2]
    cone = np.stack([radius * np.cos(turn), radius * np.sin(turn), hsv[:, 2]], axis=1)
    np.testing.assert_allclose(features_of(rgb, "hsv"), cone, atol=1e-5)
    white = features_of(np.ones((1, 3), np.float32), "lab")
    np.testing.assert_allclose(white, [[1, 0, 0]], atol=1e-3)
    grey = features_of(rgb, "grey")[:, 0]
    np.testing.assert_allclose(grey, rgb @ [0.299, 0.587, 0.114], atol=1e-6)
    with pytest.raises(SeqcnnError, match="`space`"):
        features_of(rgb, "cmyk")
