import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.signal
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import Conv, conv
from seqcnn.reference import conv as by_hand

# space, window, options
CASES = [
    ((9,), (3,), {}),
    ((9,), (3,), {"stride": 2, "padding": 1}),
    ((9,), (4,), {"stride": 3, "padding": "same"}),
    ((9,), (4,), {"padding": "same", "mode": "convolve"}),
    ((8,), (3,), {"padding": [(2, 0)], "dilation": 2}),
    ((7,), (7,), {"padding": "valid"}),
    ((7,), (1,), {"groups": 2}),
    ((6, 5), (3, 2), {"stride": (2, 1), "padding": (1, 0)}),
    ((6, 5), (3, 3), {"padding": "same", "groups": 2}),
    ((6, 5), (3, 2), {"stride": 2, "groups": 2, "mode": "convolve"}),
    ((6, 4), (3, 4), {"padding": (1, 0), "stride": (2, 3)}),
    ((6, 4), (3, 4), {"padding": "same"}),
    ((6, 4), (3, 4), {"groups": 2}),
    ((6, 1), (3, 1), {"dilation": (1, 2)}),
    ((3, 4), (3, 4), {}),
    ((4, 3, 5), (2, 2, 2), {"stride": 2, "padding": [(1, 0), (0, 1), (1, 1)]}),
    ((4, 3, 3), (2, 3, 3), {}),
    ((6, 7, 5), (2, 3, 2), {"stride": (2, 1, 1), "padding": [(0, 2), 0, 1], "dilation": (2, 1, 1)}),
]
cases = pytest.mark.parametrize(("space", "window", "options"), CASES, ids=str)


def arrays(space: tuple[int, ...], window: tuple[int, ...], options: dict, channels: int = 4):
    rng = np.random.default_rng(0)
    take = channels // options.get("groups", 1)
    return rng.normal(size=(2, *space, channels)), rng.normal(size=(*window, take, 6))


def relative(a: np.ndarray, b: np.ndarray) -> float:
    assert a.shape == b.shape
    return float(np.abs(np.asarray(a) - b).max() / np.abs(b).max())


@cases
def test_equals_the_loops_in_both_precisions(space, window, options):
    x, kernel = arrays(space, window, options)
    expected = by_hand.conv(x, kernel, **options)
    with jax.enable_x64(True):
        assert relative(conv(jnp.asarray(x), jnp.asarray(kernel), **options), expected) < 1e-12
    single = conv(jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32), **options)
    assert single.dtype == jnp.float32
    assert relative(single, expected) < 1e-5


@cases
def test_gradients_equal_the_loops(space, window, options):
    x, kernel = arrays(space, window, options)
    upstream = np.random.default_rng(1).normal(size=by_hand.conv(x, kernel, **options).shape)
    expected = by_hand.conv_gradients(x, kernel, upstream, **options)
    for wide, tolerance in ((True, 1e-12), (False, 1e-5)):
        with jax.enable_x64(wide):
            _, back = jax.vjp(
                lambda x, k: conv(x, k, **options), jnp.asarray(x), jnp.asarray(kernel)
            )
            for found, truth in zip(back(jnp.asarray(upstream)), expected, strict=True):
                assert relative(found, truth) < tolerance


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_convolve_is_what_signal_processing_means(rank):
    rng = np.random.default_rng(rank)
    x, kernel = rng.normal(size=(5,) * rank), rng.normal(size=(4, 2, 3)[:rank])
    with jax.enable_x64(True):
        found = conv(
            jnp.asarray(x[None, ..., None]), jnp.asarray(kernel[..., None, None]), mode="convolve"
        )
    assert relative(found[0, ..., 0], scipy.signal.convolve(x, kernel, "valid")) < 1e-12


@pytest.mark.parametrize("letters", [4, 20])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 0), (1, 3), (3, (2, 1)), (1, 5)])
@pytest.mark.parametrize("compiled", [False, True])
def test_a_sequence_is_a_black_and_white_image(letters, stride, padding, compiled):
    """The mission: 1-D over letters and 2-D over the image of them differ by exactly 0."""
    rng = np.random.default_rng(letters)
    x = jnp.asarray(rng.normal(size=(3, 31, letters)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(6, letters, 5)), jnp.float32)
    pads = padding if isinstance(padding, tuple) else (padding, padding)

    def of_sequence(kernel):
        return conv(x, kernel, stride=stride, padding=[pads])

    def of_image(kernel):
        # the step along the letters is of no account: there is one window
        return conv(x[..., None], kernel, stride=(stride, 2), padding=[pads, (0, 0)])

    def with_gradient(function, kernel):
        result, back = jax.vjp(function, kernel)
        return result, back(jnp.cos(result))[0]

    if compiled:
        with_gradient = jax.jit(with_gradient, static_argnums=0)
    result, gradient = with_gradient(of_sequence, kernel)
    image_result, image_gradient = with_gradient(of_image, kernel[:, :, None])
    assert image_result.shape == (*result.shape[:2], 1, 5)
    np.testing.assert_array_equal(image_result[:, :, 0], result)
    np.testing.assert_array_equal(image_gradient[:, :, 0], gradient)


