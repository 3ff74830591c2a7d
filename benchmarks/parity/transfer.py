"""Weights from PyTorch into a network of ours, layer by layer, and the result of every layer."""

import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
import safetensors.numpy
import torch
from flax import nnx
from torch import nn

from seqcnn.networks.imports import ORDERS, WEIGHTED, import_weights, weighted_layers
from seqcnn.nn.conv import Conv
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.norm import BatchNorm, GroupNorm

LEAVES = WEIGHTED
TORCH_LEAVES = (
    nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.GroupNorm, nn.modules.batchnorm._BatchNorm
)  # fmt: skip


def torch_leaves(module: nn.Module) -> list[nn.Module]:
    """List the layers with weights in the order of their definition."""
    return [part for part in module.modules() if isinstance(part, TORCH_LEAVES)]


def randomise(module: nn.Module, x: np.ndarray, seed: int = 0) -> nn.Module:
    """Draw all weights and running moments so that no layer lets values grow or vanish; predict.

    Kernels follow He's rule (He et al. 2015), biases N(0, 0.1); factors lie between 0.4 and 0.6:
    around 1, each x * sigmoid(x) would enlarge rounding 1.07 times, 0.5 is nearer to a line.
    Running moments are set layer by layer while the network predicts `x`, each from what comes to
    it through the moments set before it (`set_moments`): drawn without regard to the data, they
    let values grow from block to block, until a sigmoid jumps from 0 to 1 by rounding alone.
    """
    rng = torch.Generator().manual_seed(seed)
    handles = []
    for part in torch_leaves(module.eval()):
        weight, bias = getattr(part, "weight", None), getattr(part, "bias", None)
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            handles.append(part.register_forward_pre_hook(partial(set_moments, rng)))
        if weight is not None and weight.ndim > 1:
            weight.data.normal_(0, (2 / _inputs(part)) ** 0.5, generator=rng)
        elif weight is not None:
            weight.data.uniform_(0.4, 0.6, generator=rng)
        if bias is not None:
            bias.data.normal_(0, 0.1, generator=rng)
    with torch.no_grad():
        module(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()))
    for handle in handles:
        handle.remove()
    return module


def _inputs(part: Any) -> float:
    """Count what is summed for a number that a layer gives."""
    if isinstance(part, nn.ConvTranspose2d):
        return part.weight[:, 0].numel() / np.prod(part.stride)
    return part.weight[0].numel()


def set_moments(rng: torch.Generator, part: Any, given: tuple[torch.Tensor, ...]) -> None:
    """Set the running moments of a normalisation from its data, at random.

    The mean of a channel is 0.1 s N(0, 1) and its variance s^2 times 0.75 to 1.25, where s^2 is
    the mean square of all the layer's data. One s for all channels, and means that stay in the
    data: to take out the mean of each and divide by the little that is left enlarges rounding
    1.2 times a layer (Yang et al. 2019, arXiv:1902.08129).
    """
    square = given[0].square().mean()
    part.running_mean.normal_(0, 0.1, generator=rng).mul_(square.sqrt())
    part.running_var.uniform_(0.75, 1.25, generator=rng).mul_(square)


def settle(module: nn.Module, x: np.ndarray, seed: int = 0) -> nn.Module:
    """Draw weights, biases and moments so that each layer gives values of about size 1; predict.

    In one pass over `x`, each convolution is divided by the size of what it gives (root of the mean
    square), and each normalisation has moments of about the size of what it is given. So nothing
    grows or fades from layer to layer, and rounding is all that two programs differ by. Biases and
    means are of size 0.1, lest one that is left out be missed.
    """
    rng = torch.Generator().manual_seed(seed)

    def near(value: float, spread: float, like: torch.Tensor) -> torch.Tensor:
        return value + spread * (2 * torch.rand(len(like), generator=rng) - 1)

    def before(part: Any, given: tuple[torch.Tensor, ...]) -> None:
        if part.weight is not None:
            part.weight.copy_(near(1.0, 0.2, part.weight))
            part.bias.copy_(near(0.0, 0.2, part.bias))
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            size = given[0].square().mean()
            part.running_mean.copy_(near(0.0, 0.2, part.running_mean) * size.sqrt())
            part.running_var.copy_(near(1.0, 0.25, part.running_var) * size)

    def behind(part: Any, _: Any, result: torch.Tensor) -> torch.Tensor:
        if part.bias is not None:
            axis = -1 if isinstance(part, nn.Linear) else 1
            shape = [-1 if number == axis % result.ndim else 1 for number in range(result.ndim)]
            result = result - part.bias.view(shape)
        size = result.square().mean().sqrt()
        part.weight.div_(size)
        if part.bias is None:
            return result / size
        part.bias.copy_(near(0.0, 0.2, part.bias))
        return result / size + part.bias.view(shape)

    norms = (nn.GroupNorm, nn.modules.batchnorm._BatchNorm)
    handles = [
        part.register_forward_pre_hook(before)
        if isinstance(part, norms)
        else part.register_forward_hook(behind)
        for part in torch_leaves(module)
    ]
    module.eval()
    with torch.no_grad():
        module(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()))
    for handle in handles:
        handle.remove()
    return module


