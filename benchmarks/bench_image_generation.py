"""Judge networks that make pictures: on Fashion-MNIST with ``--full``, on drawn shapes without.

    python benchmarks/bench_image_generation.py --full --data FOLDER [--seconds 600] [--models DIR]

FOLDER holds the four IDX files of Fashion-MNIST. A variational network, a GAN and a diffusion
network are trained so many seconds each (or read from DIR, where they are also kept), and a small
classifier, which has to be right on 92 % of the test images. Of 2,000 samples of each, 200 a class:

- agreement: how many the classifier takes for the class that was asked for (floor: 85 %);
- Frechet distance (Heusel et al. 2017, arXiv:1706.08500) to 10,000 test images, in the features of
  the classifier's last layer but one; of a Gaussian fitted to the pixels of each class, too;
- distance to the nearest of all training images, the median over that of real test images: if it is
  below 1, a network gives back what it has seen, or what is smoother than anything is. In pixels
  and in the features.
"""

import argparse
import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import processor, use_cores

NETWORKS = ("vae", "gan", "diffusion")
A_CLASS = 200


class Data(NamedTuple):
    """Pictures uint8 (n, height, width, 1) and classes int64 (n,), to learn from and to test."""

    x: np.ndarray
    y: np.ndarray
    test_x: np.ndarray
    test_y: np.ndarray


def read_data(folder: str | None) -> Data:
    """Read Fashion-MNIST, or draw shapes."""
    if folder is None:
        from seqcnn.image.synthetic import draw_shapes

        train, test = draw_shapes(400, size=16), draw_shapes(200, size=16, seed=1)
        return Data(train.x, train.labels, test.x, test.labels)
    from seqcnn.image.arrays import read_idx

    parts = [
        read_idx(Path(folder) / f"{part}-{kind}-ubyte.gz")
        for part in ("train", "t10k")
        for kind in ("images-idx3", "labels-idx1")
    ]
    x, y, test_x, test_y = parts
    return Data(x[..., None], y.astype(np.int64), test_x[..., None], test_y.astype(np.int64))


