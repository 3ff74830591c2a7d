"""Kill training runs with SIGKILL at random moments, resume them, and compare the models' bytes.

    python benchmarks/bench_training_resume.py --runs 10

Every run trains the same two networks on data that is made here, is killed up to three times, and
goes on with --resume. The last line tells how many came to the bytes of the run left alone.
"""

import argparse
import hashlib
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

OPTIONS = ["--ensemble", "2", "--rounds", "8", "--steps", "100", "--set", "kernels=16", "-q"]
KILLS = 3
"""Times that a run is killed at most."""


def make_sequences(path: Path, number: int = 400, length: int = 60) -> None:
    rng = np.random.default_rng(0)
    with path.open("w") as handle:
        for i in range(number):
            letters = rng.choice(list("ACGT"), length)
            start = rng.integers(0, length - 9)
            letters[start : start + 9] = list("TGACTCAGC")
            handle.write(f">s{i}\n{''.join(letters)}\n")


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def killed_run(command: list[str], rng: np.random.Generator, longest: float) -> int:
    """Run to the end in spite of kills, and return how many there were."""
    kills = 0
    while kills < KILLS:
        process = subprocess.Popen([*command, "--resume"], stdout=subprocess.DEVNULL)
        try:
            process.wait(float(rng.uniform(0, longest)))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        else:
            return kills
    subprocess.run([*command, "--resume"], check=True, stdout=subprocess.DEVNULL)
    return kills


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    runs = parser.parse_args().runs
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        make_sequences(folder / "in.fa")

        def command(name: str) -> list[str]:
            start = [sys.executable, "-m", "seqcnn", "train", str(folder / "in.fa")]
            return [*start, "-o", str(folder / name), *OPTIONS]

        start = time.monotonic()
        subprocess.run(command("whole"), check=True, stdout=subprocess.DEVNULL)
        spent = time.monotonic() - start
        expected, same = digests(folder / "whole"), 0
        print("run\tkills\tidentical", flush=True)
        for number in range(runs):
            kills = killed_run(command(f"run{number}"), rng, spent)
            equal = digests(folder / f"run{number}") == expected
            same += equal
            print(number + 1, kills, "yes" if equal else "NO", sep="\t", flush=True)
        print(f"identical: {same} of {runs}")


if __name__ == "__main__":
    main()
