"""Contributions of letters as tracks: one number for each letter that is there."""

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD, Alphabet

BLOCK = 1 << 22
"""Numbers that are worked on at a time: they bound the memory."""

FEWEST = 8
"""Letters of noise that tell how loud it is in a sequence."""

MEDIAN_ERROR = 1.36
"""Variance of the logarithm of a median absolute deviation, times the number of values."""


def checked(
    contributions: np.ndarray, codes: np.ndarray, alphabet: Alphabet
) -> tuple[np.ndarray, np.ndarray]:
    """Check contributions against the letters that they are of.

    Parameters
    ----------
    contributions
        (n, length, letters): hypothetical, or projected upon the letters that are there.
    codes
        uint8 (n, length), padded with `PAD`.
    alphabet
        What the codes mean.

    Returns
    -------
    contributions : numpy.ndarray
        float32 (n, length, letters).
    codes : numpy.ndarray
        uint8 (n, length).

    Raises
    ------
    SeqcnnError
        Shapes do not fit, or a contribution is no finite number.
    """
    contributions, codes = np.asarray(contributions), np.asarray(codes)
    if codes.ndim != 2 or codes.dtype != np.uint8:
        raise SeqcnnError(
            f"`codes` has shape {codes.shape} and dtype {codes.dtype}, it needs uint8 (n, length)"
        )
    if contributions.shape != (*codes.shape, alphabet.size):
        raise SeqcnnError(
            f"`contributions` has shape {contributions.shape}, it needs (n, length, letters) = "
            f"{(*codes.shape, alphabet.size)} to fit `codes` and alphabet {alphabet.name!r}"
        )
    if not np.issubdtype(contributions.dtype, np.floating):
        raise SeqcnnError(f"`contributions` has dtype {contributions.dtype}, it needs float32")
    if not np.isfinite(contributions).all():
        row = int(np.flatnonzero(~np.isfinite(contributions).all((1, 2)))[0])
        raise SeqcnnError(
            f"`contributions` of sequence {row + 1} are not all finite: leave it out, or look for "
            f"an overflow in the network"
        )
    return contributions.astype(np.float32, copy=False), codes


def project(contributions: np.ndarray, codes: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """Take the contribution of the letter that is there.

    Parameters
    ----------
    contributions
        float32 (n, length, letters): hypothetical or projected, the result is the same.
    codes
        uint8 (n, length).
    alphabet
        What the codes mean.

    Returns
    -------
    numpy.ndarray
        float32 (n, length); 0 where there is padding or an ambiguous letter.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> given = np.arange(8, dtype=np.float32).reshape(1, 2, 4)
    >>> project(given, DNA.encode("GN")[None], DNA).tolist()
    [[2.0, 0.0]]
    """
    letter = codes < alphabet.size
    index = np.where(letter, codes, 0).astype(np.intp)[..., None]
    track = np.take_along_axis(contributions, index, axis=2)[..., 0]
    return np.where(letter, track, np.float32(0))


def noise_scale(track: np.ndarray, sign: int) -> float:
    """Estimate the standard deviation of contributions where nothing is, from those of one sign.

    Noise is as often above as below 0, a motif that speaks for a class is above: the values below
    tell of noise alone, even where the motif fills the sequences. It is the median of their
    absolute values, as that of a normal distribution (the median absolute deviation).

    Parameters
    ----------
    track
        float32: contributions.
    sign
        +1 or -1: whose values are taken.

    Returns
    -------
    float
        Larger than 0; where hardly a value has that sign, a twentieth of the root mean square.
    """
    strong = np.abs(track[track != 0])
    if not len(strong):
        return 1.0
    rms = float(np.sqrt(np.mean(strong.astype(np.float64) ** 2)))
    side = np.abs(track[track * sign > 0])
    found = float(np.median(side)) / 0.6745 if len(side) else 0.0
    return max(found, rms / 20)


def row_scales(track: np.ndarray, scale: float) -> np.ndarray:
    """Estimate the noise of each sequence, as far as sequences differ in it.

    A sequence whose contributions are all large has large noise too, which would pass for seqlets.
    The logarithm of a sequence's own median is drawn towards that of all by its sampling error
    against the variance between sequences (empirical Bayes), and raised by two of the
    standard errors that are left.

    Parameters
    ----------
    track
        float32 (n, length): contributions, those above 0 being noise.
    scale
        `noise_scale` of all.

    Returns
    -------
    numpy.ndarray
        float32 (n, 1).
    """
    size = np.where(track > 0, track, np.inf)
    number = (track > 0).sum(1)
    half = np.maximum(number - 1, 0)
    rows = np.arange(len(track))
    ordered = np.sort(size, axis=1)
    middle = (ordered[rows, half // 2] + ordered[rows, (half + 1) // 2]) / 2
    told = (number >= FEWEST) & (middle > 0)
    if told.sum() < FEWEST:
        return np.full((len(track), 1), scale, np.float32)
    own = np.log(np.where(told, middle, 1.0) / 0.6745 / scale)
    error = MEDIAN_ERROR / np.maximum(number, 1)
    centre = np.median(own[told])
    between = max(0.0, float(np.mean((own[told] - centre) ** 2 - error[told])))
    trust = np.where(told, between / (between + error), 0.0)
    left = 2 * np.sqrt(between * (1 - trust))
    return (scale * np.exp(centre + trust * (own - centre) + left)).astype(np.float32)[:, None]


def composition(codes: np.ndarray, alphabet: Alphabet) -> np.ndarray:
    """Count letters as shares, float64 (letters,), none of them 0."""
    counts = np.bincount(codes[codes != PAD], minlength=256)[: alphabet.size] + 1.0
    return counts / counts.sum()
