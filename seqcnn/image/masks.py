"""Masks: a picture whose pixels are numbers of classes; read, written, coloured and laid over."""

import colorsys
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from seqcnn.data.files import atomic_write, open_bytes
from seqcnn.errors import SeqcnnError
from seqcnn.image.arrays import load_npz
from seqcnn.image.files import SUFFIXES, decode, load_npy
from seqcnn.image.stored import set_channels, to_float, to_uint8
from seqcnn.stats.segmentation import IGNORED

IGNORE = IGNORED
"""Pixels of this number belong to no class and are not learned from."""

OKABE_ITO = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0),
    (204, 121, 167),
)  # fmt: skip
"""Seven colours that people with any kind of colour vision tell apart (Okabe and Ito 2008)."""

MASK_NAMES = ("masks", "mask", "labels", "y")
"""What masks are called in NPZ; the first of these that is there is it."""

_MOST_SHOWN = 8


def class_colours(classes: int) -> np.ndarray:
    """Choose a colour for each class: black, then those of Okabe and Ito, then turns of the hue.

    Returns
    -------
    numpy.ndarray
        uint8 (classes, 3), all different up to 256.

    Examples
    --------
    >>> class_colours(3).tolist()
    [[0, 0, 0], [230, 159, 0], [86, 180, 233]]
    """
    known = [(0, 0, 0), *OKABE_ITO][:classes]
    # steps of the golden angle never meet, and the brightness changes as well
    more = [
        colorsys.hsv_to_rgb((i * 0.61803398875) % 1, 0.9 - 0.3 * (i % 2), 0.95 - 0.25 * (i % 3))
        for i in range(classes - len(known))
    ]
    return np.array([*known, *(tuple(round(255 * c) for c in colour) for colour in more)], np.uint8)


def read_mask(
    path: str | Path, *, colours: Mapping[tuple[int, int, int], int] | None = None
) -> np.ndarray:
    """Read a mask.

    Parameters
    ----------
    path
        A picture without loss: with a palette (its indices are the classes), grey (so are its
        values), black and white (0 and 1), or of colours if `colours` is given; or NPY.
    colours
        The class of each colour (red, green, blue).

    Returns
    -------
    numpy.ndarray
        uint8 (h, w), or uint16 if a number is above 255. A mask of 0 and 255 alone, without a
        palette of colours, is black and white; in any other, 255 is `IGNORE`.

    Raises
    ------
    SeqcnnError
        It is JPEG, which smears classes; has colours that are not known; or cannot be read.
    """
    return settle_whites([_read_numbers(path, colours)])[0]


def settle_whites(masks: Sequence[tuple[np.ndarray, bool]]) -> list[np.ndarray]:
    """Decide of masks that belong together whether 255 is white, class 1, or `IGNORE`.

    Parameters
    ----------
    masks
        integers (h, w) each, and whether 255 may be white.

    Returns
    -------
    list of numpy.ndarray
        uint8 or uint16: masks of 0 and 255 alone are black and white, unless any of the others
        shows that 255 is not: it holds more classes, or 255 beside class 1, or has a palette.
    """
    values = [set(np.unique(mask).tolist()) for mask, _ in masks]
    coded = any(
        found - {0, 1, 255} or {1, 255} <= found or (255 in found and not plain)
        for found, (_, plain) in zip(values, masks, strict=True)
    )
    settled = []
    for found, (mask, _) in zip(values, masks, strict=True):
        white = not coded and 255 in found
        numbers = mask // 255 if white else mask
        settled.append(numbers.astype(np.uint16 if max(found, default=0) > 255 else np.uint8))
    return settled


def _read_numbers(
    path: str | Path, colours: Mapping[tuple[int, int, int], int] | None
) -> tuple[np.ndarray, bool]:
    """Read a mask as it is, uint16 (h, w), and whether 255 may be white there."""
    data = open_bytes(path)
    if data.startswith(b"\xff\xd8"):
        raise SeqcnnError(
            "a mask cannot be JPEG, which changes the numbers of the classes: save it as PNG",
            path=path,
        )
    indices = None if colours else _palette_indices(data, path)
    pixels = decode(path).pixels if indices is None else indices
    if pixels.ndim == 4:
        raise SeqcnnError(f"a mask has two axes, this has {pixels.shape}", path=path)
    if pixels.shape[-1] == 3:
        pixels = _by_colour(pixels, dict(colours or {}), path)
    if pixels.dtype == np.float32:
        if (pixels != np.round(pixels)).any() or pixels.min() < 0 or pixels.max() > 65_535:
            raise SeqcnnError("the numbers of classes must be whole, from 0 to 65,535", path=path)
        pixels = pixels.astype(np.uint16)
    return pixels[..., 0].astype(np.uint16), indices is None


