"""Train on ChIP-seq sets with default settings, and judge the models on the test files.

    python benchmarks/bench_training_chip.py --data FOLDER SP1 MYC --seeds 3

FOLDER holds one folder for each set with `train.fa.gz` (the control is made by shuffling),
`test_pos.fa.gz` and `test_neg.fa.gz`; SEQCNN_DATA is its default. Times are of the whole command.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETS = ("GABPA", "CTCFL", "SP1", "USF1_HepG2", "MYC", "TBP")


def run(*arguments: str) -> float:
    """Run a command of seqcnn and return its seconds."""
    start = time.monotonic()
    command = [sys.executable, "-m", "seqcnn", *arguments, "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", default=SETS)
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    if options.data is None:
        print("no data: give --data or set SEQCNN_DATA")
        return
    print("set\tseed\tseconds\ttest_auroc\tlow\thigh\theld_out_auroc\tece\tece_limit\tslope")
    for name in options.sets:
        folder = Path(options.data) / name
        if not folder.exists():
            print(f"# {name} is absent")
            continue
        for seed in range(options.seeds):
            with tempfile.TemporaryDirectory() as scratch:
                model, judged = f"{scratch}/model", f"{scratch}/judged"
                spent = run("train", str(folder / "train.fa.gz"), "-o", model, "--seed", str(seed))
                files = [str(folder / f"test_{part}.fa.gz") for part in ("pos", "neg")]
                run("evaluate", model, files[0], "--control", files[1], "-o", judged)
                trained = json.loads(Path(model, "metrics.json").read_text())
                facts = json.loads(Path(judged, "metrics.json").read_text())
            found = facts["metrics"]["probability"]
            cells = [*found["auroc"].values(),
                     trained["held_out"]["probability"]["auroc"]["value"],
                     found["ece"]["value"], facts["ece_limit"],
                     found["calibration_slope"]["value"]]  # fmt: skip
            shown = "\t".join(f"{cell:.4f}" for cell in cells)
            print(f"{name}\t{seed}\t{spent:.0f}\t{shown}", flush=True)


if __name__ == "__main__":
    main()
