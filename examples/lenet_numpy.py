"""LeNet in NumPy alone: forward, backward and momentum, on drawn shapes; and the same in Flax."""

import sys
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from flax import nnx

from seqcnn.image.synthetic import SHAPES, draw_shapes
from seqcnn.networks.classify import lenet as in_flax
from seqcnn.reference.lenet import LeNet, train


def main(out: Path, toy: bool = False) -> None:
    """Train, write the losses to `out`, and compare with Flax."""
    out.mkdir(parents=True, exist_ok=True)
    number, size, epochs = (160, 16, 3) if toy else (4000, 32, 10)
    drawn, held = (draw_shapes(number, size=size, noise=0.05, seed=seed) for seed in (0, 1))
    x, test = drawn.x / np.float32(255), held.x / np.float32(255)

    network = LeNet((size, size, 1), len(SHAPES), pool="max", activation="relu")
    count = sum(weight.size for weight in network.weights.values())
    losses = train(network, x, drawn.labels, epochs=epochs)
    right = (network(test).argmax(axis=1) == held.labels).mean()
    print(f"{count:,} weights; {right:.1%} of {number:,} new shapes are told apart")

    twin = in_flax.LeNet((size, size, 1), len(SHAPES), pool="max", activation="relu",
                         rngs=nnx.Rngs(0))  # fmt: skip
    in_flax.from_numpy(network, twin)
    apart = np.abs(np.asarray(twin(jnp.asarray(test[:8]))) - network(test[:8])).max()
    print(f"the same weights in Flax give the same numbers: {apart:.1e} apart at most")
    lines = [f"{epoch + 1}\t{loss:.4f}" for epoch, loss in enumerate(losses)]
    (out / "lenet_numpy.tsv").write_text("\n".join(["epoch\tloss", *lines]) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
