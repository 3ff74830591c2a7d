"""MLP, CNN 2-D and CNN 3-D side by side: training and evaluation loss of each, on drawn solids."""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.record import PictureSet
from seqcnn.networks.zoo import create
from seqcnn.report.training import draw_history
from seqcnn.training.ensemble import Plan, train_ensemble
from seqcnn.training.loop import Schedule
from seqcnn.training.pictures import picture_sample, pixel_moments
from seqcnn.training.step import Recipe

CLASSES = ("ball", "cube")


def solids(n: int, size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Draw balls and cubes at any place: uint8 (n, size, size, size, 1), and their classes."""
    rng = np.random.default_rng(seed)
    labels, radius = np.arange(n) % 2, rng.uniform(0.25, 0.35, (n, 1, 1, 1)) * size
    axes = np.meshgrid(*[np.arange(size)] * 3, indexing="ij")
    apart = [abs(a - rng.uniform(0.4, 0.6, (n, 1, 1, 1)) * size) for a in axes]
    ball = sum(d**2 for d in apart) <= (1.24 * radius) ** 2
    inside = np.where(labels[:, None, None, None] == 0, ball, np.maximum.reduce(apart) <= radius)
    bright = 0.3 + 0.3 * inside + rng.normal(0, 0.15, inside.shape)
    return (np.clip(bright, 0, 1) * 255).astype(np.uint8)[..., None], labels


def main(out: Path, toy: bool = False) -> None:
    """Train all three on the same solids, and write their curves to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (80, 8) if toy else (1500, 16)
    x, labels = solids(number, size)
    middle = x[:, size // 2]  # what a two-dimensional network gets: one cut
    ways = {"MLP": ("mlp", middle), "CNN 2-D": ("cnn", middle), "CNN 3-D": ("cnn", x)}
    histories = []
    for name, (network, given) in ways.items():
        pictures = PictureSet(given, tuple(map(str, range(number))), labels[:, None] * 1.0, CLASSES)
        sample, target = picture_sample(pictures)
        mean, std = pixel_moments(sample.x)
        options = {"input_shape": given.shape[1:], "classes": 2}
        options |= {"pixels": {"mean": mean, "std": std}}
        options |= {"channels": (8, 16)} if network == "cnn" else {}
        schedule = Schedule(batch=32, steps=5 if toy else 40, rounds=1 if toy else 12)
        done = train_ensemble(
            lambda i, seed, network=network, o=options: create(network, seed=seed, **o),
            sample, target, Plan(Recipe(schedule, balanced=True)),
        )  # fmt: skip
        found = done.metrics["held_out"]["mean"]["accuracy"]
        print(f"{name}: accuracy {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})")
        histories.append(done.members[0].history)
    draw_history(out / "mlp_cnn2d_cnn3d.png", histories, metric="auroc", names=list(ways))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
