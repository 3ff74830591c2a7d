"""Run the main job on ChIP-seq sets: the first motif, CPU time, and AUROC on test files.

    python benchmarks/bench_discovery_chip.py --data FOLDER GABPA USF1_HepG2 CTCF_peaks

FOLDER holds one folder for each set with `train.fa.gz` and, for the AUROC, `test_pos.fa.gz` and
`test_neg.fa.gz`; SEQCNN_DATA is its default. Each run is a process of its own, so that CPU time has
everything in it: start, compilation (from the cache if there is one), reading, report.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from seqcnn.stats.auroc import auroc


def run(*arguments: str) -> float:
    """Run a command of seqcnn and return its CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "seqcnn", *arguments, "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_auroc(folder: Path, out: Path) -> float | None:
    if not (folder / "test_pos.fa.gz").exists():
        return None
    scores = []
    for part in ("test_pos", "test_neg"):
        table = out.parent / f"{part}.tsv"
        run("predict", str(out / "model"), str(folder / f"{part}.fa.gz"), "-o", str(table))
        scores.append(np.loadtxt(table, delimiter="\t", skiprows=1, usecols=1))
    return auroc(scores[0], scores[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=["GABPA", "USF1_HepG2", "CTCF_peaks"])
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    options = parser.parse_args()
    if options.data is None:
        print("no data: give --data or set SEQCNN_DATA")
        return
    print("set\tmotifs\tfirst\te_value\tbest_match\tcpu_s\ttest_auroc")
    for name in options.sets:
        folder = Path(options.data) / name
        if not folder.exists():
            print(f"# {name} is absent")
            continue
        with tempfile.TemporaryDirectory() as scratch:
            out = Path(scratch) / "out"
            seconds = run("discover", str(folder / "train.fa.gz"), "-o", str(out))
            with (out / "motifs.tsv").open() as handle:
                rows = list(csv.DictReader(handle, delimiter="\t"))
            first = rows[0] if rows else {"consensus": "-", "e_value": "-", "best_match": "-"}
            area = test_auroc(folder, out)
            print(name, len(rows), first["consensus"], first["e_value"], first["best_match"],
                  f"{seconds:.0f}", "" if area is None else f"{area:.4f}",
                  sep="\t", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
