"""SegNet: encoder, bottleneck, decoder, softmax, and a mask in any colours.

Max-pooling keeps where each largest value stood, and the decoder puts values back there. The mask
is the most probable class of each pixel; its colours are no more than labels of the classes.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.image.files import write_image
from seqcnn.image.masks import colour_mask
from seqcnn.image.synthetic import SHAPES, draw_shapes
from seqcnn.networks.zoo import count_parameters, create
from seqcnn.nn.unpool import max_pool_with_indices, max_unpool
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target

COLOURS = np.array([[20, 20, 20], [230, 60, 60], [60, 160, 60], [60, 90, 220], [230, 190, 40]])


def main(out: Path, toy: bool = False) -> None:
    """Show how unpooling works, count the weights, train a small SegNet and paint its masks."""
    out.mkdir(parents=True, exist_ok=True)
    x = jnp.array([[[1.0], [5.0], [2.0], [0.0]]])
    values, places = max_pool_with_indices(x, 2)
    back = max_unpool(values, places, 2, space=(4,))
    print(f"{x.ravel()} pooled to {values.ravel()} at {places.ravel()}, unpooled to {back.ravel()}")
    print(f"SegNet for 12 classes has {count_parameters('segnet', classes=12):,} weights")

    number, size = (40, 16) if toy else (600, 32)
    shapes = draw_shapes(number, size=size)
    labels = shapes.masks * (shapes.labels + 1).astype(np.uint8)[:, None, None]
    target = Target("segmentation", ("ground", *SHAPES))
    small = {"channels": (4, 8) if toy else (16, 32, 64), "depths": (1, 1) if toy else (2, 2, 2)}
    network = create("segnet", input_shape=(size, size, 1), classes=5, pixels={}, **small)
    schedule = Schedule(batch=8, steps=5 if toy else 60, rounds=1 if toy else 8)
    cut = number * 4 // 5
    parts = (Examples(shapes.x[at], labels[at]) for at in (slice(0, cut), slice(cut, number)))
    fitted = fit_target(network, *parts, target=target, recipe=Recipe(schedule))
    print(f"mean Dice on the stopping part: {fitted.history[fitted.best].metric:.3f}")
    graph, *states = nnx.split(fitted.network, nnx.Param, ...)
    shares = jax.nn.softmax(predict_outputs(graph, tuple(states), shapes.x[-4:]), axis=-1)
    masks = np.asarray(shares).argmax(axis=-1)
    rows = [np.concatenate(list(colour_mask(m, COLOURS)), axis=1) for m in (labels[-4:], masks)]
    write_image(out / "segnet.png", np.concatenate(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
