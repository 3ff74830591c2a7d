"""Time a whole training step of a Basset-shaped network against PyTorch.

    python benchmarks/bench_nn_basset.py --full [--untuned] [--threads 2] [--rounds 15]

Three convolutions, each with ReLU and a max-pool whose windows do not overlap, then three dense
layers (Kelley et al. 2016, doi:10.1101/gr.200535.115, without batch normalisation): forward, loss,
backward and Adam. All contenders start from the same weights, see the same batch and must have the
same losses. They run in turn, one step each, in one process. To show what `max_pool` of seqcnn
buys, the same network is also timed with `jax.lax.reduce_window` in its place, and without pooling
gradients, that is with windows of which only the first position is kept.

Without ``--full`` the sizes are toys, to see that the script runs.
"""

import argparse
import platform
import sys
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from timing import in_turn, is_tuned, processor, start_again_tuned, use_cores

RATE = 1e-4


class Shape(NamedTuple):
    """The network and its batch; kernels, widths and pools one a stage."""

    batch: int
    length: int
    kernels: tuple[int, ...]
    widths: tuple[int, ...]
    pools: tuple[int, ...]
    dense: tuple[int, ...]


FULL = Shape(32, 600, (300, 200, 200), (19, 11, 7), (3, 4, 4), (1000, 1000, 164))
TOY = Shape(4, 60, (6, 5), (5, 3), (3, 4), (7, 3))


def jax_steps(
    shape: Shape, images: np.ndarray, targets: np.ndarray
) -> tuple[dict[str, Callable[[], float]], list, list]:
    """Build the steps with each way to pool, and give the weights that they start from."""
    import jax
    import jax.numpy as jnp
    import optax
    from flax import nnx
    from jax import lax

    from seqcnn.nn.conv import Conv
    from seqcnn.nn.layers import Dense
    from seqcnn.nn.pool import max_pool

    rngs, adam = nnx.Rngs(0), optax.adam(RATE)
    convolutions, positions, channels = [], shape.length, images.shape[-1]
    for kernels, width, window in zip(shape.kernels, shape.widths, shape.pools, strict=True):
        convolutions.append(Conv(channels, kernels, width, rngs=rngs))
        positions, channels = (positions - width + 1) // window, kernels
    features = (positions * channels, *shape.dense)
    dense = [Dense(a, b, rngs=rngs) for a, b in pairwise(features)]
    graph, start = nnx.split((nnx.List(convolutions), nnx.List(dense)))
    images, targets = jnp.asarray(images), jnp.asarray(targets)

    def reduced(x: jax.Array, window: int) -> jax.Array:
        return lax.reduce_window(x, -np.inf, lax.max, (1, window, 1), (1, window, 1), "VALID")

    def thinned(x: jax.Array, window: int) -> jax.Array:
        return x[:, : x.shape[1] // window * window : window]

    def step(pool: Callable[..., jax.Array], state: Any) -> tuple[Any, jax.Array]:
        def loss_of(weights: nnx.State) -> jax.Array:
            convolutions, dense = nnx.merge(graph, weights)
            x = images
            for layer, window in zip(convolutions, shape.pools, strict=True):
                x = pool(nnx.relu(layer(x)), window)
            x = x.reshape(len(x), -1)
            for layer in dense[:-1]:
                x = nnx.relu(layer(x))
            return optax.sigmoid_binary_cross_entropy(dense[-1](x), targets).mean()

        weights, moments = state
        loss, gradient = jax.value_and_grad(loss_of)(weights)
        updates, moments = adam.update(gradient, moments)
        return (optax.apply_updates(weights, updates), moments), loss

    class Stepper:
        def __init__(self, pool: Callable[..., jax.Array]) -> None:
            self.step = jax.jit(partial(step, pool), donate_argnums=0)
            own = jax.tree.map(jnp.copy, start)
            self.state = (own, adam.init(own))

        def __call__(self) -> float:
            self.state, loss = self.step(self.state)
            jax.block_until_ready(self.state)
            return float(loss)

    pools = {"seqcnn": max_pool, "reduce_window": reduced, "no pooling": thinned}
    weights = [
        [(np.asarray(layer.kernel[...]), np.asarray(layer.bias[...])) for layer in layers]
        for layers in (convolutions, dense)
    ]
    return {name: Stepper(pool) for name, pool in pools.items()}, *weights


def torch_step(**options: Any) -> tuple[dict[str, Callable[[], float]], str]:
    """Build the step of PyTorch, if it is installed."""
    try:
        from peers import torch_basset as peer
    except ImportError as error:
        print(f"PyTorch is left out: {error}", file=sys.stderr)
        return {}, ""
    return {"PyTorch": peer.TorchStep(**options, rate=RATE)}, f", {peer.VERSION}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the sizes of the table")
    parser.add_argument("--untuned", action="store_true", help="leave glibc as it is")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=None)
    options = parser.parse_args()
    if options.full and not options.untuned:
        start_again_tuned()
    use_cores(options.threads)
    shape = FULL if options.full else TOY
    rng = np.random.default_rng(0)
    images = np.eye(4, dtype=np.float32)[rng.integers(0, 4, (shape.batch, shape.length))]
    targets = (rng.random((shape.batch, shape.dense[-1])) < 0.2).astype(np.float32)

    steps, convolutions, dense = jax_steps(shape, images, targets)
    theirs, version = torch_step(
        convolutions=convolutions, dense=dense, pools=shape.pools, images=images, targets=targets,
        threads=options.threads,
    )  # fmt: skip
    rounds = options.rounds or (15 if options.full else 2)
    times = in_turn(steps | theirs, rounds)
    ours = times["seqcnn"]
    for name in ("reduce_window", *theirs):
        np.testing.assert_allclose(times[name].returned, ours.returned, rtol=1e-3, err_msg=name)

    import jax

    print(f"{processor()}, {options.threads} thread(s), Python {platform.python_version()}, "
          f"jax {jax.__version__}{version}{', glibc tuned' if is_tuned() else ''}; "
          f"{rounds} rounds; {shape}\n")  # fmt: skip
    print("| training step | ms, median | quartiles | time / seqcnn | core ms | core ms / seqcnn "
          "| first call, s | losses |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name, (first, wall, cores, losses) in times.items():
        low, middle, high = (f"{1e3 * q:.1f}" for q in np.quantile(wall, [0.25, 0.5, 0.75]))
        print(f"| {name} | {middle} | {low} to {high} | {np.median(wall / ours.wall):.2f} "
              f"| {1e3 * np.median(cores):.1f} | {np.median(cores / ours.cores):.2f} "
              f"| {first:.1f} | {losses[0]:.6f} to {losses[-1]:.6f} |")  # fmt: skip


if __name__ == "__main__":
    main()
