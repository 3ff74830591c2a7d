"""Time convolutions, forward and backward, against PyTorch and against plain XLA.

    python benchmarks/bench_nn_conv.py --full [--kinds depthwise small] [--rounds 25] [--lax]

A grid of shapes in six kinds: each channel on its own (depthwise), fewer positions than the window
has places or hardly more (small), windows of one place (pointwise), channels in groups (grouped),
three axes (volume), and the convolutions that XLA does best (plain). Backward means the result and
both gradients, as in training. PyTorch is taken in the memory format in which it is faster, with
settings of glibc that keep its memory. All take turns in one process, in random order, in rounds of
calls that fill 4 ms, after one that is not timed; nor is compilation. ``--lax`` times
`lax.conv_general_dilated` too: the grid from which the rules of `seqcnn.nn.lowering` are read.

The times are those of the fastest round, for what else runs on a machine only adds to them. Ratios
are given of the fastest and of the median rounds. With OMP_WAIT_POLICY=passive in the environment,
PyTorch's threads sleep while they wait for each other: a little slower on a quiet machine, and much
faster on one that others use.

Without ``--full``, one toy of each kind, to see that the script runs.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from timing import TUNED, processor, start_again_tuned, use_cores

Call = Callable[[], tuple]

# in seconds: longer than threads of OpenMP wait in a loop for more to do
_PAUSE = 0.005


class Cell(NamedTuple):
    """A shape of the grid."""

    kind: str
    x: tuple[int, ...]
    window: tuple[int, ...]
    channels_out: int
    padding: int = 0
    stride: int = 1
    groups: int = 1
    dilation: int = 1

    @property
    def kernel(self) -> tuple[int, ...]:
        """Shape of the kernel."""
        return (*self.window, self.x[-1] // self.groups, self.channels_out)

    @property
    def options(self) -> dict[str, int]:
        """What PyTorch and seqcnn call by the same names."""
        return {name: getattr(self, name) for name in ("padding", "stride", "groups", "dilation")}

    def __str__(self) -> str:
        text = f"{'x'.join(map(str, self.x))}, {'x'.join(map(str, self.window))}"
        text += "" if self.kind == "depthwise" else f" to {self.channels_out}"
        defaults = {"padding": 0, "stride": 1, "dilation": 1, "groups": 1}
        given = {k: v for k, v in self.options.items() if v != defaults[k]}
        if self.kind == "depthwise":
            del given["groups"]
            if self.channels_out != self.x[-1]:
                given["times"] = self.channels_out // self.x[-1]
        return text + "".join(f", {k} {v}" for k, v in given.items())


def _depthwise(x: tuple[int, ...], window: int, times: int = 1, **options: int) -> Cell:
    same = {"padding": options.get("dilation", 1) * (window - 1) // 2} | options
    each = (window,) * (len(x) - 2)
    return Cell("depthwise", x, each, times * x[-1], groups=x[-1], **same)


def _square(kind: str, x: tuple[int, ...], window: int, channels: int, **options: int) -> Cell:
    same = {"padding": (window - 1) // 2} | options
    return Cell(kind, x, (window,) * (len(x) - 2), channels, **same)


GRID = [
    _depthwise((32, 200, 64), 3),
    _depthwise((32, 200, 64), 7),
    _depthwise((32, 200, 64), 15),
    _depthwise((32, 200, 64), 7, stride=2),
    _depthwise((32, 200, 64), 3, dilation=4),
    _depthwise((16, 1000, 32), 19),
    _depthwise((64, 4, 256), 7),
    _depthwise((8, 56, 56, 64), 3),
    _depthwise((8, 56, 56, 64), 3, stride=2),
    _depthwise((8, 28, 28, 128), 3),
    _depthwise((8, 28, 28, 128), 5),
    _depthwise((8, 28, 28, 128), 5, stride=2),
    _depthwise((8, 14, 14, 256), 3),
    _depthwise((8, 14, 14, 256), 3, dilation=2),
    _depthwise((8, 14, 14, 256), 7),
    _depthwise((8, 14, 14, 64), 3, 2),
    _depthwise((8, 7, 7, 512), 3),
    _depthwise((8, 3, 3, 512), 5),
    _depthwise((8, 2, 2, 512), 3),
    _depthwise((2, 12, 12, 12, 32), 3),
    *(_square("small", (32, n, 128), 7, 128) for n in (1, 2, 3, 4, 7)),
    *(_square("small", (32, n, 64), 19, 64) for n in (7, 14)),
    _square("small", (32, 4, 128), 3, 128, stride=2),
    _square("small", (64, 20, 4), 15, 64, padding=0),
    _square("small", (32, 28, 128), 19, 128, padding=0),
    _square("small", (8, 1, 1, 512), 3, 512),
    _square("small", (8, 2, 2, 512), 3, 512),
    _square("small", (8, 3, 3, 256), 3, 256),
    _square("small", (8, 4, 4, 256), 3, 256),
    _square("small", (8, 4, 4, 256), 3, 256, stride=2),
    _square("small", (8, 4, 4, 128), 5, 128),
    _square("small", (8, 7, 7, 128), 7, 256, padding=0),
    _square("small", (4, 2, 2, 2, 128), 3, 128),
    _square("small", (4, 4, 4, 4, 64), 3, 64),
    _square("pointwise", (32, 200, 64), 1, 64),
    _square("pointwise", (8, 56, 56, 64), 1, 128),
    _square("pointwise", (8, 56, 56, 64), 1, 128, stride=2),
    _square("pointwise", (8, 14, 14, 256), 1, 256),
    _square("pointwise", (8, 7, 7, 512), 1, 512),
    _square("grouped", (32, 200, 64), 7, 64, groups=8),
    _square("grouped", (8, 28, 28, 128), 3, 128, groups=32),
    _square("grouped", (8, 14, 14, 256), 3, 256, groups=2),
    _square("grouped", (8, 14, 14, 256), 3, 256, groups=32),
    _square("grouped", (8, 14, 14, 256), 3, 256, groups=32, stride=2),
    _square("grouped", (8, 7, 7, 512), 3, 512, groups=32),
    _square("plain", (32, 200, 4), 19, 64),
    _square("plain", (32, 200, 64), 7, 64),
    _square("plain", (32, 28, 128), 7, 128),
    _square("plain", (8, 7, 7, 256), 3, 256),
    _square("plain", (8, 14, 14, 256), 3, 256),
    _square("plain", (8, 28, 28, 128), 3, 128, stride=2),
    _square("plain", (8, 56, 56, 64), 3, 64),
    _square("volume", (2, 12, 12, 12, 32), 3, 32),
    _square("volume", (2, 16, 16, 16, 32), 3, 64, stride=2),
    _square("volume", (2, 24, 24, 24, 8), 3, 16),
    _square("volume", (2, 24, 24, 24, 1), 5, 8),
]
TOYS = [
    _depthwise((2, 5, 4), 3),
    _square("small", (2, 2, 2, 4), 3, 4),
    _square("pointwise", (2, 5, 4), 1, 4),
    _square("grouped", (2, 5, 4), 3, 4, groups=2),
    _square("plain", (2, 9, 4), 3, 4),
    _square("volume", (2, 5, 5, 5, 2), 3, 2),
]


def jax_contenders(cell: Cell, arrays: list[np.ndarray], lax_too: bool) -> dict[str, dict]:
    """Build the convolution and its gradients by seqcnn, and by XLA if that is wanted."""
    import jax

    from seqcnn.nn import lowering
    from seqcnn.nn.conv import conv
    from seqcnn.nn.geometry import Geometry

    options = cell.options
    groups = options.pop("groups")
    geometry = Geometry.of(cell.x[1:-1], cell.window, **options)

    def by_lax(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return lowering.by_lax(x, kernel, geometry, groups=groups, precision="highest")

    def by_seqcnn(x: jax.Array, kernel: jax.Array) -> jax.Array:
        return conv(x, kernel, groups=groups, **options)

    def bound(function: Callable, *arguments: np.ndarray) -> Call:
        compiled, placed = jax.jit(function), [jax.device_put(a) for a in arguments]
        return lambda: jax.block_until_ready(compiled(*placed))

    functions = {"seqcnn": by_seqcnn} | ({"lax": by_lax} if lax_too else {})
    result = {"forward": {}, "backward": {}}
    for name, convolve in functions.items():

        def both(
            x: jax.Array, kernel: jax.Array, upstream: jax.Array, convolve: Callable = convolve
        ) -> tuple[jax.Array, ...]:
            y, back = jax.vjp(convolve, x, kernel)
            return y, *back(upstream)

        x, kernel, upstream = arrays
        result["forward"][name] = bound(lambda x, k, f=convolve: (f(x, k),), x, kernel)
        result["backward"][name] = bound(both, x, kernel, upstream)
    return result


def timed(calls: dict[str, Call], rounds: int, seconds: float) -> dict[str, np.ndarray]:
    """Check that all return the same, then time them in turn: seconds a call (rounds,)."""
    results = {name: call() for name, call in calls.items()}
    for name, arrays in results.items():
        for array, truth in zip(arrays, results["seqcnn"], strict=True):
            scale = np.abs(truth).max()
            np.testing.assert_allclose(array, truth, rtol=0, atol=1e-4 * scale, err_msg=name)
    numbers = {}
    for name, call in calls.items():
        began = time.perf_counter()
        call()
        numbers[name] = max(1, min(200, int(seconds / (time.perf_counter() - began))))

    times = {name: np.empty(rounds) for name in calls}
    rng = np.random.default_rng(0)
    for turn in range(rounds):
        for name in rng.permutation(list(calls)):
            # another's threads still wait in a loop, and its memory and caches are as it left them
            time.sleep(_PAUSE if seconds else 0)
            calls[name]()
            began = time.perf_counter()
            for _ in range(numbers[name]):
                calls[name]()
            times[name][turn] = (time.perf_counter() - began) / numbers[name]
    return times


def arrays_of(cell: Cell) -> list[np.ndarray]:
    from seqcnn.nn.geometry import Geometry

    options = cell.options
    options.pop("groups")
    positions = Geometry.of(cell.x[1:-1], cell.window, **options).positions
    rng = np.random.default_rng(0)
    shapes = cell.x, cell.kernel, (cell.x[0], *positions, cell.channels_out)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def torch_module(threads: int):
    """Find PyTorch, or say in one line that it is absent."""
    try:
        from peers import torch_conv
    except ImportError as error:
        print(f"PyTorch is left out: {error}", file=sys.stderr)
        return None
    torch_conv.use_threads(threads)
    return torch_conv


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = sorted({cell.kind for cell in TOYS})
    parser.add_argument("--full", action="store_true", help="the grid, not toys")
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--lax", action="store_true", help="time lax.conv_general_dilated as well")
    options = parser.parse_args()
    if options.full:
        start_again_tuned()
    use_cores(options.threads)
    peer = torch_module(options.threads)

    import jax

    rounds, seconds = (options.rounds, 0.004) if options.full else (1, 0.0)
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, "
          f"jax {jax.__version__}{', ' + peer.VERSION if peer else ''}; {rounds} rounds; "
          f"GLIBC_TUNABLES={TUNED if options.full else ''} "
          f"OMP_WAIT_POLICY={os.environ.get('OMP_WAIT_POLICY', '')}\n")  # fmt: skip
    print("| kind | x, window | direction | seqcnn, ms | torch, ms | "
          f"torch / seqcnn | of medians |{' lax / seqcnn |' if options.lax else ''}")  # fmt: skip
    print(f"|---|---|---|---|---|---|---|{'---|' if options.lax else ''}")
    ratios: dict[str, list[float]] = {}
    for cell in GRID if options.full else TOYS:
        if cell.kind not in options.kinds:
            continue
        arrays = arrays_of(cell)
        ours = jax_contenders(cell, arrays, options.lax)
        theirs = peer.contenders(*arrays, **cell.options) if peer else {}
        for direction, calls in ours.items():
            times = timed(calls | theirs.get(direction, {}), rounds, seconds)
            fastest, medians = (
                {name: float(reduce(t)) * 1e3 for name, t in times.items()}
                for reduce in (np.min, np.median)
            )
            torch, usual = (
                min((t for name, t in found.items() if name.startswith("torch")), default=np.nan)
                for found in (fastest, medians)
            )
            ratio = torch / fastest["seqcnn"]
            ratios.setdefault(cell.kind, []).append(ratio)
            lax = f" {fastest['lax'] / fastest['seqcnn']:.2f} |" if options.lax else ""
            print(
                f"| {cell.kind} | {cell} | {direction} | {fastest['seqcnn']:.3f} | {torch:.3f} "
                f"| {ratio:.2f} | {usual / medians['seqcnn']:.2f} |{lax}",
                flush=True,
            )
    print("\n| kind | cells | geometric mean | least | below 0.5 |\n|---|---|---|---|---|")
    for kind, values in ratios.items():
        logs = np.log(values)
        print(f"| {kind} | {len(values)} | {np.exp(logs.mean()):.2f} | {min(values):.2f} "
              f"| {sum(v < 0.5 for v in values)} |")  # fmt: skip


if __name__ == "__main__":
    main()
