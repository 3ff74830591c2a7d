"""SegNet and the three kinds of decoders: published counts, any extents, what each one sees."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from scipy.signal import correlate

from seqcnn.errors import SeqcnnError
from seqcnn.networks import zoo
from seqcnn.networks.segment.segmenter import DECODERS, Segmenter
from seqcnn.networks.segment.segnet import SegNet
from seqcnn.networks.segment.transformer import AttentionDecoder
from seqcnn.networks.weights import Member, Model, load_model, save_model
from tests.networks.segmenters import drawn, noise, run

NAMES = ["segnet", "segformer_small", "unet", *DECODERS]


def _options(name):
    return {"decoder": name} if name in DECODERS else {}


def _segmenter(decoder, shape=(64, 1), **options):
    options = {"channels": (4, 6, 8), "depth": 1} | options
    return drawn(lambda: Segmenter(shape, 2, decoder=decoder, rngs=nnx.Rngs(0), **options))


def test_segnet_has_the_published_number_of_parameters():
    assert zoo.count_parameters("segnet", classes=12) == 29_449_932


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("space", [(65, 97), (1024, 1024)])
def test_any_height_and_width(name, space):
    build = {"input_shape": (32, 32, 3), "classes": 5, **_options(name)}
    known = "segmenter" if name in DECODERS else name
    network = nnx.eval_shape(lambda: zoo.create(known, **build))
    x = jax.ShapeDtypeStruct((1, *space, 3), jnp.float32)
    assert nnx.eval_shape(lambda n, x: n(x), network, x).shape == (1, *space, 5)


@pytest.mark.parametrize("shape", [(9, 2), (4, 5, 6, 1)])
def test_any_rank(shape):
    for decoder in DECODERS:
        network = nnx.eval_shape(lambda d=decoder: Segmenter(shape, 3, decoder=d, rngs=nnx.Rngs(0)))
        x = jax.ShapeDtypeStruct((1, *shape), jnp.float32)
        assert nnx.eval_shape(lambda n, x: n(x), network, x).shape == (1, *shape[:-1], 3)


def _convolved(x, layers):
    """Convolve (h, w, c), normalise, cut off what is negative; in NumPy."""
    conv, norm, _ = layers
    kernel = np.asarray(conv.kernel[...])
    result = np.stack(
        [
            sum(correlate(x[..., i], kernel[..., i, o], mode="same") for i in range(x.shape[-1]))
            for o in range(kernel.shape[-1])
        ],
        axis=-1,
    ) + np.asarray(conv.bias[...])
    if norm is None:
        return result
    centre = (result - np.asarray(norm.mean[...])) / np.sqrt(np.asarray(norm.variance[...]) + 1e-5)
    return np.maximum(centre * np.asarray(norm.scale[...]) + np.asarray(norm.bias[...]), 0)


def _pooled(x):
    """Take the largest of each two by two, and a map of where they stood."""
    values, stood = np.zeros((x.shape[0] // 2, x.shape[1] // 2, x.shape[2])), np.zeros(x.shape)
    for i, j, c in np.ndindex(values.shape):
        window = x[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, c]
        di, dj = np.unravel_index(window.argmax(), (2, 2))
        values[i, j, c], stood[2 * i + di, 2 * j + dj, c] = window.max(), 1
    return values, stood


def test_segnet_is_what_loops_in_numpy_give():
    network = drawn(lambda: SegNet((8, 8, 1), 2, channels=(4, 6), depths=(1, 2), rngs=nnx.Rngs(0)))
    x = noise(1, 8, 8, 1)
    first, second = network.encoder
    fine = _convolved(np.asarray(x)[0], first.layers)
    values, stood_fine = _pooled(fine)
    coarse = _convolved(_convolved(values, second.layers[:3]), second.layers[3:])
    values, stood = _pooled(coarse)
    risen = values.repeat(2, axis=0).repeat(2, axis=1) * stood
    back = network.decoder[0].layers
    risen = _convolved(_convolved(risen, back[:3]), back[3:])
    risen = risen.repeat(2, axis=0).repeat(2, axis=1) * stood_fine
    expected = _convolved(risen, (network.head, None, None))
    assert (risen > 0).mean() > 0.05 and np.ptp(expected, axis=(0, 1)).min() > 0.1
    np.testing.assert_allclose(run(network, x)[0], expected, atol=1e-5)


@pytest.mark.parametrize(("decoder", "read"), [("transposed", 1), ("skip", 3), ("attention", 3)])
def test_what_each_decoder_reads(decoder, read):
    network = _segmenter(decoder)
    maps = [noise(1, 64 // 2**level, width) for level, width in enumerate((4, 6, 8))]
    graph, state = nnx.split(network.decoder)

    @jax.jit
    def slopes(maps):
        return jax.grad(lambda maps: (nnx.merge(graph, state)(maps) ** 2).sum())(maps)

    moved = [float(abs(slope).max()) > 0 for slope in slopes(maps)]
    assert sum(moved) == read and moved[-1]


@pytest.mark.parametrize("decoder", DECODERS)
def test_attention_alone_sees_the_whole_picture(decoder):
    network = _segmenter(decoder)
    x = noise(1, 64, 1)
    other = x.at[0, 0, 0].add(3.0)
    far = np.asarray(run(network, x) - run(network, other))[0, 48:]
    assert (abs(far).max() > 1e-6) == (decoder == "attention")


def test_attention_over_means_is_that_over_all_where_all_are_alike():
    whole, reduced = (
        drawn(lambda r=r: AttentionDecoder((3,), width=8, reduced=r, rngs=nnx.Rngs(0)))
        for r in (1, 2)
    )
    x = jnp.broadcast_to(noise(1, 1, 3), (1, 6, 3))
    np.testing.assert_allclose(run(whole, [x]), run(reduced, [x]), atol=1e-5)
    assert not np.allclose(run(whole, [noise(1, 6, 3)]), run(reduced, [noise(1, 6, 3)]))


def test_maps_that_are_not_read_are_made_up_by_enlarging():
    network = _segmenter("skip", skipped=1)
    x = noise(1, 64, 1)
    coarse = network.head(network.decoder(network.encoder(x)[1:]))
    assert coarse.shape[1] == 32
    # positions of twice the extents lie a quarter of the way to the neighbours
    expected = np.asarray(0.75 * coarse[0, 1:-1] + 0.25 * coarse[0, 2:])
    np.testing.assert_allclose(run(network, x)[0, 3:-1:2], expected, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("segnet", {"channels": [3], "depths": [2], "input_shape": [4, 1]}),
        ("segmenter", {"decoder": "attention", "channels": [4], "input_shape": [4, 1]}),
    ],
)
def test_networks_come_back_from_a_file(name, options, tmp_path):
    network = drawn(lambda: zoo.create(name, **options))
    save_model(Model((Member(name, options, network),)), tmp_path)
    read = load_model(tmp_path).members[0].network
    assert np.array_equal(run(read, noise(1, 4, 1)), run(network, noise(1, 4, 1)))


def test_wrong_options_are_told():
    with pytest.raises(SeqcnnError, match="`decoder` must be one of transposed, skip, attention"):
        _segmenter("unet")
    with pytest.raises(SeqcnnError, match="`skipped` must be from 0"):
        _segmenter("skip", skipped=3)
    with pytest.raises(SeqcnnError, match="equally many numbers"):
        SegNet((8, 8, 1), 2, channels=(4,), depths=(1, 2), rngs=nnx.Rngs(0))
