"""Time networks of the zoo against torchvision's, with the same weights.

    python benchmarks/bench_networks_speed.py --full [--threads 2] [--rounds 7]
        [--networks resnet50 mobilenetv2 ...] [--tasks predict train] [--compile]

`predict` is a forward pass of 8 pictures of 224 x 224, `train` a step of 8 pictures of 64 x 64:
forward with statistics of the batch, cross-entropy, backward, gradient descent with momentum.
Contenders run in turn, one call each, in one process: seqcnn, and PyTorch with channels first and
with channels last. On a GPU (JAX's and PyTorch's) the same, with TF32 off on both sides. First
calls, with compilation, are apart. The last column is the largest difference of the scores of
`predict`, relative to the largest; of `train` the losses of the first call, which differ where
dropout draws.

Without ``--full`` the sizes are toys, to see that the script runs.
"""

import argparse
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from timing import in_turn, is_tuned, processor, start_again_tuned, use_cores

BATCH, CLASSES, RATE, MOMENTUM = 8, 1000, 1e-3, 0.9
SIZES = {"predict": 224, "train": 64}
PEERS = {
    "resnet50": "resnet50",
    "mobilenetv2": "mobilenet_v2",
    "efficientnetb0": "efficientnet_b0",
    "densenet121": "densenet121",
    "vgg16": "vgg16",
}
ONLY_PREDICT = ("vgg16",)


def jax_predict(network: Any, x: np.ndarray) -> Callable[[], np.ndarray]:
    """Build a forward pass of seqcnn."""
    import jax
    from flax import nnx

    graph, state = nnx.split(network)
    compiled = jax.jit(lambda state, x: nnx.merge(graph, state)(x))
    there = jax.device_put(x)
    return lambda: np.asarray(compiled(state, there))


def jax_train(network: Any, x: np.ndarray, y: np.ndarray) -> Callable[[], float]:
    """Build a training step of seqcnn."""
    import jax
    import jax.numpy as jnp
    import optax
    from flax import nnx

    descent = optax.sgd(RATE, MOMENTUM)
    graph, weights, statistics = nnx.split(network, nnx.Param, ...)
    there = jax.device_put(x), jax.device_put(y)

    def step(state: Any, x: jax.Array, y: jax.Array, key: jax.Array) -> tuple[Any, jax.Array]:
        weights, statistics, moments = state

        def loss_of(weights: Any) -> tuple[jax.Array, Any]:
            network = nnx.merge(graph, weights, statistics, copy=True)
            logits = network(x, rngs=nnx.Rngs(key))
            loss = optax.softmax_cross_entropy_with_integer_labels(logits, y).mean()
            return loss, nnx.split(network, nnx.Param, ...)[2]

        (loss, statistics), gradient = jax.value_and_grad(loss_of, has_aux=True)(weights)
        updates, moments = descent.update(gradient, moments)
        return (optax.apply_updates(weights, updates), statistics, moments), loss

    compiled = jax.jit(step, donate_argnums=0)
    own = jax.tree.map(jnp.copy, (weights, statistics))
    kept, key = [(*own, descent.init(weights))], jax.random.key(0)

    def call() -> float:
        kept[0], loss = compiled(kept[0], *there, key)
        return float(loss)

    return call


class TorchWay:
    """PyTorch with one layout in memory; called, it predicts, or takes a step if it has labels."""

    def __init__(self, module: Any, x: np.ndarray, y: np.ndarray | None, *, last: bool) -> None:
        import torch

        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        layout = torch.channels_last if last else torch.contiguous_format
        self.module = module.to(self.device, memory_format=layout)
        pictures = torch.from_numpy(x.transpose(0, 3, 1, 2).copy())
        self.x = pictures.to(self.device, memory_format=layout)
        self.y = None if y is None else torch.from_numpy(y).to(self.device)
        self.module.train(y is not None)
        self.descent = torch.optim.SGD(self.module.parameters(), RATE, MOMENTUM)

    def __call__(self) -> Any:
        """Run once, to the end."""
        import torch

        if self.y is None:
            with torch.inference_mode():
                return self.module(self.x).cpu().numpy()
        self.descent.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(self.module(self.x), self.y)
        loss.backward()
        self.descent.step()
        return float(loss.detach())


