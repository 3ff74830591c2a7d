"""``seqcnn image filter``: pictures through filters with names, or of one's own."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.options import common, prepare_jax
from seqcnn.cli.pictures import ending_for, find_pictures, read_to_show
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    import numpy as np

logger = logging.getLogger(__name__)


@click.command(name="filter", no_args_is_help=True)
@click.argument("pictures", metavar="PICTURES...", nargs=-1, required=True)
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder to write.")
@click.option(
    "--kernel", "kernels", multiple=True, metavar="NAME|FILE",
    help="A filter: identity, box, gaussian, motion, sharpen, unsharp, laplace, laplace8, sobel_x, "
    "sobel_y, prewitt_x, prewitt_y, scharr_x, scharr_y, emboss, outline, ridge; gradient (the "
    "length of Sobel's gradient); or a text file of your own numbers, a row on each line. May be "
    "given several times.",
)  # fmt: skip
@click.option("--gallery", is_flag=True, help="Draw what all filters do, as one picture.")
@click.option("--pooling", is_flag=True, help="Draw what the poolings do, as one picture.")
@click.option(
    "--edges",
    type=click.Choice(["zero", "reflect", "edge", "wrap"]),
    default="reflect",
    show_default=True,
    help="What lies around a picture: black, its mirror image, its last pixels, its other end.",
)
@click.option(
    "--mode",
    type=click.Choice(["correlate", "convolve"]),
    default="correlate",
    show_default=True,
    help="Lay the kernel on as it is, as networks do, or turned by half.",
)
@click.option("--raw", is_flag=True, help="Write the numbers as well, as NPY (float32).")
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    pictures: tuple[str, ...],
    out: str,
    *,
    kernels: tuple[str, ...],
    gallery: bool,
    pooling: bool,
    edges: str,
    mode: str,
    raw: bool,
    force: bool,
    **_: Any,
) -> None:
    """Send PICTURES through filters.

    PICTURES are files (PNG, JPEG, TIFF, NPY) or folders of them. DIR receives NAME_KERNEL.png of
    each picture and filter, NAME_gallery.png and NAME_pooling.png. Where a result has values below
    0, 0 is middle grey.
    """
    if not (kernels or gallery or pooling):
        raise SeqcnnError("nothing to do: give --kernel, --gallery or --pooling")
    check_folder(out, force=force)
    found = find_pictures(pictures)
    prepare_jax()
    from seqcnn.image.figures import write_figure
    from seqcnn.image.files import write_image
    from seqcnn.image.filters import apply_filter, displayed, gradient_magnitude
    from seqcnn.image.gallery import filter_gallery, pooling_gallery

    known = {Path(name).stem: _kernel(name) for name in kernels}
    images = {name: read_to_show(path) for name, path in found.items()}
    with filled_folder(out, force=force) as folder:
        for name, image in images.items():
            for title, kernel in known.items():
                if kernel is None:
                    result = gradient_magnitude(image, edges=edges)  # type: ignore[arg-type]
                else:
                    result = apply_filter(image, kernel, mode=mode, edges=edges)  # type: ignore[arg-type]
                shown = displayed(result)
                write_image(folder / f"{name}_{title}{ending_for(shown)}", shown)
                if raw:
                    write_image(folder / f"{name}_{title}.npy", result)
            if gallery:
                write_figure(folder / f"{name}_gallery.png", filter_gallery(image))
            if pooling:
                write_figure(folder / f"{name}_pooling.png", pooling_gallery(image))
    logger.info("filtered %d pictures into %s", len(images), out)


def _kernel(name: str) -> "np.ndarray | None":
    """Find a kernel by its name, or read it from a file; None for the gradient."""
    import numpy as np

    from seqcnn.image.filters import KERNELS, kernel_of

    if name == "gradient":
        return None
    if name in KERNELS or not Path(name).is_file():
        return kernel_of(name)
    try:
        kernel = np.loadtxt(name, dtype=np.float32, ndmin=2)
    except (ValueError, UnicodeDecodeError) as error:
        raise SeqcnnError(
            "a kernel must be rows of numbers, as many on each line", path=name
        ) from error
    if not kernel.size or not np.isfinite(kernel).all():
        raise SeqcnnError("a kernel must be rows of finite numbers", path=name)
    return kernel
