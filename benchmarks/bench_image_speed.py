"""Time an epoch of LeNet, and of a depthwise-separable network, against PyTorch.

    python benchmarks/bench_image_speed.py --full [--untuned] [--threads 2] [--rounds 15]

An epoch is here some batches of drawn pictures, 32 x 32 and grey: forward, cross-entropy, backward
and Adam. The separable network has three stages of two convolutions (3 x 3 in the first place, then
depthwise and pointwise) with batch norm, ReLU and a maximum of two by two. All contenders start
from the same weights, see the same batches and must have the same losses; they run in turn, one
epoch each, in one process. PyTorch runs with channels first and with channels last.

Without ``--full`` the sizes are toys, to see that the script runs.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from timing import in_turn, is_tuned, processor, start_again_tuned, use_cores

RATE, BATCH, BATCHES, SIZE = 1e-3, 128, 8, 32

NETWORKS: dict[str, tuple[str, dict[str, Any]]] = {
    "lenet": ("lenet", {}),
    "separable": ("cnn", {"channels": [32, 64, 128], "convs": 2, "separable": True}),
}


def layers_of(network: Any) -> Iterator[tuple[Any, ...]]:
    """List the layers of LeNet or of a sequential network, as `peers.torch_image` takes them."""
    stages = getattr(network, "stages", None)
    if stages is None:
        act = network.activation
        for conv in (network.first, network.second):
            yield "conv", _array(conv.kernel), _array(conv.bias), 1, 0
            yield from ((act,), (network.pool,))
    for layer in [] if stages is None else stages.layers:
        if hasattr(layer, "pointwise"):
            depthwise = _array(layer.depthwise.kernel)
            yield "conv", depthwise, None, depthwise.shape[-1], depthwise.shape[0] // 2
            yield from _normed(layer.pointwise)
        elif hasattr(layer, "norm"):
            yield from _normed(layer)
        else:
            yield ("max",)
    for layer in network.dense.layers:
        if hasattr(layer, "kernel"):
            yield "dense", _array(layer.kernel), _array(layer.bias)
        else:
            yield ("tanh" if stages is None and network.activation == "tanh" else "relu",)


def _normed(layer: Any) -> Iterator[tuple[Any, ...]]:
    kernel = _array(layer.conv.kernel)
    yield "conv", kernel, None, 1, kernel.shape[0] // 2
    yield "norm", _array(layer.norm.scale), _array(layer.norm.bias)
    yield ("relu",)


def _array(weight: Any) -> np.ndarray:
    return np.asarray(weight[...])


def jax_epoch(network: Any, pictures: np.ndarray, labels: np.ndarray) -> Callable[[], float]:
    """Build an epoch of seqcnn: a compiled step, called for each batch."""
    import jax
    import jax.numpy as jnp
    import optax
    from flax import nnx

    adam = optax.adam(RATE)
    graph, weights, statistics = nnx.split(network, nnx.Param, ...)
    batches = [(jnp.asarray(x), jnp.asarray(y)) for x, y in zip(pictures, labels, strict=True)]

    def step(state: Any, x: jax.Array, y: jax.Array) -> tuple[Any, jax.Array]:
        weights, statistics, moments = state

        def loss_of(weights: Any) -> tuple[jax.Array, Any]:
            network = nnx.merge(graph, weights, statistics, copy=True)
            logits = network(x, rngs=nnx.Rngs(0))
            loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
            return loss, nnx.split(network, nnx.Param, ...)[2]

        (loss, statistics), gradient = jax.value_and_grad(loss_of, has_aux=True)(weights)
        updates, moments = adam.update(gradient, moments)
        return (optax.apply_updates(weights, updates), statistics, moments), loss

    compiled = jax.jit(step, donate_argnums=0)
    own = jax.tree.map(jnp.copy, (weights, statistics))
    kept = [(*own, adam.init(weights))]

    def epoch() -> float:
        for x, y in batches:
            kept[0], loss = compiled(kept[0], x, y)
        return float(loss)

    return epoch


def torch_epochs(**options: Any) -> dict[str, Callable[[], float]]:
    """Build the epochs of PyTorch, if it is installed."""
    try:
        from peers import torch_image as peer
    except ImportError as error:
        print(f"PyTorch is left out: {error}", file=sys.stderr)
        return {}
    ways = {"": False, ", channels last": True}
    return {
        f"{peer.VERSION}{name}": peer.TorchEpoch(**options, rate=RATE, channels_last=last)
        for name, last in ways.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--untuned", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--networks", nargs="+", choices=list(NETWORKS), default=list(NETWORKS))
    options = parser.parse_args()
    if options.full and not options.untuned:
        start_again_tuned()
    use_cores(options.threads)
    import jax

    from seqcnn.networks.zoo import count_parameters, create

    batch, batches = (BATCH, BATCHES) if options.full else (4, 2)
    tuned = "glibc tuned" if is_tuned() else "glibc as it is"
    print(f"{processor()}, {options.threads} threads, jax {jax.__version__}, {tuned}; "
          f"{batches} batches of {batch}, {options.rounds} rounds\n")  # fmt: skip
    print("| network | weights | contender | ms an epoch, median | quartiles | time / seqcnn "
          "| core ms / seqcnn | losses |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    rng = np.random.default_rng(0)
    pictures = rng.normal(size=(batches, batch, SIZE, SIZE, 1)).astype(np.float32)
    labels = rng.integers(0, 10, (batches, batch))
    for name in options.networks:
        network, given = NETWORKS[name]
        given = {**given, "input_shape": (SIZE, SIZE, 1)}
        made = create(network, **given)
        epochs = {"seqcnn": jax_epoch(made, pictures, labels)}
        epochs |= torch_epochs(
            layers=list(layers_of(made)), pictures=pictures, labels=labels, threads=options.threads
        )
        times = in_turn(epochs, options.rounds if options.full else 1)
        own, count = times["seqcnn"], count_parameters(network, **given)
        for contender, found in times.items():
            low, middle, high = np.quantile(found.wall * 1e3, [0.25, 0.5, 0.75])
            print(f"| {name} | {count:,} | {contender} | {middle:.1f} | {low:.1f} to {high:.1f} "
                  f"| {np.median(found.wall / own.wall):.2f} "
                  f"| {np.median(found.cores / own.cores):.2f} "
                  f"| {found.returned[0]:.5f} to {found.returned[-1]:.5f} |",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
