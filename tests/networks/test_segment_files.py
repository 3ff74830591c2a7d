"""Whole segmenters of others: files with the names of segmentation_models.pytorch, into ours."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import seqcnn
from seqcnn.errors import SeqcnnError
from seqcnn.networks.imports import import_weights, weighted_layers
from seqcnn.networks.segment.backbones import create_segmenter
from seqcnn.networks.segment_files import segmenter_layers
from tests.networks.test_imports import TORCH_NAMES, WRITERS, random_state, to_torch

ENCODER = {"depths": (1, 1, 1, 1), "widths": (4, 6, 8, 10)}
SMALL = {
    "unet": {"widths": (8, 7, 6, 5, 4)},
    "unetplusplus": {"widths": (8, 7, 6, 5, 4)},
    "linknet": {"width": 5},
    "fpn": {"pyramid": 6, "width": 32},
    "pspnet": {"width": 7},
    "deeplabv3plus": {"width": 7},
    "segformer": {"width": 7},
}


def blank(arch, backbone="resnet18", *, encoder=ENCODER, classes=2, **options):
    """Make a segmenter of zeros."""
    options = {"decoder": SMALL.get(arch), **options}
    made = nnx.eval_shape(
        lambda: create_segmenter(arch, backbone, classes=classes, encoder=encoder, **options)
    )
    graph, state = nnx.split(made)
    return nnx.merge(graph, jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), state))


def unit(name, layer, conv="0", norm="1"):
    return {f"{name}.{conv}": layer.conv, f"{name}.{norm}": layer.norm}


def joint(name, step):
    first, second = step.convs.layers
    return unit(f"{name}.conv1", first) | unit(f"{name}.conv2", second)


def separable(name, way, *, norm):
    depthwise, pointwise = way.layers
    return {
        f"{name}.0": depthwise, f"{name}.1": pointwise.conv, norm: pointwise.norm
    }  # fmt: skip


def of_unet(d):
    names = {} if d.centre is None else unit("center.0", d.centre.layers[0])
    names |= {} if d.centre is None else unit("center.1", d.centre.layers[1])
    for i, step in enumerate(d.steps):
        names |= joint(f"blocks.{i}", step)
    return names


def of_unetplusplus(d):
    places = [(0, 0), (0, 1), (1, 1), (0, 2), (1, 2), (2, 2), (0, 3), (1, 3), (2, 3), (3, 3)]
    names = joint("blocks.x_0_4", d.last)
    for (row, column), step in zip(places, d.steps, strict=True):
        names |= joint(f"blocks.x_{row}_{column}", step)
    return names


def of_linknet(d):
    names = {}
    for i, step in enumerate(d.steps):
        narrow, rise, norm, _, wide = step.layers
        names |= unit(f"blocks.{i}.block.0", narrow) | unit(f"blocks.{i}.block.2", wide)
        names |= {f"blocks.{i}.block.1.0": rise, f"blocks.{i}.block.1.1": norm}
    return names


def of_fpn(d):
    entries = ("p5", "p4.skip_conv", "p3.skip_conv", "p2.skip_conv")
    names = dict(zip(entries, d.entries, strict=True))
    for i, way in enumerate(d.ways):
        for j, step in enumerate(way):
            for k in (0, 1):
                names[f"seg_blocks.{i}.block.{j}.block.{k}"] = step.layers[k]
    return names


def of_pspnet(d):
    names = {"psp.blocks.0.pool.1.0": d.parts[0].layers[0]}
    for i in (1, 2, 3):
        names |= unit(f"psp.blocks.{i}.pool.1", d.parts[i])
    return names | unit("conv", d.conv)


def of_deeplabv3plus(d):
    at = "aspp.0"
    names = unit(f"{at}.convs.0", d.near) | unit(f"{at}.convs.4", d.mean, "1", "2")
    for i, way in enumerate(d.far, start=1):
        names |= separable(f"{at}.convs.{i}.0", way, norm=f"{at}.convs.{i}.1")
    names |= unit(f"{at}.project", d.project.layers[0]) | unit("block1", d.entry)
    names |= separable("aspp.1", d.smooth, norm="aspp.2")
    return names | separable("block2.0", d.joint, norm="block2.1")


def of_segformer(d):
    names = {f"mlp_stage.{i}.linear": entry for i, entry in enumerate(d.entries)}
    return names | unit("fuse_stage", d.joint)


NAMED = {name.removeprefix("of_"): rule for name, rule in globals().items() if name[:3] == "of_"}


def named_layers(network, encoder=TORCH_NAMES[:-1]):
    """Name each layer as segmentation_models.pytorch does; those of the decoder by hand."""
    return (
        dict(
            zip(
                (f"encoder.{name}" for name in encoder),
                weighted_layers(network.encoder),
                strict=True,
            )
        )
        | {
            f"decoder.{name}": layer
            for name, layer in NAMED[arch_of(network)](network.decoder).items()
        }
        | {"segmentation_head.0": network.head}
    )


def arch_of(network):
    kind = type(network.decoder).__name__.removesuffix("Decoder").lower()
    return {"psp": "pspnet", "deeplab": "deeplabv3plus"}.get(kind, kind)


def drawn(layers, seed=0):
    """Draw what each layer shall hold, in our layout."""
    rng = np.random.default_rng(seed)
    names = ("kernel", "bias", "scale", "mean", "variance")
    return [
        {
            name: rng.normal(size=variable.shape).astype(np.float32)
            for name in names
            if (variable := getattr(layer, name, None)) is not None
        }
        for layer in layers
    ]


def assert_holds(layers, weights):
    for layer, values in zip(layers, weights, strict=True):
        for name, value in values.items():
            np.testing.assert_array_equal(getattr(layer, name)[...], value)


def written(path, network, **options):
    """Write a file that fits a network; return what it holds."""
    layers = named_layers(network, **options)
    weights = drawn(layers.values())
    WRITERS[path.name](path, to_torch(layers, weights))
    return weights


@pytest.mark.parametrize("arch", NAMED)
@pytest.mark.parametrize("name", ["weights.safetensors", "weights.pth"])
def test_each_layer_gets_its_own_whatever_the_order_of_the_file(arch, name, tmp_path):
    network = blank(arch)
    weights = written(tmp_path / name, network)
    report = import_weights(network, tmp_path / name)
    assert report.loaded == sum(v.size for values in weights for v in values.values())
    assert report.adapted == report.kept == report.skipped == ()
    assert_holds(named_layers(network).values(), weights)


@pytest.mark.parametrize("arch", ["unet", "unetplusplus"])
def test_over_vgg_the_centre_is_read_where_it_is_called(arch, tmp_path):
    network = blank(arch, "vgg16", encoder={"depths": (1,) * 5})
    given = named_layers(network, [f"features.{i}" for i in (0, 3, 6, 9, 12)])
    weights = drawn(given.values())
    table = to_torch(given, weights)
    if arch == "unetplusplus":
        table["decoder.center.0.0.weight"] = np.ones((1, 1, 3, 3), np.float32)
    WRITERS["weights.safetensors"](tmp_path / "weights.safetensors", table)
    report = import_weights(network, tmp_path / "weights.safetensors")
    assert report.skipped == (("decoder.center.0.0",) if arch == "unetplusplus" else ())
    assert_holds(given.values(), weights)


def test_other_classes_and_channels_will_do_if_told_so(tmp_path):
    path = tmp_path / "weights.safetensors"
    weights = written(path, blank("fpn"))
    other = blank("fpn", classes=5, in_channels=1)
    before = random_state(other)
    with pytest.raises(SeqcnnError, match=r"'encoder.conv1' has a kernel of \(7, 7, 3, 4\)"):
        import_weights(other, path)
    jax.tree.map(np.testing.assert_array_equal, before, random_state(other))
    report = import_weights(other, path, partial=True)
    assert report.adapted == ("encoder.conv1",) and report.kept == ("segmentation_head.0",)
    assert_holds(list(named_layers(other).values())[1:-1], weights[1:-1])
    assert not np.asarray(other.head.kernel[...]).any()


def test_a_classifier_fills_the_encoder_alone(tmp_path):
    network, path = blank("fpn"), tmp_path / "weights.safetensors"
    layers = [*weighted_layers(network.encoder)]
    weights = [*drawn(layers), {"kernel": np.ones((10, 7)), "bias": np.ones(7)}]
    WRITERS[path.name](path, to_torch(TORCH_NAMES, weights))
    with pytest.raises(SeqcnnError, match="weights of a classifier go into `encoder` alone"):
        import_weights(network, path)
    assert import_weights(network.encoder, path).skipped == ("fc",)
    assert_holds(layers, weights[:-1])
    assert not np.asarray(network.head.kernel[...]).any()


def test_a_second_output_is_left_out(tmp_path):
    network, path = blank("linknet"), tmp_path / "weights.safetensors"
    layers = named_layers(network)
    table = to_torch(layers, drawn(layers.values()))
    table["classification_head.3.weight"] = np.ones((2, 10), np.float32)
    WRITERS[path.name](path, {f"module.{name}": value for name, value in table.items()})
    assert import_weights(network, path).skipped == ("classification_head.3",)


def efficientnet(*blocks):
    return {f"encoder.{name}.weight": np.ones(1, np.float32) for name in ("_conv_stem", *blocks)}


B0 = efficientnet(*(f"_blocks.{i}._bn1" for i in range(16)))
B1 = efficientnet(*(f"_blocks.{i}._bn1" for i in range(23)))
TIMM = {"encoder.conv_stem.weight": np.ones(1)}
SAME = {"same": True, "eps": 1e-3, "depth": 0.1}
REFUSED = [
    ("unet", "efficientnetb0", SAME, B0, "'same': True, 'eps': 0.001, 'early': True}"),
    ("unet", "efficientnetb1", {"depth": 0.1}, B1, "EfficientNet-B1 to B7 pad there"),
    ("unet", "efficientnetb0", {"depth": 0.1, "early": True}, TIMM, "build without `early`"),
    ("unet", "mobilenet", {}, B1, "no weights of segmenters fit MobileNet: they are known for"),
    ("transposed", "resnet18", {}, B1, "no weights of others fit the decoder 'transposed'"),
    ("unet", "resnet18", {}, {"conv1.weight": np.ones(1)}, "'conv1.weight' begins with none of"),
    ("unet", "resnet18", {}, {"decoder.blocks.0.attention1.0.weight": np.ones(1)},
     "layer 'blocks.0.attention1.0' is none of this network"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("arch", "backbone", "encoder", "table", "said"), REFUSED, ids=[row[-1] for row in REFUSED]
)
def test_what_does_not_fit_is_named(arch, backbone, encoder, table, said, tmp_path):
    network = nnx.eval_shape(lambda: create_segmenter(arch, backbone, encoder=encoder))
    path = tmp_path / "weights.safetensors"
    WRITERS[path.name](path, {name: value.astype(np.float32) for name, value in table.items()})
    with pytest.raises(SeqcnnError) as caught:
        import_weights(network, path)
    assert said in str(caught.value) and path.name in str(caught.value)


def test_networks_that_are_padded_there_are_refused():
    xception = type("Xception", (), {})()
    with pytest.raises(SeqcnnError, match="Xception pads its first convolutions there"):
        segmenter_layers({}, SimpleNamespace(encoder=xception))


def test_early_maps_move_two_blocks():
    nets = [
        nnx.eval_shape(lambda early=early: seqcnn.create("efficientnetb0", early=early))
        for early in (False, True)
    ]
    depths = [[len(stage.layers[0].layers) for stage in net.stages[1:]] for net in nets]
    assert depths == [[3, 2, 6, 5], [3, 2, 4, 7]]
    one, other = ([kernel_shape(layer) for layer in weighted_layers(net)] for net in nets)
    assert one == other


def kernel_shape(layer):
    return getattr(layer, "kernel" if hasattr(layer, "kernel") else "scale").shape
