"""Train three networks that make pictures, and draw some of each class with each.

    python examples/generate_pictures.py [FOLDER] [STEPS]

A variational auto-encoder, two networks that play against each other, and a U-Net that takes noise
off, all on drawn shapes of four classes.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn import create
from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.synthetic import SHAPES, draw_shapes
from seqcnn.networks.generate.draw import draw
from seqcnn.training.generate import DRILLS, Drill, fit_generator


def main(out: Path, toy: bool = False, steps: int = 2000) -> None:
    """Write a sheet of samples for each network, a row for each class."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = draw_shapes(40 if toy else 4000, size=8 if toy else 28, noise=0.03)
    small = {"channels": (4, 8)} if toy else {}
    for name in ("gan", "diffusion") if toy else ("vae", "gan", "diffusion"):
        network = create(name, input_shape=pictures.x.shape[1:], classes=len(SHAPES), **small)
        drill = Drill(**{**DRILLS[name], "steps": 3 if toy else steps, "batch": 8 if toy else 64})
        fitted, moments = fit_generator(network, pictures.x, pictures.labels, drill=drill)
        last = ", ".join(f"{part} {loss:.3f}" for part, loss in moments[-1].losses.items())
        print(f"{name}: {moments[-1].step} steps in {moments[-1].seconds:.0f} s, {last}")
        samples = draw(fitted, np.repeat(np.arange(len(SHAPES)), 10), seed=0)
        write_image(out / f"generated_{name}.png", sample_sheet(samples, columns=10))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."), steps=int((sys.argv[2:] or [2000])[0]))
