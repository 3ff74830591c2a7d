"""Convolutions and their gradients in PyTorch."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

VERSION = f"torch {torch.__version__}"


def use_threads(threads: int) -> None:
    """Let PyTorch compute on so many threads."""
    torch.set_num_threads(threads)


def contenders(
    x: np.ndarray, kernel: np.ndarray, upstream: np.ndarray, **options: int
) -> dict[str, dict[str, Callable[[], tuple[np.ndarray, ...]]]]:
    """Build the convolution and its gradients, in each memory format that PyTorch has for the rank.

    Parameters
    ----------
    x, kernel, upstream
        float32 (n, *space, channels_in), (*window, channels_in / groups, channels_out) and
        (n, *positions, channels_out).
    options
        stride, padding, dilation and groups.

    Returns
    -------
    dict of dict
        By "forward" or "backward" (with the forward pass before) and name: what to call. It
        returns its results, laid out as the arguments are.
    """
    rank = x.ndim - 2
    formats = {"": torch.contiguous_format}
    if rank == 2:
        formats[" channels-last"] = torch.channels_last
    elif rank == 3:
        formats[" channels-last"] = torch.channels_last_3d
    result = {"forward": {}, "backward": {}}
    for name, layout in formats.items():
        images, errors = (_channels_first(a, layout) for a in (x, upstream))
        axes = (rank + 1, rank, *range(rank))
        weight = torch.tensor(kernel.transpose(axes).copy()).contiguous(memory_format=layout)
        pair = Pair(images, weight, errors, **options)
        result["forward"]["torch" + name] = pair.forward
        result["backward"]["torch" + name] = pair.backward
    return result


class Pair:
    """One convolution, to be called forward or both ways."""

    def __init__(
        self, x: torch.Tensor, weight: torch.Tensor, upstream: torch.Tensor, **options: int
    ) -> None:
        self.convolve = getattr(functional, f"conv{x.ndim - 2}d")
        self.x, self.weight, self.upstream, self.options = x, weight, upstream, options
        self.leaves = [a.clone(memory_format=torch.preserve_format) for a in (x, weight)]
        for leaf in self.leaves:
            leaf.requires_grad_()

    def forward(self) -> tuple[np.ndarray, ...]:
        """Convolve."""
        with torch.no_grad():
            result = self.convolve(self.x, self.weight, **self.options)
        return (_channels_last(result),)

    def backward(self) -> tuple[np.ndarray, ...]:
        """Convolve, and send a gradient back to both arguments."""
        result = self.convolve(*self.leaves, **self.options)
        of_x, of_weight = torch.autograd.grad(result, self.leaves, self.upstream)
        axes = (*range(2, of_weight.ndim), 1, 0)
        return (
            _channels_last(result.detach()),
            _channels_last(of_x),
            of_weight.permute(axes).numpy(),
        )


def _channels_first(array: np.ndarray, layout: torch.memory_format) -> torch.Tensor:
    axes = (0, array.ndim - 1, *range(1, array.ndim - 1))
    return torch.tensor(array.transpose(axes).copy()).contiguous(memory_format=layout)


def _channels_last(tensor: torch.Tensor) -> np.ndarray:
    return tensor.permute(0, *range(2, tensor.ndim), 1).numpy()
