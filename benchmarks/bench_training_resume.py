"""Kill training runs with SIGKILL in the middle, resume them, and compare the models' bytes.

    python benchmarks/bench_training_resume.py --runs 10

Every run trains the same two networks on data that is made here. It is killed one to three times,
at moments drawn from the time between its first saved state and the end of its training; a run that
was past that before it could be killed is thrown away and made again, so that every run that counts
was killed with a state on the disk and training left to do. The last line tells how many came to
the bytes of the run left alone.
"""

import argparse
import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np

ROUNDS = 8
OPTIONS = ["--ensemble", "2", "--rounds", str(ROUNDS), "--steps", "100", "--patience", str(ROUNDS)]
OPTIONS += ["--network", "motifcnn", "--set", "kernels=16", "-q"]
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


def states(folder: Path) -> list[Path]:
    return sorted(folder.glob("checkpoint/network-*/*/state.json"))


def saved(folder: Path) -> list[tuple[Path, int]]:
    found = []
    for path in states(folder):
        with suppress(FileNotFoundError):  # the run is over, and takes its states away
            found.append((path, path.stat().st_mtime_ns))
    return found


def wait_for_state(process: subprocess.Popen, folder: Path) -> bool:
    """Wait until another state is saved; False if the run is over before."""
    before = saved(folder)
    while process.poll() is None:
        if saved(folder) != before:
            return True
        time.sleep(0.005)
    return False


def place(folder: Path) -> tuple[int, int, int]:
    """Say where a run is by its last state: the network, the round and the step."""
    newest = states(folder)[-1]
    state = json.loads(newest.read_text())["place"]
    return int(newest.parts[-3].removeprefix("network-")), state["round"], state["step"]


def whole_run(command: list[str], folder: Path) -> float:
    """Run to the end, and return the seconds from the first state to the last."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    assert wait_for_state(process, folder), "the run left alone failed"
    start = last = time.monotonic()
    while wait_for_state(process, folder):
        last = time.monotonic()
    assert process.wait() == 0
    return last - start


def killed_run(
    command: list[str], folder: Path, rng: np.random.Generator, longest: float
) -> list[tuple[int, int, int]]:
    """Run to the end in spite of kills, and return where it was killed."""
    places: list[tuple[int, int, int]] = []
    wanted = int(rng.integers(1, KILLS + 1))
    while len(places) < wanted:
        process = subprocess.Popen([*command, "--resume"], stdout=subprocess.DEVNULL)
        alive = wait_for_state(process, folder)
        with suppress(subprocess.TimeoutExpired):
            process.wait(float(rng.uniform(0, longest)) if alive else 60)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
        in_time = killed and states(folder) and place(folder)[:2] < (2, ROUNDS)
        if in_time:
            places.append(place(folder))
        elif places:  # resumed, and past its training before the next kill: a run all the same
            break
        else:
            shutil.rmtree(folder)
    subprocess.run([*command, "--resume"], check=True, stdout=subprocess.DEVNULL)
    return places


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

        spent = whole_run(command("whole"), folder / "whole")
        expected, same = digests(folder / "whole"), 0
        print("run\tkills\tidentical\tlast state at each kill", flush=True)
        for number in range(runs):
            out = folder / f"run{number}"
            places = killed_run(command(out.name), out, rng, spent)
            assert places, "a run that was never killed shows nothing"
            equal = digests(out) == expected
            same += equal
            told = "; ".join(f"network {n} round {r} step {s}" for n, r, s in places)
            print(number + 1, len(places), "yes" if equal else "NO", told, sep="\t", flush=True)
        print(f"identical: {same} of {runs}")


if __name__ == "__main__":
    main()
