"""Train two networks on Fashion-MNIST (Xiao et al. 2017, arXiv:1708.07747), and judge them once.

    python benchmarks/bench_image_fashion.py --data FOLDER --full [--networks small residual]
        [--seeds 3] [--threads 2]

FOLDER holds the four IDX files, packed by gzip. A tenth of the training pictures, drawn within
classes, says when to stop; the test pictures are scored once, when all is decided. Options of the
networks and of training were chosen on that tenth of seed 0. Times are of training with all that
belongs to it (reading and compiling too): seconds by the clock, and of all cores.

Without ``--full`` a few drawn pictures show that the script runs.
"""

import argparse
import gzip
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import processor, use_cores


class Way(NamedTuple):
    """A network of the zoo with its options, and how it is trained."""

    network: str
    options: dict[str, Any]
    rounds: int
    learning_rate: float
    weight_decay: float
    shift: int
    smoothing: float


WAYS = {
    "small": Way("cnn", {"channels": [24, 48, 96]}, 13, 4e-3, 0.02, 1, 0.05),
    "residual": Way("resnet_small", {"widths": [32, 64, 128]}, 10, 3e-3, 0.05, 2, 0.1),
}
BATCH = 128
CHOSEN = ("rounds", "learning_rate", "weight_decay", "shift", "smoothing")
"""What can be told in the place of what was chosen."""


@dataclass(frozen=True)
class FlipShift:
    """Flip half of the pictures left to right, and shift all by some pixels."""

    shift: int = 2

    def __call__(self, x: Any, key: Any) -> Any:
        """Change pictures (n, height, width, channels)."""
        import jax
        import jax.numpy as jnp

        flips, shifts = jax.random.split(key)
        flipped = jax.random.bernoulli(flips, shape=(len(x), 1, 1, 1))
        x = jnp.where(flipped, x[:, :, ::-1], x)
        padded = jnp.pad(x, ((0, 0), (self.shift,) * 2, (self.shift,) * 2, (0, 0)))
        starts = jax.random.randint(shifts, (len(x), 2), 0, 2 * self.shift + 1)

        def cut(picture: Any, start: Any) -> Any:
            return jax.lax.dynamic_slice(picture, (start[0], start[1], 0), x.shape[1:])

        return jax.vmap(cut)(padded, starts)


def read_idx(path: Path) -> np.ndarray:
    """Read uint8 values of an IDX file."""
    raw = gzip.decompress(path.read_bytes())
    axes = raw[3]
    shape = np.frombuffer(raw, ">u4", axes, 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read pictures uint8 (n, 28, 28, 1) and labels float64 (n, 1)."""
    pictures = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    return pictures[..., None], read_idx(folder / f"{part}-labels-idx1-ubyte.gz")[:, None] * 1.0


def train(way: Way, x: np.ndarray, y: np.ndarray, seed: int) -> tuple[Any, Any, dict[str, Any]]:
    """Fit a network; give it with what is predicted, and what is known of the training."""
    import jax
    from flax import nnx

    from seqcnn.data.split import stratified_folds
    from seqcnn.networks.zoo import create
    from seqcnn.training.examples import Examples
    from seqcnn.training.fitting import fit_target
    from seqcnn.training.loop import Schedule
    from seqcnn.training.step import Recipe
    from seqcnn.training.targets import Target

    target = Target("multiclass", tuple(map(str, range(10))))
    held = stratified_folds(np.arange(len(x)), y[:, 0], 10, seed=seed) == 0
    learnt = x[~held].astype(np.float32) / 255
    pixels = {"mean": [float(learnt.mean())], "std": [float(learnt.std())]}
    network = create(
        way.network, input_shape=x.shape[1:], classes=10, pixels=pixels, seed=seed, **way.options
    )
    weights = sum(w.size for w in jax.tree.leaves(nnx.state(network, nnx.Param)))
    steps = int((~held).sum()) // BATCH
    schedule = Schedule(
        batch=BATCH, steps=max(1, steps), rounds=way.rounds, patience=way.rounds,
        learning_rate=way.learning_rate, weight_decay=way.weight_decay,
    )  # fmt: skip
    recipe = Recipe(schedule, augmentation=FlipShift(way.shift), smoothing=way.smoothing)
    examples = Examples(x, target.encode(y))
    parts = (Examples(x, examples.y, rows=np.flatnonzero(part)) for part in (~held, held))

    def report(now: Any) -> None:
        if now.epoch is not None:
            print(f"# seed {seed}: {json.dumps(now.epoch.__dict__)}", flush=True)

    done = fit_target(network, *parts, target=target, recipe=recipe, seed=seed, report=report)
    stopping = accuracy(done.network, x[held], y[held])
    return done.network, target, {"weights": weights, "stopping": stopping, "best": done.best + 1}


def accuracy(network: Any, x: np.ndarray, y: np.ndarray) -> float:
    """Compute the share of pictures whose class is the most probable one."""
    from seqcnn.training.predict import mean_outputs

    return float((mean_outputs([network], x).argmax(axis=1) == y[:, 0]).mean())


def toys(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a few pictures in the place of the real ones."""
    rng = np.random.default_rng(n)
    return rng.integers(0, 256, (n, 28, 28, 1)).astype(np.uint8), (np.arange(n) % 10)[:, None] * 1.0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_FASHION"))
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--networks", nargs="+", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=2)
    for name in CHOSEN:
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(getattr(WAYS["small"], name)),
                            help="instead of what was chosen")  # fmt: skip
    parser.add_argument("--set", type=json.loads, default={}, help="options of the network, JSON")
    parser.add_argument("--no-test", action="store_true", help="to choose: score no test picture")
    options = parser.parse_args()
    use_cores(options.threads)
    import jax

    from seqcnn.nn.memory import keep_memory

    keep_memory()  # as the command does
    if options.full and options.data is None:
        print("no data: give --data or set SEQCNN_FASHION")
        return
    print(f"# {processor()}, {options.threads} threads, jax {jax.__version__}")
    print("network\tweights\tseed\trounds\tseconds\tcpu_seconds\tstopping\ttest")
    for name in options.networks:
        told = {key: getattr(options, key) for key in CHOSEN if getattr(options, key) is not None}
        way = WAYS[name]._replace(**told)
        way = way._replace(options={**way.options, **options.set})
        way = way if options.full else way._replace(rounds=1)
        for seed in options.seeds if options.full else [0]:
            began, busy = time.perf_counter(), time.process_time()
            training = read(options.data, "train") if options.full else toys(200)
            network, _, facts = train(way, *training, seed)
            spent = time.perf_counter() - began, time.process_time() - busy
            test = float("nan")
            if not options.no_test:
                test = accuracy(
                    network, *(read(options.data, "t10k") if options.full else toys(50))
                )
            print(f"{name}\t{facts['weights']}\t{seed}\t{way.rounds}\t{spent[0]:.0f}\t{spent[1]:.0f}\t"
                  f"{facts['stopping']:.4f}\t{test:.4f}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
