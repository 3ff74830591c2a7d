"""Layers of PyTorch's networks by the names of their tensors, in the order of the network.

In a file they may come in any order, so `ORDERS` says how the names of a family are sorted.
"""

import re
from collections.abc import Mapping

import numpy as np

from seqcnn.errors import SeqcnnError

_RESIDUAL = "conv1 bn1 conv2 bn2 conv3 bn3 se_module fc1 fc2 downsample layer fc last_linear"

ORDERS: dict[str, str] = {
    "ResNet": _RESIDUAL,
    "SENet": _RESIDUAL,
    "DenseNet": "conv0 norm0 norm1 conv1 norm2 conv2 denselayer denseblock1 transition1 "
    "denseblock2 transition2 denseblock3 transition3 denseblock4 norm5 norm conv features "
    "classifier",
    "VGG": "features classifier",
    "SqueezeNet": "squeeze expand1x1 expand3x3 features classifier",
    "MobileNet": "conv_stem conv_dw bn1 conv_pw bn2 blocks classifier",
    "MobileNetV2": "conv features classifier",
    "EfficientNet": "fc1 fc2 block features conv_stem conv_dw_alone conv_pw bn1 conv_dw bn1_alone "
    "bn2 se_alone conv_pw_alone bn2_alone se conv_reduce conv_expand conv_pwl bn3 blocks conv_head "
    "classifier _conv_stem _expand_conv _bn0 _blocks _depthwise_conv _conv_head _bn1 _se_reduce "
    "_se_expand _project_conv _bn2 _fc",
    "InceptionV3": "conv bn Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3 Conv2d_3b_1x1 Conv2d_4a_3x3 "
    "Mixed_5b Mixed_5c Mixed_5d Mixed_6a Mixed_6b Mixed_6c Mixed_6d Mixed_6e Mixed_7a Mixed_7b "
    "Mixed_7c branch1x1 branch5x5_ branch3x3 branch3x3_1 branch3x3_2 branch3x3_2a branch3x3_2b "
    "branch3x3dbl_1 branch3x3dbl_2 branch3x3dbl_3 branch3x3dbl_3a branch3x3dbl_3b branch7x7_ "
    "branch7x7dbl_ branch7x7x3_ branch_pool fc",
    "InceptionResNetV2": "conv2d_1a conv2d_2a conv2d_2b conv2d_3b conv2d_4a mixed_5b repeat "
    "mixed_6a repeat_1 mixed_7a repeat_2 block8 conv2d_7b branch conv2d conv bn classif",
    "Xception": "conv1 pointwise bn1 conv2 bn2 block conv3 bn3 conv4 bn4 rep skip skipbn fc",
    "DarkNet53": "stem stages conv_down blocks conv1 conv2 conv bn head fc",
}
"""Words of names in the order of layers, by class; a number behind a word counts up."""

IGNORED = re.compile(r"num_batches_tracked$|^(AuxLogits|aux\d?)\.")
"""Names of what networks without auxiliary outputs do not hold."""

PARALLEL = "module."
"""What PyTorch puts ahead of all names of a network that was trained on several devices."""

Tensors = dict[str, np.ndarray]
"""What a layer of a file holds, by the names there."""


def layers_of(tensors: Mapping[str, np.ndarray], order: str) -> list[tuple[str, Tensors]]:
    """Gather the tensors of each layer, and sort the layers.

    Parameters
    ----------
    tensors
        By dotted name.
    order
        As in `ORDERS`.

    Returns
    -------
    list of tuple
        The name of each layer, and its tensors by the last part of their names.

    Raises
    ------
    SeqcnnError
        A name has a word that `order` does not know.
    """
    layers: dict[str, Tensors] = {}
    for name, tensor in without_parallel(tensors).items():
        if not IGNORED.search(name):
            layer, _, part = name.rpartition(".")
            layers.setdefault(layer, {})[part] = tensor
    words = {word: number for number, word in enumerate(order.split())}
    wide = {_block(name) for name in layers if name.endswith(".conv_pwl")}

    def key(name: str) -> tuple[tuple[int, int], ...]:
        tokens = name.split(".")
        if "conv_pwl" in words and tokens[0] == "blocks" and _block(name) not in wide:
            # the parts of blocks that are not wider inside have the same names in another order
            tokens[3] += "_alone"
        elif "conv_head" in words and name == "bn2":
            tokens = ["conv_head", "bn2"]
        return tuple(_place(token, words, name) for token in tokens)

    return sorted(layers.items(), key=lambda item: key(item[0]))


def without_parallel(tensors: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
    """Take off what PyTorch puts ahead of all names of a network trained on several devices."""
    if not all(name.startswith(PARALLEL) for name in tensors):
        return tensors
    return {name.removeprefix(PARALLEL): tensor for name, tensor in tensors.items()}


def _block(name: str) -> str:
    return ".".join(name.split(".")[:3])


def _place(token: str, words: Mapping[str, int], name: str) -> tuple[int, int]:
    if token.isdigit():
        return -1, int(token)
    if token in words:
        return words[token], 0
    word = token.rstrip("0123456789")
    if word not in words:
        raise SeqcnnError(f"layer {name!r} is none of this network: name the same network")
    return words[word], int(token[len(word) :])
