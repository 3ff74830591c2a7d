"""Pictures in tiles: nothing is left out, nothing is counted twice, no seam is seen."""

import tracemalloc

import jax
import numpy as np
import pytest
from flax import nnx
from scipy.special import softmax

import seqcnn
from seqcnn.errors import SeqcnnError
from seqcnn.training.mask_examples import (
    deal_pictures,
    mask_schedule,
    pixel_statistics,
    tile_examples,
)
from seqcnn.training.tiles import cut_tiles, predict_probabilities
from tests.networks.segmenters import drawn


class Pointwise(nnx.Module):
    """A network that looks at single positions: tiles must not show."""

    def __call__(self, x, *, rngs=None):
        return jax.numpy.concatenate([x, x * x], axis=-1)


class Place(nnx.Module):
    """A network that knows where in its tile a position is: seams must be blended."""

    def __call__(self, x, *, rngs=None):
        ramp = jax.numpy.arange(x.shape[1], dtype=x.dtype)[None, :, None]
        return jax.numpy.concatenate([x * 0 + ramp, x * 0], axis=-1)


@pytest.mark.parametrize("space", [(13, 22), (5, 9), (8, 8), (3, 4, 9)])
@pytest.mark.parametrize("overlap", [0.0, 0.5])
def test_tiles_cover_every_position_of_any_picture(space, overlap):
    x = np.random.default_rng(0).random((*space, 1)).astype(np.float32)
    found = predict_probabilities([Pointwise()], x, tile=8, overlap=overlap)
    expected = softmax(np.concatenate([x, x * x], axis=-1), axis=-1)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_allclose(predict_probabilities([Pointwise()], x), expected, atol=1e-6)


def test_where_tiles_overlap_both_count_by_the_distance_of_their_edges():
    found = predict_probabilities([Place()], np.zeros((12, 1), np.float32), tile=8, overlap=0.5)
    shares = softmax(np.stack([np.arange(8.0), np.zeros(8)], axis=-1), axis=-1)
    weight = np.minimum(np.arange(1, 9), np.arange(8, 0, -1))[:, None]
    total, below = np.zeros((12, 2)), np.zeros((12, 1))
    for start in (0, 4):
        total[start : start + 8] += shares * weight
        below[start : start + 8] += weight
    np.testing.assert_allclose(found, total / below, atol=1e-6)


class Near(nnx.Module):
    """A network that sees two positions to each side, and halves the extents on its way."""

    def __call__(self, x, *, rngs=None):
        padded = jax.numpy.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
        h, w = x.shape[1:3]
        spread = sum(padded[:, i : i + h, j : j + w] for i in range(5) for j in range(5))
        coarse = spread[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)
        return jax.numpy.concatenate([coarse, spread], axis=-1)


@pytest.mark.parametrize("space", [(64, 96), (40, 70), (32, 34)])
@pytest.mark.parametrize(("tile", "overlap"), [(32, 0.25), (16, 0.5), (16, 0.0)])
def test_with_a_margin_tiles_give_what_the_whole_picture_gives(space, tile, overlap):
    x = np.random.default_rng(0).random((*space, 1)).astype(np.float32)
    whole = predict_probabilities([Near()], x)
    options = {"tile": tile, "overlap": overlap}
    found = predict_probabilities([Near()], x, margin=3, **options)
    np.testing.assert_allclose(found, whole, atol=1e-6)
    assert np.abs(predict_probabilities([Near()], x, **options) - whole).max() > 1e-3


def test_a_convolutional_network_in_tiles_is_that_of_the_whole():
    options = {"input_shape": (32, 1), "classes": 2, "channels": [3, 4], "depth": 1}
    network = drawn(lambda: seqcnn.create("unet", **options))
    x = np.random.default_rng(0).random((320, 1)).astype(np.float32)
    whole = predict_probabilities([network], x)
    found = predict_probabilities([network], x, tile=64, margin=16)
    np.testing.assert_allclose(found, whole, atol=2e-6)
    assert np.abs(predict_probabilities([network], x, tile=64) - whole).max() > 1e-3


