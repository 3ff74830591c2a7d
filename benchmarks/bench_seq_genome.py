"""Time windows of a genome against py2bit, pysam and pyfaidx, and tell the memory they take.

    python benchmarks/bench_seq_genome.py --full [--rounds 5]

Random windows of a random genome: 3 Gbp as 2bit, with as many soft-masked blocks as the human one
has, and 120 Mbp as FASTA with an index. All give uint8 codes of all windows; the peers read text
window by window, whose codes are looked up at once. Opening is not timed; the pages of the file
are in the memory of the system. All use one thread, and take turns in one process. Memory is the
peak of a process of its own, which opens the file and reads the windows.

The last table is of a gzip of the FASTA file: names, lengths and windows, beside the time that zlib
takes to unpack it once.

Without ``--full``, a genome of some thousand letters, to see that the script runs.
"""

import argparse
import gzip
import platform
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from peers.genome_readers import READERS, version_of
from timing import in_turn, processor, use_cores

from seqcnn.seq.alphabet import DNA
from seqcnn.seq.genome import Genome
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.io import genome as genome_files
from seqcnn.seq.io.genome import open_genome

CHROMOSOMES, BLOCK = 24, 540
"""A soft-masked block begins after so many letters."""

CHILD = """
import sys
sys.path.insert(0, {here!r})
from bench_seq_genome import peak, windows
from seqcnn.seq.io.genome import open_genome
before = peak()
genome = open_genome({path!r})
genome.fetch(windows(genome, {number}, {length}))
print(before, peak())
"""


def peak() -> float:
    """Tell the largest memory of this process so far, in MB; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmHWM"))


def write_2bit(path: Path, length: int) -> None:
    """Write chromosomes of random letters, each of `length`, a multiple of 4."""
    rng, blocks = np.random.default_rng(0), length // BLOCK
    names = [f"chr{i + 1}" for i in range(CHROMOSOMES)]
    size = 16 + 8 * blocks + length // 4
    place = 16 + sum(5 + len(name) for name in names)
    with path.open("wb") as file:
        file.write(struct.pack("<IIII", 0x1A412743, 0, CHROMOSOMES, 0))
        for i, name in enumerate(names):
            file.write(bytes([len(name)]) + name.encode() + struct.pack("<I", place + i * size))
        for _ in names:
            file.write(struct.pack("<III", length, 0, blocks))
            file.write((np.arange(blocks) * BLOCK).astype("<u4").tobytes())
            file.write(rng.integers(10, 500, blocks).astype("<u4").tobytes())
            file.write(struct.pack("<I", 0) + rng.bytes(length // 4))


def write_fasta(path: Path, length: int) -> None:
    """Write chromosomes of random letters, 60 a line, and their index."""
    rng, letters = np.random.default_rng(0), np.frombuffer(b"ACGTacgt", np.uint8)
    with path.open("wb") as file:
        for i in range(CHROMOSOMES):
            file.write(f">chr{i + 1}\n".encode())
            rows = letters[rng.integers(0, 8, (length // 60, 60), np.uint8)]
            file.write(np.pad(rows, ((0, 0), (0, 1)), constant_values=10).tobytes())
    open_genome(path, save_index=True)


def windows(genome: Genome, number: int, length: int) -> IntervalSet:
    """Place windows at random."""
    rng = np.random.default_rng(1)
    chromosome = rng.integers(0, len(genome.names), number)
    start = (rng.random(number) * (genome.lengths[chromosome] - length)).astype(np.int64)
    return IntervalSet.from_columns(genome.names, chromosome, start, start + length)


def contenders(
    kind: str, path: Path, chosen: IntervalSet
) -> tuple[dict[str, Callable[[], float]], list[str]]:
    """Tell what to call, each giving the sum of the codes, and the versions of the peers."""
    genome = open_genome(path)
    calls = {"seqcnn": lambda: float(genome.fetch(chosen).codes.sum(dtype=np.int64))}
    places = [(one.chromosome, one.start, one.end) for one in chosen]
    table, versions = DNA.code_of_byte, []
    for name, (reads, opener) in READERS.items():
        if reads == kind:
            try:
                read = opener(path)
                versions.append(version_of(name))
            except ImportError as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                continue
            calls[name] = lambda read=read: float(read(places, table).sum(dtype=np.int64))
    return calls, versions


def memory(path: Path, number: int, length: int) -> str:
    """Peak of a process that reads windows, in MB, and what it had before."""
    code = CHILD.format(
        here=str(Path(__file__).parent), path=str(path), number=number, length=length
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    before, after = map(float, done.stdout.split())
    return f"{after:.0f} ({before:.0f} before)"


def from_gzip(path: Path, chosen: IntervalSet, rounds: int) -> list[str]:
    """Time windows of a gzip file beside unpacking it once."""
    packed = path.with_suffix(".fa.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), 6))

    def unpack() -> float:
        return float(len(gzip.decompress(packed.read_bytes())))

    def read(held: int) -> float:
        genome_files.HELD = held
        return float(len(open_genome(packed).fetch(chosen).codes))

    usual = genome_files.HELD
    calls = {
        "open and read windows, letters held": lambda: read(usual),
        "the same, only windows held (larger genomes)": lambda: read(0),
        "zlib alone": unpack,
    }
    times = in_turn(calls, rounds)
    base = np.median(times["zlib alone"].wall)
    return [
        f"| {name} | {np.median(own.wall):.2f} | {np.median(own.wall) / base:.2f} |"
        for name, own in times.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the genomes of the table")
    parser.add_argument("--rounds", type=int, help="5 with --full, else 1")
    options = parser.parse_args()
    rounds = options.rounds or (5 if options.full else 1)
    use_cores(1)
    sizes = (
        {"2bit": 125_000_000, "fasta": 5_000_040} if options.full else {"2bit": 6000, "fasta": 6000}
    )
    number = 50_000 if options.full else 50
    rows, versions = [], []
    with tempfile.TemporaryDirectory() as folder:
        for kind, writer in (("2bit", write_2bit), ("fasta", write_fasta)):
            path = Path(folder) / f"x.{kind}"
            writer(path, sizes[kind])
            for length in (200, 1000):
                chosen = windows(open_genome(path), number, length)
                calls, found = contenders(kind, path, chosen)
                versions += [name for name in found if name not in versions]
                times = in_turn(calls, rounds)
                if len({own.returned[0] for own in times.values()}) > 1:
                    raise SystemExit(f"contenders read different letters from {kind}")
                for name, own in times.items():
                    used = memory(path, number, length) if name == "seqcnn" else ""
                    ratio = np.median(own.wall / times["seqcnn"].wall)
                    size = f"{CHROMOSOMES * sizes[kind] / 1e6:.4g} Mbp"
                    rows.append(
                        f"| {kind}, {size} | {number:,} x {length} "
                        f"| {name} | {np.median(own.wall):.3f} | {ratio:.2f} | {used} |"
                    )
        passes = from_gzip(path, chosen, rounds)
    print(f"{processor()}, 1 thread, Python {platform.python_version()}, "
          f"numpy {version('numpy')}, {', '.join(versions)}; {rounds} rounds\n")  # fmt: skip
    print("| genome | windows | reader | s, median | x seqcnn | peak MB |")
    print("|---|---|---|---|---|---|")
    print("\n".join(rows))
    print("\n| gzip | s, median | x zlib |\n|---|---|---|")
    print("\n".join(passes))


if __name__ == "__main__":
    main()
