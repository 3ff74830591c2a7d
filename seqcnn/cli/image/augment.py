"""``seqcnn image augment``: see what augmentation makes of pictures, and of their masks."""

import logging
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, prepare_jax
from seqcnn.cli.pictures import ending_for, find_pictures, read_to_show
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    import numpy as np

    from seqcnn.image.augment import Augment

logger = logging.getLogger(__name__)

MOST = 96
"""Pixels of the longer side of a picture on a sheet, at most."""


@click.command(name="augment", no_args_is_help=True)
@click.argument("pictures", metavar="PICTURES...", nargs=-1, required=True)
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder to write.")
@click.option(
    "--augment", "text", metavar="STEP,...", required=True,
    help="What is done, in this order: name, name:strength or name:strength@chance, of turn:180, "
    "turn90, turn180, flip, flip_vertical, skew:10, stretch:0.2, zoom:0.2, shift:0.1, crop:0.7, "
    "elastic:1, blur:1, noise:0.1, brightness:0.2, contrast:0.2, gamma:0.2, fragment:0.25, "
    "cutout:0.25; edges:reflect or edges:edge for what moves in from outside.",
)  # fmt: skip
@click.option("-n", "--copies", type=click.IntRange(1, 1000), default=8, show_default=True,
              help="Changed copies of each picture.")  # fmt: skip
@click.option("--masks", metavar="FOLDER", help="Masks of the pictures, called as they are; they "
              "are changed along, and laid over them in the sheets.")  # fmt: skip
@click.option("--separate", is_flag=True, help="Write each copy to a file of its own as well, in "
              "the size and depth of the picture.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    pictures: tuple[str, ...],
    out: str,
    *,
    text: str,
    copies: int,
    masks: str | None,
    separate: bool,
    force: bool,
    seed: int,
    **_: Any,
) -> None:
    """Draw a sheet of changed copies of each of PICTURES, the picture itself first.

    PICTURES are files (PNG, JPEG, TIFF, NPY) or folders of them. DIR receives NAME_augmented.png of
    each; with --separate also NAME_1.png (.tif of colours of 16 bits, .npy of fractions) and so on,
    and NAME_1_mask.png.
    """
    check_folder(out, force=force)
    found = find_pictures(pictures)
    prepare_jax()
    from seqcnn.image.augment import Mixup, parse_augment
    from seqcnn.image.masks import read_mask_files

    plan = parse_augment(text)
    if any(isinstance(step, Mixup) for step in plan.steps):
        raise SeqcnnError("mixup mixes different pictures: it is for training, leave it out here")
    images = [read_to_show(path) for path in found.values()]
    given = None
    if masks is not None:  # together, as what 255 means is said by all of them
        shapes = [(image.shape[0], image.shape[1]) for image in images]
        given = read_mask_files(masks, [path.name for path in found.values()], shapes)
    with filled_folder(out, force=force) as folder:
        for number, (name, image) in enumerate(zip(found, images, strict=True)):
            mask = None if given is None else given[number]
            changed, moved = _copies(plan, image, mask, copies, (seed, number))
            _write(folder / name, changed, moved, separate=separate)
    logger.info("wrote %d sheets to %s", len(found), out)


def _copies(
    plan: "Augment",
    image: "np.ndarray",
    mask: "np.ndarray | None",
    copies: int,
    seeds: tuple[int, int],
) -> "tuple[np.ndarray, np.ndarray | None]":
    """Give a picture and changed copies of it, (1 + copies, ...), and the same of its mask."""
    import jax
    import numpy as np

    key = jax.random.fold_in(jax.random.key(seeds[0]), seeds[1])
    many = np.repeat(image[None], copies, axis=0)
    if mask is None:
        return np.concatenate([image[None], plan(many, key)]), None
    masks = np.repeat(mask[None], copies, axis=0)
    changed, moved = plan.with_targets(many, masks, key)
    return np.concatenate([image[None], changed]), np.concatenate([mask[None], moved])


def _write(stem: Any, x: "np.ndarray", masks: "np.ndarray | None", *, separate: bool) -> None:
    import numpy as np

    from seqcnn.image.files import write_image
    from seqcnn.image.fit import fit_to_size
    from seqcnn.image.gallery import sample_sheet
    from seqcnn.image.masks import overlay, write_mask
    from seqcnn.image.preprocess import to_float, to_uint8
    from seqcnn.image.stored import set_channels

    shown = list(to_uint8(to_float(set_channels(x, 3))))
    columns = len(shown) if masks is not None else min(len(shown), 9)
    if masks is not None:
        shown += [overlay(picture, mask) for picture, mask in zip(shown, masks, strict=True)]
    height, width = x.shape[1:3]
    scale = min(1, MOST / max(height, width))
    size = max(1, round(height * scale)), max(1, round(width * scale))
    small = np.stack([fit_to_size(picture, size) for picture in shown])
    write_image(stem.with_name(f"{stem.name}_augmented.png"), sample_sheet(small, columns=columns))
    for i in range(1, len(x)) if separate else ():
        write_image(stem.with_name(f"{stem.name}_{i}{ending_for(x[i])}"), x[i])
        if masks is not None:
            write_mask(stem.with_name(f"{stem.name}_{i}_mask.png"), masks[i])
