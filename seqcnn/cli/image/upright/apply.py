"""``seqcnn image upright apply``: turn pictures the right way up."""

import logging
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.models import UPRIGHT, check_command
from seqcnn.cli.options import common, prepare_jax
from seqcnn.cli.pictures import ending_for, find_pictures

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from seqcnn.networks.weights import Model

logger = logging.getLogger(__name__)


@click.command(name="apply", no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.argument("pictures", metavar="PICTURES...", nargs=-1, required=True)
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder to write.")
@click.option("--edges", type=click.Choice(["zero", "reflect", "edge"]), default="zero",
              show_default=True, help="What comes in from outside: black, the mirrored picture, or "
              "its outermost pixels.")  # fmt: skip
@click.option("--angles-only", is_flag=True, help="Write angles.tsv alone.")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    model: str,
    pictures: tuple[str, ...],
    out: str,
    *,
    edges: Any,
    angles_only: bool,
    force: bool,
    **_: Any,
) -> None:
    """Turn PICTURES the right way up, with a MODEL of `seqcnn image upright train`.

    PICTURES are files (PNG, JPEG, TIFF, NPY) or folders of them. DIR receives each of them in its
    own size and depth, as NAME.png (NAME.tif of colours of 16 bits, NAME.npy if its pixels are no
    whole numbers), and angles.tsv: file, degrees (by how much it was turned anticlockwise) and
    confidence (near 0 where the network does not know).
    """
    check_folder(out, force=force)
    found = find_pictures(pictures)
    prepare_jax()
    from seqcnn.image.files import read_image, write_image
    from seqcnn.networks.weights import load_model
    from seqcnn.report.tables import write_table
    from seqcnn.training.upright import Angles, find_angles, turned_back

    loaded = load_model(model)
    check_command(loaded, model, UPRIGHT)
    images = {name: read_image(path) for name, path in found.items()}
    angles = find_angles(loaded, _as_learnt(loaded, images, found))
    with filled_folder(out, force=force) as folder:
        rows = []
        each = zip(images.items(), *angles, strict=True)
        for (name, image), degrees, confidence in each:
            rows.append([str(found[name]), f"{degrees:.2f}", f"{confidence:.4f}"])
            if not angles_only:
                one = Angles(degrees[None], confidence[None])
                turned = turned_back(image[None], one, edges=edges)[0]
                write_image(folder / f"{name}{ending_for(image)}", turned)
        write_table(folder / "angles.tsv", ["file", "degrees", "confidence"], rows)
    logger.info("turned %d pictures, see %s", len(images), out)


def _as_learnt(
    model: "Model", images: "dict[str, np.ndarray]", found: "dict[str, Path]"
) -> "np.ndarray":
    """Bring pictures to the size and channels that a model was trained on."""
    import numpy as np

    from seqcnn.image.fit import fit_to_size
    from seqcnn.image.stored import convert, set_channels

    shape = model.extra["shape"]
    size = (shape[0], shape[1])
    squares = (
        fit_to_size(set_channels(image, shape[2], where), size, "crop")
        for image, where in zip(images.values(), found.values(), strict=True)
    )
    return np.stack([convert(square, "float32") for square in squares])
