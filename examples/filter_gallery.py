"""Draw what every named filter does to one picture.

python examples/filter_gallery.py [FOLDER] [PICTURE]
"""

import sys
from pathlib import Path

from seqcnn.image.figures import write_figure
from seqcnn.image.files import read_image
from seqcnn.image.filters import KERNELS, kernel_of
from seqcnn.image.gallery import filter_gallery
from seqcnn.image.scene import draw_scene


def main(out: Path, toy: bool = False, picture: str | None = None) -> None:
    """Write the gallery, and print what the sum of each kernel says."""
    out.mkdir(parents=True, exist_ok=True)
    if picture:
        image = read_image(picture)
    else:
        image = draw_scene(24, 32) if toy else draw_scene()
    for name in KERNELS:
        kernel = kernel_of(name)
        total = float(kernel.sum())
        means = "finds edges: 0 on flat ground" if abs(total) < 1e-6 else "keeps brightness"
        print(f"{name}: {kernel.shape[0]} x {kernel.shape[1]}, sum {total:.3g}, {means}")
    write_figure(out / "filter_gallery.png", filter_gallery(image))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."), picture=(sys.argv[2:] or [None])[0])
