"""A recurrent layer: long short-term memory along a sequence."""

from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax
from jax.typing import DTypeLike

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype, computed_in, float_dtype
from seqcnn.nn.geometry import check_sizes
from seqcnn.nn.init import DENSE_INIT, Initializer
from seqcnn.nn.masks import check_mask

_RECURRENT_INIT: Initializer = jax.nn.initializers.orthogonal()


class LSTM(nnx.Module):
    """Long short-term memory: a state that gates carry from position to position.

    Parameters
    ----------
    channels, neurons
        Channels of the input and of the result.
    reverse
        Whether the state runs from right to left.
    precision
        As in `seqcnn.nn.conv.conv`.
    kernel_init
        How the matrix of the input starts; that of the state starts orthogonal.
    dtype
        Of the products and the result; None for that of the input. The state is float32 at least.
    rngs
        Source of the random start.

    Attributes
    ----------
    kernel, recurrent : nnx.Param
        float32 (channels, 4 neurons) and (neurons, 4 neurons): input gate, forget gate, candidate,
        output gate, as in PyTorch and Keras.
    bias : nnx.Param
        float32 (4 neurons,): 1 at first for the forget gate (Jozefowicz et al. 2015), else 0.

    Raises
    ------
    SeqcnnError
        An argument is out of range.

    Notes
    -----
    Hochreiter and Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735, with the forget gate of Gers et
    al. 2000. Hidden positions leave the state as it is; in either direction, what is behind them
    begins from where what is before them ended.
    """

    def __init__(
        self,
        channels: int,
        neurons: int,
        *,
        reverse: bool = False,
        precision: lax.PrecisionLike = "highest",
        kernel_init: Initializer = DENSE_INIT,
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs,
    ) -> None:
        check_sizes(channels=channels, neurons=neurons)
        self.reverse, self.precision, self.dtype = reverse, precision, float_dtype(dtype)
        shapes = (channels, 4 * neurons), (neurons, 4 * neurons)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shapes[0], jnp.float32))
        self.recurrent = nnx.Param(_RECURRENT_INIT(rngs.params(), shapes[1], jnp.float32))
        forget = (jnp.arange(4 * neurons) // neurons) == 1
        self.bias = nnx.Param(forget.astype(jnp.float32))

    def __call__(self, x: jax.Array, mask: jax.Array | None = None) -> jax.Array:
        """Read sequences.

        Parameters
        ----------
        x
            float (n, positions, channels).
        mask
            bool (n, positions): the positions that count; None for all.

        Returns
        -------
        jax.Array
            float (n, positions, neurons): the output at each position.
        """
        x, (channels, gates) = computed_in(x, self.dtype), self.kernel.shape
        if x.ndim != 3 or x.shape[-1] != channels:
            raise SeqcnnError(f"`x` must be (n, positions, {channels}), not {x.shape}")
        if mask is None:
            mask = jnp.ones(x.shape[:2], bool)
        check_mask(mask, x.shape[:2])
        wide = accumulation_dtype(x.dtype)
        product = partial(jnp.matmul, precision=self.precision, preferred_element_type=wide)
        # the share of the input in one product, outside of the loop
        given = product(x, self.kernel[...].astype(x.dtype))
        given = given + self.bias[...].astype(wide)[None, None]
        recurrent = self.recurrent[...].astype(x.dtype)

        def step(
            state: tuple[jax.Array, jax.Array], now: tuple[jax.Array, jax.Array]
        ) -> tuple[tuple[jax.Array, jax.Array], jax.Array]:
            cell, output = state
            share, shown = now
            total = share + product(output.astype(x.dtype), recurrent)
            enter, forget, candidate, leave = jnp.split(total, 4, axis=-1)
            after = nnx.sigmoid(forget) * cell + nnx.sigmoid(enter) * jnp.tanh(candidate)
            after = jnp.where(shown, after, cell)
            output = jnp.where(shown, nnx.sigmoid(leave) * jnp.tanh(after), output)
            return (after, output), output

        start = jnp.zeros((len(x), gates // 4), wide)
        along = jnp.swapaxes(given, 0, 1), jnp.swapaxes(mask, 0, 1)[..., None]
        _, outputs = lax.scan(step, (start, start), along, reverse=self.reverse)
        return jnp.swapaxes(outputs, 0, 1).astype(x.dtype)
