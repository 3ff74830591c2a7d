"""A residual network: what a block adds to its input, and the maps that a decoder would read."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.classify.resnet import ResNet


def main(out: Path, toy: bool = False) -> None:
    """Print the maps of each stage for a drawn shape, and write them as pictures to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    from matplotlib.figure import Figure

    size, widths = (16, (4, 8)) if toy else (64, (16, 32, 64))
    x = draw_shapes(1, size=size).x / np.float32(255)
    options = {"depths": (1,) * len(widths), "widths": widths, "block": "basic", "stem": "small"}
    network = ResNet(x.shape[1:], 4, **options, rngs=nnx.Rngs(0))
    maps = jax.jit(network.features)(jnp.asarray(x))
    for stride, found in zip(network.strides, maps, strict=True):
        _, rows, columns, channels = found.shape
        print(f"1/{stride} of the picture: {rows} x {columns}, {channels} channels")

    block = network.stages[1].layers[0].layers[0]
    added = jax.jit(lambda x: block.branch(x))(maps[0])
    share = float(jnp.linalg.norm(added) / jnp.linalg.norm(maps[0]))
    print(f"what the first block adds is {share:.2f} times as large as what it is given")

    figure = Figure(figsize=(2.2 * (len(maps) + 1), 2.4), layout="constrained")
    pictures = [x[0, ..., 0], *(np.asarray(found)[0].mean(axis=-1) for found in maps)]
    for axes, picture in zip(figure.subplots(1, len(pictures)), pictures, strict=True):
        axes.imshow(picture, cmap="gray")
        axes.set_title(f"{picture.shape[0]} x {picture.shape[1]}", fontsize=8)
        axes.set_axis_off()
    figure.savefig(out / "residual_network.png")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
