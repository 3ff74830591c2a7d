"""What a mask says of its picture: areas, pieces, and the class that follows from them."""

from typing import Literal, NamedTuple

import numpy as np
from scipy import ndimage

from seqcnn.errors import SeqcnnError


class MaskFacts(NamedTuple):
    """What is in a mask, by class.

    Parameters
    ----------
    pixels
        int64 (classes,).
    share
        float64 (classes,): of the pixels that are of any class.
    pieces
        int64 (classes,): connected parts; such as touch at a corner are one.
    largest
        int64 (classes,): pixels of the largest piece.
    """

    pixels: np.ndarray
    share: np.ndarray
    pieces: np.ndarray
    largest: np.ndarray


def describe_mask(mask: np.ndarray, classes: int, *, least: int = 1) -> MaskFacts:
    """Measure the classes of a mask.

    Parameters
    ----------
    mask
        int (*space): the class of each position; others than 0 to `classes` - 1 are left out.
    classes
        How many there are.
    least
        Pieces of fewer pixels are not counted among the pieces.

    Examples
    --------
    >>> facts = describe_mask(np.array([[1, 1, 0, 1], [1, 0, 0, 0]]), 2)
    >>> facts.pixels.tolist(), facts.pieces.tolist(), facts.largest.tolist()
    ([4, 4], [1, 2], [4, 3])
    """
    pixels, pieces, largest = np.zeros((3, classes), np.int64)
    touching = ndimage.generate_binary_structure(mask.ndim, mask.ndim)
    for number in range(classes):
        labelled = np.zeros(mask.shape, np.int32)
        ndimage.label(mask == number, structure=touching, output=labelled)
        sizes = np.bincount(labelled.ravel())[1:]
        pixels[number], pieces[number] = sizes.sum(), (sizes >= least).sum()
        largest[number] = sizes.max(initial=0)
    return MaskFacts(pixels, pixels / max(int(pixels.sum()), 1), pieces, largest)


def class_of_mask(
    mask: np.ndarray,
    classes: int,
    *,
    by: Literal["area", "pieces"] = "area",
    ground: int | None = 0,
    least: int = 1,
) -> int:
    """Classify a picture by its mask: segmentation for classification.

    Parameters
    ----------
    mask, classes, least
        As in `describe_mask`.
    by
        Whether the class with the most pixels wins, or that with the most pieces (then, of equally
        many, the one with more pixels). Pixels of pieces smaller than `least` count for neither.
    ground
        Class that only wins where there is no other; None if there is none such.

    Raises
    ------
    SeqcnnError
        `by` is unknown.

    Examples
    --------
    >>> mask = np.array([[1, 1, 1, 0, 2, 0, 2]])
    >>> class_of_mask(mask, 3), class_of_mask(mask, 3, by="pieces"), class_of_mask(mask * 0, 3)
    (1, 2, 0)
    """
    if by not in ("area", "pieces"):
        raise SeqcnnError(f"`by` must be 'area' or 'pieces', not {by!r}")
    facts = describe_mask(mask, classes, least=least)
    pixels = np.where(facts.pieces > 0, facts.pixels, 0)
    order = (pixels, facts.pieces) if by == "area" else (facts.pieces, pixels)
    others = [number for number in range(classes) if number != ground and pixels[number] > 0]
    if not others:
        return 0 if ground is None else ground
    return max(others, key=lambda number: (order[0][number], order[1][number], -number))
