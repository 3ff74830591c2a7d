"""The change of a network's output as a linear map of the change of its input: a secant.

A derivative is the linear map that is right for small changes. Between two given points, here a
sequence and its reference, there are linear maps that are right for the whole way: they map the
change of the input to the change of the output, exactly. `secant` walks through the program of a
network, operation by operation, and joins such maps of each of them (`secant_rules`) to one. JAX
transposes it: the multipliers of DeepLIFT, for whatever the program is made of.
"""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import jax
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from seqcnn.errors import SeqcnnError
from seqcnn.explain.pairs import Operand, Pair, evaluate, is_pair
from seqcnn.explain.secant_rules import CURVED, LARGEST, LINEAR, largest, rescaled, rule_of

_PROGRAMS = ("jaxpr", "call_jaxpr", "fun_jaxpr")
"""Parameters under which an operation may keep a program of its own."""


def trace(function: Callable[[jax.Array], jax.Array], image: jax.Array) -> ClosedJaxpr:
    """Write down the program of a function for arrays like `image`."""
    return jax.make_jaxpr(function)(image)


def secant(program: ClosedJaxpr, value: jax.Array, reference: jax.Array, change: jax.Array) -> Pair:
    """Follow a change through a program.

    Parameters
    ----------
    program
        Of one operand and one result, as `trace` gives.
    value, reference
        The two points.
    change
        Of the operand; all that is done to it is linear.

    Returns
    -------
    Pair
        The results at both points, and the change; exact if `change` is ``value - reference``.

    Raises
    ------
    SeqcnnError
        An operation that the operand has a part in has no rule.
    """
    (result,) = walk(program.jaxpr, program.consts, [Pair(value, reference, change)])
    if is_pair(result):
        return result
    # a program that does not look at its operand
    return Pair(result, result, 0 * change.sum() + 0 * result)


def walk(program: Jaxpr, constants: Sequence[Any], operands: Sequence[Operand]) -> list[Operand]:
    """Compute the results of a program, some of whose operands are pairs."""
    known: dict[Any, Operand] = dict(
        zip(chain(program.constvars, program.invars), chain(constants, operands), strict=True)
    )

    def read(variable: Any) -> Operand:
        return variable.val if isinstance(variable, Literal) else known[variable]

    for equation in program.eqns:
        given = [read(variable) for variable in equation.invars]
        known.update(zip(equation.outvars, _results(equation, given), strict=True))
    return [read(variable) for variable in program.outvars]


def _results(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    if not any(map(is_pair, operands)):
        return evaluate(equation, operands)
    name = equation.primitive.name
    if name == "scan":
        return _scanned(equation, operands)
    if name == "cond":
        return _branched(equation, operands)
    inner = _program_of(equation)
    if inner is None or name in ("while", "reduce_window", "reduce"):
        return rule_of(equation, operands)(equation, operands)
    if _passes_on_one(inner):
        # its own derivative may know a shorter way to the winner than that of what is inside
        return largest(equation, operands)
    if _is_activation(inner.jaxpr, operands):
        return [_activated(equation, operands)]
    return walk(inner.jaxpr, inner.consts, operands)


def _program_of(equation: Any) -> ClosedJaxpr | None:
    """Find the program of a call: of `jit`, of a function with its own derivative, and so on."""
    for name in _PROGRAMS:
        inner = equation.params.get(name)
        if isinstance(inner, ClosedJaxpr):
            return inner
        if isinstance(inner, Jaxpr):
            return ClosedJaxpr(inner, [])
    return None


def _passes_on_one(inner: ClosedJaxpr) -> bool:
    """Tell whether a call is a maximum over numbers, such as that of a pool."""
    names = [equation.primitive.name for equation in inner.jaxpr.eqns]
    return len(names) == 1 and names[0] in LARGEST - {"max", "min"}


def _is_activation(program: Jaxpr, operands: Sequence[Operand]) -> bool:
    """Tell whether a call is a function of each number of one operand by itself, and not linear.

    Such a function is rescaled as a whole, as DeepLIFT does it with activations: their steps may
    cancel each other, and may ask on which side of a limit a number lies.
    """
    pairs = [o for o in operands if is_pair(o)]
    if len(pairs) != 1 or pairs[0].change is None or len(program.outvars) != 1:
        return False
    shape, result = pairs[0].value.shape, _shape(program.outvars[0])
    return result == shape and _is_curved(program, [is_pair(o) for o in operands], shape)


def _is_curved(program: Jaxpr, varies: Sequence[bool], shape: tuple[int, ...]) -> bool:
    """Tell whether all that varies in a program is numbers one by one, and some are bent."""
    varying = {v for v, given in zip(program.invars, varies, strict=True) if given}
    bent = False
    for equation in program.eqns:
        given = [not isinstance(v, Literal) and v in varying for v in equation.invars]
        if not any(given):
            continue
        if any(_shape(v) != shape for v in equation.outvars):
            return False
        inner, name = _program_of(equation), equation.primitive.name
        asks = name in ("select_n", "clamp") and given[0]
        if inner is not None:
            if name == "scan" or not _is_curved(inner.jaxpr, given, shape):
                return False
            bent = True
        elif name in CURVED or asks:
            bent = True
        elif name not in (LINEAR - _MIXING) | _ONE_BY_ONE:
            return False
        varying.update(equation.outvars)
    return bent


def _shape(variable: Any) -> tuple[int, ...]:
    return variable.aval.shape


_MIXING = frozenset(
    "cumsum concatenate dynamic_slice dynamic_update_slice gather rev scatter scatter-add "
    "transpose reshape".split()
)
"""Linear operations that may keep the shape, but not each number by itself."""

_ONE_BY_ONE = frozenset("mul div eq ne lt le gt ge and or not xor is_finite".split())


def _activated(equation: Any, operands: Sequence[Operand]) -> Operand:
    place = next(i for i, operand in enumerate(operands) if is_pair(operand))

    def function(number: jax.Array) -> jax.Array:
        return evaluate(equation, [*operands[:place], number, *operands[place + 1 :]])[0]

    return rescaled(function, operands[place])


def _branched(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Walk the branch that is taken, where that does not depend on the sequence."""
    which, *rest = operands
    if is_pair(which):
        raise SeqcnnError(
            "DeepLIFT has no rule for 'cond' where a sequence decides which branch is taken: take "
            "the method 'ig'"
        )

    def branch(inner: ClosedJaxpr) -> Callable[[list[Operand]], list[Operand]]:
        return lambda given: [_as_pair(r) for r in walk(inner.jaxpr, inner.consts, given)]

    return lax.switch(which, [branch(b) for b in equation.params["branches"]], rest)


def _as_pair(result: Operand) -> Pair:
    return result if is_pair(result) else Pair(result, result, jax.numpy.zeros_like(result))


def _scanned(equation: Any, operands: Sequence[Operand]) -> list[Operand]:
    """Walk through a loop over positions: pairs are carried, read and written as numbers are."""
    params = equation.params
    body, carried = params["jaxpr"], params["num_carry"]
    fixed, start = params["num_consts"], params["num_consts"] + carried
    constants, along = operands[:fixed], operands[start:]
    # what is carried may begin the same and become different
    state = [_as_pair(operand) for operand in operands[fixed:start]]

    def step(state: list[Operand], now: list[Operand]) -> tuple[list[Operand], list[Operand]]:
        results = walk(body.jaxpr, body.consts, [*constants, *state, *now])
        return [_as_pair(r) for r in results[:carried]], results[carried:]

    state, written = lax.scan(
        step, state, list(along), length=params["length"], reverse=params["reverse"]
    )
    return [*state, *written]
