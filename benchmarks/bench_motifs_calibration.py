"""Count the hits of motifs in random DNA, where every one of them is there by chance.

    python benchmarks/bench_motifs_calibration.py --full [--threads 2]

Random letters at three shares of GC, scanned on both strands at p < 1e-4 with the background of the
input. Observed hits over nominal ones should be 1; nominal is the number of windows times the
largest tail probability at or below 1e-4 that the motif can have, for words come in whole scores.
Motifs are the most AT-rich, the most GC-rich and some in between of JASPAR CORE vertebrates that
can expect enough hits. memelite.fimo, where it is installed, counts on the same letters.

Without ``--full`` the sizes are toys, to see that the script runs.
"""

import argparse
import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

import numpy as np

from seqcnn.motifs.data import load_motifs
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.motifs.scan import scan
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet

GC = (0.30, 0.41, 0.50)
P_VALUE = 1e-4
KINDS = ("AT-rich", "between", "GC-rich")


class Sizes(NamedTuple):
    """Letters of each set, of each sequence, and motifs of each kind."""

    letters: int
    length: int
    motifs: int


FULL, TOY = Sizes(20_000_000, 1_000_000, 10), Sizes(200_000, 50_000, 2)


class Row(NamedTuple):
    """What was found with one motif in one set."""

    gc: float
    kind: str
    motif: Motif
    nominal: float
    observed: int
    peer: float


def random_dna(gc: float, sizes: Sizes, seed: int) -> SequenceSet:
    rng = np.random.default_rng(seed)
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    rows = [
        np.searchsorted(np.cumsum(shares)[:-1], rng.random(sizes.length), side="right")
        for _ in range(sizes.letters // sizes.length)
    ]
    return SequenceSet.from_arrays([row.astype(np.uint8) for row in rows], alphabet=DNA)


def gc_of(motif: Motif) -> float:
    """Share of G and C among the letters that a motif asks for, weighted by information."""
    bits = motif.matrix.information()
    return float((motif.matrix.values[:, 1:3].sum(1) * bits).sum() / bits.sum())


def chosen_motifs(number: int) -> dict[str, list[Motif]]:
    """Choose motifs of each kind for which a word of p < 1e-4 is no rarity at any share of GC."""
    able = [
        motif
        for motif in load_motifs("jaspar:vertebrates")
        if all(attainable(motif, np.array([1 - gc, gc, gc, 1 - gc]) / 2) > P_VALUE / 4 for gc in GC)
    ]
    able.sort(key=gc_of)
    middle = np.linspace(number, len(able) - number - 1, number).astype(int)
    return dict(zip(KINDS, (able[:number], [able[i] for i in middle], able[-number:]), strict=True))


def attainable(motif: Motif, shares: np.ndarray) -> float:
    """Find the largest tail probability at or below `P_VALUE`; 0 if there is none."""
    distribution = ScoreDistribution.of(motif.to_scores(background=shares))
    threshold = distribution.threshold(P_VALUE)
    return float(distribution.p_value(threshold)) if np.isfinite(threshold) else 0.0


def peer_counts(motifs: Sequence[Motif], sequences: SequenceSet) -> np.ndarray:
    """Count with memelite, NaN without it."""
    try:
        from memelite import fimo
    except ImportError:
        return np.full(len(motifs), np.nan)
    images = np.zeros((len(sequences), 4, int(sequences.lengths.max())), np.int8)
    for image, codes in zip(images, (sequences[i] for i in range(len(sequences))), strict=True):
        image[codes, np.arange(len(codes))] = 1
    matrices = {str(i): motif.matrix.values.T for i, motif in enumerate(motifs)}
    return np.asarray(fimo(matrices, images, threshold=P_VALUE, return_counts=True), float)


def measure(sizes: Sizes, threads: int | None) -> list[Row]:
    groups = chosen_motifs(sizes.motifs)
    kinds = [kind for kind, motifs in groups.items() for _ in motifs]
    motifs = [motif for members in groups.values() for motif in members]
    widths = np.array([motif.width for motif in motifs])
    rows = []
    for seed, gc in enumerate(GC):
        sequences = random_dna(gc, sizes, seed)
        shares = letter_frequencies(sequences, True, pseudocount=1.0)
        windows = 2 * (sequences.lengths[:, None] - widths + 1).sum(0)
        nominal = windows * [attainable(motif, shares) for motif in motifs]
        hits = scan(motifs, sequences, p_value=P_VALUE, threads=threads)
        observed = np.bincount(hits.motif, minlength=len(motifs))
        peer = peer_counts(motifs, sequences)
        columns = zip(kinds, motifs, nominal, observed.tolist(), peer, strict=True)
        rows += [Row(gc, *column) for column in columns]
    return rows


def summary(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| GC | motifs | number | nominal | observed | observed / nominal: pooled | least | most |"
        " memelite.fimo: pooled | least | most |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for gc in (*GC, None):
        for kind in (*KINDS, None):
            of = [r for r in rows if gc in (None, r.gc) and kind in (None, r.kind)]
            nominal = np.array([r.nominal for r in of])
            ours, theirs = (np.array([r[i] for r in of], float) for i in (4, 5))
            cells = [
                f"{x.sum() / nominal.sum():.3f} | {(x / nominal).min():.3f} | "
                f"{(x / nominal).max():.3f}"
                for x in (ours, theirs)
            ]
            named = f"{'all' if gc is None else gc} | {kind or 'all'} | {len(of)}"
            numbers = " | ".join([f"{nominal.sum():.0f}", f"{ours.sum():.0f}", *cells])
            lines.append(f"| {named} | {numbers} |".replace("nan", ""))
    return lines


def each(rows: Sequence[Row]) -> list[str]:
    lines = ["| GC | motif | kind | width | nominal | observed | ratio | memelite.fimo ratio |",
             "|---|---|---|---|---|---|---|---|"]  # fmt: skip
    lines += [
        f"| {r.gc:.2f} | {r.motif.name} {r.motif.alternative_name} | {r.kind} | {r.motif.width} | "
        f"{r.nominal:.0f} | {r.observed} | {r.observed / r.nominal:.3f} | "
        + f"{r.peer / r.nominal:.3f} |".replace("nan", "")
        for r in rows
    ]
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="20 million letters a set")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args()
    sizes = FULL if options.full else TOY
    if options.threads:
        os.environ.setdefault("NUMBA_NUM_THREADS", str(options.threads))
    rows = measure(sizes, options.threads)
    try:
        peer = f"memelite {version('memelite')}"
    except PackageNotFoundError:
        peer = "memelite not installed"
    print("# Hits of motifs in random DNA\n")
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {peer}. ", end="")
    print(f"{sizes.letters:,} random letters for each share of GC, both strands, p < {P_VALUE:g}, ")
    print("background of the input, pseudocount 0.1.\n")
    print("\n".join([*summary(rows), "", *each(rows)]))


if __name__ == "__main__":
    main()
