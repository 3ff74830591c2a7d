"""Break training in all ways but kills, and look at what is left: one row a mishap.

    python benchmarks/bench_training_state.py --flips 200

Kills are in `bench_training_resume.py`. Rows: bits flipped in a model (`load_model` must refuse
each one), SIGTERM, a disk that is full (a limit on the size of files, and a small tmpfs where
mounting is allowed), a loss that is no number, a damaged checkpoint. For each the exit code, how
many lines tell of an error, and whether the run goes on to the bytes of one that was left alone.
"""

import argparse
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.networks.weights import Model, create_member, load_model, save_model
from seqcnn.seq.alphabet import DNA

SEQCNN = [sys.executable, "-m", "seqcnn", "train"]
OPTIONS = ["--ensemble", "2", "--rounds", "6", "--steps", "40", "--patience", "8", "-q",
           "--network", "motifcnn", "--set", "kernels=64"]  # fmt: skip


def make_sequences(path: Path, number: int = 300, length: int = 60) -> None:
    rng = np.random.default_rng(0)
    with path.open("w") as handle:
        for i in range(number):
            letters = rng.choice(list("ACGT"), length)
            start = rng.integers(0, length - 9)
            letters[start : start + 9] = list("TGACTCAGC")
            handle.write(f">s{i}\n{''.join(letters)}\n")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def flipped_bits(folder: Path, number: int) -> tuple[int, int]:
    """Flip single bits of a small model, half of them in either file; count what is refused."""
    member = create_member("motifcnn", alphabet=DNA, kernels=2, width=4, hidden=2)
    save_model(Model((member,), DNA, {"prevalence": 0.1234567}), folder)
    load_model(folder)
    rng, refused = np.random.default_rng(0), 0
    for i in range(number):
        path = folder / ("config.json", "weights.safetensors")[i % 2]
        intact = path.read_bytes()
        raw = bytearray(intact)
        raw[rng.integers(len(raw))] ^= 1 << rng.integers(8)
        path.write_bytes(raw)
        try:
            load_model(folder)
        except SeqcnnError:
            refused += 1
        path.write_bytes(intact)
    load_model(folder)
    return refused, number


def run(arguments: list[str], **options) -> subprocess.CompletedProcess:
    environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
    return subprocess.run(
        [*SEQCNN, *arguments], capture_output=True, text=True, env=environment, **options
    )


def state_of(out: Path) -> list[Path]:
    return sorted(out.glob("checkpoint/network-*/*/state.json"))


def stopped(arguments: list[str], out: Path, number: int) -> subprocess.CompletedProcess:
    """Start a run and send it a signal once it has saved a state."""
    process = subprocess.Popen(
        [*SEQCNN, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while process.poll() is None and not state_of(out):
        time.sleep(0.01)
    process.send_signal(number)
    told, said = process.communicate()
    return subprocess.CompletedProcess(arguments, process.returncode, told, said)


def show(what: str, done: subprocess.CompletedProcess, after: str) -> None:
    lines = [line for line in done.stderr.splitlines() if line.startswith("error")]
    print(what, done.returncode, len(lines), after, *lines, sep="\t", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--flips", type=int, default=200)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        refused, flips = flipped_bits(folder / "small", options.flips)
        print(f"# flipped bits refused: {refused} of {flips}", flush=True)
        print("mishap\texit\terror_lines\tafterwards\terror")
        make_sequences(folder / "in.fa")
        base = [str(folder / "in.fa"), *OPTIONS]
        assert run([*base, "-o", str(folder / "whole")]).returncode == 0
        whole = digests(folder / "whole")

        def resumed(out: Path) -> str:
            again = run([*base, "-o", str(out), "--resume"])
            same = again.returncode == 0 and digests(out) == whole
            return f"resumed to {'the same' if same else 'OTHER'} bytes"

        out = folder / "term"
        done = stopped([*base, "-o", str(out)], out, signal.SIGTERM)
        show("SIGTERM", done, resumed(out))

        out = folder / "limit"
        limited = f"ulimit -f 8; exec {shlex.join([*SEQCNN, *base, '-o', str(out)])}"
        environment = os.environ | {"JAX_ENABLE_COMPILATION_CACHE": "false"}
        done = subprocess.run(
            ["bash", "-c", limited], capture_output=True, text=True, env=environment
        )
        show("files of 8 kB at most", done, resumed(out))

        out = folder / "disk" / "m"
        out.parent.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(out.parent)]
        if shutil.which("mount") and subprocess.run(mount, capture_output=True).returncode == 0:
            try:
                done = run([*base, "-o", str(out)])
                before = len(state_of(out))
                subprocess.run(["mount", "-o", "remount,size=9m", str(out.parent)], check=True)
                show("a tmpfs of 64 kB", done, f"{before} states, {resumed(out)}")
            finally:
                subprocess.run(["umount", str(out.parent)], check=True)
        else:
            print("a tmpfs of 64 kB\tnot mounted here")

        out = folder / "wild"
        done = run([*base, "-o", str(out), "--learning-rate", "1e30", "--weight-decay", "1e30"])
        show("a loss that is no number", done, f"{len(state_of(out))} states saved")

        out = folder / "damaged"
        stopped([*base, "-o", str(out)], out, signal.SIGTERM)
        for path in [
            state_of(out)[-1],
            *sorted(out.glob("checkpoint/*/*/last-*.safetensors"))[-1:],
        ]:
            intact = path.read_bytes()
            raw = bytearray(intact)
            raw[len(raw) // 2] ^= 4
            path.write_bytes(raw)
            done = run([*base, "-o", str(out), "--resume"])
            path.write_bytes(intact)
            show(f"a bit flipped in {path.name.partition('-')[0]}", done, "not gone on with")
        print(f"the intact checkpoint\t0\t0\t{resumed(out)}")


if __name__ == "__main__":
    main()
