"""Weights that others have trained, brought into networks of ours.

Layers with weights come in one order, in the reference and here (`weighted_layers`). In a file they
may come in any, so `ORDERS` says how the names of a family are sorted into that order; shapes are
checked layer by layer.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy
from flax import nnx
from safetensors import SafetensorError

from seqcnn.errors import SeqcnnError
from seqcnn.networks import keras_files
from seqcnn.networks.classify.parts import StagedNetwork
from seqcnn.networks.segment.backbones import ENDS, BackboneSegmenter
from seqcnn.networks.segment_files import MADE as MADE_IN_DECODERS
from seqcnn.networks.segment_files import segmenter_layers
from seqcnn.networks.torch_files import read_torch
from seqcnn.networks.torch_layers import ORDERS, Tensors, layers_of
from seqcnn.nn.conv import Conv
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.layers import Dense
from seqcnn.nn.norm import BatchNorm, GroupNorm

WEIGHTED = (Conv, ConvTranspose, Dense, BatchNorm, GroupNorm)
"""Layers that hold weights."""

MADE = {
    part: number
    for number, part in enumerate(
        "first second conv hidden stages cells layers layer branches ahead branch shortcut adjust "
        "squeeze excite left right left1 right1 left2 right2 right3 left4 left5 norm last dense "
        "head output extra".split()
    )
}
"""Places of the parts of our modules, by attribute."""

MAP = 49
"""Positions of the map that VGG flattens."""


@dataclass(frozen=True)
class ImportReport:
    """What came of an import.

    Parameters
    ----------
    loaded
        Numbers that were taken over.
    adapted
        Layers whose weights were fitted to other input channels, by name.
    kept
        Layers that keep their random start since their shape is another one or the file ends
        before them, by name.
    skipped
        Layers of the file that ours has no need of: those that only scale pixels, which the door
        of a network does here; those of a segmenter that no mask comes through; and those behind
        the last map, for an encoder.
    """

    loaded: int
    adapted: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def import_weights(network: nnx.Module, path: str | Path, *, partial: bool = False) -> ImportReport:
    """Fill a network with the weights of a torchvision, timm, Keras or segmentation model.

    Parameters
    ----------
    network
        Of the zoo, of the variant that the weights belong to; or a segmenter of `create_segmenter`
        with a decoder of segmentation_models.pytorch, or its `encoder` alone, for the weights of a
        classifier. A `seqcnn.networks.doors.Pixels` around it will do.
    path
        ``.safetensors``; a PyTorch file (``.pth``, ``.pt``, ``.bin``), from which nothing is run;
        or a Keras file (``.h5``, ``.weights.h5``, ``.keras``), which needs h5py.
    partial
        Whether a first convolution with other input channels and a last layer with other outputs
        will do: the former is fitted (`fitted_channels`), the latter keeps its start, as do dense
        layers at the end that the file lacks.

    Returns
    -------
    ImportReport
        What was taken over, and what was not.

    Raises
    ------
    SeqcnnError
        The file cannot be read, or its layers are not those of the network, which then stays as
        it was.
    """
    path = Path(path)
    network = getattr(network, "network", network)
    kind, own = type(network).__name__, list(_own_layers(network))
    given, skipped = _layers_in(path, network)
    if isinstance(network, StagedNetwork) and not any(end in vars(network) for end in ENDS):
        skipped += tuple(name for name, _ in given[len(own) :])
        given = given[: len(own)]
    missing = own[len(given) :] if partial else []
    ends = len(given) == len(own) or (missing and all(isinstance(x, Dense) for x in missing))
    if not ends:
        raise SeqcnnError(
            f"it has {len(given)} layers with weights, {kind} has {len(own)}: name the same "
            f"network and variant",
            path=path,
        )
    plans, adapted, kept = _plan(own, given, path, partial=partial)
    kept += [f"dense layer {number + 1} of {len(own)}" for number in range(len(given), len(own))]
    loaded = 0
    for layer, values in plans:  # only now, so that an error leaves the network as it was
        for attribute, value in values.items():
            getattr(layer, attribute)[...] = np.ascontiguousarray(value, np.float32)
            loaded += value.size
    return ImportReport(loaded, tuple(adapted), tuple(kept), skipped)


def _own_layers(network: Any) -> Iterator[Any]:
    """Walk the layers of a network, or those of a segmenter part by part."""
    if not isinstance(network, BackboneSegmenter):
        yield from weighted_layers(network)
        return
    yield from weighted_layers(network.encoder)
    yield from weighted_layers(network.decoder, MADE_IN_DECODERS)
    yield network.head


def _layers_in(path: Path, network: Any) -> tuple[list[tuple[str, Tensors]], tuple[str, ...]]:
    """Read a file's layers in our order, and what was left out; PyTorch's keep their layout."""
    kind = type(network).__name__
    if path.suffix in keras_files.ENDINGS:
        return keras_files.keras_layers(path, kind)
    whole = isinstance(network, BackboneSegmenter)
    if kind not in ORDERS and not whole:
        raise SeqcnnError(
            f"no weights of others fit {kind}: they are known for {', '.join(sorted(ORDERS))}",
            path=path,
        )
    try:
        tensors = read_tensors(path)
        if whole:
            return segmenter_layers(tensors, network)
        return layers_of(tensors, ORDERS[kind]), ()
    except SeqcnnError as error:
        raise error if error.path else SeqcnnError(str(error), path=path) from error


def _plan(
    own: Sequence[Any],
    given: Sequence[tuple[str, Tensors]],
    path: Path,
    *,
    partial: bool,
) -> tuple[list[tuple[Any, Tensors]], list[str], list[str]]:
    """Pair layers with weights; name those that are adapted, and those that keep their start."""
    plans, adapted, kept = [], [], []
    first = next((layer for layer in own if isinstance(layer, Conv)), None)
    convert = keras_layout if path.suffix in keras_files.ENDINGS else converted
    channels = 0
    for layer, (name, tensors) in zip(own, given, strict=False):
        try:
            values = convert(layer, tensors, channels)
        except (KeyError, ValueError) as error:
            raise SeqcnnError(f"layer {name!r} is of another kind here", path=path) from error
        if isinstance(layer, Conv):
            channels = values["kernel"].shape[-1]
        misfit = _misfit(layer, values)
        if misfit and partial and layer is first:
            values["kernel"] = fitted_channels(values["kernel"], layer.kernel.shape[-2])
            misfit = _misfit(layer, values)
            adapted.append(name)
        if misfit and partial and layer is own[-1] and _same_inputs(layer, values):
            kept.append(name)
            continue
        if misfit:
            raise SeqcnnError(f"layer {name!r} {misfit}", path=path)
        plans.append((layer, values))
    return plans, adapted, kept


def _same_inputs(layer: Any, values: Mapping[str, np.ndarray]) -> bool:
    """Tell whether a last layer differs in its outputs only."""
    return values["kernel"].shape[:-1] == tuple(layer.kernel.shape)[:-1]


def read_tensors(path: Path) -> dict[str, np.ndarray]:
    """Read a file of tensors, by its ending.

    Raises
    ------
    SeqcnnError
        It cannot be read.
    """
    if path.suffix != ".safetensors":
        return read_torch(path)
    try:
        return safetensors.numpy.load_file(path)
    except OSError as error:
        raise SeqcnnError(f"cannot be read: {error.strerror or error}", path=path) from error
    except SafetensorError as error:
        raise SeqcnnError(f"no safetensors file: {error}", path=path) from error


def converted(
    layer: nnx.Module, tensors: Mapping[str, np.ndarray], channels: int
) -> dict[str, np.ndarray]:
    """Bring the tensors of a PyTorch layer into the layout of ours.

    Parameters
    ----------
    layer
        Ours.
    tensors
        ``weight``, ``bias``, ``running_mean``, ``running_var``.
    channels
        Of the convolution before it: a matrix behind a map that was flattened has the channels
        first there, and last here.

    Returns
    -------
    dict of str to numpy.ndarray
        By attribute of our layer.
    """
    if isinstance(layer, BatchNorm | GroupNorm):
        names = {
            "weight": "scale", "bias": "bias", "running_mean": "mean", "running_var": "variance",
        }  # fmt: skip
        return {names[name]: tensor for name, tensor in tensors.items() if name in names}
    weight = tensors["weight"]
    if isinstance(layer, Dense):
        flat = weight.reshape(weight.shape[0], -1)
        if channels and flat.shape[1] == MAP * channels:
            flat = flat.reshape(len(flat), channels, -1).swapaxes(1, 2).reshape(len(flat), -1)
        weight = flat.T
    else:
        weight = np.moveaxis(weight, (0, 1), (-1, -2))
    return {"kernel": weight} | ({"bias": tensors["bias"]} if "bias" in tensors else {})


def keras_layout(layer: nnx.Module, values: Tensors, channels: int) -> Tensors:
    """Bring the weights of a Keras layer into the layout of ours; arguments as in `converted`.

    Some 1x1 convolutions are dense layers here, and depthwise kernels (*window, channels, 1) are
    those of as many groups: (*window, 1, channels).
    """
    kernel = values.get("kernel")
    if kernel is None:
        return values
    if isinstance(layer, Dense):
        kernel = kernel.reshape(-1, kernel.shape[-1])
    elif isinstance(layer, Conv) and 1 < layer.groups == kernel.shape[-2]:
        kernel = kernel.reshape(*kernel.shape[:-2], 1, -1)
    return values | {"kernel": kernel}


def fitted_channels(kernel: np.ndarray, channels: int) -> np.ndarray:
    """Fit a first kernel to other input channels.

    Parameters
    ----------
    kernel
        float (*window, before, after).
    channels
        How many there are now.

    Returns
    -------
    numpy.ndarray
        float (*window, channels, after): the sum for one channel, as a grey picture in all three
        would give; else the mean for each, scaled so that equal inputs give what they gave.
    """
    total = kernel.sum(axis=-2, keepdims=True)
    return np.repeat(total / channels, channels, axis=-2)


def _misfit(layer: Any, values: Mapping[str, np.ndarray]) -> str:
    """Say what does not fit; empty if all does."""
    own = {
        name: tuple(variable.shape)
        for name in ("kernel", "bias", "scale", "mean", "variance")
        if (variable := getattr(layer, name, None)) is not None
    }
    given = {name: tuple(value.shape) for name, value in values.items()}
    for name in sorted(own.keys() | given.keys()):
        if own.get(name) != given.get(name):
            return f"has a {name} of {given.get(name)}, the network takes {own.get(name)}"
    return ""


def weighted_layers(module: Any, made: Mapping[str, int] = MADE) -> Iterator[Any]:
    """Walk the layers with weights in the order of the reference that each network names.

    It is that of PyTorch's ``modules()`` there, and that in which the parts here were made; `made`
    says it, as flax sorts the parts of a network that was split and merged by their names.
    """
    if isinstance(module, WEIGHTED):
        yield module
    elif isinstance(module, nnx.Module):
        for _, part in sorted(vars(module).items(), key=lambda item: made.get(item[0], len(made))):
            yield from weighted_layers(part, made)
    elif isinstance(module, nnx.List | list | tuple):
        parts: Sequence[Any] = module
        for part in parts:
            yield from weighted_layers(part, made)
