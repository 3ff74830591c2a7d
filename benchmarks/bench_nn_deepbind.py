"""Time a whole training step of a DeepBind-shaped network against PyTorch.

    python benchmarks/bench_nn_deepbind.py --full [--untuned] [--threads 2]

256 sequences of 200 letters, 128 kernels over 15, global maximum, 32 neurons, one output: forward,
loss, backward and Adam. All contenders start from the same weights, see the same batch and must
have the same losses. They run in turn, a few steps each, in one process. PyTorch is timed as its
users mostly write this network and with the maximum before the ReLU; unless ``--untuned``, with
settings of glibc that keep its memory from being given back after each step: that makes it faster.
Other work on the machine slows PyTorch down far more than seqcnn: only a quiet machine is fair.

Without ``--full`` the sizes are toys, to see that the script runs.
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from timing import is_tuned, start_again_tuned

RATE = 1e-3


class Sizes(NamedTuple):
    """The shape of the problem, and how often it is timed."""

    batch: int
    length: int
    kernels: int
    width: int
    hidden: int
    rounds: int
    steps: int


FULL, TOY = Sizes(256, 200, 128, 15, 32, 20, 5), Sizes(8, 30, 8, 5, 8, 2, 2)


def jax_steps(sizes: Sizes, codes: np.ndarray, targets: np.ndarray) -> tuple[dict, dict]:
    """Build the steps of seqcnn by both roads, and give the weights that they start from."""
    import jax
    import jax.numpy as jnp
    import optax
    from flax import nnx

    from seqcnn.networks.zoo import create

    options = {"kernels": sizes.kernels, "width": sizes.width, "hidden": sizes.hidden}
    network = create("motifcnn", alphabet="dna", strand="one", dropout=0.0, **options)
    graph, weights = nnx.split(network)
    adam = optax.adam(RATE)

    # the batch is an argument: were it a constant, its image would be drawn by the compiler
    def step(
        by_images: bool, state: tuple, codes: jax.Array, targets: jax.Array
    ) -> tuple[tuple, jax.Array]:
        def loss_of(weights: nnx.State) -> jax.Array:
            network = nnx.merge(graph, weights)
            logits = network.logits(*network.image(codes)) if by_images else network(codes)
            return optax.sigmoid_binary_cross_entropy(logits[:, 0], targets).mean()

        weights, moments = state
        loss, gradient = jax.value_and_grad(loss_of)(weights)
        updates, moments = adam.update(gradient, moments, weights)
        return (optax.apply_updates(weights, updates), moments), loss

    class Stepper:
        def __init__(self, by_images: bool) -> None:
            self.step = jax.jit(partial(step, by_images), donate_argnums=0)
            own = jax.tree.map(jnp.copy, weights)
            self.state = (own, adam.init(own))

        def __call__(self) -> float:
            self.state, loss = self.step(self.state, codes, targets)
            jax.block_until_ready(self.state)
            return float(loss)

    hidden, output = network.hidden, network.output
    start = {
        "kernel": network.kernel, "bias": network.bias,
        "hidden": hidden.kernel, "hidden_bias": hidden.bias,
        "output": output.kernel, "output_bias": output.bias,
    }  # fmt: skip
    steps = {"seqcnn": Stepper(False), "the same in JAX, conv and global_pool": Stepper(True)}
    return steps, {name: np.asarray(array[...]) for name, array in start.items()}


def torch_steps(
    weights: dict[str, np.ndarray], images: np.ndarray, targets: np.ndarray, threads: int
) -> tuple[dict[str, Callable[[], float]], str]:
    """Build the steps of PyTorch, if it is installed."""
    try:
        from peers import torch_deepbind as peer
    except ImportError as error:
        print(f"PyTorch is left out: {error}", file=sys.stderr)
        return {}, ""
    peer.use_threads(threads)
    batch = peer.tensors(images, targets)
    steps = {}
    for max_first, label in ((True, "maximum before ReLU"), (False, "ReLU before maximum")):
        step = peer.TorchStep(weights, max_first=max_first, rate=RATE)
        steps[f"PyTorch, {label}"] = partial(step, *batch)
    return steps, peer.VERSION


def time_in_turn(
    steps: dict[str, Callable[[], float]], sizes: Sizes
) -> tuple[dict[str, float], dict[str, list[float]], dict[str, list[float]]]:
    """Time first calls apart, then all contenders in turn: seconds of a step, and losses."""
    first, seconds, losses = {}, {name: [] for name in steps}, {name: [] for name in steps}
    for name, step in steps.items():
        begin = time.perf_counter()
        losses[name].append(step())
        first[name] = time.perf_counter() - begin
    for _ in range(sizes.rounds):
        for name, step in steps.items():
            # idle threads of the one before keep a core busy for some milliseconds
            time.sleep(0.02)
            begin = time.perf_counter()
            losses[name] += [step() for _ in range(sizes.steps)]
            seconds[name].append((time.perf_counter() - begin) / sizes.steps)
    return first, seconds, losses


def processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the sizes of the table")
    parser.add_argument("--untuned", action="store_true", help="leave glibc as it is")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    if options.full and not options.untuned:
        start_again_tuned()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])

    sizes, rng = FULL if options.full else TOY, np.random.default_rng(0)
    codes = rng.integers(0, 4, (sizes.batch, sizes.length)).astype(np.uint8)
    targets = (np.arange(sizes.batch) % 2).astype(np.float32)
    steps, weights = jax_steps(sizes, codes, targets)
    theirs, version = torch_steps(weights, np.eye(4, dtype=np.float32)[codes], targets,
                                  options.threads)  # fmt: skip
    first, seconds, losses = time_in_turn(steps | theirs, sizes)
    for name, values in losses.items():
        np.testing.assert_allclose(values, losses["seqcnn"], rtol=1e-3, err_msg=name)

    import jax

    tuned = ", glibc tuned" if is_tuned() else ""
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, "
          f"jax {jax.__version__}{version and ', ' + version}{tuned}; {sizes}\n")  # fmt: skip
    print("| step | ms, median | least | first call, s | first loss | last loss | x seqcnn |")
    print("|---|---|---|---|---|---|---|")
    for name, times in seconds.items():
        ratio = np.median(np.array(times) / np.array(seconds["seqcnn"]))
        print(f"| {name} | {np.median(times) * 1e3:.2f} | {min(times) * 1e3:.2f} "
              f"| {first[name]:.2f} | {losses[name][0]:.6f} | {losses[name][-1]:.6f} "
              f"| {ratio:.2f} |")  # fmt: skip


if __name__ == "__main__":
    main()
