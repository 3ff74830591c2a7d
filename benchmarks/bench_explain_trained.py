"""Patterns of networks that are trained on planted motifs: as many come out as went in.

    python benchmarks/bench_explain_trained.py [--case one-20 three ...] [--seeds 0 1] [--null sign]
        [--folder FOLDER] [--modisco PYTHON]

Each case: 1,000 sequences (`twelve`: 4,000), random letters, motifs in some of them, which do not
overlap; `seqcnn.train` with default settings against their shuffles; then what `seqcnn explain`
does: DeepSHAP of all sequences (with `--null shuffles` of a shuffle of each too), seqlets,
patterns. Printed are sites that were planted, seqlets and patterns with a positive contribution,
how many patterns are expected, how many there are of the other sign, the best likeness (Pearson
correlation over aligned columns) of each planted motif, and seconds.

`--modisco` is a Python with modisco-lite, which gets the same contributions: instead of the table
above, patterns, CPU seconds and memory of both, each in a process that does nothing else.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from bench_explain_patterns import run_both

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


LIKE = 0.9
"""Likeness of a motif that is found, beside modisco-lite."""


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


class Explained(NamedTuple):
    """Hypothetical contributions and codes, and those of shuffles; AUROC; seconds."""

    given: np.ndarray
    codes: np.ndarray
    control: np.ndarray
    control_codes: np.ndarray
    auroc: float
    trained: float
    explained: float


def explained(sequences: SequenceSet, seed: int) -> Explained:
    """Train, and say what each letter contributes."""
    began = time.monotonic()
    model = seqcnn.train(sequences, seed=seed)
    trained = time.monotonic()
    shuffled, _ = shuffled_control(sequences, seed=seed)
    found = attribute(model, sequences, seed=seed)
    ended = time.monotonic()
    control = attribute(model, shuffled, seed=seed)
    assert found.hypothetical is not None
    assert control.hypothetical is not None
    auroc = model.extra["metrics"]["held_out"]["probability"]["auroc"]["value"]
    arrays = found.hypothetical, found.codes, control.hypothetical, control.codes
    return Explained(*arrays, auroc, trained - began, ended - trained)


def kept(name: str, seed: int, folder: Path | None) -> tuple[Explained, list[np.ndarray], int]:
    """Explain a case, or read what was written of it; with what was planted and how often."""
    sequences, wanted, sites = planted(CASES[name], seed)
    path = folder / f"{name}_{seed}.npz" if folder else None
    if path and path.exists():
        with np.load(path) as arrays:
            return Explained(**arrays), wanted, sites
    found = explained(sequences, seed)
    if path:
        np.savez(path, **found._asdict())
    return found, wanted, sites


def told(name: str, seed: int, null: str, folder: Path | None) -> str:
    """Gather the patterns of a case; a line of the table."""
    found, wanted, sites = kept(name, seed, folder)
    alphabet = CASES[name].alphabet
    began = time.process_time()
    seqlets = find_seqlets(
        found.given, found.codes, alphabet, seed=seed,
        control=(found.control, found.control_codes) if null == "shuffles" else None,
    )  # fmt: skip
    patterns = find_patterns(found.given, found.codes, alphabet, seqlets=seqlets, seed=seed)
    spent = time.process_time() - began
    positive = [p.motif() for p in patterns if p.sign > 0]
    likeness = " ".join(f"{best_likeness(w, positive, alphabet):.2f}" for w in wanted)
    return (f"| {name} | {seed} | {found.auroc:.3f} | {sites:,} | {(seqlets.sign > 0).sum():,} "
            f"| {len(wanted)} | {len(positive)} | {len(patterns) - len(positive)} "
            f"| {likeness} | {found.trained:.0f} | {found.explained:.0f} "
            f"| {spent:.1f} |")  # fmt: skip


def beside(name: str, seed: int, modisco: str, folder: Path | None) -> None:
    """Print rows of both for a case."""
    found, wanted, _ = kept(name, seed, folder)
    with tempfile.TemporaryDirectory() as place:
        path = str(Path(place) / "arrays.npz")
        np.savez(path, contributions=found.given, codes=found.codes)
        for by, result in run_both(path, modisco):
            if "error" in result:
                print(f"| {name} | {seed} | {by} | {result['error']} | | | | | |", flush=True)
                continue
            matrices = [(np.array(m) + 1e-3) / (1 + 4e-3) for m in result["matrices"]]
            motifs = [Motif("p", ProbabilityMatrix(m, DNA)) for m in matrices]
            likeness = [best_likeness(w, motifs, DNA) for w in wanted]
            right = sum(r > LIKE for r in likeness)
            row = (name, seed, by, f"{result['seqlets']:,}", len(wanted), right, len(motifs),
                   f"{result['cpu']:.1f}", f"{result['mb']:.0f}")  # fmt: skip
            print(f"| {' | '.join(map(str, row))} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--case", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--null", choices=["sign", "shuffles"], default="sign")
    parser.add_argument("--modisco", help="a Python with modisco-lite")
    parser.add_argument("--folder", type=Path, help="where contributions are kept")
    options = parser.parse_args()
    if options.folder:
        options.folder.mkdir(parents=True, exist_ok=True)
    if options.modisco:
        print("| case | seed | by | seqlets | expected | found | patterns | CPU s | MB |\n"
              "|---|---|---|---|---|---|---|---|---|")  # fmt: skip
        for name in options.case:
            for seed in options.seeds if CASES[name].alphabet is DNA else ():
                beside(name, seed, options.modisco, options.folder)
        return
    print("| case | seed | held-out AUROC | sites | seqlets | expected | patterns | negative "
          "| likeness | s trained | s explained | CPU s patterns |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for name in options.case:
        for seed in options.seeds:
            print(told(name, seed, options.null, options.folder), flush=True)


if __name__ == "__main__":
    main()
