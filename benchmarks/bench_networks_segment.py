"""U-Net and SegNet against short references in PyTorch: same random weights, same outputs.

Needs PyTorch, see `peers/requirements.txt`::

    python benchmarks/bench_networks_segment.py

Differences are relative to the largest output. Where two values of a window of SegNet are equal to
rounding, either may win, and one value then stands a pixel further: in float32 the largest
difference can be large while the median is not; in float64 both are nil.
"""

import itertools
from typing import Any

import jax
import numpy as np
import torch
from flax import nnx
from torch import nn
from torch.nn import functional

from seqcnn.networks.zoo import create


class TorchUNet(nn.Module):
    """The network of Ronneberger et al. 2015: valid convolutions, cropped skip connections."""

    def __init__(self, channels: tuple[int, ...], classes: int) -> None:
        super().__init__()

        def stage(before: int, after: int) -> nn.Sequential:
            first, second = nn.Conv2d(before, after, 3), nn.Conv2d(after, after, 3)
            return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())

        pairs = list(zip((1, *channels[:-1]), channels, strict=True))
        self.down = nn.ModuleList(stage(*pair) for pair in pairs)
        back = pairs[:0:-1]
        self.steps = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in back)
        self.up = nn.ModuleList(stage(2 * a, a) for a, _ in back)
        self.head = nn.Conv2d(channels[0], classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score `x` (n, 1, h, w)."""
        maps = []
        for stage in self.down:
            x = stage(functional.max_pool2d(x, 2) if maps else x)
            maps.append(x)
        for step, stage, beside in zip(self.steps, self.up, maps[-2::-1], strict=True):
            x = step(x)
            margin = (beside.shape[-1] - x.shape[-1]) // 2
            x = stage(torch.cat([functional.pad(beside, [-margin] * 4), x], dim=1))
        return self.head(x)


class TorchSegNet(nn.Module):
    """The network of Badrinarayanan et al. 2017, by PyTorch's own max-unpooling."""

    def __init__(self, channels: tuple[int, ...], depths: tuple[int, ...], classes: int) -> None:
        super().__init__()

        def stage(widths: list[int]) -> nn.Sequential:
            layers: list[nn.Module] = []
            for before, after in itertools.pairwise(widths):
                conv = nn.Conv2d(before, after, 3, padding=1)
                layers += [conv, nn.BatchNorm2d(after), nn.ReLU()]
            return nn.Sequential(*layers)

        levels = list(zip((3, *channels[:-1]), channels, depths, strict=True))
        self.down = nn.ModuleList(stage([before] + [w] * d) for before, w, d in levels)
        after = [[w] * d + [before] for before, w, d in levels]
        after[0].pop()
        self.up = nn.ModuleList(stage(widths) for widths in after[::-1])
        self.head = nn.Conv2d(channels[0], classes, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Score `x` (n, 3, h, w)."""
        places = []
        for stage in self.down:
            x, found = functional.max_pool2d(stage(x), 2, return_indices=True)
            places.append(found)
        for stage in self.up:
            x = stage(functional.max_unpool2d(x, places.pop(), 2))
        return self.head(x)


def copy(ours: nnx.Module, theirs: nn.Module) -> None:
    """Copy weights from PyTorch, layer by layer in the order of their definition."""
    weights = dict(nnx.to_flat_state(nnx.state(ours)))
    # the kernel of a transposed convolution is (in, out, h, w) there and (h, w, out, in) here
    kinds = (nn.Conv2d, nn.ConvTranspose2d, nn.BatchNorm2d)
    layers = [part for part in theirs.modules() if isinstance(part, kinds)]
    homes: dict[tuple[Any, ...], dict[Any, Any]] = {}
    for path, weight in weights.items():
        homes.setdefault(path[:-1], {})[path[-1]] = weight
    order = sorted(homes, key=lambda path: _place(ours, path))
    assert len(order) == len(layers), (len(order), len(layers))
    for path, layer in zip(order, layers, strict=True):
        own, names = homes[path], {"bias": layer.bias}
        if isinstance(layer, nn.BatchNorm2d):
            moments = {"mean": layer.running_mean, "variance": layer.running_var}
            names |= {"scale": layer.weight, **moments}
        else:
            names["kernel"] = layer.weight.permute(2, 3, 1, 0)
        for name, tensor in names.items():
            assert own[name].shape == tuple(tensor.shape), (path, name)
            own[name][...] = jax.numpy.asarray(tensor.detach().numpy())


def _place(network: nnx.Module, path: tuple[Any, ...]) -> tuple[int, ...]:
    """Find where a layer stands among the attributes of those around it."""
    place, at = [], network
    for step in path:
        place.append(step if isinstance(step, int) else list(vars(at)).index(step))
        at = at[step] if isinstance(step, int) else getattr(at, step)  # type: ignore[index]
    return tuple(place)


def compare(name: str, ours: nnx.Module, theirs: nn.Module, x: np.ndarray) -> None:
    """Print numbers of weights, and differences of the outputs; a row of the table."""
    torch.manual_seed(0)
    for part in theirs.modules():
        if isinstance(part, nn.BatchNorm2d):
            nn.init.normal_(part.running_mean, std=0.2)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
            nn.init.uniform_(part.weight, 0.5, 1.5)
        elif isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(part.weight)
    copy(ours, theirs)
    count = sum(weight.size for weight in jax.tree.leaves(nnx.state(ours, nnx.Param)))
    same = count == sum(weight.numel() for weight in theirs.parameters())
    row = [name, f"{count:,}", str(same)]
    for dtype in (np.float32, np.float64):
        nnx.update(ours, jax.tree.map(lambda a, d=dtype: a.astype(d), nnx.state(ours)))
        theirs = theirs.eval().to(torch.float32 if dtype is np.float32 else torch.float64)
        difference = _difference(ours, theirs, x.astype(dtype))
        row += [f"{np.median(difference):.1e}", f"{difference.max():.1e}"]
    print(f"| {' | '.join(row)} |", flush=True)


def _difference(ours: nnx.Module, theirs: nn.Module, x: np.ndarray) -> np.ndarray:
    """Compare outputs, relative to the largest of them."""
    call = nnx.jit(lambda network, x: getattr(network, "logits", network)(x))
    mine = np.asarray(call(ours, x))
    with torch.no_grad():
        other = theirs(torch.tensor(x.transpose(0, 3, 1, 2))).numpy().transpose(0, 2, 3, 1)
    assert mine.dtype == other.dtype == x.dtype
    return abs(mine - other) / abs(other).max()


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    print("| network | weights | as many there | float32: median | largest | float64: median | "
          "largest |")  # fmt: skip
    print("|---|--:|---|--:|--:|--:|--:|")
    wide = (64, 128, 256, 512, 1024)
    x = rng.normal(size=(1, 220, 220, 1)).astype(np.float32)
    compare("U-Net", create("unet_original"), TorchUNet(wide, 2), x)
    widths, depths = (64, 128, 256, 512, 512), (2, 2, 3, 3, 3)
    x = rng.normal(size=(1, 96, 128, 3)).astype(np.float32)
    compare("SegNet", create("segnet", classes=12), TorchSegNet(widths, depths, 12), x)


if __name__ == "__main__":
    main()
