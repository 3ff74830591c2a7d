"""Pictures a second that augmentation changes.

    python benchmarks/bench_image_augment.py --full [--rounds 10]

Batches of pictures through single steps and through pipelines, inside of jit, on as many cores as
the process may use; the fastest of so many rounds counts. If torchvision is installed, its
transforms v2 do the like one picture at a time, as its data loaders have it (one process), and on
the whole batch at once, where all pictures then are changed alike. Without ``--full`` a toy.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

SHAPES = [(256, 28, 28, 1), (32, 128, 128, 3)]
PLANS = {
    "turn": "turn:30",
    "turn, stretch, flip": "turn:30,stretch:0.2,flip",
    "elastic": "elastic:1",
    "blur": "blur:1",
    "brightness, contrast": "brightness:0.2,contrast:0.2",
    "all of these and noise": "turn:30,stretch:0.2,flip,elastic:1,blur:1,brightness:0.2,"
    "contrast:0.2,noise:0.1",
}


def ours(text: str, x: np.ndarray) -> Callable[[int], Any]:
    """Give a function that changes the batch."""
    import jax

    from seqcnn.image.augment import parse_augment

    plan, on_device = parse_augment(text), jax.numpy.asarray(x)
    return lambda i: plan(on_device, jax.random.key(i)).block_until_ready()


def theirs(name: str, x: np.ndarray) -> dict[str, Callable[[int], Any]]:
    """Give the same of torchvision, one by one and together; nothing where it is not installed."""
    try:
        import torch
        from torchvision.transforms import v2
    except ImportError:
        return {}
    linear = v2.InterpolationMode.BILINEAR
    steps = {
        "turn": [v2.RandomAffine(30, interpolation=linear)],
        "turn, stretch, flip": [
            v2.RandomAffine(30, scale=(0.83, 1.2), interpolation=linear),
            v2.RandomHorizontalFlip(),
        ],
        "elastic": [v2.ElasticTransform(alpha=30.0, sigma=3.0)],
        "blur": [v2.GaussianBlur(9, (0.1, 1.0))],
        "brightness, contrast": [v2.ColorJitter(brightness=0.2, contrast=0.2)],
    }
    all_of_them = [step for each in list(steps.values())[1:] for step in each]
    pipeline = v2.Compose(steps.get(name, all_of_them))
    batch = torch.from_numpy(np.ascontiguousarray(np.moveaxis(x, -1, 1)))
    return {
        "one by one": lambda i: [pipeline(picture) for picture in batch],
        "whole batch": lambda i: pipeline(batch),
    }


def fastest(function: Callable[[int], Any], rounds: int) -> float:
    """Time a function, the first call left out."""
    function(0)
    seconds = []
    for i in range(rounds):
        start = time.perf_counter()
        function(i + 1)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--rounds", type=int, default=10)
    given = parser.parse_args()
    shapes = SHAPES if given.full else [(4, 8, 8, 1)]
    print("| pictures | steps | seqcnn, pictures/s | torchvision, one by one | whole batch |")
    print("|---|---|---|---|---|")
    for shape in shapes:
        x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
        for name, text in PLANS.items():
            calls = {"seqcnn": ours(text, x), **theirs(name, x)}
            rates = {key: shape[0] / fastest(f, given.rounds) for key, f in calls.items()}
            cells = [f"{rates[key]:,.0f}" if key in rates else "" for key in
                     ("seqcnn", "one by one", "whole batch")]  # fmt: skip
            print(f"| {'x'.join(map(str, shape))} | {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
