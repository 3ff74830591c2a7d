"""Time FASTA to codes against Biopython's SimpleFastaParser and pyfastx.

    python benchmarks/bench_seq_fasta.py --full [--rounds 9]

Few long records and many short ones, with and without descriptions, on one line or wrapped. seqcnn
guesses the alphabet and makes all its checks, as in its commands; it makes names and descriptions
into Python strings only when they are asked for, which is timed too. The peers read strings, whose
codes are looked up record by record, as most users do, or joined and translated at once, the
fastest way that was found. All use one thread, and take turns in one process.

Without ``--full``, files of a few records, to see that the script runs.
"""

import argparse
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import in_turn, processor, use_cores

from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import read_sequences

TABLE = np.frombuffer(DNA.code_of_byte, np.uint8)


class File(NamedTuple):
    """The shape of a FASTA file; a width of 0 puts each record on one line."""

    title: str
    records: int
    length: int
    width: int
    described: bool

    def write(self, path: Path) -> None:
        """Write random records."""
        rng = np.random.default_rng(0)
        letters = np.frombuffer(b"ACGT", np.uint8)
        with path.open("wb") as file:
            for i in range(self.records):
                text = (
                    f" chr{i % 22 + 1}:{137 * i}-{137 * i + self.length} strand=+ score={i % 997}"
                )
                file.write(f">peak_{i + 1}{text if self.described else ''}\n".encode())
                sequence = letters[rng.integers(0, 4, self.length)].tobytes()
                for start in range(0, self.length, self.width or self.length):
                    file.write(sequence[start : start + (self.width or self.length)] + b"\n")


FULL = [
    File("long, 60 a line", 4, 8_000_000, 60, True),
    File("long, 80 a line", 4, 8_000_000, 80, True),
    File("long, one line", 4, 8_000_000, 0, True),
    File("short", 200_000, 100, 0, False),
    File("short, described", 200_000, 100, 0, True),
    File("200 bp, 60 a line, described", 100_000, 200, 60, True),
]
TOYS = [
    shape._replace(records=min(shape.records, 20), length=min(shape.length, 500)) for shape in FULL
]


def with_names(path: Path) -> list[tuple[str, str]]:
    """Read with seqcnn, and make all names and descriptions into strings."""
    found = read_sequences(path)
    descriptions = found.descriptions or [""] * len(found)
    return list(zip(found.ids, descriptions, strict=True))


def contenders(path: Path) -> tuple[dict[str, Callable[[], Any]], list[str]]:
    """Tell what to call, and the versions of the peers that are installed."""
    codes = read_sequences(path).codes
    calls: dict[str, Callable[[], Any]] = {
        "seqcnn": lambda: read_sequences(path),
        "seqcnn, names as str": lambda: with_names(path),
    }
    versions = []
    try:
        from peers import biopython_fasta as biopython

        found = np.concatenate([array for _, array in biopython.codes_by_record(path, TABLE)])
        np.testing.assert_array_equal(found, codes)
        calls["Biopython, by record"] = lambda: biopython.codes_by_record(path, TABLE)
        calls["Biopython, at once"] = lambda: biopython.codes_at_once(path, DNA.code_of_byte)
        calls["Biopython, no codes"] = lambda: biopython.strings(path)
        versions.append(biopython.VERSION)
    except ImportError as error:
        print(f"Biopython is left out: {error}", file=sys.stderr)
    try:
        from peers import pyfastx_fasta as pyfastx

        np.testing.assert_array_equal(pyfastx.codes_at_once(path, DNA.code_of_byte)[2], codes)
        calls["pyfastx, at once"] = lambda: pyfastx.codes_at_once(path, DNA.code_of_byte)
        calls["pyfastx, no codes"] = lambda: pyfastx.strings(path)
        versions.append(pyfastx.VERSION)
    except ImportError as error:
        print(f"pyfastx is left out: {error}", file=sys.stderr)
    return calls, versions


def silent(call: Callable[[], Any]) -> Callable[[], float]:
    """Let a call return a number, and free its result while it is timed, as all must."""

    def step() -> float:
        call()
        return 0.0

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the files of the table")
    parser.add_argument("--rounds", type=int, help="9 with --full, else 1")
    options = parser.parse_args()
    rounds = options.rounds or (9 if options.full else 1)
    use_cores(1)
    rows, versions = [], []
    with tempfile.TemporaryDirectory() as folder:
        for shape in FULL if options.full else TOYS:
            path = Path(folder) / "x.fa"
            shape.write(path)
            size = path.stat().st_size
            calls, versions = contenders(path)
            times = in_turn({name: silent(call) for name, call in calls.items()}, rounds)
            ours = times["seqcnn"]
            for name, own in times.items():
                usual = np.median(own.wall)
                rows.append(
                    f"| {shape.title} | {size / 1e6:.1f} | {name} | {usual * 1e3:.1f} "
                    f"| {size / usual / 1e9:.3f} "
                    f"| {np.median(own.wall / ours.wall):.2f} "
                    f"| {np.median(own.cores / ours.cores):.2f} "
                    f"| {own.wall.min() / ours.wall.min():.2f} |"
                )
    print(f"{processor()}, 1 thread, Python {platform.python_version()}, "
          f"numpy {version('numpy')}, {', '.join(versions)}; {rounds} rounds\n")  # fmt: skip
    print("| file | MB | reader | ms, median | GB/s | x seqcnn | of CPU time | of fastest |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
