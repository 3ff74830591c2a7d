"""The DeepBind-shaped network and its training step in PyTorch."""

from collections.abc import Mapping

import numpy as np
import torch
from torch.nn import functional

VERSION = f"torch {torch.__version__}"


class TorchStep:
    """Train by Adam on one-hot images made beforehand.

    Parameters
    ----------
    weights
        ``kernel`` (width, letters, kernels), ``bias``, ``hidden``, ``hidden_bias``, ``output`` and
        ``output_bias``, matrices as (in, out).
    max_first
        Whether the maximum is taken before bias and ReLU reach it, which saves a pass over the
        activations and gives the same numbers.
    rate
        Learning rate.
    """

    def __init__(self, weights: Mapping[str, np.ndarray], *, max_first: bool, rate: float) -> None:
        turned = dict(weights) | {"kernel": weights["kernel"].transpose(2, 1, 0)}
        self.weights = {
            name: torch.tensor(np.ascontiguousarray(array), requires_grad=True)
            for name, array in turned.items()
        }
        self.max_first = max_first
        self.adam = torch.optim.Adam(list(self.weights.values()), lr=rate)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Score images (n, letters, length)."""
        w = self.weights
        scores = functional.conv1d(images, w["kernel"], w["bias"])
        if self.max_first:
            best = functional.relu(functional.adaptive_max_pool1d(scores, 1)[..., 0])
        else:
            best = functional.relu(scores).amax(dim=2)
        neurons = functional.relu(best @ w["hidden"] + w["hidden_bias"])
        return (neurons @ w["output"] + w["output_bias"])[:, 0]

    def __call__(self, images: torch.Tensor, targets: torch.Tensor) -> float:
        """Take one step and return the loss before it."""
        self.adam.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(self.logits(images), targets)
        loss.backward()
        self.adam.step()
        return loss.item()


def tensors(images: np.ndarray, targets: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Lay out images (n, length, letters) and targets as PyTorch wants them."""
    return torch.tensor(images.transpose(0, 2, 1).copy()), torch.tensor(targets)


def use_threads(threads: int) -> None:
    """Let PyTorch compute on so many threads."""
    torch.set_num_threads(threads)
