"""Learn binding sites from pictures of sequences, and compare with learning from the letters.

    python benchmarks/bench_image_sequences.py --data FOLDER [GABPA ...] [--copies 3] [--seed 0]

FOLDER holds one folder for each set, as for bench_training_chip.py, whose figures these are to be
compared with. The training peaks and their shuffles are drawn (`image from-sequences`), a
`motifcnn` of two dimensions is trained on the pictures, which are turned half around at random
(`image train`), and the pictures of the test files are scored (`image predict`). Seconds are of all
cores.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np


def run(*arguments: str) -> float:
    """Run a command of ``seqcnn image``, and return the seconds of all cores."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "seqcnn", "image", *arguments, "-q"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def judge(folder: Path, copies: int, seed: int) -> list[float]:
    """Draw, train and predict; give the seconds of each, and both areas."""
    from seqcnn.stats.auroc import auroc

    with tempfile.TemporaryDirectory() as scratch:
        drawn, test, model = (f"{scratch}/{name}" for name in ("train", "test", "model"))
        known = ["--seed", str(seed)]
        files = [str(folder / f"{part}.fa.gz") for part in ("train", "test_pos", "test_neg")]
        spent = [run("from-sequences", files[0], "--copies", str(copies), "-o", drawn, *known)]
        run("from-sequences", files[1], "--control", files[2], "-o", test)
        labels = ["--labels", f"{drawn}/pictures.tsv", "--columns", "class", "--group-by", "group"]
        network = ["--network", "motifcnn", "--dims", "2", "--ensemble", "2"]
        turned = ["--augment", "turn180", "-o", model, *known]
        spent.append(run("train", drawn, *labels, *network, *turned))
        spent.append(run("predict", model, test, "-o", f"{scratch}/scores.tsv"))
        header, *rows = (
            line.split("\t") for line in Path(scratch, "scores.tsv").read_text().splitlines()
        )
        scores = np.array([float(row[header.index("foreground")]) for row in rows])
        bound = np.array([row[0].startswith("foreground") for row in rows])
        held = json.loads(Path(model, "metrics.json").read_text())["held_out"]["mean"]["auroc"]
        return [*spent, held["value"], auroc(scores[bound], scores[~bound])]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", nargs="*", default=["GABPA"])
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    parser.add_argument("--copies", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.data is None:
        print("no data: give --data or set SEQCNN_DATA")
        return
    print("set\tdraw_s\ttrain_s\tpredict_s\theld_out_auroc\ttest_auroc")
    for name in options.sets:
        found = judge(options.data / name, options.copies, options.seed)
        print(name, *(f"{value:.4g}" for value in found), sep="\t", flush=True)


if __name__ == "__main__":
    main()
