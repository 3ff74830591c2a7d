import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given, settings

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import conv
from seqcnn.nn.conv_transpose import ConvTranspose, conv_transpose
from seqcnn.nn.geometry import conv_transpose_output_size
from seqcnn.reference import conv_transpose as by_hand


@st.composite
def problems(draw):
    rank = draw(st.integers(1, 3))

    def each(low, high):
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    space, window, stride, dilation = each(1, 4), each(1, 3), each(1, 3), each(1, 2)
    room = [
        (n - 1) * s + (k - 1) * d
        for n, s, k, d in zip(space, stride, window, dilation, strict=True)
    ]
    before = [draw(st.integers(0, min(2, r))) for r in room]
    after = [draw(st.integers(0, min(2, r - b))) for r, b in zip(room, before, strict=True)]
    options = {
        "stride": stride,
        "padding": tuple(zip(before, after, strict=True)),
        "dilation": dilation,
        "output_padding": tuple(
            draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)
        ),
        "groups": draw(st.integers(1, 3)),
    }
    take, give = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    groups = options["groups"]
    return (draw(st.integers(1, 3)), *space, take * groups), (*window, give, take * groups), options


def drawn(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape) for shape in shapes]


@settings(max_examples=12, derandomize=True)
@given(problems())
def test_equals_the_loops_with_gradients(problem):
    shape, kernel_shape, options = problem
    x, kernel = drawn(shape, kernel_shape)
    result = by_hand.conv_transpose(x, kernel, **options)
    upstream = np.random.default_rng(1).normal(size=result.shape)
    gradients = by_hand.conv_transpose_gradients(x, kernel, upstream, **options)

    @jax.jit
    def everything(x, kernel, upstream):
        found, back = jax.vjp(lambda x, k: conv_transpose(x, k, **options), x, kernel)
        return found, *back(upstream)

    for wide, tolerance in ((True, 1e-12), (False, 1e-5)):
        with jax.enable_x64(wide):
            arrays = [jnp.asarray(a) for a in (x, kernel, upstream)]
            for a, b in zip(everything(*arrays), (result, *gradients), strict=True):
                assert a.shape == b.shape
                np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * max(1, abs(b).max()))


@pytest.mark.parametrize(
    ("space", "window", "groups", "options"),
    [
        ((9,), (4,), 1, {"stride": 2, "padding": 1}),
        ((3,), (3,), 1, {"padding": 1}),
        ((8, 7), (3, 2), 2, {"stride": (2, 3), "padding": [(1, 0), (0, 1)]}),
        ((6, 7), (3, 3), 4, {"stride": 2, "padding": 1, "dilation": (1, 2)}),
        ((4, 5, 4), (2, 3, 2), 1, {"stride": (2, 1, 2)}),
    ],
)
def test_is_the_gradient_of_a_convolution(space, window, groups, options):
    """With respect to its input, for every length that the convolution maps to the same."""
    (y, kernel) = drawn((2, *space, 4), (*window, 4 // groups, 8))
    with jax.enable_x64(True):
        result, back = jax.vjp(
            lambda y: conv(y, jnp.asarray(kernel), groups=groups, **options), jnp.asarray(y)
        )
        (x,) = drawn(result.shape)
        (expected,) = back(jnp.asarray(x))
        smallest = conv_transpose(
            jnp.asarray(x), jnp.asarray(kernel), groups=groups, **options
        ).shape[1:-1]
        more = [a - b for a, b in zip(space, smallest, strict=True)]
        found = conv_transpose(
            jnp.asarray(x), jnp.asarray(kernel), output_padding=more, groups=groups, **options
        )
        expected = np.asarray(expected)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * abs(expected).max())


@pytest.mark.parametrize(
    ("window", "stride", "dilation"), [(3, 2, 1), (4, 2, 1), (2, 3, 1), (3, 1, 2), (3, 4, 3)]
)
def test_same_is_the_gradient_of_a_convolution_with_same(window, stride, dilation):
    """Of one whose input is `stride` times as long."""
    x, kernel, y = drawn((2, 5, 3), (window, 2, 3), (2, 5 * stride, 2))
    options = {"stride": stride, "padding": "same", "dilation": dilation}
    with jax.enable_x64(True):
        _, back = jax.vjp(lambda y: conv(y, jnp.asarray(kernel), **options), jnp.asarray(y))
        expected = np.asarray(back(jnp.asarray(x))[0])
        found = np.asarray(conv_transpose(jnp.asarray(x), jnp.asarray(kernel), **options))
    assert found.shape[1] == conv_transpose_output_size(5, window, **options) == 5 * stride
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_same_with_even_steps_cuts_what_the_numbers_cut():
    x, kernel = (jnp.asarray(a, jnp.float32) for a in drawn((2, 5, 3), (4, 2, 3)))
    np.testing.assert_array_equal(
        conv_transpose(x, kernel, stride=2, padding="same"),
        conv_transpose(x, kernel, stride=2, padding=1),
    )


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((4, 2, 3), {"padding": "Same"}, "`padding`"),
        ((4, 2, 0), {}, "`window`"),
        ((4, 0, 3), {}, "`channels_out`"),
        ((4, 2, 3), {"groups": 2.0}, "`groups`"),
    ],
)
def test_a_layer_is_refused_when_it_is_built(sizes, options, message):
    with pytest.raises(SeqcnnError, match=message):
        ConvTranspose(*sizes, **options, rngs=nnx.Rngs(0))


