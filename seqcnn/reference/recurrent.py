"""Long short-term memory as loops over positions and neurons."""

import math

import numpy as np


def lstm(x: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Read one sequence from its first to its last position.

    Parameters
    ----------
    x
        float (positions, channels).
    kernel, recurrent, bias
        float (channels, 4 neurons), (neurons, 4 neurons) and (4 neurons,), as in
        `seqcnn.nn.recurrent.LSTM`.

    Returns
    -------
    numpy.ndarray
        float (positions, neurons).
    """
    neurons = len(recurrent)
    result, cell, output = np.zeros((len(x), neurons)), np.zeros(neurons), np.zeros(neurons)
    for p, letter in enumerate(x):
        before = output.copy()
        for i in range(neurons):
            enter, forget, candidate, leave = (
                bias[column]
                + sum(letter[j] * kernel[j, column] for j in range(len(letter)))
                + sum(before[j] * recurrent[j, column] for j in range(neurons))
                for column in range(i, 4 * neurons, neurons)
            )
            cell[i] = _gate(forget) * cell[i] + _gate(enter) * math.tanh(candidate)
            output[i] = _gate(leave) * math.tanh(cell[i])
        result[p] = output
    return result


def _gate(total: float) -> float:
    return 1 / (1 + math.exp(-total))
