"""ExplaiNN: many small networks of one motif kernel each, whose outputs are added up.

Novakovsky et al. 2023, doi:10.1186/s13059-023-02985-y. What a motif contributes to a logit is the
output of its unit times a weight, and nothing else: the network is as good as its explanation.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.sequence.parts import LetterConv, MaxPool, Pad, checked_length, sizes_of
from seqcnn.nn.init import KERNEL_INIT, Initializer
from seqcnn.nn.layers import Dense, check_rate, dropout
from seqcnn.nn.masks import hide
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.pool import global_pool


class ExplaiNN(SequenceNetwork):
    """Score sequences by a weighted sum of units, each of which reads one kernel.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    units, width
        Number of units, and letters of their kernels.
    padding
        ``"valid"`` for windows inside of the sequence, ``"same"``.
    length
        Columns of the codes, to give each window of the pool weights of its own as in the paper;
        None for units that look at the maximum and the mean of their kernel's activation.
    pool
        Window of the max-pooling before these weights.
    hidden
        Neurons of each unit.
    dropout
        Share of these neurons that are dropped in training.
    tasks
        Outputs.
    rngs
        Source of the random start.
    **options
        `strand`, `complement`, `dims` and `dtype`, as in `SequenceNetwork`.

    Attributes
    ----------
    output : seqcnn.nn.layers.Dense
        Its kernel, float32 (units, tasks), weighs the units.

    Raises
    ------
    SeqcnnError
        An option is out of range.
    """

    def __init__(
        self,
        shares: np.ndarray,
        *,
        units: int = 100,
        width: int = 19,
        padding: Pad = "valid",
        length: int | None = None,
        pool: int = 7,
        hidden: int = 100,
        dropout: float = 0.3,
        tasks: int = 1,
        rngs: nnx.Rngs,
        **options: Any,
    ) -> None:
        super().__init__(shares, **options)
        self.length = checked_length(length)
        sizes_of("units, width, pool, hidden, tasks", (units, width, pool, hidden, tasks))
        check_rate(dropout, "dropout")
        self.rate = dropout
        self.conv = LetterConv(
            self.letters, units, width, dims=self.dims, padding=padding, bias=False, rngs=rngs
        )
        self.conv_norm = BatchNorm(units)
        beyond = width - 1 if padding == "valid" else 0
        self.shortest = beyond + (1 if length is None else pool)
        self.pool = None if length is None else MaxPool(pool)
        # of units that pool all positions: the maximum and the mean
        places = 2 if length is None else (max(length, self.shortest) - beyond) // pool
        self.hidden = UnitDense(units, places, hidden, kernel_init=KERNEL_INIT, rngs=rngs)
        self.hidden_norm = BatchNorm(units * hidden)
        self.sum = UnitDense(units, hidden, 1, kernel_init=KERNEL_INIT, rngs=rngs)
        self.sum_norm = BatchNorm(units)
        self.output = Dense(units, tasks, rngs=rngs)

    @property
    def first_kernel(self) -> jax.Array:
        """Kernels of the units, float32 (width, letters, units)."""
        return self.conv.kernel

    def score(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images of one strand, as in `SequenceNetwork.logits`."""
        return self.output(self._units(image, inside, rngs))

    def contributions(self, codes: jax.Array) -> jax.Array:
        """Take predictions apart.

        Parameters
        ----------
        codes
            uint8 (n, length), filled up with `PAD` on the right.

        Returns
        -------
        jax.Array
            float32 (n, units, tasks): what each unit adds to each logit. Their sum over the units,
            and the bias of the output, is the logit.
        """
        outputs = self.merged(self._units(*self.strands(*self.image(codes)), None))
        return outputs[..., None] * self.output.kernel[...][None].astype(outputs.dtype)

    def _units(self, image: jax.Array, inside: jax.Array, rngs: nnx.Rngs | None) -> jax.Array:
        """Compute the output of each unit: float (n, units), never below 0."""
        training, shown = rngs is not None, self.conv.output_mask(inside)
        # the exponential lets the few windows that match stand out (ExplaiNN, Methods)
        matches = jnp.exp(self.conv_norm(self.conv(image, inside), shown, training=training))
        if self.pool is None:
            pooled = [global_pool(matches, kind, mask=shown) for kind in ("max", "mean")]
            places = jnp.stack(pooled, axis=1)
        else:
            places = hide(self.pool(matches, shown), self.pool.output_mask(shown))
        neurons = self.hidden(jnp.swapaxes(places, 1, 2))
        flat = self.hidden_norm(neurons.reshape(len(neurons), -1), training=training)
        neurons = dropout(nnx.relu(flat).reshape(neurons.shape), self.rate, rngs)
        return nnx.relu(self.sum_norm(self.sum(neurons)[..., 0], training=training))


class UnitDense(nnx.Module):
    """A dense layer for each unit, which sees its own unit only; normalisation is to follow.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (units, features_in, features_out).
    """

    def __init__(
        self,
        units: int,
        features_in: int,
        features_out: int,
        *,
        kernel_init: Initializer,
        rngs: nnx.Rngs,
    ) -> None:
        shape = (features_in, units * features_out)
        kernel = kernel_init(rngs.params(), shape, jnp.float32)
        self.kernel = nnx.Param(
            jnp.swapaxes(kernel.reshape(features_in, units, features_out), 0, 1)
        )

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map `x` float (n, units, features_in) to float (n, units, features_out)."""
        kernel = self.kernel[...].astype(x.dtype)
        return jnp.einsum("nui,uio->nuo", x, kernel, precision="highest")
