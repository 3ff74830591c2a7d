"""The engine for GPUs: motifs are the kernel of a convolution; the only file here with jax."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from seqcnn.motifs.engines.base import Found, Pattern, Rescoring
from seqcnn.nn.conv import conv

SCORES = 1 << 26
"""Scores computed at a time: 256 MB."""

LONGEST = 1 << 20
"""Windows looked at together, at most."""


class ConvolutionEngine:
    """See `base.Engine`.

    Scores are whole numbers below 2 ** 24, and sums of those are exact in 32-bit floats whatever
    their order; half a step of slack and a second scoring make sure.

    Parameters
    ----------
    patterns
        What to look for.
    letters
        Size of the alphabet.
    """

    def __init__(self, patterns: Sequence[Pattern], letters: int) -> None:
        self.rescoring = Rescoring(patterns, letters)
        kernel = np.zeros((self.rescoring.widest, letters, len(patterns)), np.float32)
        for number, pattern in enumerate(patterns):
            kernel[: pattern.width, :, number] = pattern.scores
        self.kernel = jnp.asarray(kernel)
        self.least = jnp.asarray(self.rescoring.least, jnp.float32) - 0.5
        self.block = min(LONGEST, SCORES // max(len(patterns), 1))

    def find(self, codes: np.ndarray) -> Found:
        """Find all sites; see `base.Engine`."""
        if not len(self.rescoring.widths):
            return Found.none()
        found = [Found.none()]
        # one shape, one compilation; what lies behind the end scores 0 and is dropped afterwards
        shape = self.block if len(codes) > self.block else 1 << (len(codes) - 1).bit_length()
        for begin in range(0, len(codes), self.block):
            block = np.full(shape + self.rescoring.widest - 1, 255, np.uint8)
            known = codes[begin : begin + len(block)]
            block[: len(known)] = known
            reached = _reach(jnp.asarray(block), self.kernel, self.least)
            start, pattern = (np.asarray(a, np.int64) for a in np.nonzero(np.asarray(reached)))
            found.append(self.rescoring.sites(codes, pattern, start + begin))
        return Found(*map(np.concatenate, zip(*found, strict=True))).in_order()


@jax.jit
def _reach(codes: jax.Array, kernel: jax.Array, least: jax.Array) -> jax.Array:
    """Tell which windows reach the least score, bool (windows, patterns)."""
    # an ambiguous letter or padding is a row of zeros
    letters = jax.nn.one_hot(codes, kernel.shape[1], dtype=kernel.dtype)
    return conv(letters[None], kernel)[0] >= least[None]
