"""Change pictures, their masks and their angles together, with steps of one's own.

    python examples/augmentation.py [FOLDER]

A row of the sheet is a picture and seven changed copies, the row below the same with their masks.
"""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.image.augment import Augment, parse_augment
from seqcnn.image.files import write_image
from seqcnn.image.gallery import sample_sheet
from seqcnn.image.masks import overlay
from seqcnn.image.moves import Turn
from seqcnn.image.synthetic import draw_cells


def scratched(picture: jax.Array, key: jax.Array) -> jax.Array:
    """Scratch a picture along a random row: a step that a user wrote."""
    row = jax.random.randint(key, (), 0, len(picture))
    return picture.at[row].set(1.0)


def main(out: Path, toy: bool = False) -> None:
    """Write a sheet, and print what became of an angle."""
    out.mkdir(parents=True, exist_ok=True)
    cells = draw_cells(2, size=24 if toy else 64, most=5, seed=1)
    named = parse_augment("turn:90,flip,stretch:0.3,skew:10,elastic:1,noise:0.1,fragment:0.2@0.3")
    plan = Augment((*named.steps, scratched), edges="reflect")
    rows = []
    for picture, mask in zip(cells.x, cells.masks, strict=True):
        many, masks = np.repeat(picture[None], 7, axis=0), np.repeat(mask[None], 7, axis=0)
        changed, moved = plan.with_targets(many, masks, jax.random.key(1))
        x = np.concatenate([picture[None], changed])
        y = np.concatenate([mask[None], moved])
        rows += [np.repeat(x, 3, axis=-1), [overlay(*pair) for pair in zip(x, y, strict=True)]]
    write_image(out / "augmentation.png", sample_sheet(np.concatenate(rows), columns=8))
    turned = Augment((Turn(45),), target="degrees")
    _, angle = turned.with_targets(cells.x[:1], jnp.array([[10.0]]), jax.random.key(2))
    print(f"a picture that was turned by 10 degrees is now turned by {float(angle[0, 0]):.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
