"""Count cells that touch: from a mask to single objects, and how many of them are the true ones.

Connected pieces of a mask run cells together that touch; a watershed on the distance to the ground
parts them where they are narrow.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.files import write_image
from seqcnn.image.instances import label_instances
from seqcnn.stats.instances import pooled_f1, score_instances

COLOURS = np.random.default_rng(7).integers(60, 255, (256, 3)).astype(np.uint8)


def discs(rng: np.random.Generator, size: int, number: int) -> np.ndarray:
    """Draw round cells that may touch but hardly overlap: int32 (size, size)."""
    y, x = np.mgrid[:size, :size]
    truth = np.zeros((size, size), np.int32)
    placed: list[tuple[float, float, float]] = []
    while len(placed) < number:
        cy, cx, r = *rng.uniform(0, size, 2), rng.uniform(6, 11)
        if all((cy - a) ** 2 + (cx - b) ** 2 > (0.9 * (r + c)) ** 2 for a, b, c in placed):
            placed.append((cy, cx, r))
            truth[((y - cy) ** 2 + (x - cx) ** 2 <= r**2) & (truth == 0)] = len(placed)
    return truth


def main(out: Path, toy: bool = False) -> None:
    """Count the cells of some pictures in both ways, and draw what was found."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    pictures = [discs(rng, *((64, 8) if toy else (192, 70))) for _ in range(2 if toy else 10)]
    for separation, how in ((0, "connected pieces"), (5, "parted where they are narrow")):
        scores = [
            score_instances(label_instances(true, separation=separation), true) for true in pictures
        ]
        tp, fp, fn = (sum(getattr(s, name) for s in scores) for name in ("tp", "fp", "fn"))
        print(
            f"{how}: {tp + fp} counted, {tp + fn} drawn, F1 at IoU 0.5 {pooled_f1(tp, fp, fn):.3f}"
        )
    first = pictures[0]
    shown = [first, label_instances(first, separation=0), label_instances(first)]
    tiles = [np.where((x > 0)[..., None], COLOURS[x % 256], 0) for x in shown]
    write_image(out / "instances.png", np.concatenate(tiles, axis=1).astype(np.uint8))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