class Judge:
    """A small network that classifies, and whose last hidden layer gives features."""

    def __init__(self, shape: tuple[int, ...], classes: int, seed: int = 0) -> None:
        from flax import nnx

        from seqcnn.networks.generate.decoder import Reader
        from seqcnn.nn.layers import Dense

        rngs = nnx.Rngs(seed)
        reader = Reader(shape, (32, 64), rngs=rngs)
        parts = nnx.List(
            [reader, Dense(reader.features, 128, rngs=rngs), Dense(128, classes, rngs=rngs)]
        )
        self.graph, self.state = nnx.split(parts)

    def _outputs(self, state: Any, x: Any) -> tuple[Any, Any]:
        from flax import nnx

        reader, hidden, last = nnx.merge(self.graph, state)
        features = nnx.relu(hidden(reader(x * 2 - 1)))
        return features, last(features)

    def train(self, data: Data, rounds: int, batch: int = 64) -> None:
        """Fit by Adam with a falling rate, mirrored pictures included."""
        import jax
        import jax.numpy as jnp
        import optax

        steps = rounds * len(data.x) // batch
        optimizer = optax.adam(optax.cosine_decay_schedule(1e-3, steps))

        @jax.jit
        def step(state: Any, moments: Any, x: Any, y: Any) -> tuple[Any, Any]:
            def loss(state: Any) -> Any:
                logits = self._outputs(state, x.astype(jnp.float32) / 255)[1]
                return optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()

            updates, moments = optimizer.update(jax.grad(loss)(state), moments)
            return optax.apply_updates(state, updates), moments

        rng, moments = np.random.default_rng(0), optimizer.init(self.state)
        for _ in range(steps):
            rows = rng.integers(0, len(data.x), batch)
            x = data.x[rows]
            x = np.where(rng.random((batch, 1, 1, 1)) < 0.5, x, x[:, :, ::-1])
            self.state, moments = step(self.state, moments, x, data.y[rows])

    def kept(self, path: Path, train: Callable[[], None]) -> None:
        """Read the weights from a file, or train and write them."""
        import jax

        leaves, tree = jax.tree.flatten(self.state)
        if path.exists():
            with np.load(path) as file:
                self.state = jax.tree.unflatten(tree, [file[f"a{i}"] for i in range(len(leaves))])
            return
        train()
        found = map(np.asarray, jax.tree.leaves(self.state))
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, **{f"a{i}": leaf for i, leaf in enumerate(found)})

    def look(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give the features (n, 128) and the classes (n,) of pictures from 0 to 1."""
        import jax

        call = jax.jit(self._outputs)
        parts = [call(self.state, x[i : i + 1000]) for i in range(0, len(x), 1000)]
        features, logits = (np.concatenate([np.asarray(p[i]) for p in parts]) for i in (0, 1))
        return features, logits.argmax(axis=1)


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Compute the Frechet distance of two clouds of features, as if they were normal."""
    from scipy.linalg import sqrtm

    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # of a product of two covariances, the root has no imaginary part but rounding
    root = np.real(sqrtm(first @ second))
    apart = ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum()
    return float(apart + np.trace(first + second - 2 * root))


def nearest(a: np.ndarray, b: np.ndarray) -> float:
    """Take the median distance of rows of `a` to the nearest row of `b`."""
    flat, other = a.reshape(len(a), -1), b.reshape(len(b), -1)
    squares, least = (other**2).sum(axis=1), []
    for i in range(0, len(flat), 250):
        part = flat[i : i + 250]
        squared = (part**2).sum(axis=1)[:, None] + squares - 2 * part @ other.T
        least.append(squared.min(axis=1))
    return float(np.median(np.sqrt(np.maximum(np.concatenate(least), 0))))


def gaussians(data: Data, labels: np.ndarray, seed: int = 0) -> np.ndarray:
    """Draw from a Gaussian fitted to the pixels of each class, cut to 0 to 1."""
    rng, made = np.random.default_rng(seed), np.empty((len(labels), *data.x.shape[1:]), np.float32)
    for label in np.unique(labels):
        pixels = data.x[data.y == label].reshape(-1, made[0].size) / 255
        places = labels == label
        drawn = rng.multivariate_normal(
            pixels.mean(axis=0), np.cov(pixels, rowvar=False), places.sum(), method="eigh"
        )
        made[places] = np.clip(drawn, 0, 1).reshape(-1, *made.shape[1:])
    return made


def trained(name: str, data: Data, drill: dict[str, Any], kept: Path | None) -> Any:
    """Train a network, or read it."""
    from seqcnn.networks.weights import Member, Model, create_member, load_model, save_model
    from seqcnn.training.generate import DRILLS, Drill, fit_generator

    if kept is not None and (kept / name).is_dir():
        return load_model(kept / name).members[0].network
    classes = len(np.unique(data.y))
    member = create_member(name, input_shape=data.x.shape[1:], classes=classes)
    how = Drill(**DRILLS[name] | drill)
    network, moments = fit_generator(member.network, data.x, data.y, drill=how)
    print(f"{name}: {moments[-1].step} steps in {moments[-1].seconds:.0f} s", flush=True)
    if kept is not None:
        save_model(Model((Member(name, member.options, network),)), kept / name)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="Fashion-MNIST, not toys")
    parser.add_argument("--data", help="folder of the four files of Fashion-MNIST")
    parser.add_argument("--seconds", type=float, default=600.0, help="of training, for each")
    parser.add_argument("--judge-rounds", type=int, default=12, help="epochs of the classifier")
    parser.add_argument("--models", type=Path, help="folder of trained networks")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    use_cores(options.threads)

    import jax

    from seqcnn.networks.generate.draw import draw

    full = options.full and options.data
    data = read_data(options.data if full else None)
    classes = len(np.unique(data.y))
    judge = Judge(data.x.shape[1:], classes)
    rounds = options.judge_rounds if full else 5
    if options.models:
        judge.kept(options.models / "judge.npz", lambda: judge.train(data, rounds))
    else:
        judge.train(data, rounds)
    real, seen = data.test_x / np.float32(255), data.x / np.float32(255)
    features, found = judge.look(real)
    seen_features, _ = judge.look(seen)
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, "
          f"jax {jax.__version__}")  # fmt: skip
    print(f"classifier: {(found == data.test_y).mean():.4f} of {len(real):,} test images right")
    labels = np.repeat(np.arange(classes), A_CLASS if full else 10)
    drill = {"steps": 10**7, "seconds": options.seconds} if full else {"steps": 5, "batch": 8}
    made = {
        name: draw(trained(name, data, drill, options.models), labels, 0) / np.float32(255)
        for name in NETWORKS
    }
    made["Gaussian of each class"] = gaussians(data, labels)
    some = np.random.default_rng(0).permutation(len(real))[: len(labels)]
    base = nearest(real[some], seen), nearest(features[some], seen_features)
    print(f"real test images: nearest training image at {base[0]:.3f} in pixels, "
          f"{base[1]:.3f} in features\n")  # fmt: skip
    print("| samples of | agreement | Frechet distance | nearest, pixels | nearest, features |\n"
          "|---|---|---|---|---|")  # fmt: skip
    print(f"| real test images | {(found == data.test_y)[some].mean():.3f} "
          f"| {frechet(features[some], features):.2f} | 1.00 | 1.00 |")  # fmt: skip
    for name, pictures in made.items():
        seen_as, said = judge.look(pictures)
        near = nearest(pictures, seen) / base[0], nearest(seen_as, seen_features) / base[1]
        print(f"| {name} | {(said == labels).mean():.3f} | {frechet(seen_as, features):.2f} "
              f"| {near[0]:.2f} | {near[1]:.2f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
