"""Count how often `discover` reports a motif where there is none.

    python benchmarks/bench_discovery_null.py --runs 20 --number 2000 --length 100

Random sequences, one run for each seed. By the definition of an E-value, at most 5 % of the runs
may have a motif at E < .05.
"""

import argparse
import time

import numpy as np

from seqcnn.cli.options import prepare_jax
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet


def random_sequences(number: int, length: int, seed: int) -> SequenceSet:
    rows = np.random.default_rng(seed).integers(0, 4, (number, length)).astype(np.uint8)
    return SequenceSet.from_arrays(list(rows), alphabet=DNA)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
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
        sequences = random_sequences(options.number, options.length, seed)
        found = discover(sequences, settings=Settings(seed=seed))
        least = min((t.result.log10_p for t in found.tests), default=0.0)
        false += bool(found.motifs)
        spent = time.process_time() - began
        print(seed, len(found.motifs), len(found.tests), f"{10**least:.3g}", f"{spent:.1f}",
              sep="\t", flush=True)  # fmt: skip
    print(f"# runs with a motif at E < .05: {false} of {options.runs}")


if __name__ == "__main__":
    main()
