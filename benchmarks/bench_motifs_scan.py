"""Time the scan against lightmotif and memelite, and check its hits and its p-values.

    python benchmarks/bench_motifs_scan.py --full

50 motifs of JASPAR vertebrates on 20 Mbp of random DNA, both strands, p < 1e-4. All take turns, on
one core each unless the line says 2; preparing motifs and sequences and starting a helper are not
in the times. "2 halves" are two copies of the process with half of the letters each: what a second
core is worth at the time; "CPU s here" is without helper and halves. Then the whole command in a
process of its own, from FASTA to TSV, with its peak memory, and the hits against the sums of all
windows on 2 Mbp.

Without ``--full``, toys, to see that the script runs. Peers that are not installed are left out.
"""

import argparse
import multiprocessing
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np
from timing import in_turn, processor

from seqcnn.motifs.data import load_database
from seqcnn.motifs.engines.base import Engine
from seqcnn.motifs.engines.choose import make_engine
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.prepare import ReadyMotif, Threshold, ready_motifs
from seqcnn.motifs.scan import CHUNK, find_in_chunks
from seqcnn.motifs.workers import Crew, Processes
from seqcnn.seq.alphabet import DNA

MEASURED = """
import re, resource, time
from pathlib import Path
def measured(arguments):
    from seqcnn.cli.main import main
    began = time.perf_counter()
    assert main(arguments) == 0
    wall = time.perf_counter() - began
    # the peak that the system keeps for a child includes that of its parent
    peak = re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())
    helper = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() + helper.ru_utime + helper.ru_stime
    print(f"{wall:.2f} {spent:.2f} {int(peak[1]) / 1000:.0f} {helper.ru_maxrss / 1000:.0f}")
"""
"""Run a command and print seconds, seconds of CPU, and megabytes of the process and its helper."""


def random_codes(letters: int, gc: float, seed: int = 0) -> np.ndarray:
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    return np.random.default_rng(seed).choice(4, letters, p=shares).astype(np.uint8)


def some_motifs(number: int) -> list[Motif]:
    every = load_database(group="vertebrates")
    return [every[i] for i in np.linspace(0, len(every) - 1, number).astype(int)]


def prepared(motifs: Sequence[Motif], codes: np.ndarray) -> list[ReadyMotif]:
    shares = np.bincount(codes, minlength=4) / len(codes)
    return ready_motifs(motifs, DNA, shares, Threshold(), both_strands=True)


