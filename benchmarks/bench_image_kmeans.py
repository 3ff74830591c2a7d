"""Time k-means of pictures against scikit-learn's, from the same start.

    python benchmarks/bench_image_kmeans.py --full [--rounds 5]

Two pictures of two million pixels in 8 bits, painted by a formula: smooth light with the noise of a
good camera, and the same with so much noise that most pixels differ. Both start at the same six
pixels and stop by the same rule. Ours is timed from the picture in uint8 to labels, mean colours
and the recoloured picture; theirs from float32 pixels to labels. Without ``--full``, one toy.

Then accuracy: without tolerance, theirs in float64, inertia and labels compared.
"""

import argparse
import os
import platform
import sys

import numpy as np
from timing import in_turn, processor, use_cores

K = 6


def painted(height: int, width: int, noise: float) -> np.ndarray:
    """Paint a picture, uint8 (height, width, 3): slow waves of light, a disc, and noise."""
    y, x = np.mgrid[:height, :width] / max(height, width)
    waves = np.sin(7 * x + 3 * y), np.cos(9 * y - x), np.sin(5 * x * y + 2)
    values = 0.5 + 0.4 * np.stack(waves, axis=-1)
    values[(x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.04] += [0.3, -0.2, 0.1]
    values += np.random.default_rng(0).normal(0, noise, values.shape)
    return np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)


def differing(a: np.ndarray, b: np.ndarray) -> int:
    """Count the pixels that two maps put into different clusters, whatever these are called."""
    table = np.zeros((K, K), int)
    np.add.at(table, (a.reshape(-1), b.reshape(-1)), 1)
    return int(a.size - table.max(axis=1).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="two megapixels, not a toy")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))
    use_cores(options.threads)

    import jax

    from seqcnn.image.counts import count_colours
    from seqcnn.image.kmeans import KMeansSegmentation

    try:
        from peers import sklearn_kmeans as peer
    except ImportError as error:
        print(f"scikit-learn is left out: {error}", file=sys.stderr)
        peer = None
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, "
          f"jax {jax.__version__}{', ' + peer.VERSION if peer else ''}; "
          f"{options.rounds} rounds in turn, medians by the clock (of all cores)\n")  # fmt: skip
    print("| picture | colours | rounds of k-means | seqcnn, first call, s | seqcnn, s | "
          "scikit-learn, s | of that over ours | inertia, relative difference | other labels |\n"
          "|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    size = (1250, 1600) if options.full else (30, 40)
    for name, noise in (("camera", 0.005), ("mostly noise", 0.1)):
        image = painted(*size, noise)
        pixels = (image.reshape(-1, 3) / np.float32(255)).astype(np.float32)
        start = pixels[np.random.default_rng(1).choice(len(pixels), K, replace=False)]
        ours = KMeansSegmentation(K)
        steps = {"seqcnn": lambda k=ours, i=image, s=start: k.segment(i, start=s).inertia}
        if peer:
            steps["scikit-learn"] = lambda p=pixels, s=start: peer.fit(
                p, s, rounds=300, tolerance=1e-4
            )[0]
        times = in_turn(steps, options.rounds if options.full else 1)
        strict = KMeansSegmentation(K, tolerance=0).segment(image, start=start)
        colours = len(np.unique(count_colours(image.reshape(-1, 3)).colours, axis=0))
        cells = [name, f"{colours:,}", str(strict.rounds)]
        mine = times["seqcnn"]
        cells += [f"{mine.first:.2f}", f"{np.median(mine.wall):.3f} ({np.median(mine.cores):.3f})"]
        if peer:
            its = times["scikit-learn"]
            wall, cores = np.median(its.wall), np.median(its.cores)
            exact = peer.fit(image.reshape(-1, 3) / 255, start, rounds=300, tolerance=0)
            cells += [
                f"{wall:.3f} ({cores:.3f})",
                f"{wall / np.median(mine.wall):.1f} ({cores / np.median(mine.cores):.1f})",
                f"{abs(strict.inertia / exact[0] - 1):.1e}",
                f"{differing(strict.labels, exact[1])} of {exact[1].size:,}",
            ]
        else:
            cells += ["", "", "", ""]
        print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
