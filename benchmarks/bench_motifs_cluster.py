"""Compare the families of `cluster` with the classes of JASPAR, beside what others give.

    python benchmarks/bench_motifs_cluster.py                     # toy: planted families
    python benchmarks/bench_motifs_cluster.py --full [--gimme PATH/TO/gimme]

Full: the adjusted Rand index against the classes and families of factors that JASPAR states, which
are read from the package pyjaspar, for all groups of JASPAR and some thresholds. Beside it average
linkage of the p-values of memelite's Tomtom (-log10 p at most 30, mean of both directions), cut
into as many families as `cluster` found and into the number that agrees best with the classes; and
GimmeMotifs, whose command is given. Peers that are not installed are left out.

Both: planted families of random DNA, five noisy copies of each of eight motifs, cut by up to two
columns at each end: how many families are joined or split, of 20 sets; and in how many of the sets
one motif of each family, clustered without the others, leave some together.
"""

import argparse
import importlib.util
import platform
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.special import comb
from timing import processor, use_cores

from seqcnn.motifs.cluster import THRESHOLD, cluster
from seqcnn.motifs.data import load_database
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.similarity import similarity
from seqcnn.seq.alphabet import DNA

THRESHOLDS = (0.1, THRESHOLD, 0.15, 0.2)
TAGS = ("class", "family")
GROUPS = ("vertebrates", "insects", "fungi", "plants", "nematodes", "all")


def adjusted_rand(labels: Sequence, others: Sequence) -> float:
    """Hubert & Arabie (1985), doi:10.1007/BF01908075."""
    rows, columns = (np.unique(x, return_inverse=True)[1] for x in (labels, others))
    table = np.zeros((rows.max() + 1, columns.max() + 1))
    np.add.at(table, (rows, columns), 1)
    together = comb(table, 2).sum()
    first, second = comb(table.sum(1), 2).sum(), comb(table.sum(0), 2).sum()
    expected = first * second / comb(len(rows), 2)
    return float((together - expected) / ((first + second) / 2 - expected))


def labels_of(motifs: Sequence[Motif], threshold: float) -> np.ndarray:
    labels = np.empty(len(motifs), int)
    for i, family in enumerate(cluster(motifs, threshold=threshold)):
        labels[family.members] = i
    return labels


def stated(motifs: Sequence[Motif], tag: str) -> list[str] | None:
    """Read what JASPAR says of each motif; a factor of two parts can be of two classes."""
    found = importlib.util.find_spec("pyjaspar")
    if found is None or found.origin is None:
        print("the classes are left out: pyjaspar is not installed", file=sys.stderr)
        return None
    path = Path(found.origin).parent / "data" / "JASPAR2026.sqlite"
    with sqlite3.connect(path) as connection:
        rows = connection.execute(
            "SELECT m.base_id || '.' || m.version, a.val FROM matrix m JOIN matrix_annotation a "
            "ON a.id = m.id WHERE a.tag = ? AND m.collection = 'CORE'", (tag,)
        ).fetchall()  # fmt: skip
    values: dict[str, set[str]] = {}
    for name, value in rows:
        values.setdefault(name, set()).add(value)
    return ["::".join(sorted(values.get(motif.name, ["unknown"]))) for motif in motifs]


def memelite_tree(motifs: Sequence[Motif]) -> np.ndarray | None:
    try:
        from memelite import tomtom
    except ImportError as error:
        print(f"memelite is left out: {error}", file=sys.stderr)
        return None
    arrays = [np.ascontiguousarray(m.matrix.values.T) for m in motifs]
    log_p = -np.log10(np.maximum(tomtom(arrays, arrays)[0], 1e-300))
    distances = 30 - np.minimum((log_p + log_p.T) / 2, 30)
    np.fill_diagonal(distances, 0)
    return linkage(squareform(distances, checks=False), "average")


def gimme_labels(motifs: Sequence[Motif], gimme: str, threads: int) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path, out = Path(folder) / "motifs.pfm", Path(folder) / "out"
        with path.open("w") as handle:
            for motif in motifs:
                handle.write(f">{motif.name}\n")
                np.savetxt(handle, motif.matrix.values, fmt="%.6f", delimiter="\t")
        command = [gimme, "cluster", str(path), str(out), "-N", str(threads)]
        subprocess.run(command, check=True, capture_output=True)
        labels = {}
        for line in (out / "cluster_key.txt").read_text().splitlines():
            family, members = line.split("\t")
            labels |= dict.fromkeys(members.split(","), family)
    return np.array([labels[motif.name] for motif in motifs])


