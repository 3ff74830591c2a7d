"""Any decoder over any backbone: what each pair holds, and the mask that one gives before training.

Nothing is trained here (see segment_cells.py): weights are counted without being made.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.image.files import write_image
from seqcnn.image.masks import colour_mask
from seqcnn.image.synthetic import draw_cells
from seqcnn.networks.segment.backbones import create_segmenter
from seqcnn.networks.segment.decoders import DECODERS

BACKBONES = ("resnet18", "resnet50", "vgg16", "mobilenetv2", "densenet121", "efficientnetb0")


def weights(arch: str, backbone: str) -> int:
    """Count the weights of a network for colour pictures of two classes."""
    blank = nnx.eval_shape(lambda: create_segmenter(arch, backbone, classes=2))
    return sum(weight.size for weight in jax.tree.leaves(nnx.state(blank, nnx.Param)))


def main(out: Path, toy: bool = False) -> None:
    """Write ``segmenters.tsv``, and one mask for a picture whose extents are no multiple of 32."""
    archs = ("unet", "fpn") if toy else tuple(DECODERS)
    backbones = BACKBONES[:1] if toy else BACKBONES
    lines = ["\t".join(("backbone", *archs))]
    for backbone in backbones:
        counts = (f"{weights(arch, backbone):,}" for arch in archs)
        lines.append("\t".join((backbone, *counts)))
    (out / "segmenters.tsv").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))

    slim = {"depths": (1, 1, 1, 1), "widths": (8, 8, 16, 16)}
    network = create_segmenter("unet", "resnet18", in_channels=1, classes=2, encoder=slim)
    picture = draw_cells(1, size=50).x
    scores = jax.jit(lambda x: network(x))(jnp.asarray(picture / 255, jnp.float32))
    print(f"{picture.shape} gives {scores.shape}")
    write_image(out / "untrained_mask.png", colour_mask(scores[0].argmax(axis=-1)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=Path())
    main(parser.parse_args().out)
