"""Batches from disk: more pictures than memory holds, and several steps on each batch."""

import sys
import time
from pathlib import Path

import numpy as np

from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.zoo import create
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target


def main(out: Path, toy: bool = False) -> None:
    """Write pictures to disk, and train from there with one and with several steps a batch."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (200, 16) if toy else (20_000, 32)
    drawn = draw_shapes(number, size=size, noise=0.05)
    path = out / "batches_from_disk.npy"
    np.save(path, drawn.x)
    x = np.load(path, mmap_mode="r")  # nothing of it is in memory yet
    print(f"{x.nbytes / 1e6:,.1f} MB on disk, of which a batch takes {x[:32].nbytes / 1e3:,.0f} kB")

    target = Target("multiclass", ("disc", "square", "triangle", "cross"))
    rows = np.random.default_rng(0).permutation(number)
    y, cut = target.encode(drawn.labels[:, None] * 1.0), number * 9 // 10
    parts = Examples(x, y, rows=rows[:cut]), Examples(x, y, rows=rows[cut:])
    for repeats in (1, 4):
        schedule = Schedule(batch=32, steps=4 if toy else 100, rounds=1 if toy else 6)
        options = {"input_shape": (size, size, 1), "classes": 4, "pixels": {}}
        network = create("mlp" if toy else "cnn", **options)
        began = time.perf_counter()
        done = fit_target(network, *parts, target=target, recipe=Recipe(schedule, repeats=repeats))
        losses = [f"{e.loss:.3f} / {e.validation_loss:.3f}" for e in done.history]
        print(f"{repeats} steps on each batch: {time.perf_counter() - began:.1f} s, losses of "
              f"training / evaluation {', '.join(losses)}")  # fmt: skip
    path.unlink()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
