"""DeepSHAP and saturation mutagenesis by tangermeme, of networks with the weights of seqcnn's."""

import sys
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from tangermeme.deep_lift_shap import deep_lift_shap
from tangermeme.saturation_mutagenesis import saturation_mutagenesis

# by default `fast` is tried only where scoring would take half a minute without
sys.modules["tangermeme.saturation_mutagenesis"]._FAST_MIN_SECONDS = 0.0

VERSION = f"tangermeme {version('tangermeme')}, torch {torch.__version__}"


class TorchNetwork(torch.nn.Module):
    """A stack of layers, described by plain data.

    Parameters
    ----------
    layers
        Names with arrays or numbers: ``("conv", kernel (width, in, out), bias, dilation)``,
        ``("relu",)``, ``("max_pool", window)``, ``("best",)`` for the maximum over all positions,
        ``("mean",)`` for their mean, ``("flat",)`` (positions before channels, as in seqcnn),
        ``("dense", kernel (in, out), bias)``, or ``("residual", [layers])``.
    """

    def __init__(self, layers: list[tuple[Any, ...]], length: int) -> None:
        super().__init__()
        self.layers = torch.nn.ModuleList([_layer(layer, length) for layer in layers])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, letters, length) to (n, 1)."""
        for layer in self.layers:
            x = layer(x)
        return x


class Residual(torch.nn.Module):
    """What a branch adds."""

    def __init__(self, layers: list[tuple[Any, ...]], length: int) -> None:
        super().__init__()
        self.branch = TorchNetwork(layers, length)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, length) to the same shape."""
        return x + self.branch(x)


class Mean(torch.nn.Module):
    """The mean over the positions."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, length) to (n, channels)."""
        return x.mean(dim=-1)


class Flat(torch.nn.Module):
    """Channels of the first position, then those of the second, and so on."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, length) to (n, length * channels)."""
        return x.transpose(1, 2).flatten(1)


class Best(torch.nn.Module):
    """The maximum over the positions, as a pool over all of them, which has a rule."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.pool = torch.nn.MaxPool1d(length)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (n, channels, length) to (n, channels)."""
        return self.pool(x)[..., 0]


def _layer(layer: tuple[Any, ...], length: int) -> torch.nn.Module:
    name, *rest = layer
    if name == "conv":
        kernel, bias, dilation, same = rest
        width, taken, given = kernel.shape
        pad = dilation * (width - 1) // 2 if same else 0
        made = torch.nn.Conv1d(taken, given, width, dilation=dilation, padding=pad)
        return _filled(made, kernel.transpose(2, 1, 0), bias)
    if name == "dense":
        kernel, bias = rest
        return _filled(torch.nn.Linear(*kernel.shape), kernel.T, bias)
    if name == "residual":
        return Residual(rest[0], length)
    if name == "best":
        return Best(rest[0])
    if name == "max_pool":
        return torch.nn.MaxPool1d(rest[0])
    return {"relu": torch.nn.ReLU, "mean": Mean, "flat": Flat}[name]()


def _filled(layer: Any, kernel: np.ndarray, bias: np.ndarray) -> Any:
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(np.ascontiguousarray(kernel)))
        layer.bias.copy_(torch.tensor(np.array(bias)))
    return layer


def images_of(codes: np.ndarray) -> torch.Tensor:
    """Expand uint8 (..., length) as tangermeme wants it: float32 (..., 4, length)."""
    image = np.eye(4, dtype=np.float32)[codes]
    return torch.tensor(np.ascontiguousarray(np.moveaxis(image, -1, -2)))


def deepshap(
    network: TorchNetwork, images: torch.Tensor, references: torch.Tensor, *, batch: int
) -> np.ndarray:
    """Compute hypothetical contributions, float32 (n, length, 4)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = deep_lift_shap(
            network, images, references=references, batch_size=batch, hypothetical=True,
            device="cpu",
        )  # fmt: skip
    return found.numpy().transpose(0, 2, 1)


def mutants(network: TorchNetwork, images: torch.Tensor, *, batch: int, fast: bool) -> np.ndarray:
    """Score all mutants, less the sequences, float32 (n, length, 4)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before, after = saturation_mutagenesis(
            network, images, batch_size=batch, raw_outputs=True, device="cpu", fast=fast
        )
    found = after[..., 0] - before[:, None, None, 0]
    return found.numpy().transpose(0, 2, 1)
