"""Patterns of networks that are trained on planted motifs: as many come out as went in.

    python benchmarks/bench_explain_trained.py [--case one-20 three ...] [--seeds 0 1] [--null sign]

Each case: 1,000 sequences (`twelve`: 4,000), random letters, motifs in some of them, which do not
overlap; `seqcnn.train` with default settings against their shuffles; then what `seqcnn explain`
does: DeepSHAP of all sequences (with `--null shuffles` of a shuffle of each too), seqlets,
patterns. Printed are sites that were planted, seqlets and patterns with a positive contribution,
how many patterns are expected, how many there are of the other sign, the best likeness (Pearson
correlation over aligned columns) of each planted motif, and seconds.
"""

import argparse
import time
from itertools import pairwise
from typing import NamedTuple

import numpy as np

import seqcnn
from seqcnn.explain.attributions import Attributions
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
    "twelve": Case(4000, 100, 12, 0.25),
    "protein": Case(1000, 30, 1, 0.6, 6, (), PROTEIN),
}


def random_motif(rng: np.random.Generator, width: int, alphabet: Alphabet) -> np.ndarray:
    """Draw a leading letter for each column, (width, letters)."""
    values = np.full((width, alphabet.size), (1 - STRONG) / (alphabet.size - 1))
    values[np.arange(width), rng.integers(0, alphabet.size, width)] = STRONG
    return values


def planted(case: Case, seed: int) -> tuple[SequenceSet, list[np.ndarray], int]:
    """Make sequences, the matrices that are to come out, and count the sites."""
    rng, alphabet = np.random.default_rng([seed, 77]), case.alphabet
    rows = rng.integers(0, alphabet.size, (case.number, case.length)).astype(np.uint8)
    taken = np.zeros(rows.shape, bool)
    wanted, sites = [], 0
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
                at = _free_place(taken[row], len(kind), rng)
                if at is None:
                    continue
                taken[row, at : at + len(kind)] = True
                site = [rng.choice(alphabet.size, p=column) for column in kind]
                fixed = kind.max(axis=1) > 2 / alphabet.size
                places = at + np.flatnonzero(fixed)
                rows[row, places] = np.array(site, np.uint8)[fixed]
                sites += 1
    return SequenceSet.from_arrays(list(rows), alphabet=alphabet), wanted, sites


def _free_place(taken: np.ndarray, width: int, rng: np.random.Generator) -> int | None:
    """Draw a start whose letters bear no site: half a dimer would be a pattern of its own."""
    free = np.flatnonzero(~np.lib.stride_tricks.sliding_window_view(taken, width).any(axis=1))
    return int(rng.choice(free)) if len(free) else None


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


def explained(name: str, seed: int, null: str) -> str:
    """Train, explain and gather patterns of one case; a line of the table."""
    case = CASES[name]
    sequences, wanted, sites = planted(case, seed)
    times = [time.monotonic()]
    model = seqcnn.train(sequences, seed=seed)
    times.append(time.monotonic())
    found, control = attribute(model, sequences, seed=seed), None
    if null == "shuffles":
        shuffled, _ = shuffled_control(sequences, seed=seed)
        other = attribute(model, shuffled, seed=seed)
        control = hypothetical_of(other), other.codes
    times.append(time.monotonic())
    given, alphabet = hypothetical_of(found), case.alphabet
    seqlets = find_seqlets(given, found.codes, alphabet, control=control, seed=seed)
    patterns = find_patterns(given, found.codes, alphabet, seqlets=seqlets, seed=seed)
    times.append(time.monotonic())
    positive = [p.motif() for p in patterns if p.sign > 0]
    likeness = " ".join(f"{best_likeness(w, positive, alphabet):.2f}" for w in wanted)
    area = model.extra["metrics"]["held_out"]["probability"]["auroc"]["value"]
    spent = " | ".join(f"{b - a:.1f}" for a, b in pairwise(times))
    return (f"| {name} | {seed} | {area:.3f} | {sites:,} | {(seqlets.sign > 0).sum():,} "
            f"| {len(wanted)} | {len(positive)} | {len(patterns) - len(positive)} "
            f"| {likeness} | {spent} |")  # fmt: skip


def hypothetical_of(found: Attributions) -> np.ndarray:
    assert found.hypothetical is not None
    return found.hypothetical


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--null", choices=["sign", "shuffles"], default="sign")
    options = parser.parse_args()
    print("| case | seed | held-out AUROC | sites | seqlets | expected | patterns | negative "
          "| likeness | s trained | s explained | s patterns |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in options.case:
        for seed in options.seeds:
            print(explained(name, seed, options.null), flush=True)


if __name__ == "__main__":
    main()
