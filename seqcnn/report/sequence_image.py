"""A sequence as its black-and-white picture, and what the kernels of a network see in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo.figure import draw_logo
from seqcnn.motifs.logo.heights import Drawable

MOST = 4
"""Kernels that are drawn."""

INCHES_A_LETTER, LEAST, LARGEST = 0.14, 6.0, 16.0
"""Width of a picture: by the letters, between these."""


def sequence_pictures(codes: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Draw sequences: a row for each letter, a column for each position.

    Parameters
    ----------
    codes
        uint8 (n, length).
    shares
        float32 (256, letters): what each code stands for, as of `seqcnn.seq.alphabet.Alphabet`.

    Returns
    -------
    numpy.ndarray
        uint8 (n, letters, length, 1): 255 where the letter stands, equal parts of it for ambiguity
        codes, 0 in padding.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> sequence_pictures(DNA.encode("AG")[None], DNA.shares)[0, :, :, 0].tolist()
    [[255, 0], [0, 0], [0, 255], [0, 0]]
    """
    pixels = np.round(np.asarray(shares) * 255).astype(np.uint8)
    return pixels[codes].swapaxes(1, 2)[..., None]


def feature_maps(picture: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Slide kernels along a picture, as a convolution that is as high as the picture does.

    Parameters
    ----------
    picture
        float (letters, length), on the scale from 0 to 1.
    kernels
        float (width, letters, count).

    Returns
    -------
    numpy.ndarray
        float (count, length - width + 1).
    """
    windows = np.lib.stride_tricks.sliding_window_view(picture, len(kernels), axis=1)
    return np.einsum("lpw,wlk->kp", windows, kernels)


def draw_sequence(
    path: Path,
    text: str,
    picture: np.ndarray,
    kernels: np.ndarray,
    motifs: Sequence[Drawable] = (),
    *,
    letters: str = "ACGT",
) -> None:
    """Draw a sequence as a picture, the feature maps of kernels, and their motifs beside them.

    Each map stands below the picture, a score below the first letter that its kernel covers.

    Parameters
    ----------
    path
        PNG, SVG or PDF file to write.
    text
        The sequence.
    picture
        float (letters, length), on the scale from 0 to 1.
    kernels
        float (width, letters, count): up to `MOST` of them are drawn.
    motifs
        Of each kernel, if there are any; drawn as logos beside the maps.
    letters
        Names of the rows.

    Raises
    ------
    SeqcnnError
        The picture does not fit sequence, letters or kernels.
    """
    if picture.shape != (len(letters), len(text)) or kernels.shape[1] != len(letters):
        raise SeqcnnError(
            f"a picture {picture.shape} is none of {len(text)} letters in {len(letters)} rows, "
            f"with kernels {kernels.shape}"
        )
    figure = _figure(text, picture, kernels, motifs, letters)
    figure.savefig(path, metadata={"Software": None} if path.suffix == ".png" else None)


def _figure(
    text: str, picture: np.ndarray, kernels: np.ndarray, motifs: Sequence[Drawable], letters: str
) -> Any:
    from matplotlib.figure import Figure

    count = min(kernels.shape[2], MOST)
    maps = feature_maps(picture, kernels[..., :count])
    width = float(np.clip(INCHES_A_LETTER * len(text), LEAST, LARGEST))
    figure = Figure(figsize=(width, 1.4 + 1.1 * count), dpi=150, layout="constrained")
    grid = figure.add_gridspec(count + 1, 4)
    top = figure.add_subplot(grid[0, :3])
    top.imshow(picture, cmap="gray", vmin=0, vmax=1, aspect="auto", interpolation="nearest")
    top.set_yticks(range(len(letters)), list(letters))
    top.set_xticks(range(len(text)), list(text), fontsize=6)
    top.set_title("the sequence as a picture: white where the letter stands", fontsize=9)
    for i in range(count):
        _draw_map(figure.add_subplot(grid[i + 1, :3]), maps[i], i, len(text))
        _draw_motif(figure.add_subplot(grid[i + 1, 3]), kernels[..., i], motifs, i, letters)
    return figure


def _draw_map(axes: Any, values: np.ndarray, number: int, length: int) -> None:
    """Draw the scores of a kernel at each position where it starts, the best one marked."""
    best = int(values.argmax())
    axes.bar(range(len(values)), values, color="0.6", width=0.9)
    axes.bar([best], [values[best]], color="#d55e00", width=0.9)
    axes.set(xlim=(-0.5, length - 0.5), ylabel=f"map {number + 1}")
    # counted from 1, as everywhere in this package
    step = max(1, 10 * round(length / 100))
    shown = [1, *range(step if step > 1 else 2, length + 1, step)]
    axes.set_xticks([place - 1 for place in shown], [str(place) for place in shown])
    axes.tick_params(labelsize=6)


def _draw_motif(axes: Any, kernel: np.ndarray, motifs: Any, number: int, letters: str) -> None:
    """Draw the logo of a kernel's motif; the kernel itself as a picture, if there is none."""
    if len(motifs) > number:
        draw_logo(motifs[number], ax=axes)
        axes.set_xticks(range(1, len(kernel) + 1))
        axes.tick_params(labelsize=6)
        return
    axes.imshow(kernel.T, cmap="gray", aspect="auto", interpolation="nearest")
    axes.set_xticks(range(len(kernel)), [str(i + 1) for i in range(len(kernel))], fontsize=6)
    axes.set_yticks(range(len(letters)), list(letters), fontsize=6)
    axes.set_title("kernel", fontsize=7)
