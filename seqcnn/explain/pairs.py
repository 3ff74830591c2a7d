"""`Pair`: what a network computes for a sequence and for its reference, and the change in between.

The change is what a linear map makes of the change of the input. It is exact, that is value less
reference, if the input's is; see `seqcnn.explain.secant`.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Pair(NamedTuple):
    """A number that differs between a sequence and its reference.

    Parameters
    ----------
    value, reference
        Arrays of one shape.
    change
        float, of the same shape; None for what has none: integers, and answers to questions.
    """

    value: jax.Array
    reference: jax.Array
    change: Any


Operand = Any
"""A `Pair`, or an array that is the same for a sequence and its reference."""


def is_pair(operand: Operand) -> bool:
    """Tell whether an operand differs between a sequence and its reference."""
    return isinstance(operand, Pair)


def evaluate(equation: Any, operands: Sequence[Any]) -> list[Any]:
    """Compute one equation of a program on plain arrays; a list of results."""
    result = equation.primitive.bind(
        *operands, **equation.primitive.get_bind_params(equation.params)
    )
    return list(result) if equation.primitive.multiple_results else [result]


def evaluate_values(equation: Any, operands: Sequence[Operand]) -> list[Any]:
    """Compute one equation for the sequences."""
    return evaluate(equation, [o.value if is_pair(o) else o for o in operands])


def evaluate_references(equation: Any, operands: Sequence[Operand]) -> list[Any]:
    """Compute one equation for the references."""
    return evaluate(equation, [o.reference if is_pair(o) else o for o in operands])


def is_float(array: Any) -> bool:
    """Tell whether an array, or a variable of a program, holds numbers that can change a little."""
    return jnp.issubdtype(array.dtype, jnp.inexact)
