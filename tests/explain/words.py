"""Networks whose kernels are words, so that what they say is known."""

import jax.numpy as jnp
import numpy as np

from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA

GAP = "."


def word_network(words, heights, *, alphabet=DNA, exact=True, strand="one", base=0.25):
    """Make a MotifCNN: `base` plus the height of each word, times the letters that it matches.

    With `exact` the best window counts only if all letters match, and then as 1; without, as the
    number of letters that match. `GAP` in a word is any letter.
    """
    width = max(map(len, words))
    network = create("motifcnn", alphabet=alphabet, strand=strand, kernels=len(words), width=width,
                     hidden=len(words), dropout=0.0)  # fmt: skip
    kernel = np.zeros((width, alphabet.size, len(words)), np.float32)
    bias = np.zeros(len(words), np.float32)
    for i, word in enumerate(words):
        for p, letter in enumerate(word):
            if letter != GAP:
                kernel[p, alphabet.letters.index(letter), i] = 1
        bias[i] = 1 - kernel[..., i].sum() if exact else 0
    network.kernel[...] = jnp.asarray(kernel)
    network.bias[...] = jnp.asarray(bias)
    network.hidden.kernel[...] = jnp.eye(len(words))
    network.hidden.bias[...] = jnp.zeros(len(words))
    network.output.kernel[...] = jnp.asarray(heights, jnp.float32)[:, None]
    network.output.bias[...] = jnp.asarray([base], jnp.float32)
    return network


def best_matches(word, text):
    """Most letters of a word that match in any window of a text."""
    return max(
        sum(a == b for a, b in zip(word, text[i:], strict=False))
        for i in range(len(text) - len(word) + 1)
    )
