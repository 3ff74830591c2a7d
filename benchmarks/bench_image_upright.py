"""Turn pictures upright: errors of the angles on pictures that were held out.

    python benchmarks/bench_image_upright.py --data FOLDER [--classes 5 7 9] [--rounds 12]

FOLDER holds Fashion-MNIST as IDX files (Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747). A network
learns from the training pictures of the classes named (by default the shoes: sandals, sneakers,
boots); each test picture is turned by an angle of its own, by SciPy's cubic splines, which are
none of ours. Beside it stand the mean direction of the training pictures (one guess for all) and
the main axis of the brightness, with its head told from its tail by the third moment. Without
``--data`` a toy: shapes that the package draws, and one round.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np
from scipy import ndimage


def main() -> None:
    """Train, turn, print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--classes", type=int, nargs="+", default=[5, 7, 9])
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--network", default="cnn")
    parser.add_argument("--channels", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = parser.parse_args()
    training, test, labels = _toy() if given.data is None else _fashion(given.data, given.classes)
    true = np.random.default_rng(11).uniform(-180, 180, len(test))
    turned = _turned(test, true)
    print(
        f"{len(training):,} pictures to learn from, {len(test):,} to test, {os.cpu_count()} cores"
    )
    print("| method | seed | median error | mean | within 15 degrees | CPU s | wall s |")
    print("|---|---|---|---|---|---|---|")
    _row("mean direction", "", np.zeros(len(test)), true)
    _row("main axis of brightness", "", _main_axis(turned) - _typical_axis(training), true)
    for seed in given.seeds:
        for quarters, found, cpu, wall in _network(training, turned, given, seed):
            _row(f"{given.network}, {quarters} looks", str(seed), found, true, cpu, wall)
            for label in sorted(set(labels.tolist())):
                errors = _errors(found, true)[labels == label]
                print(f"| class {label} | {seed} | {np.median(errors):.2f} | {errors.mean():.2f} "
                      f"| {(errors < 15).mean():.3f} | | |")  # fmt: skip


def _network(training, turned, given, seed):
    from seqcnn.networks.zoo import create
    from seqcnn.training.loop import Schedule
    from seqcnn.training.upright import find_angles, fit_upright

    toy = given.data is None
    rounds, steps = (1, 3) if toy else (given.rounds, given.steps)
    options = {} if given.network != "cnn" else {"channels": given.channels, "hidden": [128]}
    network = create(
        given.network, input_shape=training.shape[1:], classes=2, pixels={}, seed=seed, **options
    )
    schedule = Schedule(
        batch=128, steps=steps, rounds=rounds, patience=6, learning_rate=3e-3, weight_decay=0.01
    )
    cpu, wall = time.process_time(), time.perf_counter()

    def report(now):
        if now.epoch is not None:
            print(f"  round {now.epoch.round + 1}: loss {now.epoch.loss:.4f}, stopping part "
                  f"{now.epoch.validation_loss:.4f}, {time.process_time() - cpu:.0f} CPU s",
                  file=sys.stderr, flush=True)  # fmt: skip

    fitted = fit_upright(network, training, schedule=schedule, seed=seed, report=report)
    spent = time.process_time() - cpu, time.perf_counter() - wall
    for quarters in (1, 4):
        yield quarters, find_angles(fitted.network, turned, quarters=quarters).degrees, *spent


def _row(name, seed, found, true, cpu=float("nan"), wall=float("nan")):
    errors = _errors(found, true)
    print(f"| {name} | {seed} | {np.median(errors):.2f} | {errors.mean():.2f} | "
          f"{(errors < 15).mean():.3f} | {cpu:.0f} | {wall:.0f} |", flush=True)  # fmt: skip


def _errors(found, true):
    return np.abs((found - true + 180) % 360 - 180)


def _turned(x, degrees):
    pairs = zip(x[..., 0].astype(float), degrees, strict=True)
    parts = [ndimage.rotate(p, angle, reshape=False, order=3) for p, angle in pairs]
    return np.round(np.clip(parts, 0, 255)).astype(np.uint8)[..., None]


def _main_axis(x):
    """Direction of the longest axis, towards the side with the longer tail; degrees (n,)."""
    size = x.shape[1]
    row, column = (np.mgrid[:size, :size] - (size - 1) / 2) * np.array([-1, 1])[:, None, None]
    inside = np.hypot(row, column) <= size / 2
    weight = x[..., 0] * inside + 1e-9
    weight = weight / weight.sum(axis=(1, 2), keepdims=True)
    u, v = (column - (weight * column).sum(axis=(1, 2), keepdims=True),
            row - (weight * row).sum(axis=(1, 2), keepdims=True))  # fmt: skip
    uu, vv, uv = ((weight * a).sum(axis=(1, 2)) for a in (u * u, v * v, u * v))
    angle = np.arctan2(2 * uv, uu - vv) / 2
    along = np.cos(angle)[:, None, None] * u + np.sin(angle)[:, None, None] * v
    angle = angle + np.pi * ((weight * along**3).sum(axis=(1, 2)) < 0)
    return np.rad2deg(angle)


def _typical_axis(training):
    directions = np.exp(1j * np.deg2rad(_main_axis(training)))
    return np.rad2deg(np.angle(directions.mean()))


def _fashion(folder, classes):
    from seqcnn.image.sources import read_pictures

    parts = []
    for name in ("train", "t10k"):
        found = read_pictures(folder / f"{name}-images-idx3-ubyte.gz")
        parts.append(found.select(np.isin(_numbers(found), classes)))
    return parts[0].x, parts[1].x, _numbers(parts[1])


def _numbers(pictures):
    assert pictures.labels is not None
    return np.array([int(float(name)) for name in pictures.classes])[
        pictures.labels[:, 0].astype(int)
    ]


def _toy():
    from seqcnn.image.synthetic import draw_shapes

    pictures = draw_shapes(120, size=24)
    triangles = pictures.x[pictures.labels == 2]
    return triangles[:24], triangles[24:], np.full(len(triangles) - 24, 2)


if __name__ == "__main__":
    main()
