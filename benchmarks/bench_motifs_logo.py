"""Time and size of logos: our own SVG, PNG and PDF beside logomaker.

By default a toy that checks that all runs; ``--full`` draws the table of results/motifs_logo.md.
"""

import argparse
import platform
import tempfile
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np
from timing import in_turn, processor, use_cores

from seqcnn.motifs.data import load_motifs
from seqcnn.motifs.logo import draw_logo, logo_svg, write_sheet
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import PROTEIN


def proteins(number: int, rng: np.random.Generator) -> list[Motif]:
    """Make motifs of 15 amino acids."""
    return [
        Motif(f"P{i}", CountMatrix(rng.dirichlet([0.1] * 20, 15), PROTEIN).to_probabilities())
        for i in range(number)
    ]


def one_by_one(motifs: Sequence[Motif], folder: Path, format: str) -> Callable[[], float]:
    """Draw by logomaker, a file for each motif; gives the bytes of all."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    def step() -> float:
        size = 0
        for motif in motifs:
            ax = draw_logo(motif)
            path = folder / f"logomaker.{format}"
            ax.figure.savefig(path, dpi=192)
            plt.close(ax.figure)
            size += path.stat().st_size
        return float(size)

    return step


def sheet(motifs: Sequence[Motif], path: Path) -> Callable[[], float]:
    """Draw a sheet; gives its bytes."""

    def step() -> float:
        write_sheet(path, motifs)
        return float(path.stat().st_size)

    return step


def contenders(motifs: Sequence[Motif], folder: Path) -> dict[str, Callable[[], float]]:
    """Tell what to call; each gives the bytes that it wrote."""
    return {
        "`logo_svg`, a string each": lambda: float(sum(len(logo_svg(m).encode()) for m in motifs)),
        **{f"`write_sheet`, {f}": sheet(motifs, folder / f"x.{f}") for f in ("svg", "png", "pdf")},
        **{f"`draw_logo` (logomaker), {f}": one_by_one(motifs, folder, f)
           for f in ("svg", "png", "pdf")},
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the table")
    parser.add_argument("--rounds", type=int, help="5 with --full, else 1")
    options = parser.parse_args()
    rounds, number = options.rounds or (5 if options.full else 1), 10 if options.full else 2
    use_cores(1)
    rng = np.random.default_rng(0)
    database = load_motifs("jaspar:vertebrates")
    sets = {
        "DNA, JASPAR": [database[i] for i in rng.choice(len(database), number, replace=False)],
        "protein, 15 wide": proteins(number, rng),
    }
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, motifs in sets.items():
            times = in_turn(contenders(motifs, Path(folder)), rounds)
            slowest = times["`draw_logo` (logomaker), svg"]
            rows += [
                f"| {name} | {what} | {1e3 * np.median(own.cores) / number:.2f} "
                f"| {np.median(slowest.cores / own.cores):.1f} "
                f"| {own.returned[-1] / number / 1e3:.1f} |"
                for what, own in times.items()
            ]
    print(f"{processor()}, 1 thread, Python {platform.python_version()}, "
          f"numpy {version('numpy')}, matplotlib {version('matplotlib')}, "
          f"logomaker {version('logomaker')}; {number} motifs, {rounds} rounds\n")  # fmt: skip
    print("| motifs | drawn by | CPU ms a logo | times faster than logomaker's svg | kB a logo |")
    print("|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
