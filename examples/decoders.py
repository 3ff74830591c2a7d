"""Three decoders over the same encoder: learned up-convolution, skip connections, attention.

All are trained alike. The picture shows what each makes of the same cells: without the fine maps of
the encoder, outlines are blunt.
"""

import sys
import time
from pathlib import Path

import numpy as np
from flax import nnx

from seqcnn.image.files import write_image
from seqcnn.image.masks import overlay
from seqcnn.image.synthetic import draw_cells
from seqcnn.networks.segment.segmenter import DECODERS
from seqcnn.networks.zoo import count_parameters, create
from seqcnn.stats.segmentation import count_pixels, segmentation_table
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target


def main(out: Path, toy: bool = False) -> None:
    """Train one network for each decoder, and lay their masks side by side."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (40, 16) if toy else (300, 64)
    cells = draw_cells(number, size=size)
    cut, target = number * 4 // 5, Target("segmentation", ("ground", "cell"))
    schedule = Schedule(batch=8, steps=4 if toy else 50, rounds=1 if toy else 6)
    shown = [overlay(cells.x[-1], cells.masks[-1])]
    for decoder in DECODERS:
        options = {"input_shape": (size, size, 1), "decoder": decoder, "depth": 1}
        options["channels"] = (4, 8) if toy else (8, 16, 32, 64)
        network = create("segmenter", pixels={}, **options)
        parts = (
            Examples(cells.x[at], cells.masks[at]) for at in (slice(0, cut), slice(cut, number))
        )
        began = time.perf_counter()
        fitted = fit_target(network, *parts, target=target, recipe=Recipe(schedule))
        graph, *states = nnx.split(fitted.network, nnx.Param, ...)
        masks = predict_outputs(graph, tuple(states), cells.x[cut:]).argmax(axis=-1)
        found = segmentation_table(count_pixels(masks, cells.masks[cut:], 2))["dice"][1]
        weights = count_parameters("segmenter", **options)
        print(f"{decoder}: {weights:,} weights, {time.perf_counter() - began:.0f} s, Dice of the "
              f"cells {found:.3f}")  # fmt: skip
        shown.append(overlay(cells.x[-1], masks[-1]))
    write_image(out / "decoders.png", np.concatenate(shown, axis=1))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
