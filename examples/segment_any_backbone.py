"""Any decoder over any backbone of the zoo, for pictures: by two names.

All are trained alike on drawn cells, with cross-entropy and Dice as the loss, and compared by the
overlap of the cells in pictures that none has seen. On real pictures leave `encoder` and `decoder`
out: the networks then have their published sizes.
"""

import sys
from pathlib import Path

from flax import nnx

from seqcnn.image.synthetic import draw_cells
from seqcnn.networks.zoo import count_parameters, create
from seqcnn.stats.segmentation_scores import get_stats, iou_score, score_masks
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target

NARROW = {"depths": [1, 1, 1, 1], "widths": [8, 16, 32, 64]}
WIDTHS = {"widths": [32, 16, 16, 8, 8]}
PAIRS = (
    ("unet", "resnet18", {"encoder": NARROW, "decoder": WIDTHS}),
    ("linknet", "resnet18", {"encoder": NARROW}),
    ("segformer", "resnet18", {"encoder": NARROW, "decoder": {"width": 32}}),
    ("unet", "mobilenetv2", {"encoder": {"width": 0.25}, "decoder": WIDTHS}),
)


def main(out: Path, toy: bool = False) -> None:
    """Train each pair, and write a table of what it is worth."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (24, 32) if toy else (300, 64)
    cells = draw_cells(number, size=size)
    at, target = number * 4 // 5, Target("segmentation", ("ground", "cell"))
    schedule = Schedule(batch=8, steps=2 if toy else 40, rounds=1 if toy else 6)
    rows = ["decoder\tbackbone\tweights\tiou\tbalanced_accuracy"]
    for arch, backbone, more in PAIRS[:1] if toy else PAIRS:
        options = {"input_shape": (size, size, 1), "classes": 2, "backbone": backbone, **more}
        network = create("backbone_segmenter", arch=arch, pixels={}, **options)
        parts = (Examples(cells.x[i], cells.masks[i]) for i in (slice(at), slice(at, None)))
        recipe = Recipe(schedule, masks="ce+dice")
        fitted = fit_target(network, *parts, target=target, recipe=recipe)
        graph, *states = nnx.split(fitted.network, nnx.Param, ...)
        masks = predict_outputs(graph, tuple(states), cells.x[at:]).argmax(axis=-1)
        counts = get_stats(masks, cells.masks[at:], classes=2)
        weights = count_parameters("backbone_segmenter", arch=arch, **options)
        iou = iou_score(counts, "micro-imagewise")
        balanced = score_masks("balanced_accuracy", counts, "macro")
        rows.append(f"{arch}\t{backbone}\t{weights}\t{iou:.3f}\t{balanced:.3f}")
        print(rows[-1])
    (out / "segment_any_backbone.tsv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
