"""Train on very many sequences for a few steps, and report the memory of the whole command.

    python benchmarks/bench_training_memory.py --number 1000000 --length 1000

Sequences are drawn at random and written to a FASTA file, a word planted in every second one; a
table labels them (`--kind labels`), or they are written to two files, the second being the control
(`--kind control`), or to one table with labels (`--kind table`). The figure is the largest resident
memory of the process, as the kernel counts it; it does not hold the cache of files. FOLDER needs
room for the files, about `number` x `length` bytes.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

WORD = np.frombuffer(b"TGACTCAGC", np.uint8)
LETTERS = np.frombuffer(b"ACGT", np.uint8)
BLOCK = 10_000
FEW = ["--ensemble", "1", "--rounds", "2", "--steps", "5", "--network", "motifcnn", "-q"]


def rows(number: int, length: int) -> Iterator[tuple[int, bytes]]:
    """Yield numbers and sequences; those with an odd number hold the word."""
    rng = np.random.default_rng(0)
    for first in range(0, number, BLOCK):
        size = min(BLOCK, number - first)
        block = LETTERS[rng.integers(0, 4, (size, length), dtype=np.uint8)]
        starts = rng.integers(0, length - len(WORD), size)
        for i in range(1, size, 2):
            block[i, starts[i] : starts[i] + len(WORD)] = WORD
        for i in range(size):
            yield first + i, block[i].tobytes()


def write_files(folder: Path, number: int, length: int, kind: str) -> list[str]:
    """Write the input, and return the arguments that name it."""
    whole, other, table = folder / "in.fa", folder / "other.fa", folder / "in.tsv"
    if kind == "table":
        with table.open("wb") as handle:
            handle.write(b"id\tsequence\tbound\n")
            for i, sequence in rows(number, length):
                handle.write(b"s%d\t%b\t%d\n" % (i, sequence, i % 2))
        return [str(table)]
    with whole.open("wb") as handle, other.open("wb") as second:
        for i, sequence in rows(number, length):
            to = handle if kind == "labels" or i % 2 else second
            to.write(b">s%d\n%b\n" % (i, sequence))
    if kind == "control":
        return [str(whole), "--control", str(other)]
    labels = folder / "labels.tsv"
    with labels.open("w") as handle:
        handle.write("id\tbound\n")
        handle.writelines(f"s{i}\t{i % 2}\n" for i in range(number))
    return [str(whole), "--labels", str(labels)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--number", type=int, default=1_000_000)
    parser.add_argument("--length", type=int, default=1000)
    parser.add_argument("--kind", choices=["labels", "control", "table"], default="labels")
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        folder = Path(scratch)
        start = time.monotonic()
        files = write_files(folder, options.number, options.length, options.kind)
        print(f"# written in {time.monotonic() - start:.0f} s", flush=True)
        start = time.monotonic()
        command = [sys.executable, "-m", "seqcnn", "train", *files, "-o", str(folder / "model")]
        subprocess.run([*command, *FEW], check=True)
        spent = time.monotonic() - start
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"# Python {platform.python_version()}, {os.cpu_count()} cores")
    print("kind\tsequences\tletters\tpeak_gib\tseconds")
    print(options.kind, options.number, options.length, f"{peak:.2f}", f"{spent:.0f}", sep="\t")


if __name__ == "__main__":
    main()