def contenders(name: str, task: str, size: int, options: Any) -> dict[str, Callable[[], Any]]:
    """Build all ways for a network and a task, from the same weights."""
    import copy

    import torch
    import torchvision
    from parity import transfer

    from seqcnn.networks.zoo import create

    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, size, size, 3)).astype(np.float32)
    y = rng.integers(0, CLASSES, BATCH) if task == "train" else None
    torch.manual_seed(0)
    module = torchvision.models.get_model(PEERS[name], weights=None)
    transfer.randomise(module, x)
    network = create(name, input_shape=(size, size, 3), classes=CLASSES)
    transfer.copy(network, module, flattened=name == "vgg16")
    made = jax_predict(network, x) if y is None else jax_train(network, x, y)
    ways: dict[str, Callable[[], Any]] = {"seqcnn": made}
    version = f"torch {torch.__version__.partition('+')[0]}"
    for last in (False, True):
        label = f"{version}{', channels last' if last else ''}"
        own = copy.deepcopy(module)
        ways[label] = TorchWay(own, x, y, last=last)
        if options.compile:
            compiled = TorchWay(copy.deepcopy(module), x, y, last=last)
            compiled.module = torch.compile(compiled.module)
            ways[f"{label}, compiled"] = compiled
    return ways


def compared(returned: dict[str, Any]) -> dict[str, str]:
    """Tell how far each is from seqcnn: scores, or losses."""
    own = returned["seqcnn"]
    if isinstance(own, float):
        return {name: f"{loss:.5f}" for name, loss in returned.items()}
    largest = np.abs(own).max()
    return {name: f"{np.abs(x - own).max() / largest:.1e}" for name, x in returned.items()}


def rows(name: str, task: str, options: Any) -> None:
    """Print the rows of a network and a task."""
    ways = contenders(name, task, SIZES[task] if options.full else 64, options)
    first = {label: way() for label, way in ways.items()}
    told = compared(first)
    steps = {n: lambda w=way: float(np.asarray(w()).sum()) for n, way in ways.items()}
    times = in_turn(steps, options.rounds if options.full else 1)
    own = times["seqcnn"]
    for label, found in times.items():
        low, middle, high = np.quantile(found.wall * 1e3, [0.25, 0.5, 0.75])
        print(
            f"| {name} | {task} | {label} | {middle:.1f} | {low:.1f} to {high:.1f} "
            f"| {np.median(found.wall / own.wall):.2f} | {np.median(found.cores / own.cores):.2f} "
            f"| {told[label]} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--untuned", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--networks", nargs="+", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--tasks", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--compile", action="store_true", help="PyTorch compiled too")
    options = parser.parse_args()
    if options.full and not options.untuned:
        start_again_tuned()
    use_cores(options.threads)
    try:
        import torch
        import torchvision  # noqa: F401
    except ImportError as error:
        print(f"PyTorch and torchvision are needed: {error}", file=sys.stderr)
        return
    import jax

    torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    if jax.default_backend() != "cpu":
        jax.config.update("jax_default_matmul_precision", "highest")
    tuned = "glibc tuned" if is_tuned() else "glibc as it is"
    print(f"{processor()}, {jax.devices()[0].device_kind}, {options.threads} threads, jax "
          f"{jax.__version__}, {tuned}; batches of {BATCH}, {options.rounds} rounds, TF32 off\n\n"
          "| network | task | contender | ms, median | quartiles | time / seqcnn "
          "| core ms / seqcnn | difference or loss |\n"
          "|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in options.networks:
        for task in options.tasks:
            if task == "predict" or name not in ONLY_PREDICT:
                rows(name, task, options)


if __name__ == "__main__":
    main()
