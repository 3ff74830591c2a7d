"""Find Reb1's peaks in the yeast genome by its motif alone.

    python benchmarks/bench_motifs_yeast.py --full --data DIR

DIR has ``yeast/sacCer_R64.fa.gz`` and ``yeast/Reb1.bed`` (peaks of one position). JASPAR's MA0363
is scanned for with the background of the genome; a peak, or a random site, has the best score of
all sites whose centre is within 50 letters. The curve says which share of either passes each
threshold. Without ``--full``, a toy genome with planted sites, to see that the script runs.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from seqcnn.motifs.data import load_database
from seqcnn.motifs.hits import Hits
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.scan import scan
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import read_sequences, write_fasta
from seqcnn.seq.record import SequenceSet

MOTIF = "MA0363"
NEAR = 50
RANDOM_SITES = 20_000


def toy(folder: Path, motif: Motif) -> tuple[Path, Path]:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 4, 200_000).astype(np.uint8)
    places = np.arange(1000, 199_000, 1000)
    for place in places[::2]:
        codes[place : place + motif.width] = motif.matrix.values.argmax(1)
    genome, peaks = folder / "genome.fa", folder / "peaks.bed"
    write_fasta(genome, SequenceSet.from_arrays([codes], alphabet=DNA, ids=["chr1"]))
    peaks.write_text("".join(f"chr1\t{p}\t{p + 1}\n" for p in places))
    return genome, peaks


def read_positions(path: Path, genome: SequenceSet) -> np.ndarray:
    """Middle of each peak, counted over the whole genome."""
    begin = dict(zip(genome.ids, genome.offsets.tolist(), strict=False))
    rows = [line.split("\t")[:3] for line in path.read_text().splitlines() if line.strip()]
    return np.array([begin[c] + (int(s) + int(e)) // 2 for c, s, e in rows if c in begin])


def best_nearby(hits: Hits, genome: SequenceSet, sites: np.ndarray) -> np.ndarray:
    """Best score of a hit whose centre is near each site; -inf where there is none."""
    centre = genome.offsets[hits.sequence] + hits.start + hits.motifs[0].width // 2
    order = np.argsort(centre)
    centre, score = centre[order], hits.score[order]
    first, last = np.searchsorted(centre, sites - NEAR), np.searchsorted(centre, sites + NEAR + 1)
    return np.array([score[a:b].max(initial=-np.inf) for a, b in zip(first, last, strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the genome, not a toy")
    parser.add_argument("--data", type=Path, default=Path("data"))
    options = parser.parse_args()
    motif = next(m for m in load_database() if m.name.startswith(MOTIF + "."))
    with tempfile.TemporaryDirectory() as folder:
        genome_file = options.data / "yeast" / "sacCer_R64.fa.gz"
        peak_file = options.data / "yeast" / "Reb1.bed"
        if not options.full:
            genome_file, peak_file = toy(Path(folder), motif)
        elif not genome_file.exists():
            print(f"left out: there is no {genome_file} (--data)")
            return
        genome = read_sequences(genome_file, alphabet=DNA)
        peaks = read_positions(peak_file, genome)
    hits = scan([motif], genome, p_value=1e-2)
    random_sites = np.random.default_rng(0).integers(0, len(genome.codes), RANDOM_SITES)
    of_peaks, of_random = (best_nearby(hits, genome, sites) for sites in (peaks, random_sites))
    print(f"{motif.name} {motif.alternative_name}, {len(peaks):,} peaks, {RANDOM_SITES:,} random "
          f"sites, {len(genome.codes):,} letters\n")  # fmt: skip
    print("| score, bits | p-value | random sites with a hit within 50 bp | peaks with one |")
    print("|---|---|---|---|")
    at_one_percent = 0.0
    log10_p = dict(zip(hits.score.tolist(), hits.log10_p_value.tolist(), strict=True))
    scores = sorted(log10_p)
    for wanted in (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 6e-5, 5e-5, 4e-5, 3e-5, 2e-5, 1e-5, 4e-6):
        score = next((s for s in scores if log10_p[s] <= np.log10(wanted)), scores[-1])
        noise, found = (float((x >= score).mean()) for x in (of_random, of_peaks))
        if noise <= 0.01:
            at_one_percent = max(at_one_percent, found)
        p_value = 10 ** log10_p[score]
        print(f"| {score:.2f} | {p_value:.2g} | {noise:.2%} | {found:.1%} |")
    print(f"\nWith at most 1 % of random sites: {at_one_percent:.1%} of the peaks.")


if __name__ == "__main__":
    main()
