"""Read the layers of Keras files, in the order in which the networks of ours have theirs.

Keras has three kinds of HDF5 files: whole models and weights of version 2 (``.h5``, also those of
keras.applications and classification_models), weights of version 3 (``.weights.h5``), and these
within a zip (``.keras``). All of them name their layers. `RULES` say how the names of a network are
sorted into the order of ours.
"""

import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from seqcnn.errors import SeqcnnError

ENDINGS = (".h5", ".hdf5", ".keras")
"""Of Keras files."""

PARTS: dict[str, tuple[str, ...]] = {
    "dense": ("kernel", "bias"),
    "depthwise_conv": ("depthwise_kernel", "bias"),
    "separable_conv": ("depthwise_kernel", "pointwise_kernel", "bias"),
    "conv": ("kernel", "bias"),
    "batch_normalization": ("gamma", "beta", "moving_mean", "moving_variance"),
}
"""Weights of a layer by their number in files of version 3, by the beginning of its kind."""

OURS = {
    "kernel": "kernel", "depthwise_kernel": "kernel", "pointwise_kernel": "kernel", "bias": "bias",
    "gamma": "scale", "beta": "bias", "moving_mean": "mean", "moving_variance": "variance",
}  # fmt: skip
"""What we call the weights."""

PREPARATION = ("normalization", "rescaling")
"""Layers ahead of some networks that only scale pixels: here the business of the door."""

UNNAMED = re.compile(
    r"^(conv2d|convolution2d|batch_?normalization)(?:_(\d+))?$"
)  # numbered as they were made, from anywhere


class Names(NamedTuple):
    """How the names of the layers of a network are sorted.

    A name is changed, then cut into words, numbers and single letters. Words are compared by their
    places in `words`, numbers by their values.

    Parameters
    ----------
    words
        All words, in the order of layers.
    changes
        Regular expressions and what to put in their places, one after the other.
    unnamed
        What the layers that Keras has numbered itself are called, in that order.
    """

    words: str
    changes: tuple[tuple[str, str], ...] = ()
    unnamed: tuple[str, ...] = ()


def _numbered(name: str, number: int) -> tuple[str, ...]:
    return tuple(f"{name}_{i}" for i in range(number))


def _blocks(name: str, number: int, units: int) -> tuple[str, ...]:
    return tuple(f"{name}_{i}_unit_{j}" for i in range(1, number + 1) for j in range(units))


