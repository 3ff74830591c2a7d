"""Segment a picture by k-means in four colour spaces, and see what is lost without places.

    python examples/kmeans_segmentation.py [FOLDER]

The clusters of a picture and of its shuffled pixels are the same, because k-means asks for the
colour of a pixel only.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.choose_k import choose_k
from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.kmeans import KMeansSegmentation
from seqcnn.image.scene import draw_scene


def main(out: Path, toy: bool = False) -> None:
    """Write a sheet: the picture, its segments in each space, and its pixels shuffled."""
    out.mkdir(parents=True, exist_ok=True)
    image = draw_scene(24, 32) if toy else draw_scene()
    choice = choose_k([image], range(2, 4 if toy else 10))
    print(f"k = {choice.by_silhouette} by the silhouette, {choice.by_elbow} by the elbow")
    sheet = [image]
    for space in ("rgb", "hsv", "lab", "grey"):
        found = KMeansSegmentation(k=6, space=space).segment(image)
        shares = ", ".join(f"{share:.0%}" for share in found.shares)
        print(f"{space}: {found.rounds} rounds, inertia {found.inertia:.4g}, shares {shares}")
        sheet.append(found.recoloured)
    shuffled = np.random.default_rng(0).permutation(image.reshape(-1, 3)).reshape(image.shape)
    one, other = (KMeansSegmentation(k=6).segment(picture) for picture in (image, shuffled))
    same = bool((one.centres == other.centres).all())
    print(f"shuffled pixels have the same clusters: {same}")
    near = KMeansSegmentation(k=6, place=1.0).segment(image)
    sheet += [shuffled, other.recoloured, near.recoloured]
    write_image(out / "kmeans_segmentation.png", sample_sheet(np.stack(sheet), columns=4, gap=4))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
