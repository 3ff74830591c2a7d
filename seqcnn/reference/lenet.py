"""LeNet-5 in NumPy alone, forward and backward, to be read from top to bottom.

LeCun, Bottou, Bengio and Haffner 1998, doi:10.1109/5.726791; with the same options, and names of
weights, as `seqcnn.networks.classify.lenet.LeNet`. Each layer is a pair of functions: one goes
forward and keeps what the other needs to bring the gradient of the loss back, by the chain rule
(Rumelhart, Hinton and Williams 1986, doi:10.1038/323533a0).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from seqcnn.errors import SeqcnnError

WINDOW = 5
"""Pixels of a kernel in either axis."""

Weights = dict[str, np.ndarray]
"""Arrays by name."""


class LeNet:
    """Classify small pictures.

    Parameters
    ----------
    input_shape
        (height, width, channels), 16 pixels or more either way.
    classes
        Outputs.
    channels
        Kernels of the two convolutions.
    hidden
        Neurons of the dense layers before the last.
    pool
        ``"mean"`` as in the paper, or ``"max"``.
    activation
        ``"tanh"`` as in the paper, or ``"relu"``.
    seed
        Of the random start.
    dtype
        Of weights and computation.

    Attributes
    ----------
    weights : dict of numpy.ndarray
        Kernels (5, 5, channels in, channels out) of ``first`` and ``second``, matrices (in, out) of
        ``dense.layers.0``, ``.2``, ...; and their biases.

    Raises
    ------
    SeqcnnError
        The picture is too small, or an option is unknown.

    Examples
    --------
    >>> sum(array.size for array in LeNet().weights.values())
    61706
    """

    def __init__(
        self,
        input_shape: Sequence[int] = (32, 32, 1),
        classes: int = 10,
        *,
        channels: Sequence[int] = (6, 16),
        hidden: Sequence[int] = (120, 84),
        pool: str = "mean",
        activation: str = "tanh",
        seed: int = 0,
        dtype: Any = np.float32,
    ) -> None:
        if pool not in POOLS or activation not in ACTIVATIONS:
            raise SeqcnnError(
                f"`pool` must be 'mean' or 'max' and `activation` 'tanh' or 'relu', not {pool!r} "
                f"and {activation!r}"
            )
        *space, depth = input_shape
        if len(space) != 2 or min(space) < 16:
            raise SeqcnnError(f"pictures must have 16 x 16 pixels or more, not {tuple(space)}")
        self.pool, self.activation = pool, activation
        rng = np.random.default_rng(seed)
        rows, columns = (((extent - 4) // 2 - 4) // 2 for extent in space)
        sizes = (rows * columns * channels[1], *hidden, classes)
        shapes = {
            "first": (WINDOW, WINDOW, depth, channels[0]),
            "second": (WINDOW, WINDOW, channels[0], channels[1]),
            **{dense_name(i): sizes[i : i + 2] for i in range(len(sizes) - 1)},
        }
        self.layers = tuple(shapes)
        self.weights: Weights = {}
        for name, shape in shapes.items():
            scale = np.sqrt(2 / np.prod(shape[:-1]))  # He et al. 2015, arXiv:1502.01852
            self.weights[f"{name}.kernel"] = rng.normal(0, scale, shape).astype(dtype)
            self.weights[f"{name}.bias"] = np.zeros(shape[-1], dtype)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """Score `x` float (n, height, width, channels): logits (n, classes)."""
        return self.forward(x)[0]

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, list[Any]]:
        """Score `x`, and keep what `backward` needs of each layer."""
        act, pool = ACTIVATIONS[self.activation][0], POOLS[self.pool][0]
        kept: list[Any] = []
        for name in self.layers[:2]:
            columns = windows_of(x)
            matrix, bias = self._layer(name)
            y = act(columns @ matrix + bias)
            x, winners = pool(y)
            kept.append((columns, y, winners))
        kept.append(x.shape)
        x = x.reshape(len(x), -1)
        for name in self.layers[2:]:
            before, (matrix, bias) = x, self._layer(name)
            x = before @ matrix + bias
            x = x if name == self.layers[-1] else act(x)
            kept.append((before, x))
        return x, kept

    def backward(self, kept: list[Any], gradient: np.ndarray) -> Weights:
        """Bring the gradient of the loss with respect to the logits back to all weights.

        Parameters
        ----------
        kept
            What `forward` gave.
        gradient
            float (n, classes).

        Returns
        -------
        dict of numpy.ndarray
            The gradients, by the names of the weights.
        """
        slope, spread = ACTIVATIONS[self.activation][1], POOLS[self.pool][1]
        found: Weights = {}
        for name, (before, y) in zip(self.layers[:1:-1], kept[:2:-1], strict=True):
            if name != self.layers[-1]:
                gradient = gradient * slope(y)
            gradient = self._dense_back(name, before, gradient, found)
        gradient = gradient.reshape(kept[2])
        for name, (columns, y, winners) in zip(("second", "first"), kept[1::-1], strict=True):
            gradient = spread(gradient, winners, y.shape) * slope(y)
            gradient = add_windows(self._dense_back(name, columns, gradient, found))
        return found

    def _layer(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Give the matrix (values of a window or layer, outputs) and the bias of a layer."""
        kernel = self.weights[f"{name}.kernel"]
        return kernel.reshape(-1, kernel.shape[-1]), self.weights[f"{name}.bias"]

    def _dense_back(
        self, name: str, x: np.ndarray, gradient: np.ndarray, found: Weights
    ) -> np.ndarray:
        """Write the gradients of a layer down, and give that of its input."""
        matrix, _ = self._layer(name)
        rows = gradient.reshape(-1, gradient.shape[-1])
        in_shape = self.weights[f"{name}.kernel"].shape
        found[f"{name}.kernel"] = (x.reshape(len(rows), -1).T @ rows).reshape(in_shape)
        found[f"{name}.bias"] = rows.sum(axis=0)
        return (rows @ matrix.T).reshape(x.shape)


