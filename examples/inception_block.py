"""An inception block: windows of one, three and five pixels side by side, and what each costs."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
from flax import nnx

from seqcnn.networks.classify.inception import Inception


def weights_of(module: nnx.Module) -> int:
    """Count the weights of a part."""
    return sum(weight.size for weight in jax.tree.leaves(nnx.state(module, nnx.Param)))


def main(out: Path, toy: bool = False) -> None:
    """Take the first block of GoogLeNet apart, for pictures and signals; write a table to `out`."""
    out.mkdir(parents=True, exist_ok=True)
    size = 8 if toy else 28
    lines = ["axes of space\tbranch\tweights"]
    for rank in (1,) if toy else (1, 2):
        block = Inception(192, 64, 96, 128, 16, 32, 32, rank=rank, rngs=nnx.Rngs(0))
        x = jnp.zeros((1, *(size,) * rank, 192))
        y = jax.jit(block)(x)
        print(f"{x.shape[1:]} becomes {y.shape[1:]}, {weights_of(block):,} weights")
        branches = {"1": block.near, "3": block.three, "5": block.five, "maximum": block.pooled}
        for name, branch in branches.items():
            lines.append(f"{rank}\t{name}\t{weights_of(branch)}")
        bare = 192 * 32 * 5**rank
        print(f"the window of five has {weights_of(block.five):,}, without the one of one before "
              f"it it would have {bare:,}")  # fmt: skip
    (out / "inception_block.tsv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
