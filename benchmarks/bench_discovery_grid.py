"""Plant motifs over a grid, search them, and say what was found, how well and at what cost.

    python benchmarks/bench_discovery_grid.py --grid tiny
    python benchmarks/bench_discovery_grid.py --grid full --table grid.tsv
    python benchmarks/bench_discovery_grid.py --grid full --table streme.tsv --tool streme

The table is written line by line, and a run that it holds already is not run again. `words` is
seqcnn without seeds from the kernels of its networks, which are trained all the same. `streme`, of
the MEME suite, is used from where the user has it installed. `--summary` prints recall and means of
one table, or of two side by side over the runs that both hold.
"""

import argparse
import csv
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import astuple, dataclass, fields
from itertools import product
from pathlib import Path

import numpy as np
from planting import Planted, judge, plant

from seqcnn.motifs.io import read_motifs
from seqcnn.motifs.motif import Motif
from seqcnn.seq.io.fasta import write_fasta

FRACTIONS, LENGTHS, NUMBERS = (0.01, 0.02, 0.05, 0.1, 0.3), (50, 100, 200, 500), (200, 2000, 20000)
TRIPLE = (0.6, 0.25, 0.1)
WORDS_ONLY = """
import pathlib, sys
from seqcnn.cli.discover import run_discover
run_discover(sys.argv[1], pathlib.Path(sys.argv[2]), force=False, quiet=True, kernels=0,
             database="none")
"""
COLUMNS = (
    "number", "length", "fraction", "band", "motifs", "seed", "cpu_s", "wall_s", "peak_mb", "motif",
    "rank", "log10_e", "r", "coverage", "oracle_r", "false"
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Cell:
    """One set of planted sequences; `band` -1 means all bands."""

    number: int
    length: int
    fraction: float
    band: int
    motifs: int
    seed: int

    def make(self) -> Planted:
        """Draw the sequences."""
        fractions = (self.fraction,) if self.motifs == 1 else TRIPLE[: self.motifs]
        if self.motifs > len(TRIPLE):
            fractions = (self.fraction,) * self.motifs
        return plant(
            number=self.number,
            length=self.length,
            fractions=fractions,
            band=None if self.band < 0 else self.band,
            seed=self.seed,
        )


def grid(name: str) -> list[Cell]:
    """Name the cells of a grid."""
    seeds, bands = range(3), range(3)
    if name == "tiny":
        return [Cell(200, 50, 0.3, 2, 1, 0)]
    if name == "triples":
        return [Cell(2000, 100, 0.0, -1, 3, seed) for seed in range(5)]
    if name == "many":
        return [Cell(20000, 200, 0.03, -1, motifs, 0) for motifs in (1, 5, 15)]
    cells = [Cell(2000, 100, f, b, 1, s) for f, b, s in product(FRACTIONS, bands, seeds)]
    cells += [Cell(2000, 50, f, b, 1, s) for f, b, s in product(FRACTIONS, bands, seeds)]
    cells += [Cell(2000, 200, f, b, 1, s) for f, b, s in product((0.02, 0.05, 0.1), bands, seeds)]
    cells += [Cell(2000, 500, 0.1, b, 1, s) for b, s in product(bands, seeds)]
    cells += [Cell(n, 100, 0.1, b, 1, s) for n, b, s in product((200, 20000), bands, (0, 1))]
    return cells


def measured(command: list[str]) -> tuple[float, float, float]:
    """Run a command; its CPU seconds, wall seconds and peak memory in MB."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {said.decode(errors='replace').strip()}")
    wall = time.perf_counter() - began
    return usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024


def run_cell(cell: Cell, tool: str, options: list[str]) -> list[tuple[object, ...]]:
    """Make a set, search it, and judge what was found: one row for each planted motif."""
    planted = cell.make()
    with tempfile.TemporaryDirectory() as scratch:
        fasta, out = Path(scratch) / "planted.fa", Path(scratch) / "out"
        write_fasta(fasta, planted.sequences)
        if tool == "streme":
            command = ["streme", "--p", str(fasta), "--oc", str(out), "--dna", "--maxw", "20"]
            costs = measured([*command, "--nmotifs", "20" if cell.motifs > 3 else "3", *options])
            found = motifs_of(out / "streme.txt")
        elif tool == "words":
            costs = measured([sys.executable, "-c", WORDS_ONLY, str(fasta), str(out)])
            found = motifs_of(out / "motifs.meme")
        else:
            base = [sys.executable, "-m", "seqcnn", "discover", str(fasta), "-o", str(out), "-q"]
            costs = measured([*base, *options])
            found = motifs_of(out / "motifs.meme")
    verdicts, false = judge(found, planted)
    return [
        (*astuple(cell), *(f"{cost:.1f}" for cost in costs), v.motif, v.rank or "",
         f"{v.log10_e_value:.2f}", f"{v.r:.4f}", f"{v.coverage:.3f}", f"{v.oracle_r:.4f}", false)
        for v in verdicts
    ]  # fmt: skip


def motifs_of(path: Path) -> list[Motif]:
    """Read what was found; a file without motifs is no error here."""
    return read_motifs(path) if "MOTIF " in path.read_text() else []


def cell_of(row: dict[str, str]) -> Cell:
    """Read the cell that a row belongs to."""
    kinds = {field.name: field.type for field in fields(Cell)}
    return Cell(
        **{name: (float if kind is float else int)(row[name]) for name, kind in kinds.items()}
    )


def read_table(path: Path) -> list[dict[str, str]]:
    """Read the rows of a table; none if it is not there."""
    if not path.exists():
        return []
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def summary(tables: list[list[dict[str, str]]]) -> None:
    """Print recall at E < .05, r, false motifs and CPU seconds for each kind of cell."""
    shared = set.intersection(*({cell_of(row) for row in rows} for rows in tables))
    kinds = sorted({(c.number, c.length, c.motifs, c.fraction, c.band) for c in shared})
    print("| n | length | motifs | fraction | band | recall | mean r | false | CPU s |")
    print("|---|---|---|---|---|---|---|---|---|")
    groups = [*((kind, [kind]) for kind in kinds), (("all", "", "", "", ""), kinds)]
    for label, members in groups:
        values = [_figures([r for r in rows if _kind(r) in members], shared) for rows in tables]
        cells = [" / ".join(column) for column in zip(*values, strict=True)]
        print("| " + " | ".join([*map(str, label), *cells]) + " |")


def _kind(row: dict[str, str]) -> tuple[int, int, int, float, int]:
    c = cell_of(row)
    return c.number, c.length, c.motifs, c.fraction, c.band


def _figures(rows: list[dict[str, str]], shared: set[Cell]) -> list[str]:
    rows = [row for row in rows if cell_of(row) in shared]
    found = [row for row in rows if row["rank"] and float(row["log10_e"]) < np.log10(0.05)]
    runs = {cell_of(row): row for row in rows}.values()
    r = f"{np.mean([float(row['r']) for row in found]):.4f}" if found else "-"
    seconds = np.mean([float(row["cpu_s"]) for row in runs])
    return [
        f"{len(found)}/{len(rows)}",
        r,
        str(sum(int(row["false"]) for row in runs)),
        f"{seconds:.1f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grid", choices=("tiny", "triples", "many", "full"), default="tiny")
    parser.add_argument("--table", type=Path, help="where rows are kept")
    parser.add_argument("--tool", choices=("seqcnn", "words", "streme"), default="seqcnn")
    parser.add_argument("--summary", type=Path, nargs="+", help="tables to sum up, then stop")
    parser.add_argument("--options", default="", help="more options for the tool")
    options = parser.parse_args()
    if options.summary:
        summary([read_table(path) for path in options.summary])
        return
    if options.tool == "streme" and shutil.which("streme") is None:
        print("streme is not installed")
        return
    known = {cell_of(row) for row in read_table(options.table)} if options.table else set()
    print(*COLUMNS, sep="\t")
    for cell in grid(options.grid):
        if cell in known:
            continue
        rows = run_cell(cell, options.tool, options.options.split())
        if options.table:
            fresh = not options.table.exists()
            with options.table.open("a") as handle:
                handle.writelines(
                    "\t".join(map(str, row)) + "\n" for row in ([COLUMNS] if fresh else []) + rows
                )
        for row in rows:
            print(*row, sep="\t", flush=True)


if __name__ == "__main__":
    main()
