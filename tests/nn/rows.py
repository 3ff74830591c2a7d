"""What a row of the table of layers is: every property of a layer is one test over all rows."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import nnx


class Function(nnx.Module):
    """A function without weights, dressed as a layer."""

    def __init__(self, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        self.function, self.args, self.options = function, args, tuple(options.items())

    def __call__(self, x: Any) -> Any:
        return self.function(x, *self.args, **dict(self.options))


class WithWeight(nnx.Module):
    """A function of an input and one weight, dressed as a layer."""

    def __init__(self, function: Callable[..., Any], shape: tuple[int, ...]) -> None:
        self.function = function
        self.weight = nnx.Param(jnp.linspace(-1, 1, math.prod(shape)).reshape(shape))

    def __call__(self, x: Any) -> Any:
        return self.function(x, self.weight[...].astype(x.dtype))


@dataclass(frozen=True)
class Row:
    """A layer: its name, how to build it, and the shapes of what goes in and comes out."""

    name: str
    build: Callable[[nnx.Rngs], nnx.Module]
    shape_in: tuple[int, ...]
    shape_out: tuple[int, ...]
    covers: Any
    """The public thing of `seqcnn.nn` that this row is about."""
    batched: bool = True
    """Whether the first axis of input and result is that of the examples."""

    def input(self, dtype: type = np.float32) -> np.ndarray:
        return np.random.default_rng(0).normal(size=self.shape_in).astype(dtype)


def observe(layer: Any, x: Any) -> Any:
    """Call a layer."""
    return layer(x)


@dataclass(frozen=True)
class Composed:
    """A module with options that are not its defaults, and the same by functions.

    Parameters
    ----------
    layer
        The class.
    sizes
        What it is built with by position.
    options
        What it is built with by name.
    shape_in
        Shape of the input.
    by_functions
        From the module, an input in float64 and the options to what `observed` gives: it may look
        at the weights of the module, and at nothing else.
    observed
        From the module and an input in float32 to what is compared.
    """

    layer: type[nnx.Module]
    sizes: tuple[Any, ...]
    options: dict[str, Any]
    shape_in: tuple[int, ...]
    by_functions: Callable[..., Any]
    observed: Callable[[Any, Any], Any] = observe
