"""How each operation of a network passes on changes: rules that are exact from end to end.

A rule gives the changes of the results as a linear map of the changes of the operands, and maps
exact changes to exact ones: that is all that completeness takes. Where this leaves a choice, it is
DeepLIFT's rescale rule (Shrikumar et al. 2017, arXiv:1704.02685): changes in proportion. A product
is taken at the middle of its factors, and a maximum gives its change to one of the two winners.
"""

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError
from seqcnn.explain.pairs import (
    Operand,
    Pair,
    evaluate,
    evaluate_references,
    evaluate_values,
    is_float,
    is_pair,
)

Rule = Callable[[Any, Sequence[Operand]], list[Operand]]
"""From an equation of a program and its operands, one a `Pair` at least, to its results."""

SMALL = 1e-6
"""Below this, a change is too small to divide by: the derivative takes the place of the ratio."""

LINEAR = frozenset(
    "add add_any broadcast_in_dim concatenate convert_element_type copy copy_p cumsum "
    "dynamic_slice dynamic_update_slice expand_dims gather imag neg optimization_barrier pad real "
    "reduce_precision reduce_sum reduce_window_sum reshape rev scatter scatter-add select_n slice "
    "split squeeze stack sub transpose".split()
)
"""Operations that are linear in all numbers that go in, taken together."""

CURVED = frozenset(
    "abs acos acosh asin asinh atan atan2 atanh cbrt ceil clamp cos cosh digamma erf erf_inv erfc "
    "exp exp2 expm1 floor integer_pow lgamma log log1p logistic max min nextafter pow rem round "
    "rsqrt sign sin sinh sqrt square tan tanh".split()
)
"""Operations on each number by itself that are not linear."""

LARGEST = frozenset("max min reduce_max reduce_min reduce_window_max reduce_window_min".split())
"""Operations that pass on one of many numbers."""

_SMALLEST = frozenset(["min", "reduce_min", "reduce_window_min"])


