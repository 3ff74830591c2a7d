"""Train on ChIP-seq sets with default settings, and judge the models on the test files.

    python benchmarks/bench_training_chip.py --data FOLDER SP1 MYC --seeds 3
    python benchmarks/bench_training_chip.py --data FOLDER SP1 MYC --seeds 1 --folds 5

FOLDER holds one folder for each set with `train.fa.gz` (the control is made by shuffling),
`test_pos.fa.gz` and `test_neg.fa.gz`; SEQCNN_DATA is its default. With --folds the training file is
cross-validated instead, and no test file is read. Times are of the whole command: seconds by the
clock, and of all cores.

The four columns of calibration (error over 10 equal-mass bins, the 95th percentile of it for
probabilities that are right, slope, intercept) are given for the part that `train` holds out, and
for the test files.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SETS = ("GABPA", "CTCFL", "SP1", "USF1_HepG2", "MYC", "TBP")

CALIBRATION = ("ece", "limit", "slope", "intercept")


def run(*arguments: str) -> tuple[float, float]:
    """Run a command of seqcnn, and return its seconds and those of all cores."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "seqcnn", *arguments, "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - start, cpu


def calibration(found: dict[str, Any], limit: float) -> list[float]:
    """Give the columns of `CALIBRATION`."""
    slope, intercept = (found[f"calibration_{name}"]["value"] for name in CALIBRATION[2:])
    return [found["ece"]["value"], limit, slope, intercept]


def judge(folder: Path, seed: int, folds: int) -> list[float]:
    """Train, and evaluate on the test files unless there are folds."""
    with tempfile.TemporaryDirectory() as scratch:
        model, judged = f"{scratch}/model", f"{scratch}/judged"
        options = ["-o", model, "--seed", str(seed), "--folds", str(folds)]
        spent = run("train", str(folder / "train.fa.gz"), *options)
        trained = json.loads(Path(model, "metrics.json").read_text())
        found = trained["held_out"]["probability"]
        cells = [*spent, *found["auroc"].values(), *calibration(found, trained["ece_limit"])]
        if folds > 1:
            return cells
        files = [str(folder / f"test_{part}.fa.gz") for part in ("pos", "neg")]
        run("evaluate", model, files[0], "--control", files[1], "-o", judged)
        facts = json.loads(Path(judged, "metrics.json").read_text())
        found = facts["metrics"]["probability"]
        return [*cells, *found["auroc"].values(), *calibration(found, facts["ece_limit"])]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--folds", type=int, default=1)
    options = parser.parse_args()
    if options.data is None:
        print("no data: give --data or set SEQCNN_DATA")
        return
    parts = ("held_out",) if options.folds > 1 else ("held_out", "test")
    names = ("auroc", "low", "high", *CALIBRATION)
    columns = [f"{part}_{name}" for part in parts for name in names]
    print("\t".join(["set", "seed", "seconds", "cpu_seconds", *columns]))
    for name in options.sets:
        folder = Path(options.data) / name
        if not folder.exists():
            print(f"# {name} is absent")
            continue
        for seed in range(options.seeds):
            wall, cpu, *cells = judge(folder, seed, options.folds)
            shown = "\t".join(f"{cell:.4f}" for cell in cells)
            print(f"{name}\t{seed}\t{wall:.0f}\t{cpu:.0f}\t{shown}", flush=True)


if __name__ == "__main__":
    main()
