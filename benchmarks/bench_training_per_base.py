"""Where sites lie, letter by letter: a tower of dilated convolutions against a scan for the motif.

    python benchmarks/bench_training_per_base.py --full --data DIR

A letter is a site if it lies within 10 of the middle of one. Whole chromosomes are held out, and
all their letters are ranked: by the probability of the network; by the best score of a hit of
JASPAR's MA0363 that covers the letter; and by that of a hit whose middle is within 10 letters,
which knows how wide labels are. First on a random genome with sites drawn from the matrix, then
with ``--full`` on the yeast genome and its Reb1 peaks: DIR has ``yeast/sacCer_R64.fa.gz`` and
``yeast/Reb1.bed``. Without it the random genome is small.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from flax import nnx

from seqcnn.motifs.data import load_database
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.scan import scan
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval
from seqcnn.seq.io.bed import read_bed
from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.site_masks import mask_sites
from seqcnn.stats.auroc import auprc
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.predict import mean_outputs
from seqcnn.training.step import Recipe
from seqcnn.training.targets import PER_BASE, Target

HALF = 10
MOTIF = "MA0363"
TILE, AROUND = 2000, 100
"""Letters that are scored together, and those on either side that are only seen."""


@dataclass(frozen=True)
class Task:
    """A genome, its sites, and chromosomes that stop training and that are reported on."""

    genome: SequenceSet
    sites: IntervalSet
    stop: tuple[str, ...]
    report: tuple[str, ...]

    def codes(self, name: str) -> np.ndarray:
        """Take a chromosome."""
        return self.genome[list(self.genome.ids).index(name)]

    def middles(self, name: str) -> np.ndarray:
        """Find the middles of the sites of a chromosome."""
        return np.array([(s.start + s.end) // 2 for s in self.sites if s.chromosome == name], int)


def planted(motif: Motif, length: int, number: int) -> Task:
    """Draw four chromosomes, and plant sites in them."""
    rng = np.random.default_rng(0)
    shares, sites, arrays = motif.matrix.values, [], []
    for chromosome in range(1, 5):
        codes = rng.integers(0, 4, length).astype(np.uint8)
        for place in rng.choice(length // 100 - 2, number, replace=False) * 100 + 100:
            site = np.array([rng.choice(4, p=row / row.sum()) for row in shares], np.uint8)
            turned = rng.random() < 0.5
            codes[place : place + len(site)] = DNA.reverse_complement(site) if turned else site
            middle = int(place) + len(site) // 2
            sites.append(Interval(f"chr{chromosome}", middle - HALF, middle + HALF))
        arrays.append(codes)
    ids = [f"chr{i}" for i in range(1, 5)]
    genome = SequenceSet.from_arrays(arrays, alphabet=DNA, ids=ids)
    return Task(genome, IntervalSet.from_intervals(sites), ("chr3",), ("chr4",))


def yeast(data: Path) -> Task:
    """Read the genome and the peaks."""
    genome = read_sequences(data / "sacCer_R64.fa.gz", alphabet=DNA)
    peaks = read_bed(data / "Reb1.bed")
    sites = [
        Interval(p.chromosome, max((p.start + p.end) // 2 - HALF, 0), (p.start + p.end) // 2 + HALF)
        for p in peaks
    ]
    report = ("chr4", "chr7", "chr13", "chr16")
    return Task(genome, IntervalSet.from_intervals(sites), ("chr10", "chr14"), report)


def examples(
    task: Task, names: tuple[str, ...], window: int, others: int, rng: np.random.Generator
) -> Examples:
    """Cut a window around each site, off its middle, and so many windows anywhere."""
    pieces, ids = [], []
    for name in names:
        codes, middles = task.codes(name), task.middles(name)
        off = rng.integers(-window // 2 + 2 * HALF, window // 2 - 2 * HALF, len(middles))
        near = middles + off - window // 2
        anywhere = rng.integers(0, len(codes) - window, len(middles) * others)
        starts = np.clip(np.concatenate([near, anywhere]), 0, len(codes) - window)
        pieces += [codes[s : s + window] for s in starts.tolist()]
        ids += [f"{name}:{s}-{s + window}" for s in starts.tolist()]
    windows = SequenceSet.from_arrays(pieces, alphabet=DNA, ids=ids)
    return Examples(windows.padded(), mask_sites(windows, task.sites)[..., None])


def trained(task: Task, *, window: int, others: int, rounds: int) -> nnx.Module:
    """Train a network on the chromosomes that neither stop nor report."""
    rng = np.random.default_rng(1)
    apart = {*task.stop, *task.report}
    learnt = tuple(name for name in task.genome.ids if name not in apart)
    parts = [examples(task, names, window, others, rng) for names in (learnt, task.stop)]
    network = create("dilated_positions", alphabet="dna", channels=32, width=15, layers=3)
    steps = max(10, len(parts[0].x) // 64)
    schedule = Schedule(batch=64, steps=steps, rounds=rounds, patience=4, learning_rate=4e-3)
    target = Target(PER_BASE, ("site",))
    found = fit_target(network, *parts, target=target, recipe=Recipe(schedule))
    losses = " ".join(f"{epoch.validation_loss:.4f}" for epoch in found.history)
    print(f"{len(parts[0].x):,} windows, stopping loss by round: {losses}", flush=True)
    return found.network


def scores_of_letters(network: nnx.Module, codes: np.ndarray) -> np.ndarray:
    """Score a chromosome in tiles that see beyond their ends."""
    length = TILE + 2 * AROUND
    filled = np.full(-(-len(codes) // TILE) * TILE + 2 * AROUND, DNA.encode("N")[0], np.uint8)
    filled[AROUND : AROUND + len(codes)] = codes
    rows = np.lib.stride_tricks.sliding_window_view(filled, length)[::TILE]
    scores = mean_outputs([network], rows)[:, AROUND:-AROUND, 0]
    return scores.ravel()[: len(codes)]


def scores_of_scan(task: Task, motif: Motif) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Give two tracks of each chromosome: best hit over each letter, and best hit near it."""
    held = task.genome.select([list(task.genome.ids).index(name) for name in task.report])
    hits = scan([motif], held, p_value=1e-2)
    order = np.argsort(hits.score)
    width, sequence, start, score = (
        motif.width, hits.sequence[order], hits.start[order], hits.score[order]
    )  # fmt: skip
    for number in range(len(held)):
        here = sequence == number
        tracks = []
        for low, high in ((0, width), (width // 2 - HALF, width // 2 + HALF)):
            track = np.full(len(held[number]), -1e3)
            for offset in range(low, high):  # hits rise, so that the best is written last
                at = start[here] + offset
                inside = (at >= 0) & (at < len(track))
                np.maximum.at(track, at[inside], score[here][inside])
            tracks.append(track)
        yield tracks[0], tracks[1]


def compare(task: Task, motif: Motif, what: str, **how: int) -> str:
    """Train, score the chromosomes that are held out, and give a row of the table."""
    begin = time.process_time()
    network = trained(task, **how)
    learnt = time.process_time()
    truth, own, covered, near = [], [], [], []
    for name, (over, around) in zip(task.report, scores_of_scan(task, motif), strict=True):
        codes = task.codes(name)
        mask = np.zeros(len(codes), bool)
        for middle in task.middles(name):
            mask[max(middle - HALF, 0) : middle + HALF] = True
        truth.append(mask)
        own.append(scores_of_letters(network, codes))
        covered.append(over)
        near.append(around)
    true = np.concatenate(truth)
    areas = []
    for tracks in (own, covered, near):
        track = np.concatenate(tracks)
        areas.append(auprc(track[true], track[~true]))
    print(f"training {learnt - begin:.0f} CPU s, scoring {time.process_time() - learnt:.0f} CPU s")
    return (
        f"| {what} | {', '.join(task.report)} | {len(true):,} | {true.mean():.3%} | {areas[0]:.3f} "
        f"| {areas[1]:.3f} | {areas[2]:.3f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the yeast genome too")
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--others", type=int, default=8, help="windows anywhere for each site")
    options = parser.parse_args()
    motif = next(m for m in load_database() if m.name.startswith(MOTIF + "."))
    how = {"window": 200, "others": 4, "rounds": options.rounds if options.full else 2}
    size = (100_000, 300) if options.full else (20_000, 40)
    rows = [compare(planted(motif, *size), motif, "planted sites", **how)]
    print(rows[-1], flush=True)
    if options.full:
        how["others"] = options.others
        rows.append(compare(yeast(options.data / "yeast"), motif, "Reb1 in yeast", **how))
    print("| sites | held out | letters | in sites | network | scan | scan, labels' width |")
    print("|---|---|---|---|---|---|---|")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