def linear(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Do to the changes what is done to the numbers; what does not change has the change 0."""
    given = [_change_of(operand) for operand in operands]
    return _pairs(equation, operands, evaluate(equation, given))


def curved(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Rescale: change the result in proportion to the one operand that changes."""
    (place,) = [i for i, operand in enumerate(operands) if is_pair(operand)]

    def function(number: jax.Array) -> jax.Array:
        return evaluate(equation, [*operands[:place], number, *operands[place + 1 :]])[0]

    return [rescaled(function, operands[place])]


def rescaled(function: Callable[[jax.Array], jax.Array], operand: Pair) -> Pair:
    """Apply a function of each number by itself to a pair, by the rescale rule."""
    value, slope = jax.jvp(function, (operand.value,), (jnp.ones_like(operand.value),))
    reference = function(operand.reference)
    moved = operand.value - operand.reference
    # differences of infinite numbers are NaN, which is no large number either
    large = jnp.abs(moved) > SMALL
    ratio = (value - reference) / jnp.where(large, moved, 1)
    return Pair(value, reference, operand.change * jnp.where(large, ratio, slope))


def largest(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Give the change of a maximum to one of two winners.

    If the maximum of the sequence is the larger, that is the number which wins in the sequence: it
    was less than the maximum of the reference there, and so has changed by more than the maximum
    has. Else it is the number which wins in the reference. So no ratio is above 1. Of a minimum it
    is the other way round. Equal winners share. A winner of the sequence that has not changed adds
    nothing to the sum, and has the derivative for its multiplier.
    """
    (value,), (reference,) = (f(equation, operands) for f in (evaluate_values, evaluate_references))
    changes = [_change_of(operand) for operand in operands]
    moved = [_difference(operand) for operand in operands]
    by_value = value <= reference if _is_smallest(equation) else value >= reference
    # behind masks all may be infinite, and then nothing has changed
    step = jnp.where(value == reference, 0, value - reference)
    change = jnp.zeros_like(value)
    for winners, ours in ((0, by_value), (1, ~by_value)):
        keys = [operand[winners] if is_pair(operand) else operand for operand in operands]
        most, passed_on = (_picked(equation, keys, numbers) for numbers in (moved, changes))
        same = most == 0
        ratio = jnp.where(ours & ~same, step / jnp.where(same, 1, most), 0)
        change = change + (jnp.where(same, 1, ratio) if winners == 0 else ratio) * passed_on
    return [Pair(value, reference, change)]


def product(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Take a product, of numbers, matrices or a kernel, at the middle of its factors."""
    one, other = operands
    if is_pair(one) and is_pair(other):
        middles = [(operand.value + operand.reference) / 2 for operand in (one, other)]
        (first,) = evaluate(equation, [one.change, middles[1]])
        (second,) = evaluate(equation, [middles[0], other.change])
        return _pairs(equation, operands, [first + second])
    changes = [operand.change if is_pair(operand) else operand for operand in operands]
    return _pairs(equation, operands, evaluate(equation, changes))


def quotient(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Multiply by what one over the divisor is, which is rescaled."""
    one, other = operands
    if not is_pair(other):
        return _pairs(equation, operands, [one.change / other])
    inverse = rescaled(lambda number: 1 / number, other)
    if not is_pair(one):
        return _pairs(equation, operands, [one * inverse.change])
    middles = [(operand.value + operand.reference) / 2 for operand in (one, inverse)]
    return _pairs(equation, operands, [one.change * middles[1] + middles[0] * inverse.change])


def square(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Take a square as the product that it is."""
    (one,) = operands
    return _pairs(equation, operands, [one.change * (one.value + one.reference)])


def decide(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Compute answers and integers, which have no change."""
    values, references = (f(equation, operands) for f in (evaluate_values, evaluate_references))
    return [Pair(v, r, None) for v, r in zip(values, references, strict=True)]


def passed(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Let pass what a derivative would stop: it changes the result all the same."""
    return _pairs(equation, operands, [operands[0].change])


def rule_of(equation: Any, operands: Sequence[Operand]) -> Rule:
    """Find the rule of an operation.

    Raises
    ------
    SeqcnnError
        There is none.
    """
    name, pairs = equation.primitive.name, [o for o in operands if is_pair(o)]
    if not any(is_float(variable.aval) for variable in equation.outvars):
        return decide
    if any(pair.change is None for pair in pairs):
        raise SeqcnnError(
            f"DeepLIFT has no rule for {name!r} where a sequence decides what is taken (a `where`, "
            f"an index): put it into a function of each number by itself under `jax.jit`, or take "
            f"the method 'ig'"
        )
    if name in LINEAR:
        return linear
    if name in CURVED and len(pairs) == 1:
        return _SPECIAL.get(name, curved)
    if name in LARGEST:
        return largest
    if name in _SPECIAL and name not in CURVED:
        return _SPECIAL[name]
    raise SeqcnnError(
        f"DeepLIFT has no rule for the operation {name!r} of this network: take the method 'ig'"
    )


_SPECIAL: dict[str, Rule] = {
    "mul": product,
    "dot_general": product,
    "conv_general_dilated": product,
    "div": quotient,
    "square": square,
    "stop_gradient": passed,
}


def _is_smallest(equation: Any) -> bool:
    inner = equation.params.get("call_jaxpr")
    return (inner.jaxpr.eqns[0] if inner is not None else equation).primitive.name in _SMALLEST


def _picked(equation: Any, keys: Sequence[Any], numbers: Sequence[Any]) -> jax.Array:
    """Take the numbers that stand where the keys win; of equal winners the mean, or the first."""
    return jax.jvp(lambda *k: evaluate(equation, k)[0], tuple(keys), tuple(numbers))[1]


def _difference(operand: Operand) -> jax.Array:
    if not is_pair(operand):
        return jnp.zeros_like(operand)
    moved = operand.value - operand.reference
    return jnp.where(jnp.isfinite(moved), moved, 0)


def _change_of(operand: Operand) -> Any:
    """Put its change for an operand of a linear operation, or zeros; an index stays."""
    if is_pair(operand):
        return operand.change
    return jnp.zeros_like(operand) if is_float(jnp.asarray(operand)) else operand


def _pairs(
    equation: Any, operands: Sequence[Operand], changes: Sequence[jax.Array]
) -> list[Operand]:
    values, references = (f(equation, operands) for f in (evaluate_values, evaluate_references))
    return [Pair(*three) for three in zip(values, references, changes, strict=True)]
