"""Pooling by hand: one window after the other, the padding left out of each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.reference.conv import Axis, Index, Padding, axes_of, visits


def pool(
    x: np.ndarray,
    kind: str,
    window: int | Sequence[int],
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
) -> np.ndarray:
    """Reduce each window to one value a channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    kind
        ``"max"``, ``"mean"`` or ``"min"``.
    window, stride, padding
        As in `seqcnn.nn.pool.max_pool`.

    Returns
    -------
    numpy.ndarray
        float (n, *positions, channels).

    Examples
    --------
    >>> pool(np.array([[[1.0], [3.0], [2.0], [5.0]]]), "mean", 2).ravel().tolist()
    [2.0, 3.5]
    """
    axes = _axes(x, window, stride, padding)
    result = np.zeros((len(x), *(axis.positions for axis in axes), x.shape[-1]), x.dtype)
    for position, sources in _members(axes):
        values = np.stack([x[:, *source] for source in sources])
        result[:, *position] = _reduction(kind)(values, axis=0)
    return result


def pool_gradient(
    x: np.ndarray,
    kind: str,
    window: int | Sequence[int],
    upstream: np.ndarray,
    *,
    stride: int | Sequence[int] | None = None,
    padding: Padding = 0,
) -> np.ndarray:
    """Send the gradient of `pool` back to its input.

    Parameters
    ----------
    x, kind, window, stride, padding
        As in `pool`. No window may hold its winner twice: which of the two gets the gradient is
        not defined.
    upstream
        float (n, *positions, channels): the gradient of a loss with respect to the result.

    Returns
    -------
    numpy.ndarray
        The gradient with respect to `x`: a mean shares it, a maximum gives it to the winner.
    """
    result = np.zeros_like(x)
    for position, sources in _members(_axes(x, window, stride, padding)):
        values = np.stack([x[:, *source] for source in sources])
        won = values == _reduction(kind)(values, axis=0)
        for source, winner in zip(sources, won, strict=True):
            share = 1 / len(sources) if kind == "mean" else winner
            result[:, *source] += share * upstream[:, *position]
    return result


def global_pool(x: np.ndarray, mask: np.ndarray, kind: str) -> np.ndarray:
    """Reduce the positions that count to one value a channel.

    Parameters
    ----------
    x
        float (n, *space, channels).
    mask
        bool (n, *space); one position or more of each array must count.
    kind
        ``"max"``, ``"mean"`` or ``"min"``.

    Returns
    -------
    numpy.ndarray
        float (n, channels).
    """
    return np.stack([_reduction(kind)(x[n][mask[n]], axis=0) for n in range(len(x))])


def _reduction(kind: str) -> np.ufunc:
    known = {"max": np.max, "mean": np.mean, "min": np.min}
    if kind not in known:
        raise SeqcnnError(f"`kind` must be one of {', '.join(known)}, not {kind!r}")
    return known[kind]


def _axes(
    x: np.ndarray,
    window: int | Sequence[int],
    stride: int | Sequence[int] | None,
    padding: Padding,
) -> list[Axis]:
    space = x.shape[1:-1]
    extents = (window,) * len(space) if isinstance(window, int) else tuple(window)
    return axes_of(space, extents, extents if stride is None else stride, padding)


def _members(axes: Sequence[Axis]) -> Iterator[tuple[Index, list[Index]]]:
    """Collect what each window covers."""
    covered = defaultdict(list)
    for position, _, source in visits(axes):
        covered[position].append(source)
    yield from covered.items()