def read_masks(
    source: str | Path,
    ids: Sequence[str],
    shape: tuple[int, int],
    *,
    classes: int | None = None,
    colours: Mapping[tuple[int, int, int], int] | None = None,
) -> np.ndarray:
    """Read the mask of each picture.

    Parameters
    ----------
    source
        A folder with a mask for each picture, called as it is but for the ending, or ``NAME_mask``;
        or NPZ or NPY with all masks, (n, h, w), in the order of the pictures.
    ids
        Names of the pictures, within their folder.
    shape
        Height and width of the pictures.
    classes
        How many there are; larger numbers are an error, but for `IGNORE`.
    colours
        See `read_mask`.

    Returns
    -------
    numpy.ndarray
        uint8 or uint16 (n, h, w).

    Raises
    ------
    SeqcnnError
        A mask is missing, of another size than its picture, or has too large a number.
    """
    shapes = [shape] * len(ids)
    masks = read_mask_files(source, ids, shapes, classes=classes, colours=colours)
    widest = max((mask.dtype for mask in masks), key=lambda dtype: dtype.itemsize)
    return np.stack(masks).astype(widest)


def read_mask_files(
    source: str | Path,
    ids: Sequence[str],
    shapes: Sequence[tuple[int, int]],
    *,
    classes: int | None = None,
    colours: Mapping[tuple[int, int, int], int] | None = None,
) -> list[np.ndarray]:
    """Read masks of any sizes; arguments and errors as of `read_masks`."""
    root = Path(source)
    if root.is_file():
        return list(_all_in_one(root, ids, shapes[0], classes))
    if not root.is_dir():
        raise SeqcnnError("there is no such folder or file of masks", path=root)
    files = {
        path.relative_to(root).with_suffix("").as_posix(): path
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in SUFFIXES and path.is_file()
    }
    paths = []
    for name in ids:
        stem = PurePosixPath(name).with_suffix("")
        ways = (str(stem), f"{stem}_mask", stem.name, f"{stem.name}_mask")
        path = next((files[way] for way in ways if way in files), None)
        if path is None:
            raise SeqcnnError(f"there is no mask for {name!r}: call it {stem}.png", path=root)
        paths.append(path)
    masks = settle_whites([_read_numbers(path, colours) for path in paths])
    for mask, shape, path, name in zip(masks, shapes, paths, ids, strict=True):
        check_mask(mask, shape, classes=classes, path=path, picture=name)
    return masks


def _all_in_one(
    path: Path, ids: Sequence[str], shape: tuple[int, int], classes: int | None
) -> np.ndarray:
    """Read the masks of all pictures from one array."""
    if path.suffix == ".npz":
        parts = load_npz(path)
        named = [name for name in MASK_NAMES if name in parts]
        if not named:
            raise SeqcnnError(
                f"the arrays are called {', '.join(parts) or 'nothing'}: masks must be called "
                f"{', '.join(MASK_NAMES[:-1])} or {MASK_NAMES[-1]}",
                path=path,
            )
        masks = parts[named[0]]
    else:
        masks = load_npy(open_bytes(path), path)
    masks = masks[..., 0] if masks.ndim == 4 and masks.shape[-1] == 1 else masks
    if masks.ndim != 3 or len(masks) != len(ids) or masks.dtype.kind not in "iub":
        raise SeqcnnError(
            f"masks are integers (pictures, height, width), here {masks.dtype} {masks.shape} for "
            f"{len(ids):,} pictures",
            path=path,
        )
    least, most = int(masks.min()), int(masks.max())
    if least < 0 or most > 65_535:
        raise SeqcnnError(f"classes go from {least} to {most}: 0 to 65,535 are known", path=path)
    check_mask(masks[0], shape, path=path)
    masks = settle_whites([(masks, True)])[0]
    for mask, name in zip(masks, ids, strict=True):
        check_mask(mask, shape, classes=classes, path=path, picture=name)
    return masks


def check_mask(
    mask: np.ndarray,
    shape: tuple[int, int],
    *,
    classes: int | None = None,
    path: str | Path | None = None,
    picture: str = "",
) -> None:
    """Refuse a mask that does not belong to its picture.

    Raises
    ------
    SeqcnnError
        Its size is another, or a number is not below `classes` and not `IGNORE`.
    """
    if mask.shape != tuple(shape):
        whose = f"its picture {picture!r}" if picture else "its picture"
        raise SeqcnnError(
            f"the mask is {' x '.join(map(str, mask.shape))} pixels, {whose} "
            f"{' x '.join(map(str, shape))}: they must be of one size",
            path=path,
        )
    known = mask[mask != IGNORE]
    if classes is not None and known.size and int(known.max()) >= classes:
        raise SeqcnnError(
            f"the mask has class {int(known.max())}, there are {classes} (from 0 to {classes - 1}; "
            f"{IGNORE} is left out)",
            path=path,
        )


