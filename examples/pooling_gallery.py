"""Pool one picture by mean, maximum and minimum.

    python examples/pooling_gallery.py [FOLDER]

The mean blurs, the maximum keeps what is bright, the minimum what is dark.
"""

import sys
from pathlib import Path

from seqcnn.image.figures import write_figure
from seqcnn.image.gallery import pooling_gallery
from seqcnn.image.pooling import POOLS, pool_image
from seqcnn.image.scene import draw_scene


def main(out: Path, toy: bool = False) -> None:
    """Write the gallery, and print how bright each pooling leaves the picture."""
    out.mkdir(parents=True, exist_ok=True)
    image = draw_scene(24, 32) if toy else draw_scene()
    print(f"the picture: mean {image.mean():.1f}, standard deviation {image.std():.1f}")
    for kind in POOLS:
        pooled = pool_image(image, kind, 4)
        print(f"{kind}: mean {pooled.mean():.1f}, standard deviation {pooled.std():.1f}")
    write_figure(out / "pooling_gallery.png", pooling_gallery(image))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
