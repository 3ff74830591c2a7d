"""Patterns, variants and designs of models that are trained on halves of real peaks.

    python benchmarks/bench_explain_peaks.py --data FOLDER [--peaks 8000] [--motif MA0139]

FOLDER (or SEQCNN_DATA) holds `chip/CTCF_peaks/train.fa.gz`. Two models are trained, each on one
half of the peaks and with another seed; 1,000 further peaks teach none of them.

patterns   `seqcnn explain` of the first model on these: what comes out, and what it is like.
variants   A genome with a contig for each of these peaks, with random flanks. In the best site of
           the motif (p < 1e-5) a strong letter is changed to the rarest one; the same letter is
           changed at a place beside every site. As many deletions and insertions in and beside
           sites. Planted losses have to come first: AUROC of minus the difference. A loss is a
           change after which the best site that the peak still has is ten times as probable by
           chance, by the matrix alone; what is changed in a site need not be one, as an insertion
           behind the last strong letter leaves the site as it was.
design     100 random sequences, 10 edits at most, every method: the share that scores like the
           best 1 % of the peaks by the first model, and the best 5 % by the second.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from seqcnn.explain.constraints import Constraints
from seqcnn.explain.design import METHODS, design
from seqcnn.motifs.best import best_sites
from seqcnn.motifs.data import load_motifs
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import ScoreDistribution
from seqcnn.networks.weights import load_model
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import read_sequences, write_fasta
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.auroc import auroc_interval
from seqcnn.training.predict import scores_of_networks

SEQCNN = [sys.executable, "-m", "seqcnn"]
HELD, FLANK = 1000, 100

LEAST_FALL = 1.0
"""log10 of how many times the p-value of a site is larger at least where it is lost: as in
`seqcnn variants`."""


def call(*arguments: object) -> str:
    """Run a command, and give what it prints."""
    command = [*SEQCNN, *map(str, arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def split(data: Path, number: int, folder: Path) -> SequenceSet:
    """Write two halves of some peaks, and give those that are held back."""
    peaks = read_sequences(data / "chip" / "CTCF_peaks" / "train.fa.gz", alphabet="dna")
    order = np.random.default_rng(0).permutation(len(peaks))
    for i in (0, 1):
        rows = np.sort(order[HELD + i * number // 2 : HELD + (i + 1) * number // 2])
        write_fasta(folder / f"half{i}.fa", peaks.select(rows))
    held = peaks.select(np.sort(order[:HELD]))
    write_fasta(folder / "held.fa", held)
    return held


def patterns(folder: Path) -> None:
    began = time.monotonic()
    call("explain", folder / "m0", folder / "held.fa", "-o", folder / "explained", "-q")
    told = call("compare", folder / "explained" / "patterns.meme", "jaspar", "-q")
    rows = list(csv.DictReader(told.splitlines(), delimiter="\t"))
    best: dict[str, str] = {}
    for row in rows:
        best.setdefault(row["query"], f"{row['target']} {row.get('name', '')} q {row['q_value']}")
    with (folder / "explained" / "patterns.tsv").open() as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            print(f"| {row['pattern']} | {row['consensus']} | {row['seqlets']} | {row['hits']} "
                  f"| {best.get(row['pattern'], '')} |")  # fmt: skip
    print(f"{time.monotonic() - began:.0f} s by the clock\n")


def changes(held: SequenceSet, motif: Motif, folder: Path) -> dict[str, str]:
    """Write the genome and the VCF; say of each line what it is."""
    rng = np.random.default_rng(1)
    scores = motif.to_scores()
    least = ScoreDistribution.of(scores).threshold(1e-5)
    sites = best_sites([scores], held, both_strands=True)
    matrix, strong = motif.matrix.values, motif.information().argsort()[::-1][:6]
    truth, lines = {}, []
    with (folder / "genome.fa").open("w") as handle:
        for i in np.flatnonzero(sites.score[0] >= least).tolist():
            flanks = [DNA.decode(rng.integers(0, 4, FLANK).astype(np.uint8)) for _ in range(2)]
            text = flanks[0] + DNA.decode(held[i]) + flanks[1]
            handle.write(f">p{i}\n{text}\n")
            start = FLANK + int(sites.start[0, i])
            column = int(strong[rng.integers(len(strong))])
            reverse = bool(sites.reverse[0, i])
            inside = start + (motif.width - 1 - column if reverse else column)
            rare = "ACGT"[int(matrix[column].argmin())]
            rare = rare.translate(str.maketrans("ACGT", "TGCA")) if reverse else rare
            outside = [p for p in range(FLANK, FLANK + held.lengths[i] - 6)
                       if p + 6 < start or p > start + motif.width + 6]  # fmt: skip
            if not outside or text[inside] == rare or "N" in text[FLANK:-FLANK]:
                continue
            beside = int(rng.choice(outside))
            other = rng.choice([x for x in "ACGT" if x != text[beside]])
            for kind, at, alt in (("in", inside, rare), ("beside", beside, other)):
                new = [(text[at], alt, "snv"), (text[at : at + 3], text[at], "deletion"),
                       (text[at], text[at] + "GA", "insertion")]  # fmt: skip
                for ref, changed, sort in new:
                    key = f"{i}_{kind}_{sort}"
                    truth[key] = kind
                    lines.append(f"p{i}\t{at + 1}\t{key}\t{ref}\t{changed}\t.\t.\t.")
    (folder / "v.vcf").write_text("##fileformat=VCFv4.3\n" + "\n".join(lines) + "\n")
    return truth


def falls(rows: list[dict[str, str]], motif: Motif, folder: Path) -> np.ndarray:
    """Find log10 of how many times the p-value of a peak's best site is larger after a change."""
    contigs = read_sequences(folder / "genome.fa", alphabet="dna")
    texts = dict(zip(contigs.ids, map(DNA.decode, contigs), strict=True))
    before, after = [], []
    for row in rows:
        text, at = texts[row["chrom"]], int(row["pos"]) - 1
        changed = text[:at] + row["alt"] + text[at + len(row["ref"]) :]
        before.append(DNA.encode(text[FLANK:-FLANK]))
        after.append(DNA.encode(changed[FLANK:-FLANK]))
    scores = motif.to_scores()
    distribution = ScoreDistribution.of(scores)
    log10_p = []
    for side in (before, after):
        peaks = SequenceSet.from_arrays(side, alphabet=DNA)
        best = best_sites([scores], peaks, both_strands=True).score[0]
        log10_p.append(distribution.log10_p_value(best.astype(float)))
    return log10_p[1] - log10_p[0]