def colour_mask(mask: np.ndarray, colours: np.ndarray | None = None) -> np.ndarray:
    """Paint each class in its colour.

    Parameters
    ----------
    mask
        integers (..., h, w).
    colours
        uint8 (classes, 3); by default `class_colours`. `IGNORE` beyond it is white.

    Returns
    -------
    numpy.ndarray
        uint8 (..., h, w, 3).

    Raises
    ------
    SeqcnnError
        A class has no colour.
    """
    most = int(mask.max(initial=0))
    if colours is None:
        known = mask[mask != IGNORE]
        colours = class_colours(int(known.max(initial=0)) + 1)
    table = np.asarray(colours, np.uint8)
    if most == IGNORE and len(table) <= IGNORE:
        blank = np.zeros((IGNORE - len(table), 3), np.uint8)
        used = mask[mask != IGNORE]
        if used.size and int(used.max()) >= len(table):
            most = int(used.max())
        else:
            table, most = np.concatenate([table, blank, np.full((1, 3), 255, np.uint8)]), 0
    if most >= len(table):
        raise SeqcnnError(f"class {most} has no colour: there are {len(table)}")
    return table[mask]


def overlay(
    image: np.ndarray, mask: np.ndarray, colours: np.ndarray | None = None, *, opacity: float = 0.5
) -> np.ndarray:
    """Lay a mask over its picture; class 0 stays clear.

    Parameters
    ----------
    image
        (h, w, 1) or (h, w, 3), one of the four forms; floats from 0 to 1.
    mask, colours
        As in `colour_mask`.
    opacity
        Of the colours, from 0 to 1.

    Returns
    -------
    numpy.ndarray
        uint8 (h, w, 3).

    Raises
    ------
    SeqcnnError
        Their sizes differ, or `opacity` is out of range.
    """
    if not 0 <= opacity <= 1:
        raise SeqcnnError(f"`opacity` must be from 0 to 1, not {opacity}")
    check_mask(mask, (image.shape[0], image.shape[1]))
    ground = set_channels(to_float(image), 3)
    share = np.where(mask[..., None] > 0, opacity, 0)
    return to_uint8(ground * (1 - share) + colour_mask(mask, colours) / 255 * share)


def write_mask(path: str | Path, mask: np.ndarray, colours: np.ndarray | None = None) -> None:
    """Write a mask as PNG with a palette: programs show colours, and the numbers stay.

    Parameters
    ----------
    path
        Ends in ``.png``.
    mask
        integers (h, w), below 256.
    colours
        As in `colour_mask`.

    Raises
    ------
    SeqcnnError
        The ending is another, or a number is too large.
    """
    from PIL import Image

    if Path(path).suffix.lower() != ".png" or mask.ndim != 2:
        raise SeqcnnError(f"a mask is (h, w), here {mask.shape}, and written as .png", path=path)
    if int(mask.max(initial=0)) > 255 or int(mask.min(initial=0)) < 0:
        raise SeqcnnError(f"{mask.max()} is no class of a palette, 255 is the last", path=path)
    image = Image.fromarray(mask.astype(np.uint8)).convert("L")
    image.putpalette(_full_palette(colours).ravel().tolist())
    with atomic_write(path, "wb") as file:
        image.save(file, format="PNG")


def _full_palette(colours: np.ndarray | None) -> np.ndarray:
    palette = class_colours(256)
    palette[IGNORE] = 255
    if colours is not None:
        palette[: len(colours)] = colours
    return palette


def _palette_indices(data: bytes | bytearray, path: str | Path) -> np.ndarray | None:
    """Read the indices of a picture with a palette of colours; None if it has none."""
    import io

    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.mode != "P" or _is_grey(image.getpalette() or []):
                return None
            return np.array(image)[..., None]
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        # the other reader says what is wrong with the file
        return None


def _is_grey(palette: Sequence[int]) -> bool:
    """Tell whether each index is shown as that much grey: a grey picture, for some programs."""
    ramp = [index for index in range(256) for _ in range(3)]
    return list(palette) == ramp


def _by_colour(
    pixels: np.ndarray, colours: dict[tuple[int, int, int], int], path: str | Path
) -> np.ndarray:
    flat = pixels.reshape(-1, 3)
    found, member = np.unique(flat, axis=0, return_inverse=True)
    names: list[Any] = [tuple(int(c) for c in colour) for colour in found]
    unknown = [name for name in names if name not in colours]
    if unknown and (colours or any(len(set(name)) > 1 for name in names)):
        listed = ", ".join(map(str, unknown[:_MOST_SHOWN]))
        more = f" and {len(unknown) - _MOST_SHOWN:,} more" if len(unknown) > _MOST_SHOWN else ""
        raise SeqcnnError(
            f"the classes of {len(unknown):,} colours are not known: {listed}{more}; say which "
            f"class each colour is, or save the mask with a palette",
            path=path,
        )
    # grey saved as colour: all three channels are the number
    numbers = [colours.get(name, name[0]) for name in names]
    return np.array(numbers, np.uint16)[member].reshape(*pixels.shape[:-1], 1)
