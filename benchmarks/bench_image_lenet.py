"""Train LeNet in NumPy, and in Flax, on the 1,797 digits of scikit-learn; hold a fifth out.

    python benchmarks/bench_image_lenet.py --full [--seeds 3] [--epochs 15]

The digits (8 x 8 pixels, 17 greys) are enlarged four times to 32 x 32. The parts are drawn within
classes, from each seed anew; the held-out fifth is scored once, after the last epoch. Both networks
start from the same weights, with the options of the paper, by gradient descent with momentum.
scikit-learn is needed for the digits only.

Without ``--full`` a few drawn pictures show that the script runs.
"""

import argparse
import time
from typing import Any

import numpy as np
from timing import processor, use_cores

BATCH, RATE, MOMENTUM = 32, 0.05, 0.9


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Read the digits, float32 (1797, 32, 32, 1) of mean 0 and deviation 1, and their classes."""
    from sklearn.datasets import load_digits

    found = load_digits()
    x = np.kron(found.images, np.ones((4, 4)))[..., None]
    return ((x - x.mean()) / x.std()).astype(np.float32), found.target


def toys() -> tuple[np.ndarray, np.ndarray]:
    """Draw a few pictures in the place of the digits."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 32, 32, 1)).astype(np.float32), np.arange(60) % 10


def in_flax(start: Any, x: np.ndarray, y: np.ndarray, *, epochs: int, seed: int) -> Any:
    """Train the twin in Flax from the same weights, on the same batches; give it as NumPy."""
    import jax
    import jax.numpy as jnp
    import optax
    from flax import nnx

    from seqcnn.networks.classify import lenet

    twin = lenet.LeNet(rngs=nnx.Rngs(0))
    lenet.from_numpy(start, twin)
    graph, weights = nnx.split(twin, nnx.Param)
    descent = optax.sgd(RATE, momentum=MOMENTUM)
    state = descent.init(weights)

    @jax.jit
    def step(weights: Any, state: Any, x: jax.Array, y: jax.Array) -> tuple[Any, Any]:
        def loss_of(weights: Any) -> jax.Array:
            logits = nnx.merge(graph, weights)(x)
            return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

        updates, state = descent.update(jax.grad(loss_of)(weights), state)
        return optax.apply_updates(weights, updates), state

    rng = np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for begin in range(0, len(x) - BATCH + 1, BATCH):
            rows = order[begin : begin + BATCH]
            weights, state = step(weights, state, jnp.asarray(x[rows]), jnp.asarray(y[rows]))
    return lenet.to_numpy(nnx.merge(graph, weights))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    use_cores(options.threads)

    from seqcnn.data.split import stratified_folds
    from seqcnn.reference.lenet import LeNet, train

    x, labels = digits() if options.full else toys()
    epochs = options.epochs if options.full else 1
    print(f"# {processor()}, {options.threads} threads, numpy {np.__version__}")
    print("network\tseed\tseconds\tcpu_seconds\theld_out\taccuracy")
    for seed in range(options.seeds if options.full else 1):
        held = stratified_folds(np.arange(len(x)), labels, 5, seed=seed) == 0
        parts, known = (x[~held], labels[~held]), {"epochs": epochs, "seed": seed}
        network, start = LeNet(seed=seed), LeNet(seed=seed)

        def by_numpy(network: Any = network, parts: Any = parts, known: Any = known) -> Any:
            train(network, *parts, batch=BATCH, rate=RATE, momentum=MOMENTUM, **known)
            return network

        def by_flax(start: Any = start, parts: Any = parts, known: Any = known) -> Any:
            return in_flax(start, *parts, **known)

        for name, fit in (("NumPy", by_numpy), ("Flax", by_flax)):
            began, busy = time.perf_counter(), time.process_time()
            trained = fit()
            spent = time.perf_counter() - began, time.process_time() - busy
            right = (trained(x[held]).argmax(axis=1) == labels[held]).mean()
            print(f"{name}\t{seed}\t{spent[0]:.1f}\t{spent[1]:.1f}\t{held.sum()}\t{right:.4f}",
                  flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