@pytest.mark.parametrize("letters", [4, 20])
def test_the_loops_agree_on_sequence_and_image_to_rounding(letters):
    rng = np.random.default_rng(letters)
    x, kernel = rng.normal(size=(2, 9, letters)), rng.normal(size=(3, letters, 2))
    flat = by_hand.conv(x, kernel, stride=2, padding=1)
    image = by_hand.conv(x[..., None], kernel[:, :, None], stride=(2, 1), padding=(1, 0))
    assert relative(image[:, :, 0], flat) < 1e-14


@pytest.mark.parametrize(
    ("shape", "kernel", "options", "message"),
    [
        ((2, 5, 4), (3, 4), {}, "as many axes"),
        ((2, 5), (3, 4), {}, "as many axes"),
        ((2, 5, 4), (3, 3, 2), {}, "has 4 channels"),
        ((2, 5, 4), (3, 2, 3), {"groups": 2}, "multiple"),
        ((2, 5, 4), (3, 4, 2), {"groups": 0}, "groups"),
        ((2, 5, 4), (3, 4, 2), {"stride": 0}, "`stride`"),
        ((2, 5, 4), (3, 4, 2), {"stride": (1, 1)}, "`stride`"),
        ((2, 5, 4), (3, 4, 2), {"padding": -1}, "`padding`"),
        ((2, 5, 4), (3, 4, 2), {"padding": "full"}, "'full'"),
        ((2, 5, 4), (3, 4, 2), {"mode": "full"}, "`mode`"),
        ((2, 5, 4), (6, 4, 2), {}, "6 positions does not fit an axis of 5"),
        ((2, 5, 4), (3, 4, 2), {"stride": True}, "`stride`"),
        ((2, 5, 4), (3, 4, 2), {"stride": 2.0}, "`stride`"),
        ((2, 5, 4), (3, 4, 2), {"stride": None}, "`stride`"),
        ((2, 5, 4), (3, 4, 2), {"stride": "1"}, "`stride`"),
        ((2, 5, 4), (3, 4, 2), {"dilation": 1.5}, "`dilation`"),
        ((2, 5, 4), (3, 4, 2), {"padding": None}, "`padding`"),
        ((2, 5, 4), (3, 4, 2), {"padding": 1.5}, "`padding`"),
        ((2, 5, 4), (3, 4, 2), {"padding": ((),)}, "`padding`"),
        ((2, 5, 4), (3, 4, 2), {"padding": ((1, 2, 3),)}, "`padding`"),
        ((2, 5, 4), (3, 4, 2), {"padding": [(1.5, 1)]}, "`padding`"),
    ],
)
def test_misfits_are_one_line_errors(shape, kernel, options, message):
    with pytest.raises(SeqcnnError, match=message) as caught:
        conv(jnp.ones(shape), jnp.ones(kernel), **options)
    assert "\n" not in str(caught.value)


def test_a_layer_without_bias_and_one_with_wrong_groups():
    assert Conv(4, 2, 3, bias=False, rngs=nnx.Rngs(0)).bias is None
    with pytest.raises(SeqcnnError, match="groups"):
        Conv(4, 2, 3, groups=3, rngs=nnx.Rngs(0))


def test_numbers_may_be_numpys():
    x, kernel = jnp.ones((1, 8, 4)), jnp.ones((3, 4, 2))
    found = conv(x, kernel, stride=np.int64(2), padding=[np.array([1, 0])], dilation=np.array([2]))
    np.testing.assert_array_equal(found, conv(x, kernel, stride=2, padding=[(1, 0)], dilation=2))
    assert Conv(4, 2, np.int64(3), stride=np.int32(2), rngs=nnx.Rngs(0))(x).shape == (1, 3, 2)


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((4, 2, 3), {"mode": "flip"}, "`mode`"),
        ((4, 2, 3), {"padding": "Same"}, "`padding`"),
        ((4, 2, 3), {"padding": (1, 1)}, "`padding`"),
        ((4, 2, 3), {"stride": 0}, "`stride`"),
        ((4, 2, 0), {}, "`window`"),
        ((4, 2, ()), {}, "`window`"),
        ((4, 2, (3, 1.5)), {}, "`window`"),
        ((4, 0, 3), {}, "`channels_out`"),
        ((0, 4, 3), {}, "`channels_in`"),
        ((4, 2, 3), {"groups": 0}, "`groups`"),
        ((4, 2, 3), {"dtype": "int32"}, "`dtype`"),
    ],
)
def test_a_layer_is_refused_when_it_is_built(sizes, options, message):
    with pytest.raises(SeqcnnError, match=message) as caught:
        Conv(*sizes, **options, rngs=nnx.Rngs(0))
    assert "\n" not in str(caught.value)


def test_an_image_of_no_sequences_goes_through():
    assert conv(jnp.ones((0, 8, 4, 1)), jnp.ones((3, 4, 1, 2))).shape == (0, 6, 1, 2)
