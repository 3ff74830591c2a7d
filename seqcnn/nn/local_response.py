"""Local response normalisation: each value against its neighbouring channels, as in AlexNet."""

import math

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, float_array
from seqcnn.nn.geometry import whole_number


def local_response_norm(
    x: jax.Array,
    window: int = 5,
    *,
    alpha: float = 1e-4,
    beta: float = 0.75,
    offset: float = 1.0,
) -> jax.Array:
    """Divide each value by a power of the mean square of its neighbouring channels.

    Parameters
    ----------
    x
        float (..., channels).
    window
        Channels from ``window // 2`` before to ``(window - 1) // 2`` after; those that do not exist
        count as zeros.
    alpha, beta, offset
        ``x / (offset + alpha * mean) ** beta``.

    Returns
    -------
    jax.Array
        float, of the shape of `x`.

    Raises
    ------
    SeqcnnError
        `window` is less than 1, or `x` is not float.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton 2012, section 3.3. The mean, not the sum, is multiplied by
    `alpha`: so do ``torch.nn.LocalResponseNorm`` (agrees to 1e-13 in float64) and Caffe, whose
    ``alpha``, ``local_size`` and ``k`` can be given as they are. The paper and TensorFlow multiply
    the sum: their alpha is ``alpha / window`` here, so the paper's values (k = 2, n = 5, 1e-4) are
    ``offset=2, alpha=5e-4``.
    """
    x = float_array(x)
    if (whole_number(window) or 0) < 1:
        raise SeqcnnError(f"`window` must be a number of channels > 0, not {window!r}")
    dtype, x = x.dtype, x.astype(accumulation_dtype(x.dtype))
    around = [(0, 0)] * (x.ndim - 1) + [(window // 2, (window - 1) // 2)]
    squares = jnp.pad(jnp.square(x), around)
    # a sum of shifted views is one pass over the array, forward and backward
    views = [squares[..., shift : shift + x.shape[-1]] for shift in range(window)]
    sums = sum(views[1:], start=views[0])
    return (x / _power(offset + (alpha / window) * sums, beta)).astype(dtype)


def _power(base: jax.Array, exponent: float) -> jax.Array:
    """Raise numbers > 0 to a power: XLA's `pow` on CPU is 5 to 10 times slower than what it is of.

    That is roots and products where the exponent is a number of quarters, as it mostly is.
    """
    quarters = round(4 * exponent)
    if quarters != 4 * exponent or not 0 < quarters <= 8:
        return jnp.exp(exponent * jnp.log(base))
    root = jnp.sqrt(base)
    factors = [base] * (quarters // 4)
    factors += [root] * (quarters // 2 % 2) + [jnp.sqrt(root)] * (quarters % 2)
    return math.prod(factors[1:], start=factors[0])
