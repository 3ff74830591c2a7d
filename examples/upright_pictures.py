"""Teach a network how pictures are turned, and turn new ones the right way up.

    python examples/upright_pictures.py [FOLDER]

It learns from triangles that stand upright, and then finds the angles of triangles that it has
never seen, which were turned by any angle. The sheet shows them before and after.
"""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np

import seqcnn
from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.synthetic import draw_shapes
from seqcnn.image.turn import turn
from seqcnn.training.loop import Schedule
from seqcnn.training.upright import angle_errors, find_angles, fit_upright, turned_back


def main(out: Path, toy: bool = False) -> None:
    """Print the median error, and write the sheet."""
    out.mkdir(parents=True, exist_ok=True)
    drawn = draw_shapes(160 if toy else 4000, size=16 if toy else 28, classes=3, noise=0.05)
    # their legs are longer than their base: only one way is up
    x = drawn.x[drawn.labels == 2]
    learnt, new = x[: len(x) * 3 // 4], x[len(x) * 3 // 4 :]
    true = np.random.default_rng(5).uniform(-180, 180, len(new))
    turned = np.asarray(turn(new, jnp.asarray(true, jnp.float32), edges="edge"))
    network = seqcnn.create(
        "cnn", input_shape=learnt.shape[1:], classes=2, pixels={},
        channels=[4, 8] if toy else [16, 32, 64], hidden=[64],
    )  # fmt: skip
    schedule = Schedule(batch=16, steps=2, rounds=1) if toy else Schedule(steps=40, rounds=12)
    fitted = fit_upright(network, learnt, schedule=schedule, edges="edge")
    angles = find_angles(fitted.network, turned)
    errors = angle_errors(angles.degrees, true)
    back = turned_back(turned, angles, edges="edge")
    write_image(out / "upright_pictures.png", sample_sheet(np.concatenate([turned[:8], back[:8]]),
                columns=8))  # fmt: skip
    print(f"median error {np.median(errors):.1f} degrees on {len(new)} new pictures (chance: 90)")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
