"""MotifCNN: one layer of motif kernels over both strands, global pooling, a small dense head.

The network of DeepBind (Alipanahi et al. 2015, doi:10.1038/nbt.3300), with kernels that both
strands share: every kernel is one motif, which can be read from it.
"""

from collections.abc import Sequence
from functools import reduce
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.best_match import BestMatch, best_match, find_best_match
from seqcnn.nn.conv import add_bias, conv
from seqcnn.nn.init import KERNEL_INIT, Initializer
from seqcnn.nn.layers import Dense, ShareTable, dropout, one_hot, valid_windows
from seqcnn.nn.pool import global_pool
from seqcnn.seq.alphabet import PAD


class MotifCNN(nnx.Module):
    """Score sequences by the best match of each of its motif kernels.

    Padding (`PAD`, on the right) never changes a prediction: a window counts if it lies inside of
    its sequence. A sequence shorter than the kernels has one window, filled up with zeros.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    kernels, width
        Number of motif kernels, and their letters.
    strand
        ``"both"`` to take the better of the two strands at each position, ``"one"``.
    complement
        For each letter the code of its complement; needed for both strands.
    pool
        What of the activation of a kernel over a sequence is looked at: ``"max"``, the best match;
        ``"max_mean"`` for the mean as well (DeepBind's choice for RNA), slower to train on CPU.
    dims
        1 to read a sequence as `(length, letters)`, 2 as the image `(length, letters, 1)`, with the
        same result.
    hidden, dropout, tasks
        Neurons of the dense layer, share of them dropped in training, outputs.
    kernel_init
        How the motif kernels start.
    rngs
        Source of the random start.

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
        strand: Literal["both", "one"] = "both",
        complement: Sequence[int] | None = None,
        pool: Literal["max", "max_mean"] = "max",
        dims: Literal[1, 2] = 1,
        hidden: int = 32,
        dropout: float = 0.2,
        tasks: int = 1,
        kernel_init: Initializer = KERNEL_INIT,
        rngs: nnx.Rngs,
    ) -> None:
        self.shares = ShareTable(shares)
        letters = self.shares.array.shape[1]
        if min(kernels, width, hidden, tasks) < 1:
            raise SeqcnnError(
                f"`kernels`, `width`, `hidden` and `tasks` must be 1 or more, "
                f"not {kernels}, {width}, {hidden} and {tasks}"
            )
        if not 0 <= dropout < 1:
            raise SeqcnnError(f"`dropout` must be from 0 to below 1, not {dropout}")
        if dims not in (1, 2):
            raise SeqcnnError(f"`dims` must be 1 or 2, not {dims!r}")
        if pool not in ("max", "max_mean"):
            raise SeqcnnError(f"`pool` must be 'max' or 'max_mean', not {pool!r}")
        self.width, self.pool, self.dims, self.rate = width, pool, dims, dropout
        self.complement = _checked_complement(strand, complement, letters)
        shape = (width, letters, kernels) if dims == 1 else (width, letters, 1, kernels)
        self.kernel = nnx.Param(kernel_init(rngs.params(), shape, jnp.float32))
        self.bias = nnx.Param(jnp.zeros(kernels, jnp.float32))
        pooled = kernels * (1 if pool == "max" else 2)
        self.hidden = Dense(pooled, hidden, kernel_init=KERNEL_INIT, rngs=rngs)
        self.output = Dense(hidden, tasks, rngs=rngs)

    def __call__(self, codes: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score sequences.

        Parameters
        ----------
        codes
            uint8 (n, length), filled up with `PAD` on the right.
        rngs
            Source of randomness for dropout, in training; None to predict.

        Returns
        -------
        jax.Array
            float32 (n, tasks): logits.
        """
        if self.pool != "max":
            return self.logits(*self.image(codes), rngs=rngs)
        best = best_match(codes, self._kernel(), self.shares.array, complement=self.complement)
        # bias and ReLU are monotone: the best window has the best activation
        return self._head(nnx.relu(add_bias(best, self.bias[...])), rngs)

    def image(self, codes: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Draw `codes` as an image (n, length, letters) and say which positions are letters."""
        shares = self.shares.array.astype(self.kernel.dtype)
        return one_hot(codes, shares), codes != PAD

    def logits(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images; what explanations differentiate.

        Parameters
        ----------
        image
            float32 (n, length, letters).
        inside
            bool (n, length): the positions that belong to a sequence.
        rngs
            As in a call of the network.

        Returns
        -------
        jax.Array
            float32 (n, tasks).
        """
        return self._head(self.features(image, inside), rngs)

    def features(self, image: jax.Array, inside: jax.Array) -> jax.Array:
        """Pool the activation of each kernel: float32 (n, kernels); maxima, then any means."""
        matches, valid = self._matches(image, inside)
        activation = nnx.relu(add_bias(reduce(jnp.maximum, matches), self.bias[...]))
        best = global_pool(activation, "max", mask=valid)
        if self.pool == "max":
            return best
        return jnp.concatenate([best, global_pool(activation, "mean", mask=valid)], axis=1)

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
        best = find_best_match(codes, self._kernel(), self.shares.array, complement=self.complement)
        return best._replace(value=add_bias(best.value, self.bias[...]))

    def _kernel(self) -> jax.Array:
        """Give the kernels as (width, letters, kernels), whatever `dims`."""
        return self.kernel[...].reshape(self.width, -1, self.kernel.shape[-1])

    def _head(self, features: jax.Array, rngs: nnx.Rngs | None) -> jax.Array:
        neurons = nnx.relu(self.hidden(features))
        return self.output(dropout(neurons, self.rate, rngs))

    def _matches(self, image: jax.Array, inside: jax.Array) -> tuple[list[jax.Array], jax.Array]:
        """Convolve with the kernels of each strand, (n, positions, kernels), and mask windows."""
        missing = max(0, self.width - image.shape[1])
        image = jnp.pad(image, ((0, 0), (0, missing), (0, 0)))
        inside = jnp.pad(inside, ((0, 0), (0, missing)))
        x = image if self.dims == 1 else image[..., None]
        # a call for each strand: the gradient of one call with twice the kernels is slower on CPU
        matches = [conv(x, kernel) for kernel in self._kernels_of_strands()]
        shape = (*matches[0].shape[:2], -1)
        return [m.reshape(shape) for m in matches], valid_windows(inside, self.width)

    def _kernels_of_strands(self) -> list[jax.Array]:
        forward = self.kernel[...]
        if self.complement is None:
            return [forward]
        return [forward, forward[::-1, np.array(self.complement)]]


def _checked_complement(
    strand: str, complement: Sequence[int] | None, letters: int
) -> tuple[int, ...] | None:
    """Return the complement of each letter if both strands are read, else None."""
    if strand not in ("both", "one"):
        raise SeqcnnError(f"`strand` must be 'both' or 'one', not {strand!r}")
    if strand == "one":
        return None
    if complement is None:
        raise SeqcnnError("`strand` 'both' needs an alphabet with complements: use strand 'one'")
    pairs = tuple(int(c) for c in complement)
    if sorted(pairs) != list(range(letters)) or any(pairs[pairs[c]] != c for c in range(letters)):
        raise SeqcnnError(f"`complement` must pair the codes 0 .. {letters - 1}, not {pairs}")
    return pairs
