"""Weights of others: files made by hand, without PyTorch and Keras, into small networks."""

import io
import pickle
import re
import struct
import zipfile
from pathlib import Path

import h5py
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from flax import nnx

import seqcnn
from seqcnn.errors import SeqcnnError
from seqcnn.networks.imports import ORDERS, import_weights, layers_of, weighted_layers
from seqcnn.networks.keras_files import RULES, keras_layers, read_keras

BLOCK = ["conv1", "bn1", "conv2", "bn2"]
TORCH_NAMES = [
    "conv1", "bn1",
    *(f"layer1.0.{part}" for part in BLOCK),
    *(f"layer{i}.0.{part}" for i in (2, 3, 4) for part in [*BLOCK, "downsample.0", "downsample.1"]),
    "fc",
]  # fmt: skip
"""Layers of a residual network of torchvision with a block a stage, as they follow each other."""

KERAS_NAMES = [
    "conv1_conv", "conv1_bn",
    *(
        f"conv{i}_block1_{j}_{part}"
        for i in (2, 3, 4, 5) for j in (1, 2, 3, 0) for part in ("conv", "bn")
    ),
    "predictions",
]  # fmt: skip
"""The same in keras.applications; the way around, 0, is a block's last here."""


def blank(name, **options):
    """Make a network of zeros, which is quicker than a random start."""
    made = nnx.eval_shape(lambda: seqcnn.create(name, **options))
    graph, state = nnx.split(made)
    zeros = jax.tree.map(lambda leaf: jnp.asarray(np.zeros(leaf.shape, leaf.dtype)), state)
    return nnx.merge(graph, zeros)


def small(**options):
    given = {"depths": (1, 1, 1, 1), "widths": (4, 6, 8, 10), "classes": 3}
    return blank("resnet18", **{"input_shape": (32, 32, 3), **given, **options})


def small_keras():
    return small(block="bottleneck", variant="keras")


def random_weights(network, seed=0):
    """Give arrays for all layers, in our layout."""
    rng = np.random.default_rng(seed)
    names = ("kernel", "bias", "scale", "mean", "variance")
    return [
        {
            name: rng.normal(size=variable.shape).astype(np.float32)
            for name in names
            if (variable := getattr(layer, name, None)) is not None
        }
        for layer in weighted_layers(network)
    ]


def assert_holds(network, weights, skip=()):
    for number, (layer, values) in enumerate(zip(weighted_layers(network), weights, strict=True)):
        for name, value in values.items():
            if number not in skip:
                np.testing.assert_array_equal(getattr(layer, name)[...], value)


def to_torch(names, weights, seed=0):
    """Name and lay out weights as PyTorch does, in random order."""
    words = {"scale": "weight", "mean": "running_mean", "variance": "running_var", "bias": "bias"}
    table = {}
    for name, values in zip(names, weights, strict=True):
        for word, value in values.items():
            if word == "kernel":
                table[f"{name}.weight"] = np.ascontiguousarray(np.moveaxis(value, (-1, -2), (0, 1)))
            else:
                table[f"{name}.{words[word]}"] = value
        if "mean" in values:
            table[f"{name}.num_batches_tracked"] = np.array([7.0], np.float32)
    order = np.random.default_rng(seed).permutation(list(table))
    return {str(name): table[name] for name in order}


# pickles, opcode by opcode


def text(value):
    return b"X" + struct.pack("<I", len(value.encode())) + value.encode()


def whole(*values):
    parts = (v if isinstance(v, bytes) else b"J" + struct.pack("<i", v) for v in values)
    return b"(" + b"".join(parts) + b"t"


def name_of(module, name):
    return f"c{module}\n{name}\n".encode()


def pickled(table):
    """Pickle a state dict as PyTorch does; each tensor lies in columns first, behind 3 numbers."""
    items, storages = [], {}
    for key, (name, value) in enumerate(table.items()):
        storages[str(key)] = b"\0" * 12 + value.tobytes(order="F")
        kind = name_of("torch", "FloatStorage")
        place = whole(text("storage"), kind, text(str(key)), text("cpu"), value.size + 3) + b"Q"
        strides = np.cumprod((1, *value.shape[:-1])).tolist()
        hooks = name_of("collections", "OrderedDict") + b")R"
        view = whole(place, 3, whole(*value.shape), whole(*strides), b"\x89", hooks)
        items.append(text(name) + name_of("torch._utils", "_rebuild_tensor_v2") + view + b"R")
    return b"\x80\x02}(" + b"".join(items) + b"u.", storages


