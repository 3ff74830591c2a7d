"""Find cells: a U-Net learns from pictures with masks, and is held against a threshold.

The pictures are drawn. Each has its own brightness and uneven ground, so that no one threshold
serves them all. Written are the masks of some pictures that were held out, laid over them.
"""

import sys
from pathlib import Path

import numpy as np
from flax import nnx

from seqcnn.image.augment import parse_augment
from seqcnn.image.files import write_image
from seqcnn.image.masks import overlay
from seqcnn.image.regions import describe_mask
from seqcnn.image.synthetic import draw_cells
from seqcnn.networks.zoo import create
from seqcnn.stats.segmentation import count_pixels, segmentation_table
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target


def main(out: Path, toy: bool = False) -> None:
    """Train, print Dice of network and threshold, and draw what was found."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (48, 16) if toy else (400, 64)
    cells = draw_cells(number, size=size, noise=0.2)
    test, stop = np.arange(number) % 5 == 0, np.arange(number) % 5 == 1
    learnt = ~test & ~stop
    target = Target("segmentation", ("ground", "cell"))
    channels = (4, 8) if toy else (8, 16, 32)
    network = create("unet", input_shape=(size, size, 1), channels=channels, depth=1, pixels={})
    schedule = Schedule(batch=8, steps=10 if toy else 50, rounds=2 if toy else 8)
    recipe = Recipe(schedule, augmentation=parse_augment("flip,turn90", target="mask"))
    parts = (Examples(cells.x[rows], cells.masks[rows]) for rows in (learnt, stop))
    fitted = fit_target(network, *parts, target=target, recipe=recipe)

    graph, *states = nnx.split(fitted.network, nnx.Param, ...)
    masks = predict_outputs(graph, tuple(states), cells.x[test]).argmax(axis=-1).astype(np.uint8)
    threshold = (cells.x[test][..., 0] > 127).astype(np.uint8)
    for name, found in (("U-Net", masks), ("threshold at half brightness", threshold)):
        table = segmentation_table(count_pixels(found, cells.masks[test], 2))
        print(f"{name}: Dice of all pixels {table['dice'][1]:.3f}, mean over pictures "
              f"{table['dice_per_image'][1]:.3f}")  # fmt: skip
    for i in range(3):
        pieces = describe_mask(masks[i], 2, least=size // 8).pieces[1]
        print(f"picture {i}: {cells.labels[test][i]} cells drawn, {pieces} pieces found")
        write_image(out / f"segment_cells_{i}.png", overlay(cells.x[test][i], masks[i]))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
