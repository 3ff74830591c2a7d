"""The zoo of classification networks, by published counts, on small inputs, and of any rank."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import zoo
from seqcnn.networks.imports import weighted_layers

PUBLISHED = {
    # trainable weights of the references that the networks name, without auxiliary outputs
    "alexnet": 60_965_224,
    "darknet19": 20_842_376,
    "darknet53": 41_609_928,
    "densenet121": 7_978_856,
    "densenet169": 14_149_480,
    "densenet201": 20_013_928,
    "efficientnetb0": 5_288_548,
    "efficientnetb1": 7_794_184,
    "efficientnetb2": 9_109_994,
    "efficientnetb3": 12_233_232,
    "efficientnetb4": 19_341_616,
    "efficientnetb5": 30_389_784,
    "efficientnetb6": 43_040_704,
    "efficientnetb7": 66_347_960,
    "googlenet": 6_998_552,
    "inceptionresnetv2": 55_813_192,
    "inceptionv3": 23_834_568,
    "mobilenet": 4_231_976,
    "mobilenetv2": 3_504_872,
    "nasnetlarge": 88_753_150,
    "nasnetmobile": 5_289_978,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "resnext50": 25_028_904,
    "resnext101": 44_177_704,
    "senet154": 115_088_984,
    "seresnet18": 11_778_592,
    "seresnet34": 21_958_868,
    "seresnet50": 28_088_024,
    "seresnet101": 49_326_872,
    "seresnet152": 66_821_848,
    "seresnext50": 27_559_896,
    "seresnext101": 48_955_416,
    "shufflenet": 1_865_728,
    "squeezenet": 1_235_496,
    "squeezenet1_0": 1_248_424,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "xception": 22_855_952,
}

OPTIONS = [
    ("googlenet", {"auxiliary": True}, 13_378_280),
    ("inceptionv3", {"auxiliary": True}, 27_161_264),
    ("inceptionv3", {"variant": "keras"}, 23_817_352),
    ("inceptionresnetv2", {"scale": True}, 55_843_464),
    ("resnet50", {"variant": "keras"}, 25_583_592),
    ("resnet18", {"variant": "preactivation"}, 11_691_947),
    ("resnet34", {"variant": "preactivation"}, 21_800_107),
    ("resnet50", {"variant": "preactivation"}, 25_549_483),
    ("resnet101", {"variant": "preactivation"}, 44_541_611),
    ("resnet152", {"variant": "preactivation"}, 60_185_259),
    ("efficientnetb0", {"lite": True}, 4_652_008),
]


@pytest.mark.parametrize(("name", "count"), PUBLISHED.items())
def test_a_network_has_the_published_number_of_parameters(name, count):
    assert zoo.count_parameters(name) == count


@pytest.mark.parametrize(("name", "options", "count"), OPTIONS)
def test_so_has_each_variant(name, options, count):
    assert zoo.count_parameters(name, **options) == count


SMALL = {
    "alexnet": ({}, 67),
    "darknet19": ({}, 32),
    "darknet53": ({"depths": (1, 1, 1, 1, 1)}, 32),
    "densenet121": ({"depths": (2, 1, 1, 1), "growth": 4, "width": 8}, 32),
    "efficientnetb0": ({"depth": 0.1, "width": 0.25}, 32),
    "googlenet": ({"auxiliary": True}, 64),
    "mobilenet": ({"width": 0.25}, 32),
    "mobilenetv2": ({"width": 0.25}, 32),
    "nasnetmobile": ({"depth": 1, "width": 96, "stem": 8}, 32),
    "resnet18": ({"depths": (1, 1, 1, 1), "widths": (8, 16, 32, 64)}, 32),
    "resnet_small": ({"widths": (8, 16, 32)}, 8),
    "resnext50": ({"depths": (1, 1, 1, 1), "groups": 4, "group_width": 4}, 32),
    "seresnet50": ({"depths": (1, 1, 1, 1)}, 32),
    "shufflenet": ({"groups": 8}, 32),
    "squeezenet": ({}, 32),
    "vgg16": ({"depths": (1, 1, 1, 1, 1), "hidden": 8}, 32),
    "xception": ({}, 71),
}
"""Options and extents under which each family is quick."""


def small(name: str, rank: int = 2, **more):
    options, extent = SMALL[name]
    return zoo.create(name, input_shape=(extent,) * rank + (2,), classes=3, **options, **more)


def trained_once(network, x):
    """Loss, its gradient, and the moments behind a step, in one compiled function."""
    graph, weights, rest = nnx.split(network, nnx.Param, ...)

    @jax.jit
    def step(weights, rest, x):
        def loss(weights):
            made = nnx.merge(graph, weights, rest, copy=True)
            result = jnp.square(made(x, rngs=nnx.Rngs(dropout=0))).mean()
            return result, nnx.state(made, nnx.BatchStat)

        (value, moments), gradient = jax.value_and_grad(loss, has_aux=True)(weights)
        return value, gradient, moments

    return step(weights, rest, x)


QUICK = {"resnet_small", "vgg16"}
"""Families that compile in seconds; the others take their step in the slow tests."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else pytest.mark.slow) for n in SMALL]
)
def test_a_family_learns(name):
    network = small(name)
    x = jax.random.normal(jax.random.key(0), (2, *network.space, 2))
    value, gradient, moments = trained_once(network, x)
    leaves = jax.tree.leaves(gradient)
    assert np.isfinite(value) and all(bool(jnp.isfinite(leaf).all()) for leaf in leaves)
    reached = [bool(jnp.any(leaf != 0)) for leaf in leaves]
    assert sum(reached) >= 0.8 * len(reached), "most weights have a gradient"
    before = jax.tree.leaves(nnx.state(network, nnx.BatchStat))
    assert all(
        not np.array_equal(a, b) for a, b in zip(before, jax.tree.leaves(moments), strict=True)
    ), "batch statistics are updated"


