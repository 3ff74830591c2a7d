"""Attention by hand: one query looks at one key after the other."""

import numpy as np


def attention(
    query: np.ndarray,
    key: np.ndarray,
    value: np.ndarray,
    *,
    mask: np.ndarray,
    bias: np.ndarray,
) -> np.ndarray:
    """Average values, each weighted by how well its key fits a query.

    Parameters
    ----------
    query, key, value
        float (queries, features), (keys, features) and (keys, features_out).
    mask, bias
        bool and float (queries, keys).

    Returns
    -------
    numpy.ndarray
        float (queries, features_out); zeros for a query that may look nowhere.

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> attention(one, one, 5 * one, mask=one > 0, bias=one).tolist()
    [[5.0]]
    """
    result = np.zeros((len(query), value.shape[1]))
    for q in range(len(query)):
        seen = [k for k in range(len(key)) if mask[q, k]]
        fits = [(query[q] * key[k]).sum() / np.sqrt(len(key[k])) + bias[q, k] for k in seen]
        weights = [np.exp(fit - max(fits)) for fit in fits]
        for k, weight in zip(seen, weights, strict=True):
            result[q] += weight / sum(weights) * value[k]
    return result


def multi_head_attention(
    x: np.ndarray,
    memory: np.ndarray,
    kernels: dict[str, np.ndarray],
    biases: dict[str, np.ndarray],
    *,
    heads: int,
    mask: np.ndarray,
) -> np.ndarray:
    """Let each head look at its share of the projected channels, and project what they saw.

    Parameters
    ----------
    x, memory
        float (queries, channels) and (keys, memory_channels): one example.
    kernels, biases
        Of the projections `query`, `key`, `value` and `out`.
    heads
        Number of heads.
    mask
        bool (keys,): what may be looked at.

    Returns
    -------
    numpy.ndarray
        float (queries, channels).
    """
    query = x @ kernels["query"] + biases["query"]
    key = memory @ kernels["key"] + biases["key"]
    value = memory @ kernels["value"] + biases["value"]
    size = query.shape[1] // heads
    seen = []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        open_to = np.tile(mask, (len(x), 1))
        nothing = np.zeros(open_to.shape)
        parts = (query[:, own], key[:, own], value[:, own])
        seen.append(attention(*parts, mask=open_to, bias=nothing))
    return np.concatenate(seen, axis=1) @ kernels["out"] + biases["out"]


def sinusoidal_positions(length: int, channels: int) -> np.ndarray:
    """Write down the sines and cosines of Vaswani et al. 2017, section 3.5, one by one.

    Parameters
    ----------
    length, channels
        Extents of the result.

    Returns
    -------
    numpy.ndarray
        float (length, channels).
    """
    result = np.zeros((length, channels))
    for position in range(length):
        for channel in range(channels):
            pair = channel // 2
            angle = position / 10_000 ** (2 * pair / channels)
            result[position, channel] = np.sin(angle) if channel % 2 == 0 else np.cos(angle)
    return result