def test_memory_is_that_of_the_result_and_of_some_tiles(monkeypatch):
    monkeypatch.setattr("seqcnn.training.tiles.TOGETHER", 2**14)
    x = np.zeros((1024, 1024, 1), np.uint8)
    predict_probabilities([Pointwise()], x[:64, :64].astype(np.float32), tile=64)
    tracemalloc.start()
    found = predict_probabilities([Pointwise()], x, tile=64)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < found.nbytes + 4 * 2**20


def test_probabilities_of_networks_are_averaged():
    x = np.random.default_rng(0).random((8, 1)).astype(np.float32)
    one, other = (predict_probabilities([n], x, tile=8) for n in (Pointwise(), Place()))
    both = predict_probabilities([Pointwise(), Place()], x, tile=8)
    np.testing.assert_allclose(both, (one + other) / 2, atol=1e-6)


def test_tiles_of_examples_keep_picture_and_mask_together():
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (h, w, 1)).astype(np.uint8) for h, w in ((11, 9), (5, 12))]
    masks = [(picture[..., 0] > 128).astype(np.uint8) for picture in pictures]
    made = tile_examples(pictures, masks, 8, 4)
    assert made.x.shape == (4 + 2, 8, 8, 1) and made.y.dtype == np.uint8
    known = made.y != 255
    assert ((made.x[..., 0] > 128) == made.y)[known].all()
    assert known[:4].all() and known[4:].sum() == 2 * 5 * 8
    whole = cut_tiles(pictures[0], 8, 4)
    np.testing.assert_array_equal(whole[-1], pictures[0][3:, 1:])


def test_parts_are_disjoint_and_shares_are_kept():
    parts = deal_pictures(50, hold_out=0.2)
    assert [len(part) for part in parts] == [35, 5, 10]
    assert sorted(np.concatenate(parts).tolist()) == list(range(50))
    assert deal_pictures(50, seed=1).report.tolist() != parts.report.tolist()
    with pytest.raises(SeqcnnError, match="2 pictures are too few"):
        deal_pictures(2)
    with pytest.raises(SeqcnnError, match="`hold_out` must lie"):
        deal_pictures(9, hold_out=0.7)


def test_groups_are_dealt_out_as_a_whole():
    rng = np.random.default_rng(0)
    for seed in range(20):
        groups = rng.integers(0, 12, 60)
        parts = deal_pictures(60, hold_out=0.25, groups=groups, seed=seed)
        assert sorted(np.concatenate(parts).tolist()) == list(range(60))
        own = [set(groups[part].tolist()) for part in parts]
        assert all(own) and len(set().union(*own)) == sum(map(len, own))
        largest = np.bincount(groups).max()
        for part, wanted in zip(parts, (37, 8, 15), strict=True):
            assert abs(len(part) - wanted) <= largest
    # three groups: a part each, though the report is to have one picture of ten only
    parts = deal_pictures(10, hold_out=0.1, groups=np.array([0] * 4 + [1] * 3 + [2] * 3))
    assert sorted(map(len, parts)) == [3, 3, 4]
    apart = deal_pictures(50, groups=np.arange(50) * 2, seed=3)
    assert apart.report.tolist() == deal_pictures(50, seed=3).report.tolist()
    with pytest.raises(SeqcnnError, match="9 pictures in 2 groups are too few"):
        deal_pictures(9, groups=np.arange(9) // 5)


def test_statistics_are_on_the_scale_of_the_network():
    x = np.array([[[[0, 10], [255, 10]]]], np.uint8)
    facts = pixel_statistics(x)
    assert facts == {"mean": [0.5, pytest.approx(10 / 255, abs=1e-6)], "std": [0.5, 1e-3]}
    assert mask_schedule(10_000).steps == 200


def test_wrong_tiles_are_told():
    with pytest.raises(SeqcnnError, match="`overlap` must be from 0 to below 1"):
        predict_probabilities([Pointwise()], np.zeros((4, 1), np.float32), tile=2, overlap=1.0)
    with pytest.raises(SeqcnnError, match="`margin` must be from 0 to below half of a tile"):
        predict_probabilities([Pointwise()], np.zeros((4, 1), np.float32), tile=4, margin=2)