def write_pth(path, table):
    main, storages = pickled(table)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", main)
        for key, numbers in storages.items():
            archive.writestr(f"archive/data/{key}", numbers)


def write_old_pth(path, table):
    main, storages = pickled(table)
    heads = [pickle.dumps(v, 2) for v in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True})]
    keys = sorted(storages)
    numbers = [struct.pack("<q", len(storages[key]) // 4) + storages[key] for key in keys]
    path.write_bytes(b"".join([*heads, main, pickle.dumps(keys, 2), *numbers]))


WRITERS = {
    "weights.safetensors": lambda path, table: safetensors.numpy.save_file(table, path),
    "weights.pth": write_pth,
    "old.pt": write_old_pth,
}


@pytest.mark.parametrize("name", WRITERS)
def test_weights_of_pytorch_come_over_whatever_their_order(name, tmp_path: Path):
    network = small()
    weights = random_weights(network)
    WRITERS[name](tmp_path / name, to_torch(TORCH_NAMES, weights))
    report = import_weights(network, tmp_path / name)
    assert report.loaded == sum(v.size for values in weights for v in values.values())
    assert report.adapted == report.kept == report.skipped == ()
    assert_holds(network, weights)


@pytest.mark.parametrize("name", WRITERS)
def test_half_a_file_is_refused_and_changes_nothing(name, tmp_path: Path):
    network, path = small(), tmp_path / name
    WRITERS[name](path, to_torch(TORCH_NAMES, random_weights(network)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    before = random_state(network)
    with pytest.raises(SeqcnnError, match=r"no (safetensors )?file"):
        import_weights(network, path)
    assert_same(before, random_state(network))


def random_state(network):
    return jax.tree.map(np.asarray, nnx.to_pure_dict(nnx.state(network)))


def assert_same(before, after):
    jax.tree.map(np.testing.assert_array_equal, before, after)


@pytest.mark.parametrize("old", [False, True])
def test_nothing_in_a_pickle_is_run(old, tmp_path: Path):
    mark, path = tmp_path / "run", tmp_path / "weights.pth"
    evil = b"\x80\x02" + name_of("os", "system") + whole(text(f"touch {mark}")) + b"R."
    if old:
        path.write_bytes(evil)
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("archive/data.pkl", evil)
    with pytest.raises(SeqcnnError, match=r"os\.system, which is no part of a table of tensors"):
        import_weights(small(), path)
    assert not mark.exists()
    pickle.loads(evil)  # it does what it says where it is allowed to
    assert mark.exists()


@pytest.mark.parametrize(
    ("shape", "strides"), [((4, 4), (5, 1)), ((3, 2), (-1, 4)), ((2**20, 2**10), (0, 0))]
)
def test_a_tensor_may_not_reach_out_of_its_storage(shape, strides, tmp_path: Path):
    place = whole(text("storage"), name_of("torch", "FloatStorage"), text("0"), text("cpu"), 16)
    view = whole(place + b"Q", 2, whole(*shape), whole(*strides), b"\x89")
    tensor = name_of("torch._utils", "_rebuild_tensor_v2") + view + b"R"
    with zipfile.ZipFile(tmp_path / "a.pth", "w") as archive:
        archive.writestr("a/data.pkl", b"\x80\x02}(" + text("fc.weight") + tensor + b"u.")
        archive.writestr("a/data/0", bytes(64))
    with pytest.raises(SeqcnnError, match="a tensor lies outside of its storage"):
        import_weights(small(), tmp_path / "a.pth")


def test_another_network_is_refused(tmp_path: Path):
    path = tmp_path / "weights.safetensors"
    WRITERS[path.name](path, to_torch(TORCH_NAMES, random_weights(small())))
    with pytest.raises(
        SeqcnnError, match=r"weights.safetensors: it has 25 layers .* ResNet has 13"
    ):
        import_weights(small(depths=(1, 1), widths=(4, 6)), path)
    vgg = blank("vgg16", input_shape=(32, 32, 3), hidden=4, depths=(1, 1, 1, 1, 1))
    with pytest.raises(
        SeqcnnError, match=r"weights.safetensors: layer '.*' is none of this network"
    ):
        import_weights(vgg, path)
    with pytest.raises(SeqcnnError, match="no weights of others fit LeNet"):
        import_weights(blank("lenet"), path)
    with pytest.raises(SeqcnnError, match="cannot be read: No such file"):
        import_weights(small(), tmp_path / "none.pth")


def test_an_error_at_the_last_layer_leaves_the_network_as_it_was(tmp_path: Path):
    path = tmp_path / "weights.safetensors"
    WRITERS[path.name](path, to_torch(TORCH_NAMES, random_weights(small())))
    network = small(classes=5)
    before = random_state(network)
    message = re.escape("layer 'fc' has a bias of (3,), the network takes (5,)")
    with pytest.raises(SeqcnnError, match=message):
        import_weights(network, path)
    assert_same(before, random_state(network))


@pytest.mark.parametrize("channels", [1, 4])
def test_another_head_and_other_channels_will_do_if_told_so(channels, tmp_path: Path):
    path, weights = tmp_path / "weights.safetensors", random_weights(small())
    WRITERS[path.name](path, to_torch(TORCH_NAMES, weights))
    network = small(input_shape=(32, 32, channels), classes=5)
    start = np.asarray(network.head.dense.kernel[...])
    report = import_weights(network, path, partial=True)
    assert report.adapted == ("conv1",) and report.kept == ("fc",)
    assert_holds(network, weights, skip=(0, 24))
    np.testing.assert_array_equal(network.head.dense.kernel[...], start)
    # equal channels give what the same grey picture gave in three of them
    kernel = next(weighted_layers(network)).kernel[...]
    expected = weights[0]["kernel"].sum(axis=2)
    np.testing.assert_allclose(kernel.sum(axis=2), expected, atol=1e-5)


def test_a_last_layer_with_other_inputs_is_never_kept(tmp_path: Path):
    path, weights = tmp_path / "weights.safetensors", random_weights(small())
    weights[-1]["kernel"] = weights[-1]["kernel"][:7]
    WRITERS[path.name](path, to_torch(TORCH_NAMES, weights))
    with pytest.raises(SeqcnnError, match="layer 'fc' has a kernel of"):
        import_weights(small(), path, partial=True)


def test_names_of_networks_trained_in_parallel_lose_their_beginning(tmp_path: Path):
    path, network = tmp_path / "weights.safetensors", small()
    weights = random_weights(network)
    table = {f"module.{name}": v for name, v in to_torch(TORCH_NAMES, weights).items()}
    WRITERS[path.name](path, table)
    import_weights(network, path)
    assert_holds(network, weights)


def test_a_network_behind_a_door_is_filled_too(tmp_path: Path):
    path, weights = tmp_path / "weights.safetensors", random_weights(small())
    WRITERS[path.name](path, to_torch(TORCH_NAMES, weights))
    door = small(pixels={"mean": (0.5,), "std": (0.2,)})
    import_weights(door, path)
    assert_holds(door.network, weights)


TIMM_EFFICIENTNET = [
    "conv_stem", "bn1", "blocks.0.0.conv_dw", "blocks.0.0.bn1", "blocks.0.0.se.conv_reduce",
    "blocks.0.0.se.conv_expand", "blocks.0.0.conv_pw", "blocks.0.0.bn2", "blocks.1.0.conv_pw",
    "blocks.1.0.bn1", "blocks.1.0.conv_dw", "blocks.1.0.bn2", "blocks.1.0.se.conv_reduce",
    "blocks.1.0.se.conv_expand", "blocks.1.0.conv_pwl", "blocks.1.0.bn3", "blocks.10.0.conv_pw",
    "blocks.10.0.conv_pwl", "conv_head", "bn2", "classifier",
]  # fmt: skip


def test_blocks_that_are_not_wider_inside_have_their_parts_in_another_order():
    table = {f"{name}.weight": np.ones(1) for name in sorted(TIMM_EFFICIENTNET)}
    layers = layers_of(table, ORDERS["EfficientNet"])
    assert [name for name, _ in layers] == TIMM_EFFICIENTNET


# Keras

WORDS = {"scale": "gamma", "mean": "moving_mean", "variance": "moving_variance"}
KERAS_ORDER = ("depthwise_kernel", "kernel", "pointwise_kernel", "gamma", "beta", "bias",
               "moving_mean", "moving_variance")  # fmt: skip


def to_keras(names, weights):
    """Name and order weights as Keras does."""
    table = {}
    for name, values in zip(names, weights, strict=True):
        words = WORDS | ({"bias": "beta"} if "mean" in values else {})
        parts = {words.get(word, word): value for word, value in values.items()}
        table[name] = {part: parts[part] for part in KERAS_ORDER if part in parts}
    return table


def shuffled(table):
    return {str(name): table[name] for name in np.random.default_rng(1).permutation(list(table))}


def write_version2(file, table, *, nested=False):
    """Write a file of Keras 2; a long list of names is kept in two pieces, as there."""
    root = file.create_group("model_weights") if nested else file
    names, half = ["input_1", *shuffled(table)], len(table) // 2
    root.attrs["layer_names0"] = [name.encode() for name in names[:half]]
    root.attrs["layer_names1"] = [name.encode() for name in names[half:]]
    for name in names:
        group, parts = root.create_group(name), table.get(name, {})
        group.attrs["weight_names"] = [f"{name}/{part}:0".encode() for part in parts]
        for part, value in parts.items():
            group[f"{name}/{part}:0"] = value


def kind_of(parts):
    kinds = {
        "pointwise_kernel": "separable_conv2d", "depthwise_kernel": "depthwise_conv2d",
        "beta": "batch_normalization", "kernel": "conv2d", "variance": "normalization",
    }  # fmt: skip
    return next(kind for part, kind in kinds.items() if part in parts)


def write_version3(file, table):
    """Write a file of Keras 3, which numbers layers by their kinds."""
    numbers: dict[str, int] = {}
    for name, parts in shuffled(table).items():
        kind = kind_of(parts)
        numbers[kind] = numbers.get(kind, -1) + 1
        group = file.create_group(f"layers/{kind}_{numbers[kind]}".removesuffix("_0"))
        group.attrs["name"] = name
        for number, value in enumerate(parts.values()):
            group[f"vars/{number}"] = value


def write_keras(path, table):
    memory = io.BytesIO()
    if path.suffix == ".keras":
        with h5py.File(memory, "w") as file:
            write_version3(file, table)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("config.json", "{}")
            archive.writestr("model.weights.h5", memory.getvalue())
        return
    with h5py.File(path, "w") as file:
        if path.name.endswith(".weights.h5"):
            write_version3(file, table)
        else:
            write_version2(file, table, nested=path.name.startswith("model"))


KERAS_FILES = ["old.h5", "model.h5", "new.weights.h5", "new.keras"]


@pytest.mark.parametrize("name", KERAS_FILES)
def test_weights_of_keras_come_over_whatever_their_order(name, tmp_path: Path):
    network = small_keras()
    weights = random_weights(network)
    write_keras(tmp_path / name, to_keras(KERAS_NAMES, weights))
    report = import_weights(network, tmp_path / name)
    assert report.loaded == sum(v.size for values in weights for v in values.values())
    assert_holds(network, weights)


@pytest.mark.parametrize("name", KERAS_FILES)
def test_half_a_keras_file_is_refused(name, tmp_path: Path):
    network, path = small_keras(), tmp_path / name
    write_keras(path, to_keras(KERAS_NAMES, random_weights(network)))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SeqcnnError, match="no Keras file that can be read"):
        import_weights(network, path)


def test_keras_files_need_h5py(tmp_path: Path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(SeqcnnError, match=r"pip install 'seqcnn\[hdf5\]'"):
        import_weights(small_keras(), tmp_path / "a.h5")


def test_a_keras_file_without_its_head_leaves_ours_as_it_starts(tmp_path: Path):
    network, path = small_keras(), tmp_path / "notop.h5"
    weights = random_weights(network)
    write_keras(path, to_keras(KERAS_NAMES[:-1], weights[:-1]))
    with pytest.raises(SeqcnnError, match="it has 34 layers with weights, ResNet has 35"):
        import_weights(network, path)
    assert import_weights(network, path, partial=True).kept == ("dense layer 35 of 35",)
    assert_holds(network, weights, skip=(34,))


def test_layers_of_another_keras_network_are_named(tmp_path: Path):
    path = tmp_path / "a.h5"
    write_keras(path, {"block1_expand": {"kernel": np.ones((3, 3, 3, 4), np.float32)}})
    with pytest.raises(SeqcnnError, match=r"a\.h5: layer 'block1_expand' is none of this network"):
        import_weights(small_keras(), path)
    write_keras(tmp_path / "b.h5", {"conv2d_7": {"kernel": np.ones((3, 3, 3, 4), np.float32)}})
    with pytest.raises(SeqcnnError, match="layer 'conv2d_7' has no name that says where"):
        import_weights(small_keras(), tmp_path / "b.h5")
    with pytest.raises(SeqcnnError, match="no Keras weights fit LeNet"):
        import_weights(blank("lenet"), path)


def test_kernels_of_one_channel_and_1x1_convolutions_are_laid_out_anew(tmp_path: Path):
    options = {"input_shape": (32, 32, 3), "width": 0.25, "classes": 3}
    network = blank("mobilenet", **options)
    weights, names = random_weights(network), [*MOBILENET]
    theirs = [dict(values) for values in weights]
    for name, values in zip(names, theirs, strict=True):
        if name.startswith("conv_dw") and "kernel" in values:
            kernel = values.pop("kernel")
            # files of Keras 3 that look like those of Keras 2 say kernel
            word = "kernel" if name == "conv_dw_1" else "depthwise_kernel"
            values[word] = kernel.reshape(3, 3, kernel.shape[3], 1)
    theirs[-1]["kernel"] = theirs[-1]["kernel"][None, None]
    write_keras(tmp_path / "a.h5", to_keras(names, theirs))
    import_weights(network, tmp_path / "a.h5")
    assert_holds(network, weights)


def with_bn(*names):
    return [part for name in names for part in (name, f"{name}_bn")]


MOBILENET = [
    *with_bn("conv1", *(f"conv_{kind}_{i}" for i in range(1, 14) for kind in ("dw", "pw"))),
    "conv_preds",
]


def cell(kind, number, parts, adjust):
    units = [f"{kind}_conv_1_{number}", f"{kind}_bn_1_{number}"]
    for part in parts.split():
        for i in (1, 2):
            name = f"separable_conv_{i}_{kind}_{part}_{number}"
            units += [name, name, f"separable_conv_{i}_bn_{kind}_{part}_{number}"]
    return [*(f"adjust_{name}_{number}" for name in adjust.split()), *units]


TWO, ONE = "conv_1 conv_2 bn", "conv_projection bn"
NORMAL, REDUCTION = "left1 right1 left2 right2 left5", "left1 right1 right2 right3 left4"


def numbered(*numbers, first=3):
    names = (f"{kind}_{first + i}" for i in numbers for kind in ("conv2d", "batch_normalization"))
    return [*names]


def scaled(kind, number, first, units):
    return [*numbered(*range(first, first + units)), f"{kind}_{number}_conv"]


INCEPTION_RESNET = [
    *numbered(*range(12)),
    *(name for i in range(10) for name in scaled("block35", i + 1, 12 + 6 * i, 6)),
    *numbered(*range(72, 76)),
    *(name for i in range(20) for name in scaled("block17", i + 1, 76 + 4 * i, 4)),
    *numbered(*range(156, 163)),
    *(name for i in range(10) for name in scaled("block8", i + 1, 163 + 4 * i, 4)),
    "conv_7b", "conv_7b_bn", "predictions",
]  # fmt: skip

IN_ORDER = {
    "VGG": ["block1_conv1", "block1_conv2", "block2_conv1", "fc1", "fc2", "predictions"],
    "ResNet": [
        "bn_data", "conv0", "bn0", "stage1_unit1_bn1", "stage1_unit1_conv1", "stage1_unit1_bn2",
        "stage1_unit1_conv2", "stage1_unit1_sc", "stage1_unit2_bn1", "stage1_unit2_conv1",
        "stage1_unit10_bn1", "stage2_unit1_bn1", "bn1", "fc1",
    ],
    "DenseNet": [
        "conv1_conv", "conv1_bn", "conv2_block1_0_bn", "conv2_block1_1_conv", "conv2_block1_1_bn",
        "conv2_block1_2_conv", "conv2_block12_0_bn", "pool2_bn", "pool2_conv", "conv3_block1_0_bn",
        "bn", "predictions",
    ],
    "MobileNet": MOBILENET,
    "MobileNetV2": [
        "Conv1", "bn_Conv1", "expanded_conv_depthwise", "expanded_conv_depthwise_BN",
        "expanded_conv_project", "expanded_conv_project_BN", "block_1_expand", "block_1_expand_BN",
        "block_1_depthwise", "block_1_depthwise_BN", "block_1_project", "block_1_project_BN",
        "block_10_expand", "Conv_1", "Conv_1_bn", "predictions",
    ],
    "Xception": [
        *with_bn("block1_conv1", "block1_conv2"),
        *("block2_sepconv1", "block2_sepconv1", "block2_sepconv1_bn"),
        *("block2_sepconv2", "block2_sepconv2", "block2_sepconv2_bn"),
        "conv2d", "batch_normalization", "block3_sepconv1", "block3_sepconv1", "conv2d_1",
        "batch_normalization_1", "block4_sepconv1", "block4_sepconv1", "conv2d_2",
        "block5_sepconv1", "block5_sepconv1", "block13_sepconv1", "block13_sepconv1", "conv2d_3",
        "block14_sepconv1", "block14_sepconv1", "predictions",
    ],
    "InceptionV3": [*numbered(*range(94)), "predictions"],
    "InceptionResNetV2": INCEPTION_RESNET,
    "NASNet": [
        "stem_conv1", "stem_bn1", *cell("reduction", "stem_1", REDUCTION, ""),
        *cell("reduction", "stem_2", REDUCTION, TWO), *cell("normal", "0", NORMAL, TWO),
        *cell("normal", "3", NORMAL, ONE), *cell("reduction", "reduce_4", REDUCTION, ONE),
        *cell("normal", "5", NORMAL, TWO), *cell("normal", "8", NORMAL, ONE),
        *cell("reduction", "reduce_8", REDUCTION, ONE), *cell("normal", "12", NORMAL, ONE),
        "predictions",
    ],
    "EfficientNet": [
        "stem_conv", "stem_bn", "block1a_dwconv", "block1a_bn", "block1a_se_reduce",
        "block1a_se_expand", "block1a_project_conv", "block1a_project_bn", "block2a_expand_conv",
        "block2a_expand_bn", "block2a_dwconv", "block2a_bn", "block2a_se_reduce",
        "block2a_se_expand", "block2a_project_conv", "block2a_project_bn", "block2b_expand_conv",
        "top_conv", "top_bn", "predictions",
    ],
}  # fmt: skip
"""Layers of Keras networks, some left out, in the order in which ours have theirs."""


def parts_of(name):
    one = np.ones((1, 1, 1, 1), np.float32)
    if "bn" in name.lower() or name.startswith("batch"):
        return {"beta": one, "moving_mean": one, "moving_variance": one}
    if "sepconv" in name or name.startswith("separable"):
        return {"depthwise_kernel": one, "pointwise_kernel": one}
    return {"depthwise_kernel" if "dw" in name or "depthwise" in name else "kernel": one}


@pytest.mark.parametrize("name", ["a.h5", "a.weights.h5"])
@pytest.mark.parametrize("kind", IN_ORDER)
def test_layers_of_keras_are_sorted_into_our_order(kind, name, tmp_path: Path):
    table = {layer: parts_of(layer) for layer in IN_ORDER[kind]}
    if kind == "EfficientNet":
        table["normalization"] = {"mean": np.zeros(3), "variance": np.ones(3)}
    write_keras(tmp_path / name, table)
    layers, skipped = keras_layers(tmp_path / name, kind)
    assert [layer for layer, _ in layers] == IN_ORDER[kind]
    assert skipped == (("normalization",) if kind == "EfficientNet" else ())
    kinds = {"kernel"}, {"bias", "mean", "variance"}
    assert all(values.keys() in kinds for _, values in layers)


def test_every_rule_has_an_example():
    assert IN_ORDER.keys() == RULES.keys()


def test_a_keras_file_without_names_is_refused(tmp_path: Path):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["numbers"] = np.ones(3)
    with pytest.raises(SeqcnnError, match="it names no layers with weights"):
        read_keras(tmp_path / "a.h5")
