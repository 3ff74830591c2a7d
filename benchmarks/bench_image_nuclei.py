"""Find nuclei in micrographs: Otsu, k-means by brightness, and a small U-Net, in one table.

    python benchmarks/bench_image_nuclei.py --data dsb2018_256.npz --out table.md

The file holds `x` uint8 (n, 256, 256, 3), grey, with bright nuclei on dark ground, and `labels` int
(n, 256, 256), 0 where no nucleus is.
Test pictures are those whose number is divisible by 5: they neither train the network nor stop its
training, which a tenth of the others does.
"""

import argparse
import resource
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from flax import nnx

from seqcnn.image.augment import parse_augment
from seqcnn.image.brightness import stretch_brightness
from seqcnn.networks.weights import Member, Model, create_member, save_model
from seqcnn.nn.memory import keep_memory
from seqcnn.stats.segmentation import count_pixels, segmentation_table
from seqcnn.training.checkpoint import CheckpointFolder
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import Progress, fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.mask_examples import pixel_statistics, tile_examples
from seqcnn.training.step import Recipe, predict_outputs
from seqcnn.training.targets import Target

TILE, STEP = 128, 64
TARGET = Target("segmentation", ("background", "nucleus"))
SCHEDULE = Schedule(batch=16, steps=60, rounds=12, patience=12, learning_rate=3e-3)
RECIPE = Recipe(SCHEDULE, augmentation=parse_augment("flip,flip_vertical,turn90", target="mask"))
NETWORK: dict[str, Any] = {"input_shape": [TILE, TILE, 2], "channels": [12, 24, 48, 96, 96]}


def as_seen(picture: np.ndarray) -> np.ndarray:
    """Lay the picture, stretched, over its square root: outlines, and which microscope it was."""
    root = np.sqrt(picture / 255) * 255
    return np.concatenate([stretch_brightness(picture), np.rint(root).astype(np.uint8)], axis=-1)


def otsu(grey: np.ndarray) -> np.ndarray:
    """Part the pixels of a picture at the brightness that parts their variance best."""
    counts = np.bincount(grey.ravel(), minlength=256).astype(float)
    below, total = np.cumsum(counts), np.cumsum(counts * np.arange(256))
    above = below[-1] - below
    with np.errstate(invalid="ignore", divide="ignore"):
        between = below * above * (total / below - (total[-1] - total) / above) ** 2
    return grey > np.nanargmax(between)


def two_means(grey: np.ndarray) -> np.ndarray:
    """Part the pixels of a picture into two groups about their means (Lloyd's algorithm)."""
    values, counts = np.unique(grey, return_counts=True)
    low, high = float(values[0]), float(values[-1])
    for _ in range(100):
        upper = values > (low + high) / 2
        means = [np.average(values[part], weights=counts[part]) for part in (~upper, upper)]
        if means == [low, high]:
            break
        low, high = means
    return grey > (low + high) / 2


def train(x: np.ndarray, masks: np.ndarray, folder: Path | None) -> Member:
    """Fit the network; a tenth of the pictures, every tenth one, says which round is the best."""
    held = np.arange(len(x)) % 10 == 3
    training = tile_examples(list(x[~held]), list(masks[~held]), TILE, STEP)
    pixels = pixel_statistics(training.x)
    member = create_member("unet", classes=2, pixels=pixels, **NETWORK)
    fitted = fit_target(
        member.network,
        training,
        Examples(x[held], masks[held]),
        target=TARGET,
        recipe=RECIPE,
        folder=None if folder is None else CheckpointFolder(folder, {"options": member.options}),
        report=tell_after_each_round,
    )
    return replace(member, network=fitted.network)


def tell_after_each_round(progress: Progress) -> None:
    if (epoch := progress.epoch) is not None:
        cpu = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        print(
            f"round {epoch.round}: loss {epoch.loss:.3f}, validation {epoch.validation_loss:.3f}, "
            f"Dice {epoch.metric:.4f}, {cpu:.0f} s of CPU",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, help="where the table is written")
    parser.add_argument("--model", type=Path, help="where the trained network is kept, and the "
                        "state of a run that may be broken off")  # fmt: skip
    options = parser.parse_args()
    keep_memory()  # as the commands do
    stored = np.load(options.data)
    x = np.stack([as_seen(picture) for picture in stored["x"][..., :1]])
    masks = (stored["labels"] > 0).astype(np.uint8)
    test = np.arange(len(x)) % 5 == 0
    clock = time.monotonic(), time.process_time()
    state = None if options.model is None else options.model / "checkpoint"
    member = train(x[~test], masks[~test], state)
    spent = time.monotonic() - clock[0], time.process_time() - clock[1]
    if options.model is not None:
        save_model(Model((member,), extra={"target": TARGET.to_dict()}), options.model)
    graph, *states = nnx.split(member.network, nnx.Param, ...)
    outputs = predict_outputs(graph, tuple(states), x[test])
    grey = x[test][..., 0]
    found = {
        "Otsu": np.stack([otsu(picture) for picture in grey]),
        "k-means, k = 2, of brightness": np.stack([two_means(picture) for picture in grey]),
        "U-Net": outputs.argmax(axis=-1),
    }
    lines = ["| method | Dice, pooled | Dice, mean per image | IoU, pooled |", "|---|--:|--:|--:|"]
    for name, predicted in found.items():
        table = segmentation_table(count_pixels(predicted, masks[test], 2))
        values = (table[key][1] for key in ("dice", "dice_per_image", "iou"))
        lines.append(f"| {name} | {' | '.join(f'{value:.4f}' for value in values)} |")
    lines.append(f"\nTraining took {spent[0]:.0f} s, {spent[1]:.0f} s of CPU.")
    print("\n".join(lines))
    if options.out is not None:
        options.out.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
