"""How weights start: random numbers scaled by the fan-in, or motifs that are already known."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.errors import SeqcnnError

Initializer = Callable[[jax.Array, Sequence[int], Any], jax.Array]
"""`initializer(key, shape, dtype)` gives the first weights, as in `jax.nn.initializers`."""

KERNEL_INIT: Initializer = jax.nn.initializers.he_normal()
"""Before a ReLU: variance 2 / fan-in (He et al. 2015, arXiv:1502.01852)."""

DENSE_INIT: Initializer = jax.nn.initializers.glorot_uniform()
"""Before an output: variance 2 / (fan-in + fan-out) (Glorot & Bengio 2010)."""


def from_matrices(
    matrices: Sequence[np.ndarray], *, scale: float = 1.0, rest: Initializer = KERNEL_INIT
) -> Initializer:
    """Start the first kernels of a first layer from score matrices, the others at random.

    Parameters
    ----------
    matrices
        float (width, letters) each, log-odds. A matrix shorter than the kernel lies in its middle
        between zeros; of a longer one the stretch with the largest sum of squares is taken.
    scale
        Length (square root of the sum of squares) of each kernel that is started so. The default
        makes an activation one unit where random kernels of unit length are, whatever the
        information content of the motif.
    rest
        How the remaining kernels start.

    Returns
    -------
    Initializer
        For kernels ``(width, letters, count)`` or ``(width, letters, 1, count)``.

    Raises
    ------
    SeqcnnError
        A matrix is not finite; or, on the first call, there are more matrices than kernels or their
        letters differ in number.

    Examples
    --------
    >>> start = from_matrices([np.eye(4)])
    >>> start(jax.random.key(0), (6, 4, 2), jnp.float32)[:, 0, 0].round(2).tolist()
    [0.0, 0.5, 0.0, 0.0, 0.0, 0.0]
    """
    if not all(np.isfinite(matrix).all() for matrix in matrices):
        raise SeqcnnError(
            "`matrices` must be finite, without the logarithm of 0: add a pseudocount to counts"
        )

    def start(key: jax.Array, shape: Sequence[int], dtype: Any = jnp.float32) -> jax.Array:
        width, letters, count = shape[0], shape[1], shape[-1]
        if len(matrices) > count or any(np.shape(m)[1:] != (letters,) for m in matrices):
            raise SeqcnnError(
                f"`matrices` must be at most {count} arrays (width, {letters}), not shapes "
                f"{[np.shape(m) for m in matrices]}"
            )
        kernel = rest(key, shape, dtype)
        for i, matrix in enumerate(matrices):
            given = scale * _unit_length(_fitted(np.asarray(matrix, float), width))
            kernel = kernel.at[..., i].set(jnp.asarray(given.reshape(shape[:-1]), dtype))
        return kernel

    return start


def _fitted(matrix: np.ndarray, width: int) -> np.ndarray:
    """Cut or pad a matrix (length, letters) to `width` rows."""
    if len(matrix) >= width:
        squares = np.concatenate([[0], np.cumsum((matrix**2).sum(axis=1))])
        first = int(np.argmax(squares[width:] - squares[:-width]))
        return matrix[first : first + width]
    before = (width - len(matrix)) // 2
    return np.pad(matrix, ((before, width - len(matrix) - before), (0, 0)))


def _unit_length(matrix: np.ndarray) -> np.ndarray:
    length = np.sqrt((matrix**2).sum())
    return matrix / length if length else matrix
