"""Classify pictures by the shares of their colours, and see where that fails.

    python examples/kmeans_classification.py [FOLDER]

Red and blue shapes are told apart by colour alone. Discs and squares of the same colours are not:
for them it takes a network that looks at neighbours.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.kmeans import KMeansSegmentation
from seqcnn.image.kmeans_classify import fit_histograms
from seqcnn.image.synthetic import draw_shapes


def main(out: Path, toy: bool = False) -> None:
    """Print the share that is classified right, by colour and by shape."""
    out.mkdir(parents=True, exist_ok=True)
    n = 20 if toy else 200
    shapes = draw_shapes(2 * n, size=16 if toy else 32, classes=2)
    tints = np.random.default_rng(0).integers(0, 2, 2 * n)
    colours = np.array([[1.0, 0.45, 0.4], [0.4, 0.5, 1.0]])[tints]
    x = np.round(shapes.x * colours[:, None, None]).astype(np.uint8)
    for question, labels in (("red or blue", tints), ("disc or square", shapes.labels)):
        fitted = fit_histograms(x[:n], labels[:n], settings=KMeansSegmentation(k=8, restarts=2))
        right = (fitted.predict(x[n:]) == labels[n:]).mean()
        print(f"{question}: {right:.0%} of {n} new pictures right")
    write_image(out / "kmeans_classification.png", sample_sheet(x[:16], columns=8))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