RULES: dict[str, tuple[Names, ...]] = {
    "VGG": (Names("block conv fc predictions"),),
    "ResNet": (
        # keras.applications: the way around a block is its number 0, here it comes last
        Names("conv block bn predictions probs fc", ((r"_0_", "_9_"),)),
        # classification_models
        Names(
            "data conv bn stage unit sc last fc",
            ((r"^bn_data$", "data"), (r"^bn1$", "last"), (r"_(bn|conv)(\d)$", r"_\2_\1"),
             (r"_(\d)_bn$", r"_\1_a"), (r"_(\d)_conv$", r"_\1_b")),
        ),
    ),
    "DenseNet": (
        Names(
            "conv block pool bn predictions fc",
            ((r"^pool(\d).bn$", r"conv\1_pool_1"), (r"^pool(\d).conv$", r"conv\1_pool_2")),
        ),
    ),
    "MobileNet": (
        Names(
            "conv bn block dw pw preds",
            ((r"^conv_(dw|pw)_(\d+)", r"block\2_\1"), (r"^conv_preds", "preds")),
        ),
    ),
    "MobileNetV2": (
        Names(
            "conv bn block expand depthwise project last predictions logits",
            ((r"^bn_Conv1$", "conv1_bn"), (r"^expanded_conv_", "block_0_"), (r"^Conv_1", "last")),
        ),
    ),
    "Xception": (
        Names(
            "block conv sepconv around bn predictions",
            unnamed=tuple(f"block{number}_around" for number in (2, 3, 4, 13)),
        ),
    ),
    "InceptionV3": (Names("unit conv bn predictions", unnamed=_numbered("unit", 94)),),
    "InceptionResNetV2": (
        Names(
            "stem first before second between third unit up last conv bn predictions",
            (
                (r"^block35_(\d+)_", r"first_\1_up_"), (r"^block17_(\d+)_", r"second_\1_up_"),
                (r"^block8_(\d+)_", r"third_\1_up_"), (r"^conv_7b", "last"),
            ),
            (
                *_numbered("stem", 12), *_blocks("first", 10, 6), *_numbered("before", 4),
                *_blocks("second", 20, 4), *_numbered("between", 7), *_blocks("third", 10, 4),
            ),
        ),
    ),
    "NASNet": (
        Names(
            "stem stemcell cell adjust normal reduction part left right conv projection bn "
            "halves predictions",
            (
                (r"^stem_(conv|bn)1$", r"stem_\1"),
                (r"^(.+)_stem_(\d)$", r"stemcell\2_\1"),
                # a cell that halves the extents may have the number of the one before it
                (r"^(.+)_reduce_(\d+)$", r"cell\2_halves_\1"),
                (r"^(?!stem|cell)(.+)_(\d+)$", r"cell\2_\1"),
                (
                    r"separable_conv_(\d)(_bn)?_(?:normal|reduction)_(left|right)(\d)",
                    r"part\4_\3_\1\2",
                ),
            ),
        ),
    ),
    "EfficientNet": (
        Names(
            "stem block expand dwconv bn se reduce widen project top conv predictions",
            (
                (r"se_expand$", "se_widen"), (r"_bn$", "_conv_bn"),
                (r"^(block\d+.)_conv_bn$", r"\1_bn"),
            ),
        ),
    ),
}  # fmt: skip
"""By class: the rules that its files may follow."""

Values = dict[str, np.ndarray]
"""Weights of a layer by name."""


def keras_layers(path: Path, kind: str) -> tuple[list[tuple[str, Values]], tuple[str, ...]]:
    """Read a file, and sort its layers.

    Parameters
    ----------
    path
        Of one of `ENDINGS`.
    kind
        Class of the network, one of `RULES`.

    Returns
    -------
    list of tuple
        The name of each layer with weights, and these; a separable convolution makes two.
    tuple of str
        Layers that were left out, as they only scale pixels.

    Raises
    ------
    SeqcnnError
        h5py is missing, the file cannot be read, or a layer is none of the network.
    """
    if kind not in RULES:
        raise SeqcnnError(
            f"no Keras weights fit {kind}: they are known for {', '.join(sorted(RULES))}", path=path
        )
    layers = read_keras(path)
    skipped = tuple(name for name in layers if name.startswith(PREPARATION))
    kept = {name: parts for name, parts in layers.items() if name not in skipped}
    error: SeqcnnError | None = None
    for rule in RULES[kind]:
        try:
            keys = {name: _key(name, rule) for name in _named(kept, rule)}
        except SeqcnnError as found:
            error = found
            continue
        named = _named(kept, rule)
        return [
            layer
            for changed in sorted(keys, key=keys.__getitem__)
            for layer in _split(*named[changed])
        ], skipped
    raise SeqcnnError(str(error), path=path)


def _named(layers: Mapping[str, Values], rule: Names) -> dict[str, tuple[str, Values]]:
    """Give the layers that Keras has numbered itself the names of the rule."""
    numbered: dict[str, list[tuple[int, str]]] = {"conv": [], "bn": []}
    result = {}
    for name, parts in layers.items():
        found = UNNAMED.match(name)
        if found:
            kind = "conv" if found[1].startswith("conv") else "bn"
            numbered[kind].append((int(found[2] or 0), name))
        else:
            result[name] = name, parts
    for kind, found in numbered.items():
        if len(found) > len(rule.unnamed):
            raise SeqcnnError(
                f"layer {found[0][1]!r} has no name that says where it belongs: name the same "
                f"network"
            )
        for (_, name), place in zip(sorted(found), rule.unnamed, strict=False):
            result[f"{place}_{kind}"] = name, layers[name]
    return result