def ranks():
    for name in SMALL:
        for rank in (1, 2, 3):
            quick = rank == 2 or name in QUICK
            yield pytest.param(name, rank, marks=[] if quick else pytest.mark.slow)


@pytest.mark.parametrize(("name", "rank"), list(ranks()))
def test_a_family_gives_maps_of_its_strides_at_any_rank(name, rank):
    extent, strides = SMALL[name][1], []

    def run(x):
        network = small(name, rank)
        maps = network.features(x)
        strides.extend(network.strides)
        return maps, network.head(maps[-1])

    x = jax.ShapeDtypeStruct((2, *(extent,) * rank, 2), jnp.float32)
    maps, scores = jax.eval_shape(run, x)
    assert scores.shape == (2, 3)
    for made, stride in zip(maps, strides, strict=True):
        assert made.ndim == rank + 2
        # networks without padding lose some positions
        assert extent / stride - 4 <= made.shape[1] <= extent / stride + 1


def test_a_network_says_how_many_channels_its_maps_have():
    network = small("resnet18")
    x = jax.ShapeDtypeStruct((1, 32, 32, 2), jnp.float32)
    maps = jax.eval_shape(network.features, x)
    assert network.feature_channels == tuple(made.shape[-1] for made in maps) == (8, 8, 16, 32, 64)


@pytest.mark.parametrize("name", [*SMALL, "inceptionv3", "inceptionresnetv2"])
def test_layers_keep_their_order_when_a_network_is_merged(name):
    made = []

    def build():
        more = {"input_shape": (75, 75, 2)} if name.startswith("inception") else {}
        network = zoo.create(name, **more) if more else small(name)
        made.extend(shapes(network))
        return network

    def shapes(network):
        return [
            {k: v.shape for k, v in vars(layer).items() if hasattr(v, "shape")}
            for layer in weighted_layers(network)
        ]

    merged = nnx.eval_shape(build)
    assert shapes(merged) == made


def test_compiled_and_eager_agree():
    network = small("resnet18")
    x = jax.random.normal(jax.random.key(1), (2, *network.space, 2))
    np.testing.assert_allclose(jax.jit(network)(x), network(x), atol=1e-5)


def test_too_small_an_input_is_refused():
    with pytest.raises(SeqcnnError, match="ResNet needs 32 positions or more in each axis"):
        zoo.create("resnet18", input_shape=(31, 40, 3))
    with pytest.raises(SeqcnnError, match="`stem` must be one of large, small, pooled, not 'tiny'"):
        zoo.create("resnet18", stem="tiny")
    with pytest.raises(SeqcnnError, match="`groups` must be one of 1, 2, 3, 4, 8, not 5"):
        zoo.create("shufflenet", groups=5)