def variants(held: SequenceSet, name: str, folder: Path) -> None:
    motif = next(m for m in load_motifs("jaspar", alphabet=DNA) if m.name.startswith(name))
    truth = changes(held, motif, folder)
    began = time.monotonic()
    call("variants", folder / "m0", folder / "v.vcf", "--genome", folder / "genome.fa", "--window",
         100, "--motifs", "jaspar:vertebrates", "-o", folder / "scored", "-q")  # fmt: skip
    spent = time.monotonic() - began
    with (folder / "scored" / "variants.tsv").open() as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    for sort in ("snv", "deletion", "insertion"):
        some = [row for row in rows if row["id"].endswith(sort)]
        loss = np.array([-float(row["difference"]) for row in some])
        inside = np.array([truth[row["id"]] == "in" for row in some])
        lost = inside & (falls(some, motif, folder) >= LEAST_FALL)
        named = np.array([row["motif_lost"].startswith(name) for row in some])
        print(f"| {sort} | {(~inside).sum()} | {told(loss, lost, ~inside, named)} "
              f"| {told(loss, inside & ~lost, ~inside, named)} "
              f"| {told(loss, inside, ~inside, named)} |")  # fmt: skip
    print(f"{len(rows)} alleles in {spent:.1f} s by the clock, with 1,019 motifs\n")


def told(loss: np.ndarray, some: np.ndarray, beside: np.ndarray, named: np.ndarray) -> str:
    """Write how many changes there are, the AUROC of their loss, and how often it is named."""
    area = auroc_interval(loss[some], loss[beside])
    interval = f"{area.value:.3f} ({area.low:.3f}-{area.high:.3f})"
    return f"{some.sum()} | {interval} | {named[some].mean():.2f}"


def designs(held: SequenceSet, folder: Path) -> None:
    models = [load_model(folder / f"m{i}") for i in (0, 1)]
    limits = [
        np.quantile(scores_of_networks(model, held).mean(0)[:, 0], share)
        for model, share in zip(models, (0.99, 0.95), strict=True)
    ]
    rows = np.random.default_rng(2).integers(0, 4, (100, 100)).astype(np.uint8)
    start = SequenceSet.from_arrays(list(rows), alphabet=DNA)
    rules = Constraints(DNA, edits=10, forbidden=("GAATTC",), gc=(0.3, 0.7))
    for method in METHODS:
        began = time.process_time()
        made = design(models[0], start, rules, method=method)
        other = scores_of_networks(models[1], made.sequences).mean(0)[:, 0]
        cells = [(made.after >= limits[0]).mean(), (other >= limits[1]).mean(), made.kept.mean()]
        numbers = " | ".join(f"{cell:.2f}" for cell in cells)
        print(f"| {method} | {numbers} | {time.process_time() - began:.0f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    parser.add_argument("--peaks", type=int, default=8000)
    parser.add_argument("--motif", default="MA0139")
    parser.add_argument("--folder", type=Path, help="where models are kept")
    parser.add_argument("--only", choices=["patterns", "variants", "designs"])
    options = parser.parse_args()
    if options.data is None:
        print("give --data FOLDER, or set SEQCNN_DATA")
        return
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        held = split(options.data, options.peaks, folder)
        for i in (0, 1):
            if not (folder / f"m{i}" / "config.json").exists():
                half = folder / f"half{i}.fa"
                print(call("train", half, "-o", folder / f"m{i}", "--seed", i, "-q"))
        if options.only in (None, "patterns"):
            print("\n| pattern | consensus | seqlets | hits | most like |\n|---|---|---|---|---|")
            patterns(folder)
        if options.only in (None, "variants"):
            sets = " | ".join(f"{x} | AUROC | named" for x in ("lost", "not lost", "all in sites"))
            print(f"| changes | beside | {sets} |\n|{'---|' * 11}")
            variants(held, options.motif, folder)
        if options.only in (None, "designs"):
            print("| method | best 1 % | best 5 % by the other model | constraints kept | CPU s |")
            print("|---|---|---|---|---|")
            designs(held, folder)


if __name__ == "__main__":
    main()
