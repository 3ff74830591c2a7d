"""Mutants of a dilated tower: only the positions that a change reaches are computed anew.

All layers keep the length. Behind each, a change has reached so many more positions on either side;
what lies beside them is taken from the sequence itself. Once they are as many as the sequence has,
the rest of the tower is computed as ever.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.explain.outputs import Output
from seqcnn.networks.sequence.dilated import Dilated
from seqcnn.nn.conv import Conv, add_bias, conv

POSITIONS = 1 << 14
"""Positions of all mutants that are worked on together."""

WORTH = 0.8
"""Positions are saved if no more than this share of them is left to compute."""


class Stage(NamedTuple):
    """One convolution of the tower with what follows it, which is position by position."""

    conv: Conv
    follow: tuple[Any, ...]
    residual: bool
    left: int
    right: int

    def __call__(self, x: jax.Array, shown: jax.Array) -> jax.Array:
        """Map (n, positions + left + right, channels) to (n, positions, channels)."""
        # two dimensions have one kernel, whatever the rank that it is kept in
        kernel = self.conv.kernel[...]
        kernel = kernel.reshape(len(kernel), -1, kernel.shape[-1])
        result = conv(x, kernel, dilation=self.conv.dilation[0])
        if self.conv.bias is not None:
            result = add_bias(result, self.conv.bias[...])
        for layer in self.follow:
            result = layer(result)
        if self.residual:
            result = result + x[:, self.left : self.left + result.shape[1]]
        return jnp.where(shown[..., None], result, 0)


def stages_of(network: Dilated) -> list[Stage]:
    """Take the tower of a network apart."""
    layers = list(network.tower.layers)
    first = layers.pop(0)
    follow = []
    while not hasattr(layers[0], "branch"):
        follow.append(layers.pop(0))
        if not layers:
            break
    stages = [Stage(first.conv, tuple(follow), False, *first.sides)]
    for block in layers:
        own, *rest = block.branch.layers
        reach = own.dilation[0] * (own.window[0] - 1) // 2
        stages.append(Stage(own, tuple(rest), True, reach, reach))
    return stages


def saves_positions(network: Dilated, length: int) -> bool:
    """Tell whether there are enough positions that changes do not reach."""
    spans = _spans(stages_of(network))[1:]
    return sum(min(s, length) for s in spans) <= WORTH * length * max(len(spans), 1)


def mutant_outputs_by_positions(
    network: Dilated, codes: np.ndarray, output: Output
) -> tuple[np.ndarray, np.ndarray]:
    """Score all mutants of sequences; arguments and results as of `mutant_outputs_by_windows`."""
    graph, state = nnx.split(network)
    length, letters = codes.shape[1], network.letters
    mutants = np.zeros((*codes.shape, letters), np.float32)
    outputs = np.zeros(len(codes), np.float32)
    places = max(1, min(length, POSITIONS // (length * letters)))
    # the last call begins earlier, so that all have one shape
    starts = np.minimum(np.arange(0, length, places), length - places)
    for row, one in enumerate(codes):
        kept, outputs[row] = _kept(state, one[None], graph=graph, output=output)
        for start in np.unique(starts):
            found = _mutants(
                state, one[None], kept, np.int32(start), graph=graph, output=output, places=places
            )
            mutants[row, start : start + places] = found
    return mutants, outputs


def _spans(stages: list[Stage]) -> list[int]:
    """Count the positions that a change reaches behind each stage."""
    return np.cumsum([1, *(s.left + s.right for s in stages)])[1:].tolist()


@partial(jax.jit, static_argnames=("graph", "output"))
def _kept(
    state: nnx.State, codes: jax.Array, *, graph: nnx.GraphDef, output: Output
) -> tuple[list[jax.Array], jax.Array]:
    """Compute what goes into each stage and comes out of the last, (strands, length, channels)."""
    network = nnx.merge(graph, state)
    x, inside = network.strands(*network.image(codes))
    kept = [x]
    for stage in stages_of(network):
        wide = jnp.pad(kept[-1], ((0, 0), (stage.left, stage.right), (0, 0)))
        kept.append(stage(wide, inside))
    return kept, output.picked(network.merged(network.head(kept[-1], inside)))[0]


@partial(jax.jit, static_argnames=("graph", "output", "places"))
def _mutants(
    state: nnx.State,
    codes: jax.Array,
    kept: list[jax.Array],
    start: jax.Array,
    *,
    graph: nnx.GraphDef,
    output: Output,
    places: int,
) -> jax.Array:
    """Score the mutants of some places of one sequence: (places, letters)."""
    network = nnx.merge(graph, state)
    letters = network.letters
    _, inside = network.strands(*network.image(codes))
    length = inside[0].sum(dtype=jnp.int32)
    place = jnp.repeat(start + jnp.arange(places, dtype=jnp.int32), letters)
    letter = jnp.tile(jnp.arange(letters, dtype=jnp.int32), places)
    scores = []
    for strand in range(len(inside)):
        mine = [k[strand] for k in kept]
        if strand:
            # on the other strand the change lies at the same distance from its end
            place, letter = length - 1 - place, jnp.asarray(network.complement, jnp.int32)[letter]
        scores.append(_strand(network, mine, inside[strand], place, letter))
    mutants = sum(scores[1:], scores[0]) / len(scores)
    return output.picked(mutants).reshape(places, letters)


def _strand(
    network: Dilated,
    kept: list[jax.Array],
    inside: jax.Array,
    place: jax.Array,
    letter: jax.Array,
) -> jax.Array:
    """Score the mutants of one strand, float32 (mutants, tasks)."""
    stages, length = stages_of(network), len(inside)
    new, begin = jax.nn.one_hot(letter, network.letters)[:, None], place
    for number, stage in enumerate(stages):
        reach = stage.left + stage.right
        if new.shape[1] + reach >= length:
            whole = _put(kept[number], new, begin)
            for rest in stages[number:]:
                wide = jnp.pad(whole, ((0, 0), (rest.left, rest.right), (0, 0)))
                whole = rest(wide, jnp.broadcast_to(inside[None], whole.shape[:2]))
            shown = jnp.broadcast_to(inside[None], whole.shape[:2])
            return network.head(whole, shown)
        # what is reached lies in the middle of what the stage reads, the rest is as it was
        begin = begin - stage.right
        old = _cut(kept[number], begin - stage.left, new.shape[1] + 2 * reach)
        read = jnp.concatenate([old[:, :reach], new, old[:, -reach:]], axis=1) if reach else new
        at = begin[:, None] + jnp.arange(new.shape[1] + reach)[None]
        shown = (at >= 0) & (at < length) & inside[jnp.clip(at, 0, length - 1)]
        new = stage(read, shown)
    return _pooled(network, kept[-1], inside, new, begin)


def _cut(x: jax.Array, begin: jax.Array, width: int) -> jax.Array:
    """Cut a piece of (length, channels) from each begin on: (n, width, channels), 0 beside it."""
    wide = jnp.pad(x, ((width, width), (0, 0)))
    start = jnp.clip(begin + width, 0, len(wide) - width)
    return jax.vmap(lambda s: jax.lax.dynamic_slice_in_dim(wide, s, width))(start)


def _put(x: jax.Array, new: jax.Array, begin: jax.Array) -> jax.Array:
    """Put each new piece (n, width, channels) over (length, channels): (n, length, channels)."""
    width = new.shape[1]
    wide = jnp.pad(x, ((width, width), (0, 0)))
    place = jax.lax.dynamic_update_slice_in_dim
    put = jax.vmap(lambda n, s: place(wide, n, s + width, 0))(new, begin)
    return put[:, width : width + len(x)]


def _pooled(
    network: Dilated, own: jax.Array, inside: jax.Array, new: jax.Array, begin: jax.Array
) -> jax.Array:
    """Pool what a change reached together with the rest, and score it: (mutants, tasks)."""
    width, shown = new.shape[1], inside[:, None]
    number = jnp.maximum(inside.sum(), 1).astype(new.dtype)
    at = begin[:, None] + jnp.arange(width)[None]
    counts = (at >= 0) & (at < len(own)) & inside[jnp.clip(at, 0, len(own) - 1)]
    parts = []
    for kind in network.head.pool.split("_"):
        if kind == "mean":
            change = new.sum(axis=1) - _cut(own, begin, width).sum(axis=1)
            parts.append((jnp.where(shown, own, 0).sum(axis=0)[None] + change) / number)
            continue
        hidden = jnp.where(shown, own, -np.inf)
        none = jnp.full_like(own[:1], -np.inf)
        before = jnp.concatenate([none, jax.lax.cummax(hidden)])
        behind = jnp.concatenate([jax.lax.cummax(hidden, reverse=True), none])
        rest = jnp.maximum(
            before[jnp.clip(begin, 0, len(own))], behind[jnp.clip(begin + width, 0, len(own))]
        )
        best = jnp.where(counts[..., None], new, -np.inf).max(axis=1)
        parts.append(jnp.maximum(rest, best))
    head = network.head
    return head.output(head.hidden(jnp.concatenate(parts, axis=1)))
