"""Sequential networks: layer after layer, for signals, pictures and volumes alike."""

import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.zoo import count_parameters, create
from seqcnn.nn.blocks import ConvNormActivation, Sequential
from seqcnn.nn.layers import Dense
from seqcnn.nn.pool import global_pool, max_pool

SHAPES = {"signal": (64, 4), "picture": (32, 32, 3), "volume": (16, 16, 16, 1)}


def by_hand(shape: tuple[int, ...], rngs: nnx.Rngs) -> Sequential:
    """Put layers together by hand: two stages, a mean over space, a dense layer."""
    rank, channels = len(shape) - 1, shape[-1]
    return Sequential(
        ConvNormActivation(channels, 8, (3,) * rank, rngs=rngs),
        partial(max_pool, window=(2,) * rank),
        ConvNormActivation(8, 16, (3,) * rank, rngs=rngs),
        partial(max_pool, window=(2,) * rank),
        partial(global_pool, kind="mean"),
        Dense(16, 10, rngs=rngs),
    )


def main(out: Path, toy: bool = False) -> None:
    """Build both kinds for each rank, and write what they have to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    lines = ["input\tshape\tby hand\tcnn of the zoo"]
    for name, shape in list(SHAPES.items())[: 1 if toy else None]:
        network = by_hand(shape, nnx.Rngs(0))
        scores = jax.jit(network)(jnp.zeros((2, *shape)))
        own = sum(w.size for w in jax.tree.leaves(nnx.state(network, nnx.Param)))
        options = {"input_shape": shape, "channels": (8, 16)}
        zoo = count_parameters("cnn", **options)
        same = jax.eval_shape(create("cnn", **options), jnp.zeros((2, *shape))).shape
        print(f"a {name} {shape}: scores {scores.shape} and {same}, {own:,} and {zoo:,} weights")
        lines.append(f"{name}\t{' x '.join(map(str, shape))}\t{own}\t{zoo}")
    (out / "sequential_cnn.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
