"""Weights that others have trained, brought into networks of ours."""

from collections.abc import Iterator
from typing import Any

from flax import nnx

from seqcnn.nn.conv import Conv
from seqcnn.nn.layers import Dense
from seqcnn.nn.norm import BatchNorm

WEIGHTED = (Conv, Dense, BatchNorm)
"""Layers that hold weights."""


def weighted_layers(module: Any) -> Iterator[Any]:
    """Walk the layers with weights in the order in which they became part of the network.

    It is the order of PyTorch's ``modules()`` of the reference that each network names, so that
    weights can be brought over one layer after the other.
    """
    if isinstance(module, WEIGHTED):
        yield module
    elif isinstance(module, nnx.Module):
        for part in vars(module).values():
            yield from weighted_layers(part)
    elif isinstance(module, nnx.List | list | tuple):
        for part in module:
            yield from weighted_layers(part)
