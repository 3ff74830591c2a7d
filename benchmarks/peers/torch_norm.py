"""Normalisations and their gradients in PyTorch."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

VERSION = f"torch {torch.__version__}"


def use_threads(threads: int) -> None:
    """Let PyTorch compute on so many threads."""
    torch.set_num_threads(threads)


def contenders(
    kind: str, x: np.ndarray, scale: np.ndarray, bias: np.ndarray, upstream: np.ndarray
) -> dict[str, dict[str, Callable[[], tuple[np.ndarray, ...]]]]:
    """Build a normalisation and its gradients, in each memory format that PyTorch has for the rank.

    Parameters
    ----------
    kind
        "batch" (in training), "layer", "local" (a window of 5 channels), or "group" and a number.
    x, upstream
        float32 (n, *space, channels).
    scale, bias
        float32 (channels,); not used by "local".

    Returns
    -------
    dict of dict
        By "forward" or "backward" (with the forward pass before) and name: what to call. It returns
        its results, laid out as the arguments are.
    """
    rank = x.ndim - 2
    formats = {"": torch.contiguous_format}
    if kind == "layer":
        formats = {" channels-last": None}
    elif rank == 2:
        formats[" channels-last"] = torch.channels_last
    result = {"forward": {}, "backward": {}}
    for name, layout in formats.items():
        images, errors = (_placed(a, layout) for a in (x, upstream))
        pair = Pair(kind, images, scale, bias, errors, last=layout is None)
        result["forward"]["torch" + name] = pair.forward
        result["backward"]["torch" + name] = pair.backward
    return result


class Pair:
    """One normalisation, to be called forward or both ways."""

    def __init__(
        self,
        kind: str,
        x: torch.Tensor,
        scale: np.ndarray,
        bias: np.ndarray,
        upstream: torch.Tensor,
        *,
        last: bool,
    ) -> None:
        self.kind, self.upstream, self.last = kind, upstream, last
        arrays = [x] if kind == "local" else [x, torch.tensor(scale), torch.tensor(bias)]
        self.leaves = [a.requires_grad_() for a in arrays]

    def normalise(self) -> torch.Tensor:
        """Normalise, whatever is done with the result."""
        if self.kind == "local":
            return functional.local_response_norm(self.leaves[0], 5)
        x, scale, bias = self.leaves
        if self.kind == "layer":
            return functional.layer_norm(x, scale.shape, scale, bias)
        if self.kind == "batch":
            return functional.batch_norm(x, None, None, scale, bias, training=True)
        return functional.group_norm(x, int(self.kind.removeprefix("group ")), scale, bias)

    def forward(self) -> tuple[np.ndarray, ...]:
        """Normalise."""
        with torch.no_grad():
            return (self._given_back(self.normalise()),)

    def backward(self) -> tuple[np.ndarray, ...]:
        """Normalise, and send a gradient back to all arguments."""
        result = self.normalise()
        of_x, *of_weights = torch.autograd.grad(result, self.leaves, self.upstream)
        images = (self._given_back(a.detach()) for a in (result, of_x))
        return *images, *(a.numpy() for a in of_weights)

    def _given_back(self, tensor: torch.Tensor) -> np.ndarray:
        axes = range(tensor.ndim) if self.last else (0, *range(2, tensor.ndim), 1)
        return tensor.permute(*axes).numpy()


def _placed(array: np.ndarray, layout: torch.memory_format | None) -> torch.Tensor:
    if layout is None:
        return torch.tensor(array)
    axes = (0, array.ndim - 1, *range(1, array.ndim - 1))
    return torch.tensor(array.transpose(axes).copy()).contiguous(memory_format=layout)
