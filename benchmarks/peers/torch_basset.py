"""The Basset-shaped network and its training step in PyTorch."""

from collections.abc import Sequence

import numpy as np
import torch
from torch.nn import functional

VERSION = f"torch {torch.__version__}"


class TorchStep:
    """Train by Adam on one batch.

    Parameters
    ----------
    convolutions, dense
        Pairs of a kernel, (window, channels_in, channels_out) or (features_in, features_out), and a
        bias: those of the network it is compared with.
    pools
        Window of the max-pool behind each convolution.
    images, targets
        float32 (n, length, letters) and (n, tasks).
    rate
        Learning rate.
    threads
        Threads to compute on.
    """

    def __init__(
        self,
        convolutions: Sequence[tuple[np.ndarray, np.ndarray]],
        dense: Sequence[tuple[np.ndarray, np.ndarray]],
        *,
        pools: Sequence[int],
        images: np.ndarray,
        targets: np.ndarray,
        rate: float,
        threads: int,
    ) -> None:
        torch.set_num_threads(threads)
        channels = convolutions[-1][0].shape[-1]
        # PyTorch flattens channels before positions
        first = dense[0][0].reshape(-1, channels, dense[0][0].shape[-1])
        first = first.transpose(1, 0, 2).reshape(dense[0][0].shape)
        matrices = [(first, dense[0][1]), *dense[1:]]
        self.convolutions = [(_weight(k.transpose(2, 1, 0)), _weight(b)) for k, b in convolutions]
        self.dense = [(_weight(k.T), _weight(b)) for k, b in matrices]
        self.pools = pools
        self.images = torch.tensor(np.ascontiguousarray(images.transpose(0, 2, 1)))
        self.targets = torch.tensor(targets)
        weights = [w for pair in (*self.convolutions, *self.dense) for w in pair]
        self.adam = torch.optim.Adam(weights, lr=rate, fused=True)

    def __call__(self) -> float:
        """Take one step and return the loss before it."""
        x = self.images
        for (kernel, bias), window in zip(self.convolutions, self.pools, strict=True):
            x = functional.max_pool1d(functional.relu(functional.conv1d(x, kernel, bias)), window)
        x = x.flatten(1)
        for kernel, bias in self.dense[:-1]:
            x = functional.relu(functional.linear(x, kernel, bias))
        logits = functional.linear(x, *self.dense[-1])
        loss = functional.binary_cross_entropy_with_logits(logits, self.targets)
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.item()


def _weight(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(np.ascontiguousarray(array), requires_grad=True)
