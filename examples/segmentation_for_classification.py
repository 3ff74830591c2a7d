"""Segmentation for classification: what is in a picture follows from the mask of its pixels.

The network only learns classes of pixels. The class of a picture is then that of the largest area,
and a picture can be sorted by how many pieces it holds, which no pixel tells.
"""

import sys
from pathlib import Path

import numpy as np
from flax import nnx

from seqcnn.image.regions import class_of_mask, describe_mask
from seqcnn.image.synthetic import SHAPES, draw_cells, draw_shapes
from seqcnn.networks.zoo import create
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target


def main(out: Path, toy: bool = False) -> None:
    """Segment shapes, and name each picture by its mask; count cells, and sort by their number."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (80, 16) if toy else (1000, 32)
    shapes = draw_shapes(number, size=size, noise=0.05)
    labels = shapes.masks * (shapes.labels + 1).astype(np.uint8)[:, None, None]
    target = Target("segmentation", ("ground", *SHAPES))
    small = {"channels": (4, 8), "depth": 1} if toy else {"channels": (16, 32, 64)}
    network = create("unet", input_shape=(size, size, 1), classes=5, pixels={}, **small)
    schedule = Schedule(batch=8, steps=20 if toy else 80, rounds=1 if toy else 8)
    thirds = (slice(0, number // 2), slice(number // 2, number * 3 // 4))
    parts = (Examples(shapes.x[at], labels[at]) for at in thirds)
    fitted = fit_target(network, *parts, target=target, recipe=Recipe(schedule))

    graph, *states = nnx.split(fitted.network, nnx.Param, ...)
    rest = slice(number * 3 // 4, number)
    masks = predict_outputs(graph, tuple(states), shapes.x[rest]).argmax(axis=-1)
    named = np.array([class_of_mask(mask, 5, least=4) for mask in masks])
    right = (named == shapes.labels[rest] + 1).mean()
    print(
        f"{right:.1%} of {len(named)} pictures are named rightly by the largest area in their mask"
    )
    rows = ("\t".join((target.names[a], target.names[b])) for a, b in
            zip(named, shapes.labels[rest] + 1, strict=True))  # fmt: skip
    (out / "segmentation_for_classification.tsv").write_text("\n".join(("named\ttrue", *rows)))

    cells = draw_cells(12, size=64)
    pieces = np.array([describe_mask(mask, 2, least=20).pieces[1] for mask in cells.masks])
    crowded = np.where(pieces > np.median(pieces), "many", "few")
    print("cells drawn, pieces found, class:", *zip(cells.labels, pieces, crowded, strict=True))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
