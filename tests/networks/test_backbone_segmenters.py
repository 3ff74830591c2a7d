"""Segmenters over backbones: published counts, any extents and rank, gradients, files."""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.classify.parts import Layers
from seqcnn.networks.segment.backbones import create_segmenter, surrounded
from seqcnn.networks.segment.decoders import DECODERS, HEADS
from seqcnn.networks.weights import Model, create_member, load_model, save_model
from tests.networks.segmenters import drawn, noise, run

# trainable weights of segmentation_models.pytorch 0.6.0, one class
OF_ARCHS = {
    "unet": 24_436_369,
    "unetplusplus": 26_078_609,
    "linknet": 21_771_937,
    "fpn": 23_155_393,
    "pspnet": 21_437_985,
    "deeplabv3plus": 22_437_457,
    "segformer": 21_876_545,
}
OF_BACKBONES = {
    "resnet18": 14_328_209,
    "vgg16": 23_748_241,
    "mobilenetv2": 6_628_945,
    # there the last convolution of the classifier is kept, but not used: 320 x 1280 weights, 1280
    # factors and 1280 shifts of its normalisation (412,160; its moments are not trained)
    "efficientnetb0": 6_251_469 - (320 + 2) * 1280,
    "seresnet50": 35_052_097,
    "senet154": 122_071_489,
    "densenet121": 13_607_633,
    # there all normalisations have a factor, here those of Keras have none: `scale` adds it
    "inceptionresnetv2": 62_029_297 - 30_272,
}

SERIES = {
    "vgg": (16, 19),
    "resnet": (18, 34, 50, 101, 152),
    "seresnet": (18, 34, 50, 101, 152),
    "resnext": (50, 101),
    "seresnext": (50, 101),
    "senet": (154,),
    "densenet": (121, 169, 201),
    "efficientnetb": range(8),
}
BACKBONES = [f"{name}{number}" for name, numbers in SERIES.items() for number in numbers]
BACKBONES += ["inceptionv3", "inceptionresnetv2", "mobilenet", "mobilenetv2"]
QUICK = ("vgg16", "resnet18", "seresnet18", "mobilenetv2")
"""Backbones that are traced quickly; the tests of the others are slow ones."""

NARROW = {"depths": (1, 1, 1, 1), "widths": (8, 8, 16, 16)}
SMALL = {
    "unet": {"widths": (8, 8, 8, 4, 4)},
    "unetplusplus": {"widths": (8, 8, 8, 4, 4)},
    "linknet": {"width": 4},
    "fpn": {"pyramid": 32, "width": 32},
    "pspnet": {"width": 8},
    "deeplabv3plus": {"width": 8},
    "segformer": {"width": 8},
    "transposed": {},
    "attention": {"width": 8, "heads": 2, "blocks": 1},
}
"""Options under which each decoder is quick."""


@functools.cache
def blank(arch, backbone, rank=2):
    """Build a network without weights; most of the time of these tests is spent here."""
    return nnx.eval_shape(lambda: create_segmenter(arch, backbone, rank=rank))


def count(network):
    weights = nnx.to_flat_state(nnx.state(network, nnx.Param))
    return sum(math.prod(weight.shape) for _, weight in weights)


def shape_of(network, *shape):
    x = jax.ShapeDtypeStruct(shape, jnp.float32)
    return nnx.eval_shape(lambda n, x: n(x), network, x).shape


def small(arch, rank=2, classes=3):
    return drawn(
        lambda: create_segmenter(
            arch, "resnet18", in_channels=2, classes=classes, rank=rank,
            encoder=NARROW, decoder=SMALL[arch],
        )
    )  # fmt: skip


def with_slow(names):
    return [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in names]


def test_all_decoders_are_tried():
    assert set(SMALL) == set(DECODERS)
    assert len(set(BACKBONES)) == 32


@pytest.mark.parametrize("arch", OF_ARCHS)
def test_a_decoder_has_the_published_number_of_parameters(arch):
    encoder, channels = blank("unet", "resnet34").encoder, (64, 64, 128, 256, 512)
    made = nnx.eval_shape(lambda: DECODERS[arch](Layers(2, nnx.Rngs(0)), channels))
    of_head = made.channels * HEADS.get(arch, 1) ** 2 + 1
    assert count(encoder) + count(made) + of_head == OF_ARCHS[arch]


@pytest.mark.parametrize("backbone", with_slow(OF_BACKBONES))
def test_so_has_each_backbone(backbone):
    assert count(blank("unet", backbone)) == OF_BACKBONES[backbone]


@pytest.mark.parametrize("backbone", with_slow(BACKBONES))
def test_any_backbone_reads_any_height_and_width(backbone):
    network = blank("unet", backbone)
    for space in ((65, 97), (256, 256), (1024, 1024)):
        assert shape_of(network, 1, *space, 3) == (1, *space, 1)


@pytest.mark.parametrize("rank", [1, 3])
def test_any_rank(rank):
    space = (101, 40, 33)[:rank]
    network = nnx.eval_shape(lambda: small("unet", rank))
    assert shape_of(network, 2, *space, 2) == (2, *space, 3)


CHANNELS = (8, 8, 8, 16, 16)
"""Of the maps that decoders are tried on."""


def decoder(arch, rank):
    return DECODERS[arch](Layers(rank, nnx.Rngs(0)), CHANNELS, **SMALL[arch])


