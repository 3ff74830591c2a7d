"""See where a network looks: class-activation maps and saliency of pictures of shapes.

    python examples/class_activation_map.py [FOLDER]

A small residual network learns to tell four shapes apart. The sheet shows pictures, where the
network sees the class that it names (Grad-CAM), and which pixels matter (integrated gradients).
"""

import sys
from pathlib import Path

import numpy as np

import seqcnn
from seqcnn.explain.pictures import attribute_pictures, class_activation_maps, heat_map
from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.synthetic import SHAPES, draw_shapes
from seqcnn.networks.doors import Pixels
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target


def main(out: Path, toy: bool = False) -> None:
    """Train, explain, and print the share of the maps that lies on the shapes."""
    out.mkdir(parents=True, exist_ok=True)
    drawn = draw_shapes(64 if toy else 2000, size=16 if toy else 32, seed=3)
    examples = Examples(drawn.x, drawn.labels[:, None].astype(np.float32))
    split = len(drawn.x) * 3 // 4
    parts = [Examples(examples.x[rows], examples.y[rows]) for rows in
             (slice(0, split), slice(split, None))]  # fmt: skip
    network = seqcnn.create(
        "resnet_small", input_shape=drawn.x.shape[1:], classes=4, pixels={},
        widths=[4, 8] if toy else [16, 32], depths=[1, 1],
    )  # fmt: skip
    schedule = Schedule(batch=16, steps=2, rounds=1) if toy else Schedule(steps=40, rounds=5)
    fitted = fit_target(
        network, *parts, target=Target("multiclass", SHAPES), recipe=Recipe(schedule)
    )
    assert isinstance(fitted.network, Pixels)
    x, masks = drawn.x[split : split + 8], drawn.masks[split : split + 8]
    maps, _ = class_activation_maps(fitted.network, x)
    pixels, _ = attribute_pictures(fitted.network, x, method="integrated_gradients", steps=16)
    strength = np.abs(pixels).sum(axis=-1)
    rows = [np.repeat(x, 3, axis=-1), heat_map(maps, x), heat_map(strength, x)]
    write_image(out / "class_activation_map.png", sample_sheet(np.concatenate(rows), columns=8))
    for name, shown in (("Grad-CAM", maps), ("integrated gradients", strength)):
        share = (shown * masks).sum() / max(shown.sum(), 1e-12)
        print(f"{name}: {share:.0%} lie on the shapes, which cover {masks.mean():.0%}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
