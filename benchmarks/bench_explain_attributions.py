"""Time DeepSHAP and saturation mutagenesis against tangermeme.

    python benchmarks/bench_explain_attributions.py --full [--threads 2] [--rounds 3] [--only NAME]

Networks of the same weights in both: shapes of DeepBind (kernels, ReLU, best match, dense layers),
Basset (convolutions, pools, dense layers) and a dilated tower. Both are given the same sequences as
they take them (codes; one-hot images) and the same references. tangermeme runs with each of several
batch sizes, and, of mutants, with and without its `fast`; its fastest counts. Contenders run in
turn in one process; compilation is in the first call, which is apart. Results must be the same.

tangermeme is timed on a part of the sequences, as the whole takes long: times are per sequence.
What `fast` takes to begin with, seconds, is left out: the time of one sequence is subtracted.
Without ``--full`` the sizes are toys.
"""

import argparse
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from timing import in_turn, processor, use_cores

ONE = ", of one sequence"


@dataclass(frozen=True)
class Case:
    """One network and how much of what is explained."""

    name: str
    what: str
    network: str
    options: dict[str, Any]
    sequences: int
    length: int
    references: int = 20
    their_part: int = 0
    batches: tuple[int, ...] = field(default=(64, 512))


DEEPBIND = {"kernels": 32, "width": 18, "hidden": 32, "strand": "one"}
BASSET = {"padding": "valid", "norm": False, "pool": "max", "strand": "one", "hidden": (128,)}
BASSET = {**BASSET, "channels": (100, 80, 80)}
TOWER = {"channels": 64, "width": 21, "layers": 6, "norm": False, "pool": "mean", "strand": "one"}
FULL = [
    Case("DeepBind-like", "deepshap", "motifcnn", DEEPBIND, 200, 200, their_part=10),
    Case("Basset-like", "deepshap", "basset", BASSET, 40, 600, their_part=3),
    Case("DeepBind-like", "mutants", "motifcnn", DEEPBIND, 1000, 200, their_part=6),
    Case("dilated tower", "mutants", "dilated", TOWER, 4, 200, their_part=3),
    Case("dilated tower", "mutants", "dilated", TOWER, 2, 1000, their_part=2, batches=(128,)),
]
TOY = [
    Case("DeepBind-like", "deepshap", "motifcnn", {**DEEPBIND, "kernels": 4}, 2, 40, 2,
         batches=(4,)),
    Case("Basset-like", "deepshap", "basset",
         {**BASSET, "channels": (4, 4, 4), "widths": (5, 3, 3), "pools": (2, 2, 2), "hidden": (4,)},
         2, 60, 2, batches=(4,)),
    Case("DeepBind-like", "mutants", "motifcnn", {**DEEPBIND, "kernels": 4}, 2, 40, batches=(32,)),
    Case("dilated tower", "mutants", "dilated",
         {**TOWER, "channels": 4, "width": 5, "layers": 2}, 1, 60, batches=(32,)),
]  # fmt: skip


def drawn(case: Case) -> Any:
    """Build the network with random weights, biases too."""
    import jax
    from flax import nnx

    from seqcnn.networks.zoo import create

    network = create(case.network, alphabet="dna", seed=1, **case.options)
    graph, state = nnx.split(network)
    rng = np.random.default_rng(0)
    shaken = jax.tree.map(lambda w: w + rng.normal(size=w.shape, scale=0.05).astype("f4"), state)
    return nnx.merge(graph, shaken)


def layers_of(network: Any, length: int) -> list[tuple[Any, ...]]:
    """Describe a network of seqcnn as plain data, for the peer."""
    from seqcnn.networks.sequence.basset import Basset
    from seqcnn.networks.sequence.motifcnn import MotifCNN

    def dense(layer: Any) -> tuple[Any, ...]:
        return ("dense", np.asarray(layer.kernel[...]), np.asarray(layer.bias[...]))

    def conv(layer: Any, same: bool) -> tuple[Any, ...]:
        kernel, bias = np.asarray(layer.kernel[...]), np.asarray(layer.bias[...])
        return ("conv", kernel, bias, layer.dilation[0], same)

    relu = ("relu",)
    if isinstance(network, MotifCNN):
        kernel = np.asarray(network.first_kernel)
        first = ("conv", kernel, np.asarray(network.bias[...]), 1, False)
        pool = ("best", length - len(kernel) + 1)
        return [first, relu, pool, dense(network.hidden), relu, dense(network.output)]
    found: list[tuple[Any, ...]] = []
    tower = network.tower.stages.layers if isinstance(network, Basset) else network.tower.layers
    same = not isinstance(network, Basset)
    for layer in tower:
        if hasattr(layer, "branch"):
            found.append(("residual", [conv(layer.branch.layers[0], same), relu]))
        elif hasattr(layer, "conv"):
            found.append(conv(layer.conv, same))
        elif hasattr(layer, "window") and not hasattr(layer, "kernel"):
            found.append(("max_pool", layer.window))
        elif hasattr(layer, "kernel"):
            found.append(conv(layer, same))
        else:
            found.append(relu)
    pooled = ("mean",) if network.head.pool == "mean" else ("best", network.tower.positions(length))
    hidden = [dense(x) if hasattr(x, "kernel") else relu for x in network.head.hidden.layers
              if hasattr(x, "kernel") or not hasattr(x, "rate")]  # fmt: skip
    return [*found, pooled, *hidden, dense(network.head.output)]


