"""The doors of a network: what turns pixels or letters, as they are stored, into what it reads.

They are part of the network, so that examples stay small on the host (uint8), that the first step
runs inside of `jax.jit`, and that a saved model knows how its input was scaled.
"""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.backbone import ImageNetwork
from seqcnn.networks.sequence.contract import Dims, SequenceNetwork, Strand, flipped
from seqcnn.nn.masks import hide


class Pixels(nnx.Module):
    """A network that reads pixels as they are stored.

    Parameters
    ----------
    network
        Reads float32 (n, *space, channels).
    mean, std
        Of each channel, or of all, on the scale from 0 to 1: (value - mean) / std is what the
        network sees.

    Raises
    ------
    SeqcnnError
        The numbers do not fit the channels of the network, or a `std` is not positive.
    """

    def __init__(
        self, network: ImageNetwork, mean: Sequence[float] = (0.0,), std: Sequence[float] = (1.0,)
    ) -> None:
        for name, numbers in (("mean", mean), ("std", std)):
            if len(numbers) not in (1, network.channels):
                raise SeqcnnError(
                    f"`{name}` has {len(numbers)} numbers, the network {network.channels} channels"
                )
        if min(std) <= 0:
            raise SeqcnnError(f"`std` must be above 0, not {list(std)}")
        self.network, self.mean, self.std = network, tuple(mean), tuple(std)

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` (n, *space, channels) of any dtype that `unit_scale` takes."""
        return self.network(self.image(x), rngs=rngs)

    def image(self, x: jax.Array) -> jax.Array:
        """Scale pixels to what the network sees; grey ones fill all channels of a network."""
        values = unit_scale(x)
        if values.shape[-1] == 1 and self.network.channels > 1:
            values = jnp.repeat(values, self.network.channels, axis=-1)
        mean, std = (jnp.array(numbers, jnp.float32) for numbers in (self.mean, self.std))
        spread = (1,) * (values.ndim - 1)
        return (values - mean.reshape(*spread, -1)) / std.reshape(*spread, -1)


class Letters(SequenceNetwork):
    """A network for arrays that reads letters: as a signal of channels, or as a picture.

    Parameters
    ----------
    network
        Reads (length, letters) with one axis of space, or the picture (length, letters, 1) with
        two.
    shares, strand, complement
        As in `SequenceNetwork`.

    Raises
    ------
    SeqcnnError
        The network reads something else.
    """

    def __init__(
        self,
        network: ImageNetwork,
        shares: np.ndarray,
        *,
        strand: Strand = "both",
        complement: Sequence[int] | None = None,
    ) -> None:
        dims: Dims = 1 if network.rank == 1 else 2
        super().__init__(shares, strand=strand, complement=complement, dims=dims)
        shape = (*network.space, network.channels)
        if shape[1:] != ((self.letters,) if dims == 1 else (self.letters, 1)):
            raise SeqcnnError(
                f"a network for {self.letters} letters reads (length, {self.letters}) or "
                f"(length, {self.letters}, 1), not {shape}"
            )
        self.network, self.length = network, network.space[0]

    @property
    def first_kernel(self) -> jax.Array:
        """Kernel of the first convolution, as it is stored."""
        weights = nnx.to_flat_state(nnx.state(self.network, nnx.Param))
        return next(weight[...] for _, weight in weights if weight.ndim > 2)

    def score(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images of one strand, as in `SequenceNetwork.logits`."""
        image = hide(image, inside)
        return self.network(image if self.dims == 1 else image[..., None], rngs=rngs)


class Positions(SequenceNetwork):
    """A segmentation network that scores the letters of sequences of any length.

    With both strands, the result of the other one is turned back, so that each letter gets the mean
    of the two. Padding is as what lies beyond the ends: zeros.

    Parameters
    ----------
    network
        Reads (length, letters), gives numbers for each position.
    shares, strand, complement
        As in `SequenceNetwork`.

    Raises
    ------
    SeqcnnError
        The network reads something else.
    """

    def __init__(
        self,
        network: ImageNetwork,
        shares: np.ndarray,
        *,
        strand: Strand = "both",
        complement: Sequence[int] | None = None,
    ) -> None:
        super().__init__(shares, strand=strand, complement=complement)
        if network.rank != 1 or network.channels != self.letters:
            raise SeqcnnError(
                f"a segmentation network for {self.letters} letters reads (length, "
                f"{self.letters}), not {(*network.space, network.channels)}: leave dims at 1"
            )
        self.network = network

    @property
    def first_kernel(self) -> jax.Array:
        """Kernel of the first convolution, as it is stored."""
        weights = nnx.to_flat_state(nnx.state(self.network, nnx.Param))
        return next(weight[...] for _, weight in weights if weight.ndim > 2)

    def logits(
        self, image: jax.Array, inside: jax.Array, *, rngs: nnx.Rngs | None = None
    ) -> jax.Array:
        """Score images: float32 (n, length, tasks), 0 at padding; else as in `SequenceNetwork`."""
        columns = image.shape[1]
        image, inside = self.strands(image, inside)
        scores = hide(self.network(hide(image, inside), rngs=rngs), inside)
        return self.merged(laid_back(scores, inside, self.complement))[:, :columns]


class Pictures(nnx.Module):
    """A network for sequences that reads their pictures: a row for each letter, white where it is.

    Parameters
    ----------
    network
        For sequences.
    """

    def __init__(self, network: SequenceNetwork) -> None:
        self.network = network

    def __call__(self, x: jax.Array, *, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Score `x` (n, letters, length, 1) of any dtype that `unit_scale` takes.

        Raises
        ------
        SeqcnnError
            Pictures have another number of rows or channels.
        """
        letters = self.network.letters
        if x.ndim != 4 or x.shape[1] != letters or x.shape[3] != 1:
            raise SeqcnnError(
                f"pictures of sequences of {letters} letters are grey and have {letters} rows, "
                f"these are {tuple(x.shape[1:])}"
            )
        image = unit_scale(x)[..., 0].swapaxes(1, 2)
        # black columns are padding where they end a picture, unknown letters elsewhere
        white = (image > 0).any(axis=2)
        inside = jnp.cumsum(white[:, ::-1], axis=1)[:, ::-1] > 0
        return self.network.logits(image, inside, rngs=rngs)


def laid_back(scores: jax.Array, inside: jax.Array, complement: Sequence[int] | None) -> jax.Array:
    """Turn scores of positions on the other strand, the second half of the rows, back.

    Parameters
    ----------
    scores
        float (strands * n, length, tasks).
    inside
        bool (strands * n, length): what is no padding.
    complement
        None if one strand is read.
    """
    if complement is None:
        return scores
    half = len(scores) // 2
    return jnp.concatenate([scores[:half], flipped(scores[half:], inside[half:])])


def unit_scale(x: jax.Array) -> jax.Array:
    """Bring pixels to the scale from 0 to 1.

    Parameters
    ----------
    x
        bool, uint8 (divided by 255), uint16 (divided by 65,535) or float (taken as it is).

    Returns
    -------
    jax.Array
        float32, or the dtype of `x` if that is float.

    Raises
    ------
    SeqcnnError
        `x` is of another dtype.

    Examples
    --------
    >>> unit_scale(jnp.array([0, 51], jnp.uint8)).round(3).tolist()
    [0.0, 0.20000000298023224]
    """
    if jnp.issubdtype(x.dtype, jnp.floating):
        return x
    tops = {"bool": 1, "uint8": 255, "uint16": 65_535}
    if str(x.dtype) not in tops:
        raise SeqcnnError(f"pixels must be bool, uint8, uint16 or float, not {x.dtype}")
    return x.astype(jnp.float32) / tops[str(x.dtype)]
