"""Count how often `discover` reports a motif where there is none.

    python benchmarks/bench_discovery_null.py --runs 20 --number 2000 --length 100
    python benchmarks/bench_discovery_null.py --kind composition --runs 20

Random sequences, one run for each seed, in one of four kinds: against shuffles; with shares of GC
of .55 against a control of .45; twice as long as their control; and every sequence five times with
3 % mutations. By the definition of an E-value, at most 5 % of the runs may have a motif at E < .05.
"""

import argparse
import time

import numpy as np

from seqcnn.cli.options import prepare_jax
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet

KINDS = ("random", "composition", "length", "copies")


def random_rows(rng: np.random.Generator, number: int, length: int, gc: float) -> np.ndarray:
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    return rng.choice(4, (number, length), p=shares).astype(np.uint8)


def null_data(
    kind: str, number: int, length: int, seed: int
) -> tuple[SequenceSet, SequenceSet | None]:
    rng = np.random.default_rng(seed)
    foreground = random_rows(rng, number, length, 0.55 if kind == "composition" else 0.5)
    control = None
    if kind == "composition":
        control = random_rows(rng, number, length, 0.45)
    elif kind == "length":
        control = random_rows(rng, number, length // 2, 0.5)
    elif kind == "copies":
        foreground = foreground[: number // 5].repeat(5, axis=0)
        mutated = rng.random(foreground.shape) < 0.03
        other = (foreground + rng.integers(1, 4, foreground.shape)) % 4
        foreground = np.where(mutated, other, foreground).astype(np.uint8)
    sets = [
        None if rows is None else SequenceSet.from_arrays(list(rows), alphabet=DNA)
        for rows in (foreground, control)
    ]
    return sets[0], sets[1]  # type: ignore[return-value]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kind", choices=KINDS, default="random")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--number", type=int, default=2000)
    parser.add_argument("--length", type=int, default=100)
    options = parser.parse_args()
    prepare_jax()
    from seqcnn.discovery.pipeline import discover
    from seqcnn.discovery.settings import Settings

    print("seed\tmotifs\ttests\tleast_p\tcpu_s")
    false = 0
    for seed in range(options.runs):
        began = time.process_time()
        foreground, control = null_data(options.kind, options.number, options.length, seed)
        found = discover(foreground, control, settings=Settings(seed=seed))
        least = min((t.result.log10_p for t in found.tests), default=0.0)
        false += bool(found.motifs)
        spent = time.process_time() - began
        print(seed, len(found.motifs), len(found.tests), f"{10**least:.3g}", f"{spent:.1f}",
              sep="\t", flush=True)  # fmt: skip
    print(f"# runs with a motif at E < .05: {false} of {options.runs}")


if __name__ == "__main__":
    main()
