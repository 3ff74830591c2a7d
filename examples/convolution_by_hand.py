"""Convolve by three loops, and by the layer that networks use: the same numbers.

    python examples/convolution_by_hand.py [FOLDER]

What both compute is cross-correlation; the convolution of the textbook turns the kernel first.
"""

import sys
import time
from pathlib import Path

import jax.numpy as jnp
import numpy as np

from seqcnn.image.files import write_image
from seqcnn.image.filters import displayed, kernel_of
from seqcnn.image.scene import draw_scene
from seqcnn.nn.conv import conv
from seqcnn.reference.self_made import ConvSelfMade, n_out


def main(out: Path, toy: bool = False) -> None:
    """Compare both for some paddings and strides, and write what the loops made."""
    out.mkdir(parents=True, exist_ok=True)
    size = (12, 16) if toy else (60, 80)
    images = [draw_scene(*size, seed=seed) / 255 for seed in (0, 1)]
    kernel = kernel_of("emboss")
    for padding, stride in ((0, 1), (2, 1), (0, 3)):
        began = time.perf_counter()
        loops = np.stack(ConvSelfMade(*images, kernel=kernel, padding=padding, stride=stride))
        spent = time.perf_counter() - began
        each = jnp.broadcast_to(kernel[..., None, None], (3, 3, 1, 3))
        x = jnp.asarray(np.stack(images), jnp.float32)
        layer = conv(x, each, padding=padding, stride=stride, groups=3)
        rows = n_out(size[0], 3, padding=padding, stride=stride)
        print(
            f"padding {padding}, stride {stride}: {size[0]} rows become {rows}; largest difference "
            f"{abs(loops - layer).max():.1e}; loops took {spent:.2f} s"
        )
        write_image(out / f"by_hand_{padding}_{stride}.png", displayed(loops[0]))
    (correlated,), (convolved,) = (
        ConvSelfMade(images[0], kernel=k) for k in (kernel, kernel[::-1, ::-1])
    )
    print(f"turning the kernel changes a pixel by up to {abs(correlated - convolved).max():.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
