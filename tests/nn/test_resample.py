import jax
import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.nn import resample
from seqcnn.nn.resample import centre_crop, crop, pad_to_multiple, resize, upsample
from seqcnn.reference import resample as by_hand

from .witness import assert_equals_the_loops

WAYS = [
    ("nearest", {}),
    ("area", {}),
    ("linear", {}),
    ("linear", {"align_corners": True}),
    ("linear", {"antialias": True}),
]
EXTENTS = [((5,), (10,)), ((7,), (3,)), ((1, 6), (4, 6)), ((4, 9), (1, 14)), ((3, 2, 5), (4, 5, 2))]


@pytest.mark.parametrize(("space", "size"), EXTENTS, ids=str)
@pytest.mark.parametrize(("method", "options"), WAYS, ids=str)
def test_resize_equals_the_loops(space, size, method, options):
    def function(x):
        return resize(x, size, method, **options)

    def twin(x):
        return by_hand.resize(x, size, method, **options)

    assert_equals_the_loops(function, twin, np.random.default_rng(0).normal(size=(2, *space, 3)))


@pytest.mark.parametrize(("method", "options"), WAYS, ids=str)
def test_every_extent_to_every_other_one(method, options):
    eye = np.eye(12)
    for length in range(1, 13):
        for size in range(1, 13):
            plan = resample._Plan(
                length, size, method, options.get("align_corners", False), "antialias" in options
            )
            matrix = by_hand.resize(eye[None, :length, :length], [size], method, **options)[0]
            for transposed in (False, True):
                taps = resample._taps(plan._replace(transposed=transposed))
                dense = np.zeros((len(taps.index), size if transposed else length))
                np.add.at(dense, (np.arange(len(dense))[:, None], taps.index), taps.weight)
                expected = matrix.T if transposed else matrix
                np.testing.assert_allclose(dense, expected, rtol=1e-12, atol=1e-12)


def test_many_neighbours_and_one_axis_after_the_other():
    x = np.random.default_rng(0).normal(size=(1, 3 * resample.MOST_TAPS, 2, 1))

    def function(x):
        return resize(x, (2, 5), "area")

    assert_equals_the_loops(function, lambda x: by_hand.resize(x, (2, 5), "area"), x)


def test_second_derivatives_and_vmap_go_through():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 4, 2)), jnp.float32)

    def energy(x):
        return (resize(x, 7) ** 3).sum()

    slope, along = jax.grad(energy), jnp.ones_like(x)
    twice = jax.grad(lambda x: (slope(x) * along).sum())(x)
    difference = (slope(x + 0.01) - slope(x - 0.01)) / 0.02
    np.testing.assert_allclose(twice, difference, rtol=1e-3, atol=1e-3)
    mapped = jax.vmap(lambda x: resize(x[None], 7)[0])(x)
    np.testing.assert_allclose(mapped, resize(x, 7), rtol=1e-6)


def test_labels_keep_their_kind():
    labels = jnp.array([[[3], [5]]], jnp.uint8)
    assert upsample(labels, 2).tolist() == [[[3], [3], [5], [5]]]
    assert upsample(labels, 2).dtype == jnp.uint8
    assert resize(labels > 4, 1, "nearest").tolist() == [[[False]]]
    with pytest.raises(SeqcnnError, match="uint8 cannot be averaged"):
        resize(labels, 4)


def test_the_same_extent_is_the_same_array():
    x = jnp.ones((1, 3, 4, 2))
    assert resize(x, (3, 4)) is x
    assert upsample(x, 1, "linear") is x


@pytest.mark.parametrize("multiple", [1, 4, (3, 32)])
def test_padding_to_a_multiple_can_be_undone(multiple):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 5, 8, 3)))
    padded, margins = pad_to_multiple(x, multiple, value=7.0)
    units = (multiple, multiple) if isinstance(multiple, int) else multiple
    for new, old, unit in zip(padded.shape[1:3], x.shape[1:3], units, strict=True):
        assert new % unit == 0 and old <= new < old + unit
    assert all(after - before in (0, 1) for before, after in margins)
    np.testing.assert_array_equal(crop(padded, margins), x)
    np.testing.assert_allclose((padded - 7).sum(), (x - 7).sum(), rtol=1e-5)


def test_the_centre_is_as_far_from_both_ends():
    x = jnp.arange(7.0).reshape(1, 7, 1)
    assert centre_crop(x, 3).ravel().tolist() == [2, 3, 4]
    assert centre_crop(x, 4).ravel().tolist() == [1, 2, 3, 4]
    assert centre_crop(x, 7).shape == x.shape


def test_misfits_are_errors():
    x = jnp.ones((1, 4, 5, 2))
    with pytest.raises(SeqcnnError, match="'cubic'"):
        resize(x, 3, "cubic")  # pyright: ignore[reportArgumentType]
    with pytest.raises(SeqcnnError, match="for 'linear'"):
        resize(x, 3, "nearest", antialias=True)
    with pytest.raises(SeqcnnError, match="do not go together"):
        resize(x, 3, align_corners=True, antialias=True)
    with pytest.raises(SeqcnnError, match="`size`"):
        resize(x, (3, 0))
    with pytest.raises(SeqcnnError, match="`factor`"):
        upsample(x, (2, 2, 2))
    with pytest.raises(SeqcnnError, match="`margins`"):
        crop(x, [(1, 1)])
    with pytest.raises(SeqcnnError, match="`margins`"):
        crop(x, [(2, 2), (0, 0)])
    with pytest.raises(SeqcnnError, match="at most"):
        centre_crop(x, 5)
