"""Networks for pictures and their training step in PyTorch, as a list of layers."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn import functional

VERSION = f"torch {torch.__version__}"

Layer = tuple[Any, ...]
"""A kind, its arrays, and for a convolution groups and padding."""


class TorchEpoch:
    """Train by Adam on batches, one after the other.

    Parameters
    ----------
    layers
        ``("conv", kernel, bias or None, groups, padding)`` with kernels (rows, columns, channels in
        / groups, channels out); ``("norm", scale, shift)``; ``("tanh",)``, ``("relu",)``;
        ``("mean",)`` and ``("max",)`` of blocks of two by two; ``("dense", kernel, bias)``.
    pictures, labels
        float32 (batches, n, height, width, channels), and int (batches, n).
    rate, threads
        Learning rate, and threads to compute on.
    channels_last
        Whether pictures lie in memory with their channels last, which suits some processors.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        *,
        pictures: np.ndarray,
        labels: np.ndarray,
        rate: float,
        threads: int,
        channels_last: bool,
    ) -> None:
        torch.set_num_threads(threads)
        form = torch.channels_last if channels_last else torch.contiguous_format
        moved = np.ascontiguousarray(np.moveaxis(pictures, -1, 2))
        self.batches = [
            (torch.tensor(x).contiguous(memory_format=form), torch.tensor(y).long())
            for x, y in zip(moved, labels, strict=True)
        ]
        self.layers = list(_converted(layers, form))
        weights = [w for kind, *parts in self.layers for w in parts if _learns(w)]
        self.adam = torch.optim.Adam(weights, lr=rate, fused=True)

    def __call__(self) -> float:
        """Take a step on each batch, and return the loss of the last one before it."""
        for x, y in self.batches:
            loss = functional.cross_entropy(self.score(x), y)
            self.adam.zero_grad()
            loss.backward()
            self.adam.step()
        return loss.item()

    def score(self, x: torch.Tensor) -> torch.Tensor:
        """Send pictures through all layers."""
        for kind, *parts in self.layers:
            if kind == "conv":
                kernel, bias, groups, padding = parts
                x = functional.conv2d(x, kernel, bias, groups=groups, padding=padding)
            elif kind == "norm":
                x = functional.batch_norm(x, parts[2], parts[3], *parts[:2], training=True)
            elif kind in ("mean", "max"):
                pool = functional.avg_pool2d if kind == "mean" else functional.max_pool2d
                x = pool(x, 2)
            elif kind == "dense":
                x = functional.linear(x.flatten(1), *parts)
            else:
                x = torch.tanh(x) if kind == "tanh" else functional.relu(x)
        return x


def _converted(layers: Sequence[Layer], form: torch.memory_format) -> Iterator[Layer]:
    channels = 0
    for kind, *parts in layers:
        if kind == "conv":
            kernel = _weight(parts[0].transpose(3, 2, 0, 1)).detach()
            kernel = kernel.contiguous(memory_format=form).requires_grad_()
            channels = len(kernel)
            yield kind, kernel, None if parts[1] is None else _weight(parts[1]), *parts[2:]
        elif kind == "norm":
            moments = torch.zeros(len(parts[0])), torch.ones(len(parts[0]))
            yield kind, *map(_weight, parts), *moments
        elif kind == "dense":
            matrix = parts[0]
            if channels:  # PyTorch flattens channels before positions
                blocks = matrix.reshape(-1, channels, matrix.shape[-1])
                matrix, channels = blocks.transpose(1, 0, 2).reshape(matrix.shape), 0
            yield kind, _weight(matrix.T), _weight(parts[1])
        else:
            yield (kind,)


def _weight(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(array), requires_grad=True)


def _learns(part: Any) -> bool:
    return isinstance(part, torch.Tensor) and part.requires_grad
