"""The small layers by hand: one letter, one window, one neuron at a time."""

from collections.abc import Sequence

import numpy as np


def dense(x: np.ndarray, kernel: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Sum the weighted features of each row.

    Parameters
    ----------
    x
        float (n, features_in).
    kernel, bias
        float (features_in, features_out) and (features_out,).

    Returns
    -------
    numpy.ndarray
        float (n, features_out).
    """
    result = np.zeros((len(x), len(bias)), x.dtype)
    for row, features in enumerate(x):
        for neuron in range(len(bias)):
            result[row, neuron] = sum(features * kernel[:, neuron]) + bias[neuron]
    return result


def one_hot(codes: np.ndarray, letters: int) -> np.ndarray:
    """Draw codes as an image: a 1 in the column of each letter, nothing for any other code.

    Parameters
    ----------
    codes
        uint8 (n, length).
    letters
        Size of the alphabet.

    Returns
    -------
    numpy.ndarray
        float32 (n, length, letters).
    """
    image = np.zeros((*codes.shape, letters), np.float32)
    for row, column in np.ndindex(codes.shape):
        if codes[row, column] < letters:
            image[row, column, codes[row, column]] = 1
    return image


def valid_windows(lengths: Sequence[int], width: int, columns: int) -> np.ndarray:
    """Mark the windows that lie in their sequence, and the first of a sequence that is too short.

    Parameters
    ----------
    lengths
        Letters of each sequence, from the left.
    width
        Letters of a window.
    columns
        Letters of each row, padding included.

    Returns
    -------
    numpy.ndarray
        bool (n, columns - width + 1).
    """
    result = np.zeros((len(lengths), columns - width + 1), bool)
    for row, length in enumerate(lengths):
        for start in range(columns - width + 1):
            result[row, start] = start + width <= max(length, width)
    return result


def motif_features(
    image: np.ndarray,
    lengths: Sequence[int],
    kernel: np.ndarray,
    bias: np.ndarray,
    *,
    complement: Sequence[int] | None = None,
) -> np.ndarray:
    """Pool the activation of motif kernels over the windows of each sequence.

    The first half of `seqcnn.networks.sequence.motifcnn.MotifCNN`, one sequence, kernel and window
    at a time: the better strand, bias, ReLU, then the largest and the mean activation.

    Parameters
    ----------
    image
        float (n, length, letters).
    lengths
        Letters of each sequence.
    kernel, bias
        float (width, letters, kernels) and (kernels,).
    complement
        The code of the complement of each letter; None to read one strand.

    Returns
    -------
    numpy.ndarray
        float (n, 2 * kernels).
    """
    width, _, kernels = kernel.shape
    result = np.zeros((len(image), 2 * kernels), image.dtype)
    for n, length in enumerate(lengths):
        letters = image[n, :length]
        letters = np.pad(letters, ((0, max(0, width - length)), (0, 0)))
        for k in range(kernels):
            strands = [kernel[..., k]]
            if complement is not None:
                strands.append(kernel[::-1, list(complement), k])
            activations = [
                max(0, max((letters[i : i + width] * s).sum() for s in strands) + bias[k])
                for i in range(len(letters) - width + 1)
            ]
            result[n, k] = max(activations)
            result[n, kernels + k] = sum(activations) / len(activations)
    return result
