"""Pictures that are named on the command line, and names for what is made of them."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from seqcnn.errors import SeqcnnError, SeqcnnWarning

if TYPE_CHECKING:
    import numpy as np

MOST_IN_TIFF = 4
"""Channels that are written to a TIFF file, see `seqcnn.image.files.write_image`."""


def find_pictures(named: Sequence[str]) -> dict[str, Path]:
    """List pictures, each under a name of its own for the files that are made of it.

    Parameters
    ----------
    named
        Files, or folders, of which all pictures are taken.

    Returns
    -------
    dict
        By the name of the file without its ending; with it where two would be the same.

    Raises
    ------
    SeqcnnError
        A folder holds no picture, or two files have the same name.
    """
    paths = [path for name in named for path in _files(Path(name))]
    stems = [path.stem for path in paths]
    names = [p.stem if stems.count(p.stem) == 1 else p.name for p in paths]
    for name, path in zip(names, paths, strict=True):
        if names.count(name) > 1:
            raise SeqcnnError(
                "two pictures have this name, and what is made of them would have the same: work "
                "on one folder after the other",
                path=path,
            )
    return dict(zip(names, paths, strict=True))


def ending_for(image: "np.ndarray") -> str:
    """Choose the kind of file that holds a picture as it is, numpy.ndarray (h, w, c).

    PNG for what it can hold, TIFF for more than 8 bits a colour and other numbers of channels, NPY
    for fractions and more than four channels.
    """
    if image.dtype.kind == "f" or image.shape[-1] > MOST_IN_TIFF:
        return ".npy"
    deep = image.dtype == "uint16"
    fits = image.shape[-1] == 1 or (image.shape[-1] == 3 and not deep)
    return ".png" if fits else ".tif"


def read_to_show(path: Path) -> "np.ndarray":
    """Read a picture that is shown, and warn if its fractions are not on the scale of that.

    Returns
    -------
    numpy.ndarray
        (h, w, c), see `seqcnn.image.files.read_image`.
    """
    from seqcnn.image.files import read_image

    image = read_image(path)
    if image.dtype.kind == "f" and (image.min() < 0 or image.max() > 1):
        warnings.warn(
            f"{path}: pixels go from {image.min():g} to {image.max():g}; fractions are shown from "
            f"0, black, to 1, white: divide them by their largest value before",
            SeqcnnWarning,
            stacklevel=2,
        )
    return image


def _files(path: Path) -> list[Path]:
    from seqcnn.image.files import SUFFIXES

    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and p.is_file())
    if not found:
        raise SeqcnnError(
            "there are no pictures in this folder (folders in it are not searched: name them)",
            path=path,
        )
    return found