def _key(name: str, rule: Names) -> tuple[tuple[int, int], ...]:
    words = {word: number for number, word in enumerate(rule.words.split())}
    changed = name
    for pattern, replacement in rule.changes:
        changed = re.sub(pattern, replacement, changed)
    tokens = re.findall(r"[a-z]+|\d+", changed.lower())
    places = []
    for token in tokens:
        if token in words:
            places.append((words[token], 0))
        elif token.isdigit() or len(token) == 1:
            places.append((-1, int(token) if token.isdigit() else ord(token)))
        else:
            raise SeqcnnError(f"layer {name!r} is none of this network: name the same network")
    return tuple(places)


def _split(name: str, parts: Values) -> Iterator[tuple[str, Values]]:
    """Give weights our names; both halves of a separable convolution become layers."""
    parts = dict(parts)
    if "pointwise_kernel" in parts:
        yield name, {"kernel": parts.pop("depthwise_kernel")}
    yield name, {OURS[part]: value for part, value in parts.items()}


def read_keras(path: Path) -> dict[str, Values]:
    """Read the weights of all layers by their names, in Keras's own words and layout.

    Raises
    ------
    SeqcnnError
        h5py is missing, or the file cannot be read.
    """
    try:
        import h5py  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise SeqcnnError(
            "Keras files need h5py, which is not installed: pip install 'seqcnn[hdf5]'", path=path
        ) from error
    try:
        whole = path.read_bytes()
        if path.suffix == ".keras":
            with zipfile.ZipFile(io.BytesIO(whole)) as archive:
                whole = archive.read("model.weights.h5")
        with h5py.File(io.BytesIO(whole), "r") as file:
            root = file.get("model_weights", file)
            found = dict(_version2(root) if _texts(root, "layer_names") else _version3(root, h5py))
    except (OSError, KeyError, ValueError, RuntimeError, zipfile.BadZipFile) as error:
        reason = getattr(error, "strerror", None) or error
        raise SeqcnnError(f"no Keras file that can be read: {reason}", path=path) from error
    if not found:
        raise SeqcnnError("it names no layers with weights: save the whole model", path=path)
    return found


def _texts(group: Any, name: str) -> list[str]:
    """Read texts beside a group; many of them are kept in numbered pieces."""
    pieces = [name]
    if name not in group.attrs:
        numbered = (f"{name}{number}" for number in itertools.count())
        pieces = list(itertools.takewhile(group.attrs.__contains__, numbered))
    texts = (text for piece in pieces for text in group.attrs[piece])
    return [text.decode() if isinstance(text, bytes) else str(text) for text in texts]


def _version2(root: Any) -> Iterator[tuple[str, Values]]:
    for layer in _texts(root, "layer_names"):
        group, parts = root[layer], {}
        for name in _texts(group, "weight_names"):
            part = name.rpartition("/")[2].partition(":")[0]
            parts[part] = np.asarray(group[name])
        if parts:
            yield layer, {part: value for part, value in parts.items() if part in OURS}


def _version3(root: Any, h5py: Any) -> Iterator[tuple[str, Values]]:
    found = []

    def visit(place: str, group: Any) -> None:
        if isinstance(group, h5py.Group) and place.endswith("vars") and len(group):
            found.append((place, group))

    root.visititems(visit)
    for place, group in found:
        kind = place.removesuffix("/vars").rpartition("/")[2]
        values = [np.asarray(group[str(number)]) for number in range(len(group))]
        name = group.attrs.get("name", group.parent.attrs.get("name", kind))
        name = name.decode() if isinstance(name, bytes) else str(name)
        if kind.startswith(PREPARATION):
            yield name, {}
            continue
        parts = next((parts for start, parts in PARTS.items() if kind.startswith(start)), None)
        if parts is None or place.startswith("optimizer"):
            continue
        # normalisations without a factor have three
        parts = parts[1:] if parts[0] == "gamma" and len(values) == 3 else parts
        yield name, dict(zip(parts, values, strict=False))
