"""Normalisation by hand: one channel, one example, one group at a time."""

from collections.abc import Sequence

import numpy as np


def batch_norm(
    x: np.ndarray,
    scale: np.ndarray,
    bias: np.ndarray,
    *,
    mask: np.ndarray,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalise each channel by the values of it that count.

    Parameters
    ----------
    x
        float (n, *space, channels).
    scale, bias
        float (channels,).
    mask
        bool (n, *space): the positions that count.
    eps
        Added to the variance.

    Returns
    -------
    numpy.ndarray
        float, of the shape of `x`.

    Examples
    --------
    >>> x = np.array([[[1.0], [3.0], [5.0]]])
    >>> batch_norm(x, np.ones(1), np.zeros(1), mask=x[..., 0] < 4, eps=0).ravel().tolist()
    [-1.0, 1.0, 3.0]
    """
    result = np.zeros_like(x)
    for channel in range(x.shape[-1]):
        values = x[..., channel]
        mean, variance = _moments(values[mask])
        result[..., channel] = (values - mean) / np.sqrt(variance + eps)
    return result * scale + bias


def running_moments(
    batches: Sequence[np.ndarray], masks: Sequence[np.ndarray], *, momentum: float, unbiased: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Average means and variances over batches, later ones with more weight.

    Parameters
    ----------
    batches, masks
        float (n, *space, channels) and bool (n, *space), in the order of training.
    momentum
        Weight of a new batch.
    unbiased
        Whether sums of squares are divided by the number of values minus 1.

    Returns
    -------
    tuple of numpy.ndarray
        Means and variances (channels,), from 0 and 1 on.
    """
    channels = batches[0].shape[-1]
    means, variances = np.zeros(channels), np.ones(channels)
    for x, mask in zip(batches, masks, strict=True):
        count = mask.sum()
        for channel in range(channels if count else 0):
            mean, variance = _moments(x[..., channel][mask])
            if unbiased and count > 1:
                variance *= count / (count - 1)
            means[channel] = (1 - momentum) * means[channel] + momentum * mean
            variances[channel] = (1 - momentum) * variances[channel] + momentum * variance
    return means, variances


def layer_norm(
    x: np.ndarray, scale: np.ndarray, bias: np.ndarray, *, eps: float = 1e-5
) -> np.ndarray:
    """Normalise the last axes, as many as `scale` has, of each place on the others.

    Parameters
    ----------
    x
        float (..., *features).
    scale, bias
        float (*features).
    eps
        Added to the variance.

    Returns
    -------
    numpy.ndarray
        float, of the shape of `x`.
    """
    result = np.zeros_like(x)
    for place in np.ndindex(*x.shape[: x.ndim - scale.ndim]):
        mean, variance = _moments(x[place])
        result[place] = (x[place] - mean) / np.sqrt(variance + eps) * scale + bias
    return result


def group_norm(
    x: np.ndarray,
    groups: int,
    scale: np.ndarray,
    bias: np.ndarray,
    *,
    mask: np.ndarray,
    eps: float = 1e-5,
) -> np.ndarray:
    """Normalise each group of channels of each example by the values of it that count.

    Parameters
    ----------
    x
        float (n, *space, channels).
    groups
        Number of groups.
    scale, bias, mask, eps
        As in `batch_norm`.

    Returns
    -------
    numpy.ndarray
        float, of the shape of `x`.
    """
    result, size = np.zeros_like(x), x.shape[-1] // groups
    for example in range(len(x)):
        for group in range(groups):
            members = slice(group * size, (group + 1) * size)
            mean, variance = _moments(x[example][mask[example]][:, members])
            values = x[example, ..., members]
            result[example, ..., members] = (values - mean) / np.sqrt(variance + eps)
    return result * scale + bias


def local_response_norm(
    x: np.ndarray, window: int, *, alpha: float, beta: float, offset: float
) -> np.ndarray:
    """Divide each value by a power of what its neighbouring channels hold.

    Parameters
    ----------
    x
        float (..., channels).
    window, alpha, beta, offset
        As in `seqcnn.nn.local_response.local_response_norm`.

    Returns
    -------
    numpy.ndarray
        float, of the shape of `x`.
    """
    result, channels = np.zeros_like(x), x.shape[-1]
    for channel in range(channels):
        total = np.zeros(x.shape[:-1])
        for other in range(channel - window // 2, channel + (window - 1) // 2 + 1):
            if 0 <= other < channels:
                total += x[..., other] ** 2
        result[..., channel] = x[..., channel] / (offset + alpha * total / window) ** beta
    return result


def _moments(values: np.ndarray) -> tuple[float, float]:
    """Take mean and variance, 0 and 0 of no values."""
    if not values.size:
        return 0.0, 0.0
    mean = values.sum() / values.size
    return mean, ((values - mean) ** 2).sum() / values.size
