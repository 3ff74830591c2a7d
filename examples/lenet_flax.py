"""LeNet in Flax: trained, stopped and judged on parts of their own, with both losses drawn."""

import sys
from pathlib import Path

from seqcnn.image.record import PictureSet
from seqcnn.image.synthetic import SHAPES, draw_shapes
from seqcnn.networks.zoo import create
from seqcnn.report.training import draw_history
from seqcnn.training.ensemble import Plan, train_ensemble
from seqcnn.training.loop import Schedule
from seqcnn.training.pictures import picture_sample, pixel_moments
from seqcnn.training.step import Recipe


def main(out: Path, toy: bool = False) -> None:
    """Train LeNet on drawn shapes, and write the curves of its losses to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    number, size = (160, 16) if toy else (4000, 32)
    drawn = draw_shapes(number, size=size, noise=0.05)
    ids = tuple(f"shape {i}" for i in range(number))
    sample, target = picture_sample(PictureSet(drawn.x, ids, drawn.labels[:, None], SHAPES))
    mean, std = pixel_moments(sample.x)

    def build(number: int, seed: int):
        pixels = {"mean": mean, "std": std}
        options = {"input_shape": (size, size, 1), "classes": len(SHAPES), "pool": "max"}
        return create("lenet", **options, activation="relu", pixels=pixels, seed=seed)

    schedule = Schedule(batch=32, steps=5 if toy else 100, rounds=2 if toy else 15)
    done = train_ensemble(build, sample, target, Plan(Recipe(schedule, balanced=True)))
    found = done.metrics["held_out"]["mean"]
    for name in ("accuracy", "f1", "auroc"):
        value = found[name]
        print(f"{name}: {value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})")
    print("taken for", *SHAPES)
    for name, counts in zip(SHAPES, done.metrics["confusion"]["counts"], strict=True):
        print(name, *(f"{count:.0f}" for count in counts))
    histories = [member.history for member in done.members]
    draw_history(out / "lenet_flax.png", histories, metric="auroc", names=["LeNet"])


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
