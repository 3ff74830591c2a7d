"""Patterns of networks that are trained on planted motifs: as many come out as went in.

    python benchmarks/bench_explain_trained.py [--case one-20 three ...] [--seeds 1]

Each case: 1,000 sequences (`twelve`: 3,000), random letters, motifs in some of them; `seqcnn.train`
with default settings against their shuffles, DeepSHAP of all sequences and of a shuffle of each,
seqlets, patterns. Printed are patterns with a positive contribution, how many are expected, what
the best likeness (Pearson correlation over aligned columns) of each planted motif is, and seconds.
"""

import argparse
import time
from itertools import pairwise
from typing import NamedTuple

import numpy as np

import seqcnn
from seqcnn.explain.methods import attribute
from seqcnn.explain.patterns.discover import find_patterns
from seqcnn.explain.seqlets import find_seqlets
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, Alphabet
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffled_control

STRONG = 0.85
"""Share of the leading letter in each column of a planted motif."""


class Case(NamedTuple):
    """What is planted.

    Parameters
    ----------
    number, length
        Sequences and their letters.
    motifs, share
        How many motifs, each of `width` letters in this share of the sequences.
    spacings
        Letters between the two boxes of a dimer; none for plain motifs.
    """

    number: int
    length: int
    motifs: int
    share: float
    width: int = 10
    spacings: tuple[int, ...] = ()
    alphabet: Alphabet = DNA


CASES = {
    "one-20": Case(1000, 20, 1, 0.6),
    "one-41": Case(1000, 41, 1, 0.6),
    "one-60": Case(1000, 60, 1, 0.6),
    "one-200": Case(1000, 200, 1, 0.6),
    "none": Case(1000, 60, 0, 0.0),
    "three": Case(1000, 60, 3, 0.4, 8),
    "spacings": Case(1000, 60, 1, 0.4, 6, (2, 6)),
    "twelve": Case(3000, 100, 12, 0.2),
    "protein": Case(1000, 30, 1, 0.6, 6, (), PROTEIN),
}


def random_motif(rng: np.random.Generator, width: int, alphabet: Alphabet) -> np.ndarray:
    """Draw a leading letter for each column, (width, letters)."""
    values = np.full((width, alphabet.size), (1 - STRONG) / (alphabet.size - 1))
    values[np.arange(width), rng.integers(0, alphabet.size, width)] = STRONG
    return values


def planted(case: Case, seed: int) -> tuple[SequenceSet, list[np.ndarray]]:
    """Make sequences, and the matrices that are to come out."""
    rng, alphabet = np.random.default_rng([seed, 77]), case.alphabet
    rows = rng.integers(0, alphabet.size, (case.number, case.length)).astype(np.uint8)
    wanted = []
    even = np.full(alphabet.size, 1 / alphabet.size)
    for _ in range(case.motifs):
        box = random_motif(rng, case.width, alphabet)
        kinds = [box]
        if case.spacings:
            other = random_motif(rng, case.width, alphabet)
            kinds = [np.concatenate([box, np.tile(even, (gap, 1)), other]) for gap in case.spacings]
        wanted += kinds
        for kind in kinds:
            for row in np.flatnonzero(rng.random(case.number) < case.share):
                at = rng.integers(0, case.length - len(kind) + 1)
                site = [rng.choice(alphabet.size, p=column) for column in kind]
                fixed = kind.max(axis=1) > 2 / alphabet.size
                places = at + np.flatnonzero(fixed)
                rows[row, places] = np.array(site, np.uint8)[fixed]
    return SequenceSet.from_arrays(list(rows), alphabet=alphabet), wanted


def best_likeness(values: np.ndarray, motifs: list[Motif], alphabet: Alphabet) -> float:
    """Find the best correlation of a matrix with any motif, in any place and on either strand."""
    wanted = Motif("wanted", ProbabilityMatrix(values, alphabet))
    sides = [wanted] if alphabet.complements is None else [wanted, wanted.reverse_complement()]
    best = 0.0
    for side in sides:
        one = side.matrix.values
        for motif in motifs:
            other = np.pad(motif.matrix.values, ((len(one), len(one)), (0, 0)),
                           constant_values=1 / alphabet.size)  # fmt: skip
            for shift in range(len(other) - len(one) + 1):
                part = other[shift : shift + len(one)]
                if np.ptp(part) > 0:
                    best = max(best, float(np.corrcoef(one.ravel(), part.ravel())[0, 1]))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", type=int, default=1)
    options = parser.parse_args()
    print("| case | seed | held-out AUROC | expected | patterns | seqlets | likeness | s trained "
          "| s explained | s patterns |\n|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in options.case:
        for seed in range(options.seeds):
            case = CASES[name]
            sequences, wanted = planted(case, seed)
            times = [time.monotonic()]
            model = seqcnn.train(sequences, seed=seed)
            times.append(time.monotonic())
            shuffled, _ = shuffled_control(sequences, seed=seed)
            found, other = (attribute(model, s, seed=seed) for s in (sequences, shuffled))
            times.append(time.monotonic())
            assert found.hypothetical is not None and other.hypothetical is not None
            seqlets = find_seqlets(
                found.hypothetical, found.codes, case.alphabet,
                control=(other.hypothetical, other.codes), seed=seed,
            )  # fmt: skip
            patterns = find_patterns(
                found.hypothetical, found.codes, case.alphabet, seqlets=seqlets, seed=seed
            )
            times.append(time.monotonic())
            positive = [p.motif() for p in patterns if p.sign > 0]
            likeness = [f"{best_likeness(w, positive, case.alphabet):.2f}" for w in wanted]
            area = model.extra["metrics"]["held_out"]["probability"]["auroc"]["value"]
            spent = " | ".join(f"{b - a:.1f}" for a, b in pairwise(times))
            print(f"| {name} | {seed} | {area:.3f} | {len(wanted)} | {len(positive)} "
                  f"| {len(seqlets):,} | {' '.join(likeness)} | {spent} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