def steps_of(
    case: Case, codes: np.ndarray, references: np.ndarray, threads: int
) -> tuple[dict[str, Callable[[], float]], dict[str, int], dict[str, np.ndarray], str]:
    """Build the calls of all contenders, the sequences of each, and where results are put."""
    from seqcnn.explain.deeplift import deepshap
    from seqcnn.explain.mutagenesis import mutagenesis
    from seqcnn.explain.outputs import Output

    network, results = drawn(case), {}
    number = {"seqcnn": len(codes)}

    def ours() -> float:
        if case.what == "deepshap":
            results["seqcnn"] = deepshap(network, codes, references, Output())[0]
        else:
            results["seqcnn"] = mutagenesis(network, codes, Output())[0]
        return float(np.abs(results["seqcnn"]).max())

    steps: dict[str, Callable[[], float]] = {"seqcnn": ours}
    try:
        from peers import tangermeme_explain as peer
    except ImportError as error:
        print(f"tangermeme is left out: {error}", file=sys.stderr)
        return steps, number, results, ""
    peer.torch.set_num_threads(threads)
    twin = peer.TorchNetwork(layers_of(network, case.length), case.length).eval()
    part = case.their_part or len(codes)
    images, theirs = peer.images_of(codes[:part]), peer.images_of(references[:part])

    def call(name: str, batch: int, fast: bool, most: int) -> Callable[[], float]:
        def step() -> float:
            if case.what == "deepshap":
                results[name] = peer.deepshap(twin, images, theirs, batch=batch)
            else:
                results[name] = peer.mutants(twin, images[:most], batch=batch, fast=fast)
            return float(np.abs(results[name]).max())

        return step

    for batch in case.batches:
        for fast in (False, True) if case.what == "mutants" else (False,):
            name = f"tangermeme, batches of {batch}{', fast' * fast}"
            steps[name], number[name] = call(name, batch, fast, part), part
            if fast:
                steps[name + ONE], number[name + ONE] = call(name + ONE, batch, fast, 1), 1
    return steps, number, results, f", {peer.VERSION}"


def run(case: Case, threads: int, rounds: int) -> str:
    """Time a case, check that all agree, and print a line for each contender."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, (case.sequences, case.length)).astype(np.uint8)
    references = rng.permuted(np.repeat(codes[:, None], case.references, axis=1), axis=2)
    steps, number, results, version = steps_of(case, codes, references, threads)
    times = in_turn(steps, rounds)
    ours = times["seqcnn"]
    walls = {k: np.median(t.wall) for k, t in times.items()}
    sums = {k: np.median(t.cores) for k, t in times.items()}

    def each(spent: dict[str, Any], name: str) -> float:
        if name + ONE in spent and number[name] > 1:
            return (spent[name] - spent[name + ONE]) / (number[name] - 1)
        return spent[name] / number[name]

    least, cores = ({k: each(spent, k) for k in times} for spent in (walls, sums))
    for name, (first, *_) in times.items():
        if name.endswith(ONE):
            continue
        found, mine = results[name], results["seqcnn"][: number[name]]
        error = float(np.abs(found - mine).max() / np.abs(mine).max())
        print(f"| {case.name}, {case.what}, {case.sequences:,} x {case.length} | {name} "
              f"| {1e3 * least[name]:.2f} | {least[name] / least['seqcnn']:.1f} "
              f"| {1e3 * cores[name]:.2f} | {cores[name] / cores['seqcnn']:.1f} "
              f"| {first:.1f} | {error:.1e} |", flush=True)  # fmt: skip
        np.testing.assert_array_less(error, 1e-3)
    assert np.isfinite(ours.returned).all()
    return version


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the sizes of the table")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--only", default="", help="cases whose network and task hold this text")
    options = parser.parse_args()
    use_cores(options.threads)
    cases = FULL if options.full else TOY
    print("| what | by | ms a sequence | time / seqcnn | core ms | core ms / seqcnn "
          "| first call, s | largest difference, relative |\n"
          "|---|---|---|---|---|---|---|---|")  # fmt: skip
    version = ""
    for case in cases:
        if options.only in f"{case.name} {case.what} {case.length}":
            version = run(case, options.threads, options.rounds or (3 if options.full else 1))
    import jax

    print(f"\n{processor()}, {options.threads} thread(s), Python {platform.python_version()}, "
          f"jax {jax.__version__}{version}")  # fmt: skip


if __name__ == "__main__":
    main()
