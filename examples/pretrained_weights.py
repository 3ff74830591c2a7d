"""Weights of others in a network of ours: another number of channels and classes than they had.

Without an argument the weights are random ones, in a file as torchvision names them; with one, they
are those of a ResNet-18 that you have (safetensors or .pth): nothing in it is run.
"""

import argparse
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import safetensors.numpy

import seqcnn
from seqcnn.networks.imports import import_weights


def torchvision_names(width: int = 64) -> dict[str, np.ndarray]:
    """Make up the tensors of a ResNet-18, as torchvision names and lays them out."""
    rng, tensors = np.random.default_rng(0), {}

    def add(conv: str, norm: str, after: int, before: int, extent: int) -> None:
        shape = (after, before, extent, extent)
        tensors[f"{conv}.weight"] = rng.normal(0, 0.05, shape).astype(np.float32)
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{norm}.{part}"] = np.full(after, part.endswith(("t", "r")), np.float32)

    add("conv1", "bn1", width, 3, 7)
    for stage in range(4):
        after = width * 2**stage
        for block in range(2):
            name = f"layer{stage + 1}.{block}"
            before = after // 2 if stage and not block else after
            add(f"{name}.conv1", f"{name}.bn1", after, before, 3)
            add(f"{name}.conv2", f"{name}.bn2", after, after, 3)
            if before != after:
                add(f"{name}.downsample.0", f"{name}.downsample.1", after, before, 1)
    tensors["fc.weight"] = rng.normal(0, 0.05, (1000, 8 * width)).astype(np.float32)
    return tensors | {"fc.bias": np.zeros(1000, np.float32)}


def main(out: Path, toy: bool = False, weights: Path | None = None) -> None:
    """Bring weights into a network for grey pictures of two classes, and say what was fitted."""
    out.mkdir(parents=True, exist_ok=True)
    if weights is None:
        weights = out / "resnet18.safetensors"
        safetensors.numpy.save_file(torchvision_names(), weights)
    network = seqcnn.create("resnet18", input_shape=(64, 64, 1), classes=2, pixels={})
    report = import_weights(network, weights, partial=True)
    print(f"{report.loaded:,} numbers; fitted: {report.adapted}; left as they were: {report.kept}")
    print("scores of a grey picture:", network(jnp.zeros((1, 64, 64, 1), jnp.uint8)).round(3))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", nargs="?", type=Path)
    main(Path(), weights=parser.parse_args().weights)
