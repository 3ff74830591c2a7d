"""Make a picture smaller by a stride, and see what comes back that was never there.

    python examples/downsampling.py [FOLDER]

Rings that are finer than the new pixels turn into other rings (aliasing); averaging first, or
pooling, makes them grey instead.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.pooling import downsample, pool_image
from seqcnn.nn.geometry import conv_output_size


def main(out: Path, toy: bool = False) -> None:
    """Write the three small pictures side by side."""
    out.mkdir(parents=True, exist_ok=True)
    size, step = (48 if toy else 384), 3
    y, x = np.mgrid[:size, :size] / size
    rings = np.sin(0.9 * np.pi / 2 * size * (x**2 + y**2))
    image = np.round(127.5 * (1 + rings)).astype(np.uint8)[..., None]
    made = {
        "every third pixel": downsample(image, step),
        "averaged, then every third pixel": downsample(image, step, blur=True),
        "mean pooling": pool_image(image, "mean", step),
    }
    fine = (x**2 + y**2)[::step, ::step] > 0.8
    print(f"{size} pixels become {conv_output_size(size, 1, stride=step)} by a stride of {step}")
    for title, small in made.items():
        print(f"{title}: contrast of the finest rings {small[..., 0][fine].std():.1f}")
    write_image(out / "downsampling.png", sample_sheet(np.stack(list(made.values())), columns=3))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