def print_groups(groups: Sequence[str], *, gimme: str | None, threads: int) -> None:
    print("| motifs | number | by | families | ARI, classes | ARI, families | s |")
    print("|---|---|---|---|---|---|---|")
    for group in groups:
        motifs = load_database(group=None if group == "all" else group)
        truth = [stated(motifs, tag) for tag in TAGS]
        if truth[0] is None or truth[1] is None:
            return

        def row(
            by: str,
            labels: np.ndarray,
            seconds: float,
            name: str = f"{group} | {len(motifs):,}",
            truth: list = truth,
        ) -> None:
            figures = " | ".join(f"{adjusted_rand(t, labels):.3f}" for t in truth)
            print(f"| {name} | {by} | {len(set(labels))} | {figures} | {seconds:.1f} |", flush=True)

        number = 0
        for threshold in THRESHOLDS:
            began = time.perf_counter()
            labels = labels_of(motifs, threshold)
            default = ", the default" if threshold == THRESHOLD else ""
            row(f"seqcnn, threshold {threshold}{default}", labels, time.perf_counter() - began)
            number = len(set(labels)) if threshold == THRESHOLD else number
        began = time.perf_counter()
        tree = memelite_tree(motifs)
        if tree is not None:
            seconds = time.perf_counter() - began
            row("memelite p, average linkage, as many", fcluster(tree, number, "maxclust"), seconds)
            cuts = [fcluster(tree, n, "maxclust") for n in range(5, min(len(motifs), 200), 5)]
            best = max(cuts, key=lambda labels: adjusted_rand(truth[0] or [], labels))
            row("memelite p, average linkage, best number", best, seconds)
        if gimme:
            began = time.perf_counter()
            try:
                labels = gimme_labels(motifs, gimme, threads)
            except (subprocess.CalledProcessError, OSError, ValueError) as error:
                print(f"gimme is left out: {error}", file=sys.stderr)
                continue
            row("gimme cluster, default", labels, time.perf_counter() - began)


def planted_families(seed: int) -> tuple[list[Motif], np.ndarray]:
    rng = np.random.default_rng(seed)
    motifs, labels = [], np.repeat(np.arange(8), 5)
    for core in rng.dirichlet(np.full(4, 0.08), (8, 12)):
        for _ in range(5):
            left, right = rng.integers(0, 3, 2)
            noisy = core[left : 12 - right] + rng.uniform(0, 0.03, (12 - left - right, 1))
            motif = Motif("m", ProbabilityMatrix(noisy / noisy.sum(1, keepdims=True), DNA))
            motifs.append(motif.reverse_complement() if rng.random() < 0.5 else motif)
    return motifs, labels


def print_planted(sets: int, thresholds: Sequence[float]) -> None:
    print(f"\nPlanted families, {sets} sets of 8:\n")
    print("| threshold | families of two or more planted ones | of these with r sqrt(coverage) "
          "< .7 | planted ones that are split | sets of one of each with some together |\n"
          "|---|---|---|---|---|")  # fmt: skip
    for threshold in thresholds:
        joined = unlike = split = together = 0
        for seed in range(sets):
            motifs, labels = planted_families(seed)
            found = labels_of(motifs, threshold)
            together += len(set(labels_of(motifs[::5], threshold))) < 8
            split += sum(len(set(found[labels == label])) > 1 for label in range(8))
            for family in set(found):
                members = np.flatnonzero(found == family)
                if len(set(labels[members])) > 1:
                    joined += 1
                    unlike += _nearest(motifs, labels, members) < 0.7
        print(f"| {threshold} | {joined} | {unlike} | {split} | {together} |", flush=True)


def _nearest(motifs: Sequence[Motif], labels: np.ndarray, members: np.ndarray) -> float:
    """Largest similarity of two members that were planted apart."""
    return max(
        similarity(motifs[i], motifs[j]).similarity
        for i in members
        for j in members
        if labels[i] != labels[j]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="JASPAR, with peers")
    parser.add_argument("--gimme", help="the command gimme of GimmeMotifs, wherever it is")
    parser.add_argument("--groups", nargs="+", choices=GROUPS, default=GROUPS)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    use_cores(options.threads)
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, "
          f"numpy {np.__version__}\n")  # fmt: skip
    if options.full:
        print_groups(options.groups, gimme=options.gimme, threads=options.threads)
    print_planted(*((20, THRESHOLDS) if options.full else (1, [THRESHOLD])))


if __name__ == "__main__":
    main()
