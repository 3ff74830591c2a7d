"""Time training and prediction of every network of the zoo that reads sequences.

    python benchmarks/bench_training_networks.py --full [--threads 2] [--rounds 5] [--length 200]

Networks have their default options, both strands of DNA, batches of 128 random sequences. Printed
are weights, seconds of the first step (with compilation) and, as medians of steps in turn, trained
and predicted sequences a second and the seconds that an epoch of 10,000 sequences takes. On a GPU
float32 and bfloat16 are timed, elsewhere float32.

Without ``--full`` the sizes are toys, to see that the script runs.
"""

import argparse
from collections.abc import Callable

import numpy as np
from timing import in_turn, processor, use_cores

BATCH, EPOCH = 128, 10_000
TOY = ("motifcnn", "explainn")


def steps_of(
    name: str, dtype: str, codes: np.ndarray
) -> tuple[dict[str, Callable[[], float]], int]:
    """Make a training step and a prediction of a network, and count its weights."""
    import jax
    import jax.numpy as jnp
    from flax import nnx

    from seqcnn.networks.zoo import create
    from seqcnn.training.loop import Schedule
    from seqcnn.training.step import Recipe, optimizer_of, predict_outputs, take_step
    from seqcnn.training.targets import Target

    network = create(name, alphabet="dna", dtype=dtype)
    graph, weights, statistics = nnx.split(network, nnx.Param, ...)
    recipe = Recipe(Schedule(batch=len(codes)))
    target = Target("binary", ("bound",))
    labels = (np.arange(len(codes)) % 2)[:, None].astype(np.float32)
    batch = tuple(jnp.asarray(a) for a in (codes, labels, np.ones(len(codes), np.float32)))
    state = [weights, statistics, optimizer_of(recipe).init(weights)]
    # the step takes over the memory of what it is given
    kept = jax.tree.map(jnp.copy, (weights, statistics))

    def train() -> float:
        *state[:], loss = take_step(
            *state, batch, jax.random.key(0), graph=graph, target=target, recipe=recipe
        )
        return float(loss)

    def predict() -> float:
        return float(predict_outputs(graph, kept, codes).mean())

    count = sum(leaf.size for leaf in jax.tree.leaves(kept[0]))
    return {"train": train, "predict": predict}, count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=int, default=200)
    options = parser.parse_args()
    use_cores(options.threads)
    import jax

    from seqcnn.networks.zoo import names

    gpu = jax.default_backend() == "gpu"
    device = jax.devices()[0].device_kind if gpu else processor()
    print(f"{device}, {options.threads} threads, jax {jax.__version__}, ", end="")
    size, length = (BATCH, options.length) if options.full else (8, 60)
    print(f"batches of {size} sequences of {length} letters, both strands\n")
    print("| network | computes in | weights | first step, s | trained / s | predicted / s "
          f"| epoch of {EPOCH:,}, s |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    codes = np.random.default_rng(0).integers(0, 4, (size, length)).astype(np.uint8)
    for name in names("sequence") if options.full else TOY:
        for dtype in ("float32", "bfloat16") if gpu else ("float32",):
            steps, count = steps_of(name, dtype, codes)
            times = in_turn(steps, options.rounds if options.full else 1)
            trained, predicted = (size / np.median(times[k].wall) for k in ("train", "predict"))
            print(f"| {name} | {dtype} | {count:,} | {times['train'].first:.1f} | {trained:,.0f} "
                  f"| {predicted:,.0f} | {EPOCH / trained:.1f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
