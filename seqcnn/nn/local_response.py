"""Local response normalisation: each value against its neighbouring channels, as in AlexNet."""

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError


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
        `window` is less than 1.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton 2012, section 3.3. The mean, not the sum, is multiplied by
    `alpha`: so do ``torch.nn.LocalResponseNorm`` (agrees to 1e-13 in float64) and Caffe, whose
    ``alpha``, ``local_size`` and ``k`` can be given as they are. The paper and TensorFlow multiply
    the sum: their alpha is ``alpha / window`` here, so the paper's values (k = 2, n = 5, 1e-4) are
    ``offset=2, alpha=5e-4``.
    """
    if window < 1:
        raise SeqcnnError(f"`window` must be a number of channels > 0, not {window}")
    around = [(0, 0)] * (x.ndim - 1) + [(window // 2, (window - 1) // 2)]
    squares = jnp.pad(jnp.square(x), around)
    # a sum of shifted views is one pass over the array, forward and backward
    sums = sum(squares[..., shift : shift + x.shape[-1]] for shift in range(window))
    return x * (offset + (alpha / window) * sums) ** -beta
