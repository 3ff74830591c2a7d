"""MotifCNN: one layer of motif kernels over both strands, global pooling, a small dense head.

The network of DeepBind (Alipanahi et al. 2015, doi:10.1038/nbt.3300), with kernels that both
strands share: every kernel is one motif, which can be read from it.
"""

from functools import reduce
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.nn.best_match import BestMatch, best_match, find_best_match
from seqcnn.nn.conv import add_bias, conv
from seqcnn.nn.dtypes import accumulation_dtype
from seqcnn.nn.init import KERNEL_INIT, Initializer
from seqcnn.nn.layers import Dense, check_rate, dropout, valid_windows
from seqcnn.nn.norm import BatchNorm
from seqcnn.nn.pool import global_pool


class MotifCNN(SequenceNetwork):
    """Score sequences by the best match of each of its motif kernels.

    Padding (`PAD`, on the right) never changes a prediction: a window counts if it lies inside of
    its sequence. A sequence shorter than the kernels has one window, filled up with zeros.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    kernels, width
        Number of motif kernels, and their letters.
    narrow
        Letters of the first half of the kernels, which lie in the middle of the others' width and
        are 0 beside it; None for all of one width. Narrow kernels learn by heart less easily, wide
        ones hold motifs such as that of CTCF in one piece.
    pool
        What of the activation of a kernel over a sequence is looked at: ``"max"``, the best match;
        ``"max_mean"`` for the mean as well (DeepBind's choice for RNA), slower to train on CPU.
    hidden, dropout, tasks
        Neurons of the dense layer, share of them dropped in training, outputs.
    norm
        Whether batch norm follows pooling, and the dense layer: means of activations, which are far
        smaller than maxima, are then learnt from as fast, and training is faster altogether.
    pooled_dropout
        Share of what is pooled that is dropped in training.
    kernel_init
        How the motif kernels start.
    rngs
        Source of the random start.
    **options
        `strand` (``"both"`` takes the better of the two strands at each position), `complement`,
        `dims` and `dtype`, as in `SequenceNetwork`.

    Attributes
    ----------
    kernel : nnx.Param
        float32 (width, letters, kernels), or (width, letters, 1, kernels) with two `dims`.
    bias : nnx.Param
        float32 (kernels,).

    Raises
    ------
    SeqcnnError
        An option is out of range, or both strands are asked for without a `complement`.
    """

    def __init__(
        self,
        shares: np.ndarray,
        *,
        kernels: int = 32,
        width: int = 18,
        narrow: int | None = None,
        pool: Literal["max", "max_mean"] = "max",
        hidden: int = 32,
        dropout: float = 0.2,
        norm: bool = False,
        pooled_dropout: float = 0.0,
        tasks: int = 1,
        kernel_init: Initializer = KERNEL_INIT,
        rngs: nnx.Rngs,
        **options: Any,
    ) -> None:
        super().__init__(shares, **options)
        if min(kernels, width, hidden, tasks) < 1:
            raise SeqcnnError(
                f"`kernels`, `width`, `hidden` and `tasks` must be 1 or more, "
                f"not {kernels}, {width}, {hidden} and {tasks}"
            )
        if narrow is not None and not 1 <= narrow <= width:
            raise SeqcnnError(f"`narrow` must be from 1 to `width`, {width}, not {narrow}")
        check_rate(dropout, "dropout")
        check_rate(pooled_dropout, "pooled_dropout")
        if pool not in ("max", "max_mean"):
            raise SeqcnnError(f"`pool` must be 'max' or 'max_mean', not {pool!r}")
        self.width, self.narrow, self.pool = width, narrow, pool
        self.rate, self.pooled_rate = dropout, pooled_dropout
        shape = (width, self.letters, *(1,) * (self.dims - 1), kernels)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, jnp.float32))
        self.bias = nnx.Param(jnp.zeros(kernels, jnp.float32))
        pooled = kernels * (1 if pool == "max" else 2)
        self.hidden = Dense(pooled, hidden, kernel_init=KERNEL_INIT, rngs=rngs)
        self.pooled_norm = BatchNorm(pooled) if norm else None
        self.hidden_norm = BatchNorm(hidden) if norm else None
        self.output = Dense(hidden, tasks, rngs=rngs)

    def __call__(self, codes: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score sequences: uint8 (n, length) to float32 (n, tasks), as any `SequenceNetwork`."""
        if self.pool != "max" or self.dtype != "float32":
            return super().__call__(codes, rngs=rngs)
        best = best_match(codes, self.first_kernel, self.shares.array, complement=self.complement)
        # bias and ReLU are monotone: the best window has the best activation
        return self._head(nnx.relu(add_bias(best, self.bias[...])), rngs)

    def logits(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images, as any `SequenceNetwork`: of both strands at once, not one by one."""
        return self._head(self.features(image, inside), rngs)

    def features(self, image: jax.Array, inside: jax.Array) -> jax.Array:
        """Pool the activation of each kernel: float32 (n, kernels); maxima, then any means."""
        matches, valid = self._matches(image, inside)
        activation = nnx.relu(add_bias(reduce(jnp.maximum, matches), self.bias[...]))
        best = global_pool(activation, "max", mask=valid)
        if self.pool == "max":
            return best
        return jnp.concatenate([best, global_pool(activation, "mean", mask=valid)], axis=1)

    def logits_of_features(self, features: jax.Array) -> jax.Array:
        """Score what `features` gives: float32 (n, kernels or twice as many) to (n, tasks)."""
        return self._head(features, None)

    def scan(self, codes: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Score every window by every kernel.

        Parameters
        ----------
        codes
            uint8 (n, length).

        Returns
        -------
        values : jax.Array
            float32 (n, positions, kernels): the activation of the better strand before its ReLU,
            -inf where a window does not count. Positions are ``max(length, width) - width + 1``.
        strands : jax.Array
            int8 (n, positions, kernels): 0 where the strand as given is the better (or equal), 1
            where the reverse complement is.
        """
        matches, valid = self._matches(*self.image(codes))
        values = add_bias(reduce(jnp.maximum, matches), self.bias[...])
        strands = (matches[-1] > matches[0]).astype(jnp.int8)
        return jnp.where(valid[..., None], values, -np.inf), strands

    def best_windows(self, codes: jax.Array) -> BestMatch:
        """Find the window of each sequence that excites each kernel most.

        Parameters
        ----------
        codes
            uint8 (n, length).

        Returns
        -------
        BestMatch
            Values with the bias, before the ReLU.
        """
        best = find_best_match(
            codes, self.first_kernel, self.shares.array, complement=self.complement
        )
        return best._replace(value=add_bias(best.value, self.bias[...]))

    @property
    def first_kernel(self) -> jax.Array:
        """The motif kernels, float32 (width, letters, kernels), whatever `dims`."""
        return self._masked_kernel().reshape(self.width, -1, self.kernel.shape[-1])

    def _head(self, features: jax.Array, rngs: nnx.Rngs | None) -> jax.Array:
        training = rngs is not None
        if self.pooled_norm is not None:
            features = self.pooled_norm(features, training=training)
        neurons = self.hidden(dropout(features, self.pooled_rate, rngs))
        if self.hidden_norm is not None:
            neurons = self.hidden_norm(neurons, training=training)
        logits = self.output(dropout(nnx.relu(neurons), self.rate, rngs))
        return logits.astype(accumulation_dtype(logits.dtype))

    def _matches(self, image: jax.Array, inside: jax.Array) -> tuple[list[jax.Array], jax.Array]:
        """Convolve with the kernels of each strand, (n, positions, kernels), and mask windows."""
        missing = max(0, self.width - image.shape[1])
        image = jnp.pad(image, ((0, 0), (0, missing), (0, 0)))
        inside = jnp.pad(inside, ((0, 0), (0, missing)))
        x = image if self.dims == 1 else image[..., None]
        # a call for each strand: the gradient of one call with twice the kernels is slower on CPU
        matches = [conv(x, kernel.astype(x.dtype)) for kernel in self._kernels_of_strands()]
        shape = (*matches[0].shape[:2], -1)
        return [m.reshape(shape) for m in matches], valid_windows(inside, self.width)

    def _masked_kernel(self) -> jax.Array:
        """Set what lies beside the narrow kernels to zero."""
        kernel = self.kernel[...]
        if self.narrow is None:
            return kernel
        place, number = np.arange(self.width), np.arange(kernel.shape[-1])
        begin = (self.width - self.narrow) // 2
        inside = (place >= begin) & (place < begin + self.narrow)
        shown = inside[:, None] | (number >= kernel.shape[-1] // 2)
        return jnp.where(np.expand_dims(shown, tuple(range(1, kernel.ndim - 1))), kernel, 0)

    def _kernels_of_strands(self) -> list[jax.Array]:
        forward = self._masked_kernel()
        if self.complement is None:
            return [forward]
        return [forward, forward[::-1, np.array(self.complement)]]
