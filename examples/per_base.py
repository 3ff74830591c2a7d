"""Where sites lie in sequences, letter by letter: labels from intervals, predictions as bedGraph.

A word is planted in either strand of random sequences. The network reads both strands, and gives
each letter a probability; a U-Net does the same (``create("unet", alphabet="dna", length=...)``).
On real data: ``seqcnn train windows.bed --genome g.fa --task per-base --labels sites.bed``.
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval
from seqcnn.seq.io.bedgraph import write_bedgraph, write_called
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.site_masks import homes_of, mask_sites
from seqcnn.training.examples import Examples
from seqcnn.training.fitting import fit_target
from seqcnn.training.loop import Schedule
from seqcnn.training.metrics import score
from seqcnn.training.predict import mean_outputs
from seqcnn.training.step import Recipe
from seqcnn.training.targets import PER_BASE, Target

WORD = DNA.encode("TTACCCGG")


def main(out: Path, toy: bool = False) -> None:
    """Plant, learn, and write what is found in sequences that are held out."""
    out.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    number, length = (60, 40) if toy else (2000, 100)
    rows, sites = rng.integers(0, 4, (number, length)).astype(np.uint8), []
    for i in range(0, number, 2):
        start = int(rng.integers(0, length - len(WORD)))
        other = rng.random() < 0.5
        rows[i, start : start + len(WORD)] = DNA.reverse_complement(WORD) if other else WORD
        sites.append(Interval(f"seq_{i + 1}", start, start + len(WORD)))
    sequences = SequenceSet.from_arrays(list(rows), alphabet=DNA)
    masks = mask_sites(sequences, IntervalSet.from_intervals(sites))[..., None]
    parts = np.split(np.arange(number), [number * 6 // 10, number * 8 // 10])
    target = Target(PER_BASE, ("site",))
    network = create("dilated_positions", alphabet="dna", channels=8 if toy else 32, layers=2)
    recipe = Recipe(Schedule(batch=32, steps=3 if toy else 40, rounds=1 if toy else 8))
    learnt = (Examples(rows[part], masks[part]) for part in parts[:2])
    fitted = fit_target(network, *learnt, target=target, recipe=recipe)
    found = target.decode(mean_outputs([fitted.network], rows[parts[2]]))
    worth = score(target, found, masks[parts[2]])
    print("held out:", ", ".join(f"{name} {value:.3f}" for name, value in worth.items()))
    places, scores = homes_of(sequences.select(parts[2])), list(found[..., 0])
    write_bedgraph(out / "per_base.bedgraph", places, scores)
    write_called(out / "per_base.bed", places, scores)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