@pytest.mark.parametrize("arch", SMALL)
@pytest.mark.parametrize("rank", [1, 3])
def test_a_decoder_of_any_rank_reads_odd_maps(arch, rank):
    # as backbones without padding give them, where each is a little less than half of the last
    extents = (31, 15, 7, 3, 3 if arch == "deeplabv3plus" else 1)
    made = nnx.eval_shape(lambda: decoder(arch, rank))
    maps = [
        jax.ShapeDtypeStruct((2, *(n,) * rank, c), jnp.float32)
        for n, c in zip(extents, CHANNELS, strict=True)
    ]
    found = nnx.eval_shape(lambda d, maps: d(maps), made, maps).shape
    extent = {1: 62, 2: 31, 4: 15, 8: 7}[made.stride]
    assert found == (2, *(extent,) * rank, made.channels)


COMPILED = ("unet", "pspnet", "segformer")
"""Decoders that compile quickly."""

READ = {"pspnet": (2,), "deeplabv3plus": (1, 4), "fpn": (1, 2, 3, 4), "transposed": (4,)}
READ["attention"] = READ["fpn"]
"""Maps that a decoder reads, where they are not all five."""


@pytest.mark.parametrize(
    "arch",
    [pytest.param(a, marks=() if a in COMPILED else pytest.mark.slow) for a in SMALL],
)
def test_a_decoder_learns_and_reads_its_maps(arch):
    extents = (32, 16, 8, 4, 4 if arch == "deeplabv3plus" else 2)
    maps = [noise(2, n, c) - 0.5 for n, c in zip(extents, CHANNELS, strict=True)]
    graph, weights, rest = nnx.split(drawn(lambda: decoder(arch, 1)), nnx.Param, ...)

    @jax.jit
    def slopes(weights, maps, rest):
        def loss(weights, maps):
            made = nnx.merge(graph, weights, rest, copy=True)
            found = made(maps, rngs=nnx.Rngs(dropout=0))
            # the finest map is of stride 2
            assert found.shape == (2, 64 // made.stride, made.channels)
            return (found * jnp.linspace(-1, 1, found.size).reshape(found.shape)).mean()

        return jax.grad(loss, argnums=(0, 1))(weights, maps)

    of_weights, of_maps = slopes(weights, maps, rest)
    found = dict(nnx.to_flat_state(of_weights))
    assert all(np.isfinite(slope[...]).all() for slope in found.values())
    # what all positions have in common, softmax takes out of the keys of attention
    idle = [path for path, slope in found.items() if not np.any(np.abs(slope[...]) > 1e-12)]
    assert all("attention" in path for path in idle), idle
    moved = tuple(i for i, slope in enumerate(of_maps) if np.any(slope != 0))
    assert moved == READ.get(arch, (0, 1, 2, 3, 4))


@pytest.mark.slow
@pytest.mark.parametrize("backbone", BACKBONES)
def test_the_gradient_of_any_backbone_is_finite(backbone):
    network = drawn(lambda: create_segmenter("unet", backbone))
    graph, weights, rest = nnx.split(network, nnx.Param, ...)

    @jax.jit
    def slopes(weights, rest, x):
        def loss(weights):
            made = nnx.merge(graph, weights, rest, copy=True)
            return jnp.square(made(x, rngs=nnx.Rngs(dropout=0))).mean()

        return jax.grad(loss)(weights)

    leaves = jax.tree.leaves(slopes(weights, rest, noise(1, 64, 64, 3)))
    assert all(np.isfinite(leaf).all() for leaf in leaves)


def test_what_is_read_lies_in_the_middle_of_zeros():
    x = noise(1, 65, 96, 2)
    larger, margins = surrounded(x, 33)
    assert larger.shape == (1, 96, 96, 2) and margins == ((15, 16), (0, 0))
    np.testing.assert_array_equal(larger[:, 15:80], x)
    assert float(abs(larger).sum()) == pytest.approx(float(abs(x).sum()))
    assert surrounded(noise(1, 20, 1), 75)[0].shape == (1, 96, 1)


def test_padding_by_hand_gives_the_same():
    network = small("unet")
    x = noise(1, 40, 50, 2)
    by_hand = jnp.pad(x, ((0, 0), (12, 12), (7, 7), (0, 0)))
    whole = run(network, by_hand)[:, 12:-12, 7:-7]
    np.testing.assert_allclose(run(network, x), whole, atol=1e-6)


def test_a_dilated_stage_reads_twice_as_far_and_keeps_the_extents():
    plain, dilated = blank("unet", "resnet18"), blank("deeplabv3plus", "resnet18")
    x = jax.ShapeDtypeStruct((1, 64, 96, 3), jnp.float32)
    maps = [nnx.eval_shape(lambda n, x: n.features(x), n, x) for n in (plain, dilated)]
    assert [m.shape for m in maps[0][:4]] == [m.shape for m in maps[1][:4]]
    assert maps[0][4].shape == (1, 2, 3, 512) and maps[1][4].shape == (1, 4, 6, 512)


def test_networks_come_back_from_a_file(tmp_path):
    options = {"arch": "fpn", "backbone": "resnet18", "encoder": NARROW, "decoder": SMALL["fpn"]}
    member = create_member("backbone_segmenter", input_shape=[64, 2], classes=2, **options)
    save_model(Model((member,)), tmp_path)
    read = load_model(tmp_path).members[0].network
    x = noise(1, 70, 2)
    assert np.array_equal(run(read, x), run(member.network, x))


@pytest.mark.parametrize(
    ("arch", "backbone", "options", "message"),
    [
        ("unett", "resnet18", {}, "`arch` must be one of unet, "),
        ("unet", "lenet", {}, "'lenet' has no maps of strides 2, 4, 8, 16 and 32"),
        ("deeplabv3plus", "vgg16", {}, "which deeplab cannot undo"),
        ("unet", "resnet18", {"decoder": {"widths": [8, 8]}}, "`widths` must be 5 numbers"),
    ],
)
def test_wrong_options_are_told(arch, backbone, options, message):
    with pytest.raises(SeqcnnError, match=message):
        nnx.eval_shape(lambda: create_segmenter(arch, backbone, **options))
