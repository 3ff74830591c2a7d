"""What every network for sequences keeps to, so that any fits any training and explanation.

**Made** by ``Network(shares, *, strand, complement, dims, dtype, tasks, ..., rngs)``; `create`
fills in `shares`, `strand` and `complement` from an alphabet. All options but `shares` have
defaults and fit into JSON (lists do for tuples), except initializers.

**Called** with uint8 codes (n, length), filled up with `PAD` on the right, it gives float32
(n, tasks): logits, or whatever the loss makes of one number a task. With `rngs` (stream
``dropout``) the call is training: values are dropped, batch norm looks at the batch and updates its
running moments, which are `nnx.BatchStat`: no parameters, but to be carried from step to step. So
within `jax.grad` the network is made by ``nnx.merge(graph, weights, statistics, copy=True)``.
Without `rngs` the call predicts, and changes nothing.

**Any alphabet, any length.** Letters are looked up in `shares` and nowhere else. A network with an
option `length` pools if it is None; if it is given, the network has a weight for each position and
refuses codes with another number of columns.

**Padding never counts.** What a sequence is given is the same alone and in any batch: layers take
the mask of its letters, in training too. An empty sequence counts as one position without a letter.

**Strands.** ``strand="both"`` scores a sequence and its reverse complement alike: the mean of the
logits of the two (`SequenceNetwork` does so), or kernels that both share (`MotifCNN`; alike for
sequences as long as its kernels or longer). With ``strand="one"`` the network reads sequences as
they are given, and augmentation in training may show it the other strand.

**One or two dimensions.** With ``dims=2`` a sequence is the image (length, letters, 1); the first
kernel spans the letter axis, so that no result depends on the order of letters, and behind it the
image is one letter wide. The weights start the same, and the results are the same to the bit.

**Explanations** differentiate ``logits(*network.image(codes))``, which is what a call gives, and
read the first kernels, `first_kernel` (width, letters, kernels).
"""

from collections.abc import Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.dtypes import accumulation_dtype
from seqcnn.nn.layers import ShareTable, one_hot
from seqcnn.seq.alphabet import PAD

Strand = Literal["both", "one"]
Dims = Literal[1, 2]
DTypeName = Literal["float32", "bfloat16"]


class SequenceNetwork(nnx.Module):
    """A network for sequences: what lies between codes and `score`, which every network has.

    Parameters
    ----------
    shares
        float (256, letters): the share of each letter in each code, zeros for padding.
    strand
        ``"both"`` to score both strands and take the mean, ``"one"``.
    complement
        For each letter the code of its complement; needed for both strands.
    dims
        1 to read a sequence as `(length, letters)`, 2 as the image `(length, letters, 1)`.
    dtype
        What is computed in; ``"bfloat16"`` is for devices that gain from it. Weights are float32.

    Attributes
    ----------
    length : int | None
        Columns of the codes, set by a network with weights for each position; None for any.
    shortest : int
        Columns that the layers need; fewer are filled up with padding.

    Raises
    ------
    SeqcnnError
        An option is out of range, or both strands are asked for without a `complement`.
    """

    def __init__(
        self,
        shares: np.ndarray,
        *,
        strand: Strand = "both",
        complement: Sequence[int] | None = None,
        dims: Dims = 1,
        dtype: DTypeName = "float32",
    ) -> None:
        if dims not in (1, 2):
            raise SeqcnnError(f"`dims` must be 1 or 2, not {dims!r}")
        if dtype not in ("float32", "bfloat16"):
            raise SeqcnnError(f"`dtype` must be 'float32' or 'bfloat16', not {dtype!r}")
        self.shares = ShareTable(shares)
        self.complement = checked_complement(strand, complement, self.letters)
        self.dims, self.dtype, self.shortest = dims, dtype, 1
        self.length: int | None = None

    @property
    def letters(self) -> int:
        """Letters of the alphabet."""
        return self.shares.array.shape[1]

    @property
    def first_kernel(self) -> jax.Array:
        """Kernels of the first layer, float32 (width, letters, kernels), whatever `dims`."""
        raise NotImplementedError

    def score(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images as they are given, of one strand: arguments and result as in `logits`."""
        raise NotImplementedError

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

        Raises
        ------
        SeqcnnError
            The network has a `length`, and it is another one.
        """
        return self.logits(*self.image(codes), rngs=rngs)

    def image(self, codes: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Draw `codes` as an image (n, length, letters) and say which positions are letters."""
        # weights of float64, in tests of gradients, make the image float64
        dtype = jnp.bfloat16 if self.dtype == "bfloat16" else self.first_kernel.dtype
        return one_hot(codes, self.shares.array.astype(dtype)), codes != PAD

    def logits(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images; what explanations differentiate.

        Parameters
        ----------
        image
            float (n, length, letters).
        inside
            bool (n, length): the positions that belong to a sequence.
        rngs
            As in a call of the network.

        Returns
        -------
        jax.Array
            float32 (n, tasks).
        """
        return self.merged(self.score(*self.strands(image, inside), rngs=rngs))

    def strands(self, image: jax.Array, inside: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Fill up images with padding to `shortest`, and append their other strands, if read."""
        columns = image.shape[1]
        if self.length is not None and columns != self.length:
            raise SeqcnnError(
                f"`codes` have {columns} columns, this network reads {self.length}: cut or pad the "
                f"sequences, or make the network without `length`"
            )
        missing = max(0, self.shortest - columns)
        image = jnp.pad(image, ((0, 0), (0, missing), (0, 0)))
        inside = jnp.pad(inside, ((0, 0), (0, missing)))
        first = jnp.arange(inside.shape[1]) == 0
        inside = inside | (first[None] & ~inside.any(axis=1, keepdims=True))
        if self.complement is None:
            return image, inside
        other = flipped(image, inside)[..., np.array(self.complement)]
        return jnp.concatenate([image, other]), jnp.concatenate([inside, inside])

    def merged(self, scores: jax.Array) -> jax.Array:
        """Take the mean over the strands: float (strands * n, ...) to float32 (n, ...)."""
        scores = scores.astype(accumulation_dtype(scores.dtype))
        if self.complement is None:
            return scores
        half = len(scores) // 2
        return (scores[:half] + scores[half:]) / 2


def flipped(x: jax.Array, inside: jax.Array) -> jax.Array:
    """Reverse what lies inside of each sequence, where padding stays on the right.

    Parameters
    ----------
    x
        float (n, length, channels).
    inside
        bool (n, length).

    Returns
    -------
    jax.Array
        float (n, length, channels), zeros at padding.

    Examples
    --------
    >>> x, inside = jnp.array([[[1.0], [2.0], [3.0]]]), jnp.array([[True, True, False]])
    >>> flipped(x, inside).ravel().tolist()
    [2.0, 1.0, 0.0]
    """
    lengths = inside.sum(axis=1, keepdims=True, dtype=jnp.int32)
    places = jnp.maximum(lengths - 1 - jnp.arange(x.shape[1], dtype=jnp.int32)[None], 0)
    return jnp.where(inside[..., None], jax.vmap(lambda row, at: row[at])(x, places), 0)


def checked_complement(
    strand: str, complement: Sequence[int] | None, letters: int
) -> tuple[int, ...] | None:
    """Return the complement of each letter if both strands are read, else None.

    Raises
    ------
    SeqcnnError
        `strand` is neither ``"both"`` nor ``"one"``, or `complement` is missing or pairs no codes.
    """
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