def test_a_layer_equals_its_function_and_the_size_its_formula():
    layer = ConvTranspose(
        4, 6, (3, 4), stride=2, padding=((1, 0), 1), output_padding=(1, 0), groups=2,
        rngs=nnx.Rngs(0),
    )  # fmt: skip
    assert layer.kernel.shape == (3, 4, 3, 4)
    assert layer.bias is not None
    layer.bias[...] = jnp.arange(6.0)
    x = jnp.asarray(drawn((2, 5, 3, 4))[0], jnp.float32)
    sizes = [
        conv_transpose_output_size(5, 3, stride=2, padding=[(1, 0)], output_padding=1),
        conv_transpose_output_size(3, 4, stride=2, padding=1),
    ]
    expected = by_hand.conv_transpose(
        np.asarray(x, np.float64), np.asarray(layer.kernel[...], np.float64), stride=(2, 2),
        padding=((1, 0), (1, 1)), output_padding=(1, 0), dilation=(1, 1), groups=2,
    )  # fmt: skip
    found = layer(x)
    assert found.shape == (2, *sizes, 6)
    np.testing.assert_allclose(found, expected + np.arange(6), rtol=1e-5, atol=1e-5)


def test_the_start_is_scaled_by_the_channels_that_are_summed():
    wide = ConvTranspose(64, 4, 5, rngs=nnx.Rngs(0)).kernel[...]
    assert np.std(wide) == pytest.approx(np.sqrt(2 / (64 * 5)), rel=0.1)


def test_a_start_belongs_to_the_direction_of_the_layer():
    """Initialisers see (*window, channels_in / groups, channels_out), as those of `Conv`."""
    seen = []

    def counted(key, shape, dtype):
        seen.append(np.arange(np.prod(shape), dtype=dtype).reshape(shape))
        return jnp.asarray(seen[0])

    layer = ConvTranspose(4, 6, 5, groups=2, kernel_init=counted, rngs=nnx.Rngs(0))
    for place, into, out, group in np.ndindex(5, 2, 3, 2):
        expected = seen[0][place, into, group * 3 + out]
        assert layer.kernel[place, out, group * 2 + into] == expected


@pytest.mark.parametrize("length", [3, 30])
def test_output_padding_may_be_as_large_as_the_gaps_of_the_window(length):
    """So it is in PyTorch: the positions behind the last window are 0."""
    x, kernel = drawn((2, length, 3), (3, 2, 3))
    options = {"stride": (1,), "padding": ((1, 2),), "dilation": (3,), "output_padding": (2,)}
    expected = by_hand.conv_transpose(x, kernel, **options)
    with jax.enable_x64(True):
        found = np.asarray(conv_transpose(jnp.asarray(x), jnp.asarray(kernel), **options))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("shape", "kernel", "options", "message"),
    [
        ((2, 5, 4), (3, 4), {}, "as many axes"),
        ((2, 5, 4), (3, 2, 3), {}, "has 4 channels"),
        ((2, 5, 4), (3, 2, 4), {"groups": 3}, "multiple"),
        ((2, 5, 4), (3, 2, 4), {"padding": "valid"}, "`padding`"),
        ((2, 5, 4), (3, 2, 4), {"padding": "same", "output_padding": 1}, "`output_padding`"),
        ((2, 5, 4), (3, 2, 4), {"output_padding": 1}, "`output_padding`"),
        ((2, 5, 4), (3, 2, 4), {"output_padding": -1}, "`output_padding`"),
        ((2, 1, 4), (3, 2, 4), {"padding": 2}, "would leave -1"),
    ],
)
def test_misfits_are_one_line_errors(shape, kernel, options, message):
    with pytest.raises(SeqcnnError, match=message) as caught:
        conv_transpose(jnp.ones(shape), jnp.ones(kernel), **options)
    assert "\n" not in str(caught.value)
    with pytest.raises(SeqcnnError, match="`groups` must divide"):
        ConvTranspose(4, 3, 2, groups=2, rngs=nnx.Rngs(0))