def copy(
    ours: Any,
    theirs: nn.Module,
    order: Callable[[nn.Module], list[nn.Module]] = torch_leaves,
    own: Callable[[Any], Iterable[Any]] = weighted_layers,
    *,
    flattened: bool = False,
) -> list[tuple[Any, nn.Module]]:
    """Copy all weights; return the pairs of layers. If `flattened`, dense layers follow a map."""
    pairs = list(zip(own(ours), order(theirs), strict=True))
    last = 0
    for mine, other in pairs:
        tensors = {name: p.detach().numpy() for name, p in other.state_dict().items()}
        if isinstance(mine, BatchNorm):
            _set(mine.scale, tensors.get("weight"))
            _set(mine.bias, tensors.get("bias"))
            _set(mine.mean, tensors["running_mean"])
            _set(mine.variance, tensors["running_var"])
            last = mine.mean.shape[0]
            continue
        if isinstance(mine, GroupNorm):
            _set(mine.scale, tensors["weight"])
            _set(mine.bias, tensors["bias"])
            continue
        weight = tensors["weight"]
        if weight.ndim == 4 and isinstance(mine, Conv | ConvTranspose):
            weight = weight.transpose(2, 3, 1, 0)
            last = weight.shape[-1]
        elif weight.ndim == 4:  # a 1x1 convolution that is a dense layer here
            weight = weight[:, :, 0, 0].T
        else:
            weight = (_after_flattening(weight, last) if flattened else weight).T
            last = weight.shape[1]
        _set(mine.kernel, weight)
        _set(mine.bias, tensors.get("bias"))
    return pairs


def check_import(ours: Any, theirs: nn.Module) -> bool:
    """Raise unless the import of a file with the weights gives what `copy` gave.

    Networks whose names no rule knows are passed over: then False is returned.
    """
    if type(ours).__name__ not in ORDERS:
        return False
    clone = nnx.clone(ours)
    for layer in weighted_layers(clone):
        for name in ("kernel", "bias", "scale", "mean", "variance"):
            if (variable := getattr(layer, name, None)) is not None:
                variable[...] = np.zeros(variable.shape, np.float32)
    table = {name: p.detach().numpy() for name, p in theirs.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.safetensors"
        # in the order of the alphabet, as files may have it
        safetensors.numpy.save_file(
            {n: np.ascontiguousarray(table[n]) for n in sorted(table)}, path
        )
        import_weights(clone, path)
    pairs = zip(weighted_layers(ours), weighted_layers(clone), strict=True)
    for a, b in pairs:
        for name in ("kernel", "bias", "scale", "mean", "variance"):
            if (variable := getattr(a, name, None)) is not None:
                np.testing.assert_array_equal(variable[...], getattr(b, name)[...])
    return True


def _after_flattening(weight: np.ndarray, channels: int) -> np.ndarray:
    """Reorder the columns of a matrix from (channels, y, x) to (y, x, channels)."""
    places = weight.shape[1] // channels
    if places * channels != weight.shape[1] or places == 1:
        return weight
    return weight.reshape(-1, channels, places).transpose(0, 2, 1).reshape(len(weight), -1)


def _set(variable: Any, value: np.ndarray | None) -> None:
    assert (variable is None) == (value is None), (variable, value)
    if variable is not None:
        assert variable.shape == value.shape, (variable.shape, value.shape)
        variable[...] = np.ascontiguousarray(value)


def run_ours(network: Any, x: np.ndarray) -> dict[int, np.ndarray]:
    """Run a network; return the result of each layer by its number, and of all as number -1."""
    numbers = {id(leaf): number for number, leaf in enumerate(weighted_layers(network))}

    def traced(x: jax.Array) -> dict[int, jax.Array]:
        seen: dict[int, jax.Array] = {}
        originals = {kind: kind.__call__ for kind in LEAVES}

        def spy(kind: type) -> Callable[..., jax.Array]:
            def call(self: Any, *args: Any, **kwargs: Any) -> jax.Array:
                result = originals[kind](self, *args, **kwargs)
                seen[numbers[id(self)]] = result
                return result

            return call

        try:
            for kind in LEAVES:
                kind.__call__ = spy(kind)  # type: ignore[method-assign]
            seen[-1] = network(x)
        finally:
            for kind, original in originals.items():
                kind.__call__ = original  # type: ignore[method-assign]
        return seen

    return {number: np.asarray(y) for number, y in jax.jit(traced)(x).items()}


def run_torch(
    network: nn.Module, numbered: list[nn.Module], x: np.ndarray
) -> dict[int, np.ndarray]:
    """Run a PyTorch network; result as of `run_ours`, channels last."""
    seen: dict[int, np.ndarray] = {}

    def hook(number: int) -> Callable[..., None]:
        def keep(_: Any, __: Any, result: torch.Tensor) -> None:
            y = result.detach().numpy()
            seen[number] = y.transpose(0, 2, 3, 1).copy() if y.ndim == 4 else y.copy()

        return keep

    # those of timm that have the activation within give no result that ours has too
    alone = [(n, part) for n, part in enumerate(numbered) if not hasattr(part, "act")]
    handles = [part.register_forward_hook(hook(n)) for n, part in alone]
    with torch.no_grad():
        result = network(torch.from_numpy(x.transpose(0, 3, 1, 2).copy()))
    for handle in handles:
        handle.remove()
    return seen | {-1: result.numpy()}


def torch_logits64(network: nn.Module, x: np.ndarray) -> np.ndarray:
    """Run a PyTorch network in float64; from here on it has float64 weights."""
    with torch.no_grad():
        return network.double()(torch.from_numpy(x.transpose(0, 3, 1, 2).astype(float))).numpy()


def largest_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest difference, relative to the largest value of the reference."""
    return float(np.abs(ours.reshape(theirs.shape) - theirs).max() / np.abs(theirs).max())
