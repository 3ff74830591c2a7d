"""Rank the family of the factor in ChIP-seq peaks by `enrich`, and count what it finds in nothing.

    python benchmarks/bench_motifs_enrich.py                      # planted, a few seconds
    python benchmarks/bench_motifs_enrich.py --full --data FOLDER

A motif is of the factor's family if it correlates with the factor's own profile of JASPAR by .8 or
more, over half of the information of either. Null runs swap the peaks with their shuffles, or split
the peaks at random: at most 5 % of the motifs may have q < .05. None of the Python packages that
can be installed has a test of enrichment (pymemesuite has FIMO alone, memelite FIMO and Tomtom), so
there is no peer beside it.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from planting import plant
from timing import processor

from seqcnn import __version__
from seqcnn.motifs.compare import similarity
from seqcnn.motifs.data import load_motifs
from seqcnn.motifs.enrich import Enrichment, enrich
from seqcnn.motifs.motif import Motif
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffled_control

FACTORS = {
    "GABPA": "MA0062", "CTCFL": "MA1102", "SP1": "MA0079", "USF1_HepG2": "MA0093",
    "MYC": "MA0147", "TBP": "MA0108", "CTCF_peaks": "MA0139",
}  # fmt: skip
"""Sets and JASPAR's profile of their factor."""


def peaks_of(data: Path, names: Sequence[str]) -> Iterator[tuple[str, SequenceSet]]:
    for name in names:
        path = data / "chip" / name / "train.fa.gz"
        if path.exists():
            yield name, read_sequences(path)


def toy_peaks(motifs: Sequence[Motif]) -> SequenceSet:
    gabpa = next(m for m in motifs if m.name.startswith(FACTORS["GABPA"]))
    return plant(number=200, length=60, fractions=[0.5], motifs=[gabpa]).sequences


def some(sequences: SequenceSet, number: int, seed: int) -> SequenceSet:
    rows = np.random.default_rng(seed).permutation(len(sequences))
    return sequences.select(rows[:number]) if number else sequences


def first_of_family(found: Sequence[Enrichment], factor: str) -> int:
    """Rank, from 1, of the first motif like the factor's own."""
    own = next(e.motif for e in found if e.motif.name.startswith(factor))
    for rank, one in enumerate(found, 1):
        match, back = similarity(one.motif, own), similarity(own, one.motif)
        if match.r >= 0.8 and min(match.coverage, back.coverage) >= 0.5:
            return rank
    raise AssertionError("a motif is like itself")


def null_sets(
    kind: str, peaks: SequenceSet, number: int, seed: int
) -> tuple[SequenceSet, SequenceSet]:
    """Foreground and control in which there is nothing to find."""
    if kind == "swapped":
        chosen = some(peaks, number, seed)
        return shuffled_control(chosen, seed=seed)[0], chosen
    chosen = some(peaks, 2 * number, seed)
    return chosen.select(np.arange(0, len(chosen), 2)), chosen.select(np.arange(1, len(chosen), 2))


def significant(found: Sequence[Enrichment]) -> float:
    return sum(e.log10_q < np.log10(0.05) for e in found) / len(found)


def cpu_seconds() -> float:
    """Seconds of this process and of the helpers that have ended."""
    return sum(os.times()[:4])


def rank_row(name: str, peaks: SequenceSet, motifs: Sequence[Motif]) -> str:
    began, busy = time.perf_counter(), cpu_seconds()
    found = enrich(motifs, peaks)
    spent = time.perf_counter() - began, cpu_seconds() - busy
    best = found[0]
    cells = [
        name, len(peaks), f"{best.motif.name} {best.motif.alternative_name}",
        first_of_family(found, FACTORS[name]), f"{best.log10_p:.0f}", f"{best.auroc:.3f}",
        f"{100 * significant(found):.1f} %", *(f"{s:.0f}" for s in spent),
    ]  # fmt: skip
    return row(*cells)


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def heading(*names: str) -> None:
    print(row(*names), row(*["---"] * len(names)), sep="\n", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("SEQCNN_DATA", "data")))
    parser.add_argument("--sets", nargs="*", default=[*FACTORS])
    parser.add_argument("--motifs", default="jaspar")
    parser.add_argument("--most", type=int, default=0, help="sequences of a set; 0 for all")
    parser.add_argument("--null-number", type=int, default=3000, help="sequences of a null run")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", choices=["ranks", "nulls"])
    options = parser.parse_args()
    motifs = load_motifs(options.motifs)
    if options.full:
        sets = list(peaks_of(options.data, options.sets))
    else:
        motifs = [m for i, m in enumerate(motifs) if i < 40 or m.name.startswith(FACTORS["GABPA"])]
        sets, options.null_number, options.seeds = [("GABPA", toy_peaks(motifs))], 50, 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    print(f"{processor()}, {cores} cores; seqcnn {__version__}, NumPy {np.__version__}; "
          f"{len(motifs):,} motifs ({options.motifs})\n")  # fmt: skip
    if options.only != "nulls":
        heading("set", "sequences", "first motif", "rank of the family", "log10 p", "AUROC",
                "motifs with q < .05", "seconds", "CPU seconds")  # fmt: skip
        for name, peaks in sets:
            print(rank_row(name, some(peaks, options.most, 0), motifs), flush=True)
        print()
    if options.only == "ranks":
        return
    heading("set", "null", "runs", "motifs with q < .05, mean", "most", "with p < .05, mean")
    for name, peaks in sets:
        for kind in ("swapped", "split"):
            found = [
                enrich(motifs, *null_sets(kind, peaks, options.null_number, seed), seed=seed)
                for seed in range(options.seeds)
            ]
            shares = [100 * significant(f) for f in found]
            small = [100 * np.mean([e.log10_p < np.log10(0.05 / 2) for e in f]) for f in found]
            print(row(name, kind, len(found), f"{np.mean(shares):.2f} %", f"{max(shares):.2f} %",
                      f"{np.mean(small):.1f} %"), flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
