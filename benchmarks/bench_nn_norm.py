"""Time normalisations, forward and backward, against PyTorch.

    python benchmarks/bench_nn_norm.py --full [--rounds 25]

Batch normalisation in training, group and layer normalisation, and the local response of AlexNet.
Backward means the result and all gradients, as in training. How it is timed is said in
`bench_nn_conv.py`. Without ``--full``, one toy of each kind, to see that the script runs.
"""

import argparse
import os
import platform
import sys

import numpy as np
from bench_nn_conv import Call, timed
from timing import TUNED, processor, start_again_tuned, use_cores

Shape = tuple[int, ...]

GRID: list[tuple[str, Shape]] = [
    ("batch", (32, 200, 64)),
    ("batch", (8, 32, 32, 64)),
    ("batch", (8, 56, 56, 64)),
    ("batch", (8, 7, 7, 512)),
    ("group 8", (32, 200, 64)),
    ("group 8", (8, 32, 32, 64)),
    ("group 64", (8, 32, 32, 64)),
    ("group 32", (8, 14, 14, 256)),
    ("layer", (32, 200, 128)),
    ("layer", (32, 1000, 64)),
    ("layer", (64, 50, 512)),
    ("layer", (8, 14, 14, 384)),
    ("local", (8, 27, 27, 96)),
    ("local", (8, 13, 13, 256)),
]
TOYS: list[tuple[str, Shape]] = [
    (kind, (2, 5, 6)) for kind in ("batch", "group 3", "layer", "local")
]


def jax_contenders(kind: str, *arrays: np.ndarray) -> dict[str, dict[str, Call]]:
    """Build the normalisation and its gradients by seqcnn."""
    import jax
    import jax.numpy as jnp

    from seqcnn.nn.local_response import local_response_norm
    from seqcnn.nn.moments import Moments
    from seqcnn.nn.norm import batch_norm, group_norm
    from seqcnn.nn.norm_layer import layer_norm

    def normalise(x: jax.Array, *weights: jax.Array) -> jax.Array:
        if kind == "local":
            return local_response_norm(x)
        if kind == "layer":
            return layer_norm(x, *weights)
        if kind == "batch":
            channels = x.shape[-1]
            running = Moments(jnp.zeros(channels), jnp.ones(channels))
            return batch_norm(x, running, *weights, training=True)[0]
        return group_norm(x, int(kind.removeprefix("group ")), *weights)

    def both(upstream: jax.Array, *given: jax.Array) -> tuple[jax.Array, ...]:
        y, back = jax.vjp(normalise, *given)
        return y, *back(upstream)

    *given, upstream = (jax.device_put(a) for a in arrays)
    given = given[:1] if kind == "local" else given
    forward, backward = jax.jit(lambda *given: (normalise(*given),)), jax.jit(both)
    return {
        "forward": {"seqcnn": lambda: jax.block_until_ready(forward(*given))},
        "backward": {"seqcnn": lambda: jax.block_until_ready(backward(upstream, *given))},
    }


def torch_module(threads: int):
    """Find PyTorch, or say in one line that it is absent."""
    try:
        from peers import torch_norm
    except ImportError as error:
        print(f"PyTorch is left out: {error}", file=sys.stderr)
        return None
    torch_norm.use_threads(threads)
    return torch_norm


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the grid, not toys")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--threads", type=int, default=2)
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
    print("| kind | x | direction | seqcnn, ms | torch, ms | torch / seqcnn | of medians |\n"
          "|---|---|---|---|---|---|---|")  # fmt: skip
    rng = np.random.default_rng(0)
    for kind, shape in GRID if options.full else TOYS:
        shapes = shape, shape[-1:], shape[-1:], shape
        arrays = [rng.normal(size=s).astype(np.float32) for s in shapes]
        theirs = peer.contenders(kind, *arrays) if peer else {}
        for direction, calls in jax_contenders(kind, *arrays).items():
            times = timed(calls | theirs.get(direction, {}), rounds, seconds)
            ours = times.pop("seqcnn")
            least, usual = (
                min((float(reduce(t)) for t in times.values()), default=np.nan)
                for reduce in (np.min, np.median)
            )
            print(
                f"| {kind} | {'x'.join(map(str, shape))} | {direction} | {ours.min() * 1e3:.3f} "
                f"| {least * 1e3:.3f} | {least / ours.min():.2f} "
                f"| {usual / np.median(ours):.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
