"""Count how often `discover` reports a motif where there is none.

    python benchmarks/bench_discovery_null.py --runs 20 --table nulls.tsv
    python benchmarks/bench_discovery_null.py --kinds split yeast --data FOLDER --table nulls.tsv
    python benchmarks/bench_discovery_null.py --summary nulls.tsv

Seven kinds of null, one run for each seed:

    random       random sequences against shuffles
    shuffled     shuffles of real peaks against shuffles of these
    split        real peaks, split at random into foreground and control
    composition  GC .55 against a control of .45
    length       200 letters against 100, one against five
    copies       every sequence five times with 3 % mutations, against shuffles
    yeast        windows of a genome against windows of it: structure of high order on both sides

and `planted`, which has a motif in 10 % of the sequences, so that silence fails too. FOLDER (or
SEQCNN_DATA) holds `chip/GABPA/train.fa.gz` and `yeast/sacCer_R64.fa.gz`; kinds without their data
are left out. The table is written line by line, and a run that it holds is not run again.

By the definition of an E-value at most 5 % of the runs may have a motif at E < .05. One of the
tested candidates of each run is drawn (p = 1 where there is none): these p-values may not be
smaller than uniform ones (one-sided Kolmogorov-Smirnov test).
"""

import argparse
import csv
import os
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from planting import plant
from scipy import stats

from seqcnn.cli.options import prepare_jax
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffle

COLUMNS = ("kind", "seed", "number", "motifs", "tests", "drawn_p", "cpu_s")

Sets = tuple[SequenceSet, SequenceSet | None]


def as_set(rows: np.ndarray) -> SequenceSet:
    return SequenceSet.from_arrays(list(rows), alphabet=DNA)


def random_set(rng: np.random.Generator, number: int, length: int, gc: float = 0.5) -> SequenceSet:
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    return as_set(rng.choice(4, (number, length), p=shares).astype(np.uint8))


@cache
def peaks(data: Path) -> SequenceSet:
    return read_sequences(data / "chip" / "GABPA" / "train.fa.gz")


@cache
def genome(data: Path) -> SequenceSet:
    return read_sequences(data / "yeast" / "sacCer_R64.fa.gz")


def of_peaks(rng: np.random.Generator, number: int, data: Path) -> SequenceSet:
    whole = peaks(data)
    return whole.select(rng.permutation(len(whole))[:number])


def make_shuffled(rng: np.random.Generator, number: int, data: Path) -> Sets:
    return shuffle(of_peaks(rng, number, data), seed=int(rng.integers(1 << 30))), None


def make_split(rng: np.random.Generator, number: int, data: Path) -> Sets:
    both = of_peaks(rng, 2 * number, data)
    return both.select(np.arange(number)), both.select(np.arange(number, 2 * number))


def make_copies(rng: np.random.Generator, number: int, data: Path) -> Sets:
    rows = rng.integers(0, 4, (number // 5, 100)).astype(np.uint8).repeat(5, axis=0)
    mutated = rng.random(rows.shape) < 0.03
    other = (rows + rng.integers(1, 4, rows.shape)) % 4
    return as_set(np.where(mutated, other, rows).astype(np.uint8)), None


def make_yeast(rng: np.random.Generator, number: int, data: Path) -> Sets:
    whole = genome(data)
    chosen = rng.choice(len(whole), 2 * number, p=whole.lengths / whole.lengths.sum())
    room = whole.lengths[chosen] - 200
    starts = whole.offsets[chosen] + (rng.random(2 * number) * room).astype(np.int64)
    rows = whole.codes[starts[:, None] + np.arange(200)]
    return as_set(rows[:number]), as_set(rows[number:])


KINDS: dict[str, Callable[[np.random.Generator, int, Path], Sets]] = {
    "random": lambda rng, n, _: (random_set(rng, n, 100), None),
    "shuffled": make_shuffled,
    "split": make_split,
    "composition": lambda rng, n, _: (
        random_set(rng, n, 100, 0.55),
        random_set(rng, n, 100, 0.45),
    ),
    "length": lambda rng, n, _: (random_set(rng, n, 200), random_set(rng, 5 * n, 100)),
    "copies": make_copies,
    "yeast": make_yeast,
    "planted": lambda rng, n, _: (
        plant(
            number=n, length=100, fractions=(0.1,), band=2, seed=int(rng.integers(1 << 30))
        ).sequences,
        None,
    ),
}


def run(kind: str, seed: int, number: int, data: Path) -> tuple[object, ...]:
    from seqcnn.discovery.pipeline import discover
    from seqcnn.discovery.settings import Settings

    began = time.process_time()
    rng = np.random.default_rng([seed, list(KINDS).index(kind)])
    foreground, control = KINDS[kind](rng, number, data)
    found = discover(foreground, control, settings=Settings(seed=seed), database="none")
    p_values = [10**t.result.log10_p for t in found.tests]
    drawn = p_values[rng.integers(len(p_values))] if p_values else 1.0
    spent = time.process_time() - began
    return kind, seed, number, len(found.motifs), len(p_values), f"{drawn:.4g}", f"{spent:.1f}"


def read_table(path: Path | None) -> list[dict[str, str]]:
    if path is None or not path.exists():
        return []
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def summary(rows: list[dict[str, str]]) -> None:
    print("| kind | runs | with a motif | candidates tested a run | KS p, drawn p-values | CPU s |")
    print("|---|---|---|---|---|---|")
    for kind in [*KINDS, "all nulls"]:
        some = [r for r in rows if r["kind"] == kind or (kind == "all nulls" != r["kind"])]
        some = [r for r in some if kind != "all nulls" or r["kind"] != "planted"]
        if not some:
            continue
        drawn = [float(r["drawn_p"]) for r in some]
        # "greater": the distribution function lies above the uniform one, so p-values are too small
        ks = stats.kstest(drawn, "uniform", alternative="greater").pvalue
        tests, seconds = (np.mean([float(r[c]) for r in some]) for c in ("tests", "cpu_s"))
        found = sum(r["motifs"] != "0" for r in some)
        print(f"| {kind} | {len(some)} | {found} | {tests:.1f} | {ks:.3g} | {seconds:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--number", type=int, default=300, help="sequences of the foreground")
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    parser.add_argument("--table", type=Path, help="where rows are kept")
    parser.add_argument("--summary", type=Path, help="a table to sum up, then stop")
    options = parser.parse_args()
    if options.summary:
        summary(read_table(options.summary))
        return
    prepare_jax()
    needed = {"shuffled": "chip", "split": "chip", "yeast": "yeast"}
    data = Path(options.data or "absent")
    kinds = [k for k in options.kinds if k not in needed or (data / needed[k]).exists()]
    known = {(r["kind"], int(r["seed"])) for r in read_table(options.table)}
    rows = []
    for seed in range(options.runs):
        for kind in kinds:
            if (kind, seed) in known:
                continue
            row = run(kind, seed, options.number, data)
            rows.append(dict(zip(COLUMNS, map(str, row), strict=True)))
            print(*row, sep="\t", flush=True)
            if options.table:
                fresh = not options.table.exists()
                with options.table.open("a") as handle:
                    for line in [COLUMNS] * fresh + [row]:
                        handle.write("\t".join(map(str, line)) + "\n")
    summary(read_table(options.table) if options.table else rows)


if __name__ == "__main__":
    main()