def dense_name(i: int) -> str:
    """Name the dense layer `i`, from 0; an activation lies between any two."""
    return f"dense.layers.{2 * i}"


def windows_of(x: np.ndarray) -> np.ndarray:
    """Lay the window of each position out (im2col): a convolution is then a matrix product.

    Parameters
    ----------
    x
        float (n, height, width, channels).

    Returns
    -------
    numpy.ndarray
        float (n, height - 4, width - 4, 25 * channels).
    """
    windows = np.moveaxis(sliding_window_view(x, (WINDOW, WINDOW), axis=(1, 2)), 3, -1)
    return windows.reshape(*windows.shape[:3], -1)


def add_windows(windows: np.ndarray) -> np.ndarray:
    """Add what came to each window up at its places: `windows_of`, backwards."""
    n, height, width, values = windows.shape
    windows = windows.reshape(n, height, width, WINDOW, WINDOW, -1)
    shape = (n, height + WINDOW - 1, width + WINDOW - 1, values // WINDOW**2)
    result = np.zeros(shape, windows.dtype)
    for i in range(WINDOW):
        for j in range(WINDOW):
            result[:, i : i + height, j : j + width] += windows[:, :, :, i, j]
    return result


def _blocks(x: np.ndarray) -> np.ndarray:
    """Cut a map into blocks of 2 x 2, (n, rows, columns, 4, channels); odd ends are left out."""
    n, height, width, channels = x.shape
    rows, columns = height // 2, width // 2
    even = x[:, : 2 * rows, : 2 * columns].reshape(n, rows, 2, columns, 2, channels)
    return even.swapaxes(2, 3).reshape(n, rows, columns, 4, channels)


def _unblocked(blocks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Bring blocks back to a map, with zeros at odd ends: `_blocks`, backwards."""
    n, rows, columns, _, channels = blocks.shape
    even = blocks.reshape(n, rows, columns, 2, 2, channels).swapaxes(2, 3)
    result = np.zeros(shape, blocks.dtype)
    result[:, : 2 * rows, : 2 * columns] = even.reshape(n, 2 * rows, 2 * columns, channels)
    return result


def mean_pool(x: np.ndarray) -> tuple[np.ndarray, None]:
    """Average blocks of 2 x 2."""
    return _blocks(x).mean(axis=3), None


def mean_pool_back(gradient: np.ndarray, kept: None, shape: tuple[int, ...]) -> np.ndarray:
    """Give each pixel of a block a quarter of the gradient."""
    quarter = (gradient / 4)[:, :, :, None]
    return _unblocked(np.repeat(quarter, 4, axis=3), shape)


def max_pool(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the largest of each block of 2 x 2, and say which it was; of equals the first."""
    blocks = _blocks(x)
    winners = blocks.argmax(axis=3)[:, :, :, None]
    return np.take_along_axis(blocks, winners, axis=3)[:, :, :, 0], winners


def max_pool_back(gradient: np.ndarray, winners: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Give the winner of each block the whole gradient."""
    n, rows, columns, channels = gradient.shape
    blocks = np.zeros((n, rows, columns, 4, channels), gradient.dtype)
    np.put_along_axis(blocks, winners, gradient[:, :, :, None], axis=3)
    return _unblocked(blocks, shape)


POOLS = {"mean": (mean_pool, mean_pool_back), "max": (max_pool, max_pool_back)}

ACTIVATIONS = {
    "tanh": (np.tanh, lambda y: 1 - y**2),
    "relu": (lambda x: np.maximum(x, 0), lambda y: (y > 0).astype(y.dtype)),
}
"""Functions, and their slopes where the result is `y`."""


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Compute the mean cross-entropy in nats, and its gradient with respect to the logits.

    Parameters
    ----------
    logits
        float (n, classes).
    labels
        int (n,).
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_shares = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    rows = np.arange(len(labels))
    gradient = np.exp(log_shares)
    gradient[rows, labels] -= 1
    return float(-log_shares[rows, labels].mean()), gradient / len(labels)


def train(
    network: LeNet,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    batch: int = 32,
    rate: float = 0.05,
    momentum: float = 0.9,
    seed: int = 0,
) -> list[float]:
    """Fit a network by stochastic gradient descent with momentum (Polyak 1964).

    Parameters
    ----------
    network
        Its weights are changed in place.
    x, labels
        float (n, height, width, channels), and int (n,).
    epochs, batch
        Passes through all pictures, and pictures of a step; those left over wait for the next pass.
    rate, momentum
        velocity = momentum * velocity + gradient; weights = weights - rate * velocity.
    seed
        Of the order.

    Returns
    -------
    list of float
        The mean loss of each epoch.
    """
    rng, batch = np.random.default_rng(seed), min(batch, len(x))
    velocity = {name: np.zeros_like(array) for name, array in network.weights.items()}
    history = []
    for _ in range(epochs):
        order, losses = rng.permutation(len(x)), []
        for begin in range(0, len(x) - batch + 1, batch):
            rows = order[begin : begin + batch]
            logits, kept = network.forward(x[rows])
            loss, gradient = cross_entropy(logits, labels[rows])
            for name, slope in network.backward(kept, gradient).items():
                velocity[name] = momentum * velocity[name] + slope
                network.weights[name] -= rate * velocity[name]
            losses.append(loss)
        history.append(float(np.mean(losses)))
    return history
