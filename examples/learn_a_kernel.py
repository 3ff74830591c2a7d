"""Learn the kernel of Sobel back from pictures before and after it.

    python examples/learn_a_kernel.py [FOLDER]

A kernel is a neuron. It starts at random, and gradient descent finds the nine weights and the bias
that turn the first pictures into the second.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.image.filters import apply_filter, kernel_of
from seqcnn.image.learn_kernel import learn_kernel
from seqcnn.image.synthetic import draw_shapes
from seqcnn.nn.learnables import count_learnables


def main(out: Path, toy: bool = False) -> None:
    """Print the error of what is learned, and write the kernel."""
    out.mkdir(parents=True, exist_ok=True)
    before = draw_shapes(4 if toy else 32, size=24).x
    wanted = kernel_of("sobel_x")
    after = np.stack([apply_filter(picture, "sobel_x") for picture in before])
    noisy = after + np.random.default_rng(0).normal(0, 0.2, after.shape).astype(np.float32)
    for title, target in (("exact pictures", after), ("noisy pictures", noisy)):
        for method in ("descent", "least_squares"):
            found = learn_kernel(before, target, method=method, steps=100 if toy else 600)
            error = np.sqrt(((found.kernel - wanted) ** 2).mean())
            print(f"{title}, {method}: error of a weight {error:.4f}, bias {found.bias:+.4f}")
            np.savetxt(out / f"kernel_{title.split()[0]}_{method}.txt", found.kernel, fmt="%.4f")
    for channels, kernels in ((1, 1), (3, 1), (3, 8)):
        n = count_learnables("conv", channels, kernels, window=(3, 3))
        print(f"3 x 3, {channels} channels in, {kernels} out: {n} learnables")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
