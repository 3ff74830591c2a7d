"""Scale pictures of any size to what a network reads: stretched, cropped or with a border.

Writes one picture in three ways for networks of several input sizes, and compares the resizing on
the device with that of Pillow. Without antialiasing fine patterns turn into false ones (moire): the
last picture shows it.

    python examples/resize_pictures.py FOLDER [PICTURE]
"""

import sys
from pathlib import Path
from typing import get_args

import jax.numpy as jnp
import numpy as np

from seqcnn.image.files import read_image, write_image
from seqcnn.image.fit import Fit, fit_to_size
from seqcnn.image.preprocess import normalise, resize_batch, to_float, to_uint8
from seqcnn.image.stored import set_channels
from seqcnn.nn.resample import resize

SIZES = {"LeNet": 32, "ResNet": 224, "Inception": 299}


def main(out: Path, toy: bool = False, picture: Path | None = None) -> None:
    """Write pictures into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    height, width = (60, 90) if toy else (400, 600)
    if picture is None:
        y, x = np.mgrid[:height, :width]
        rings = 0.5 + 0.5 * np.cos((y**2 + x**2) * 1.5 / width)
        image = np.stack([rings, y / height, x / width], -1).astype(np.float32)
    else:
        image = set_channels(to_float(read_image(picture)), 3)
    sizes = {"LeNet": 32} if toy else SIZES
    for network, size in sizes.items():
        for fit in get_args(Fit):
            small = fit_to_size(image, size, fit)
            write_image(out / f"{network}_{fit}.png", to_uint8(small))
            device = np.array(resize_batch(jnp.array(image)[None], size, fit)[0])
            off = float(abs(device - small).max())
            print(f"{network:9} {image.shape[:2]} to {size}, {fit:7} device - Pillow: {off:.1e}")
    size = next(iter(sizes.values()))
    rough = np.array(resize(jnp.array(image)[None], size)[0])
    write_image(out / "not_antialiased.png", to_uint8(rough))
    good = fit_to_size(image, size)
    print(f"without antialiasing pixels differ by up to {abs(rough - good).max():.2f}")
    for how in ("imagenet", "inception", "caffe"):
        seen = normalise(jnp.array(good), how)
        print(f"{how:9} sees values from {float(seen.min()):.2f} to {float(seen.max()):.2f}")


if __name__ == "__main__":
    folder, *given = [Path(word) for word in sys.argv[1:]] or [Path()]
    main(folder, picture=given[0] if given else None)
