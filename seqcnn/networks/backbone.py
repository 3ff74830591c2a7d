"""What every network for arrays keeps to, so that any fits any training, explanation and decoder.

**Made** by ``Network(input_shape, classes, *, ..., rngs)``. `input_shape` is (*space, channels):
one axis of space for sequences and signals, two for pictures, three for volumes; layers take their
rank from it. All options fit into JSON, lists do for tuples.

**Called** with float32 (n, *space, channels) it gives float32 (n, classes): logits, or whatever the
loss makes of one number a class. With `rngs` (stream ``dropout``) the call is training: values are
dropped, and batch norm looks at the batch and updates its running moments (`nnx.BatchStat`).
Without `rngs` the call predicts, and changes nothing.

**A backbone** also has ``features(x, *, rngs)``, the maps that a decoder reads, from the finest to
the coarsest, and `feature_channels`, the channels of each; its `strides` say how many times
smaller each map is than the input.

What lies before a network, whether letters or pixels, is a door: `seqcnn.networks.doors`.
"""

from collections.abc import Sequence

import jax
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.geometry import check_sizes, extents_of


class ImageNetwork(nnx.Module):
    """A network for arrays with any number of space axes.

    Parameters
    ----------
    input_shape
        (*space, channels) of what it reads.
    classes
        Numbers that it gives.

    Attributes
    ----------
    space, channels : tuple of int, int
        Extents and channels of what it reads.

    Raises
    ------
    SeqcnnError
        `input_shape` has not one to three axes of space and one of channels, or an extent is less
        than 1.
    """

    def __init__(self, input_shape: Sequence[int], classes: int) -> None:
        shape = extents_of(tuple(input_shape), "input_shape")
        if not 2 <= len(shape) <= 4:
            raise SeqcnnError(
                f"`input_shape` must be (*space, channels) with one to three axes of space, not "
                f"{tuple(input_shape)}"
            )
        check_sizes(classes=classes)
        self.space, self.channels, self.classes = shape[:-1], shape[-1], classes

    @property
    def rank(self) -> int:
        """Axes of space."""
        return len(self.space)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` float (n, *space, channels); `rngs` for training, None to predict."""
        raise NotImplementedError

    def check(self, x: jax.Array, *, any_space: bool = False) -> jax.Array:
        """Return `x` if the network can read it.

        Parameters
        ----------
        x
            float (n, *space, channels).
        any_space
            Whether other extents than `space` will do, as for networks that pool.

        Raises
        ------
        SeqcnnError
            Rank, channels or extents are others.
        """
        fits = x.ndim == self.rank + 2 and x.shape[-1] == self.channels
        if not fits or not (any_space or x.shape[1:-1] == self.space):
            wanted = ", ".join(["any"] * self.rank if any_space else map(str, self.space))
            raise SeqcnnError(
                f"`x` is {tuple(x.shape)}, {type(self).__name__} reads (n, {wanted}, "
                f"{self.channels}): resize or cut what it is given, or make the network with "
                f"another `input_shape`"
            )
        return x