def contenders(
    motifs: Sequence[Motif], codes: np.ndarray, two: Crew
) -> dict[str, Callable[[], float]]:
    """Everything that is installed, by name; each gives its number of hits."""
    ready = prepared(motifs, codes)
    patterns = [pattern for motif in ready for pattern in motif.patterns]
    widest = max(motif.width for motif in ready)
    words = make_engine("words", patterns, DNA)

    def run(engine: Engine, crew: Crew) -> Callable[[], float]:
        return lambda: float(len(find_in_chunks(engine, codes, widest - 1, crew).start))

    found = {
        "seqcnn": run(words, Crew()),
        "seqcnn, 2 threads": run(words, two),
        "seqcnn, 2 halves": in_two_halves(words, codes),
    }
    sys.path.insert(0, str(Path(__file__).parent))
    from peers.motif_scanners import lightmotif_contender, memelite_contender

    for name, make in (
        (
            "seqcnn, lightmotif's engine",
            lambda: run(make_engine("lightmotif", patterns, DNA), Crew()),
        ),
        ("lightmotif", lambda: lightmotif_contender(ready, DNA.decode(codes))),
        ("memelite", lambda: memelite_contender(motifs, codes)),
    ):
        try:
            found[name] = make()
        except (ImportError, ValueError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return found


def in_two_halves(engine: Engine, codes: np.ndarray) -> Callable[[], float]:
    """Each process has one half: what two cores give now, whatever threads may lose."""
    half = len(codes) // 2
    fork = multiprocessing.get_context("fork")

    def run() -> float:
        children = [
            fork.Process(target=find_in_chunks, args=(engine, part, 0, Crew()))
            for part in (codes[:half], codes[half:])
        ]
        for child in children:
            child.start()
        for child in children:
            child.join()
        return 0.0

    return run


def print_speed(motifs: Sequence[Motif], codes: np.ndarray, rounds: int) -> None:
    with Processes(1) as two:
        times = in_turn(contenders(motifs, codes, two), rounds)
    work = len(codes) * len(motifs) / 1e6
    print("| | Mbp x motifs / s, median | fastest | CPU s here, median | times lightmotif | hits |")
    print("|---|---|---|---|---|---|")
    base = times.get("lightmotif")
    for name, t in times.items():
        ratio = f"{np.median(base.wall / t.wall):.2f}" if base else ""
        print(
            f"| {name} | {work / np.median(t.wall):.0f} | {work / t.wall.min():.0f} | "
            f"{np.median(t.cores):.2f} | {ratio} | {t.returned[-1]:.0f} |",
            flush=True,
        )
    one = times["seqcnn"].wall
    print()
    for what in ("threads", "halves"):
        two = times[f"seqcnn, 2 {what}"].wall
        print(
            f"2 {what} against one thread: {np.median(one / two):.2f} times as fast by the median "
            f"of the rounds, {one.min() / two.min():.2f} by the fastest."
        )


def print_command(motifs: Sequence[Motif], codes: np.ndarray) -> None:
    """Run the command as users do."""
    with tempfile.TemporaryDirectory() as folder:
        genome, motif_file, out = (Path(folder) / name for name in ("g.fa", "m.meme", "o.tsv"))
        with genome.open("w") as handle:
            handle.write(">chr1\n")
            text = DNA.decode(codes)
            handle.writelines(f"{text[i : i + 60]}\n" for i in range(0, len(text), 60))
        write_motifs(motif_file, motifs)
        line = ["scan", str(motif_file), str(genome), "-q", "-o", str(out), "--threads"]
        for threads in ("1", "2"):
            script = f"{MEASURED}\nmeasured({[*line, threads]!r})"
            done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
            wall, spent, peak, helper = done.stdout.decode().split()
            print(
                f"The command, FASTA to TSV, --threads {threads}: {wall} s, {spent} s of CPU, peak "
                f"of {peak} MB and of {helper} MB in a helper, "
                f"{out.read_bytes().count(10) - 1:,} sites."
            )


def print_brute_force(motifs: Sequence[Motif], codes: np.ndarray) -> None:
    """Compare hits with sums of the scores of all windows, motif by motif."""
    ready = prepared(motifs, codes)
    patterns = [pattern for motif in ready for pattern in motif.patterns]
    widest = max(motif.width for motif in ready)
    found = find_in_chunks(make_engine("words", patterns, DNA), codes, widest - 1, Crew())
    differing = 0
    for number, (scores, least) in enumerate(patterns):
        sums = np.zeros(len(codes) - len(scores) + 1, np.int64)
        for position, row in enumerate(scores):
            sums += row[codes[position : position + len(sums)]]
        here = found.select(found.pattern == number)
        expected = np.flatnonzero(sums >= least)
        same = np.array_equal(here.start, expected) and (here.score == sums[expected]).all()
        differing += not same
    print(
        f"\nAgainst the sums of all windows on {len(codes):,} letters: {len(found.start):,} hits, "
        f"{differing} of {len(patterns)} strands of motifs differ in place or score."
    )


def versions() -> str:
    found = []
    for name in ("numpy", "lightmotif", "memelite"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="20 Mbp, not toys")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    letters, number = (20_000_000, 50) if options.full else (2 * CHUNK // 8, 4)
    os.environ.setdefault("NUMBA_NUM_THREADS", "1")
    motifs, codes = some_motifs(number), random_codes(letters, 0.41)
    print(f"{processor()}, Python {platform.python_version()}, {versions()}; {number} motifs, "
          f"{letters:,} letters, {options.rounds if options.full else 1} rounds\n")  # fmt: skip
    print_speed(motifs, codes, options.rounds if options.full else 1)
    print()
    print_command(motifs, codes)
    print_brute_force(motifs, codes[: letters // 10])


if __name__ == "__main__":
    main()
