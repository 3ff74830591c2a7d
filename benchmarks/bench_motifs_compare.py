"""Find motifs again by `compare`, beside memelite's Tomtom where it is installed.

    python benchmarks/bench_motifs_compare.py                     # toy, a few seconds
    python benchmarks/bench_motifs_compare.py --full              # needs memelite for the peer

Queries are sites drawn from motifs of JASPAR, two columns cut off, on a random strand; counted is
how often the motif they are from ranks first, and among the first five. The ceiling is to rank by
the likelihood of all sites under each matrix, which needs to know that the sites are sites. Then
the columns of the queries are shuffled: how many find anything with E < .05? Then p-values are
compared with memelite's (Spearman, Euclidean distance, where memelite's are below .01), and times
are taken, in turn; memelite compiles on its first call, which is not in them.
"""

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from timing import in_turn, processor, use_cores

from seqcnn.motifs.columns import SIMILARITIES
from seqcnn.motifs.compare import TargetDatabase, compare
from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.sample import sample_sites

SITES = 20


class Queries(NamedTuple):
    """Motifs, and the position of the target that each is from."""

    motifs: list[Motif]
    targets: np.ndarray


def drawn_queries(targets: Sequence[Motif], number: int, seed: int) -> Queries:
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(targets), number, replace=False)
    motifs = []
    for i in chosen:
        target = targets[i]
        left = int(rng.integers(0, 3))
        sites = sample_sites(target, SITES, seed=int(rng.integers(2**31)))
        counts = CountMatrix.from_sites(sites[:, left : target.width - 2 + left], target.alphabet)
        motif = Motif(f"query of {target.name}", counts.to_probabilities(), sites=SITES)
        motifs.append(motif.reverse_complement() if rng.random() < 0.5 else motif)
    return Queries(motifs, chosen)


def with_shuffled_columns(motifs: Sequence[Motif], seed: int) -> list[Motif]:
    rng = np.random.default_rng(seed)
    return [
        replace(m, matrix=replace(m.matrix, values=m.matrix.values[rng.permutation(m.width)]))
        for m in motifs
    ]


def found_shares(scores: np.ndarray, ties: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """Share of the queries whose own target is first, and among the first five.

    Targets of equal score and equal tie-breaker share the places that they take, so that equal
    scores are no advantage; all arrays (queries, targets), larger is better.
    """
    rows = np.arange(len(own))
    mine, my_tie = scores[rows, own][:, None], ties[rows, own][:, None]
    before = ((scores > mine) | ((scores == mine) & (ties > my_tie))).sum(1)
    equal = ((scores == mine) & (ties == my_tie)).sum(1)
    first, five = (float(np.clip((n - before) / equal, 0, 1).mean()) for n in (1, 5))
    return first, five


def likelihood_scores(queries: Sequence[Motif], targets: Sequence[Motif]) -> np.ndarray:
    """Log-likelihood of the sites at the best placement; positions that hang over are uniform."""
    scores = np.empty((len(queries), len(targets)))
    logs = []
    for target in targets:
        n = target.sites or SITES
        padded = (target.matrix.values * n + 0.0625) / (n + 0.25)
        logs.append(np.log(padded / 0.25))
    for row, query in zip(scores, queries, strict=True):
        counts = query.matrix.values * SITES
        for j, log in enumerate(logs):
            products = counts @ log.T
            turned = counts[::-1, ::-1] @ log.T
            row[j] = max(_best_diagonal(products), _best_diagonal(turned))
    return scores


def _best_diagonal(products: np.ndarray) -> float:
    width, length = products.shape
    laid = np.zeros((width, length + 2 * width))
    for i, row in enumerate(products):
        laid[i, width - i : width - i + length] = row
    return float(laid.sum(0).max())


def seqcnn_places(
    queries: Sequence[Motif], targets: Sequence[Motif], distance: str
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the targets in the table of each query, negative, and least E of each query."""
    found = compare(queries, targets, distance=distance)
    places = np.full((len(queries), len(targets)), -np.inf)
    least = np.full(len(queries), np.inf)
    for i in range(len(queries)):
        rows = found.query == i
        places[i, found.target[rows]] = -np.arange(rows.sum())
        least[i] = 10 ** found.log10_e[rows].min(initial=np.inf)
    return places, least


def memelite_call() -> Callable[..., np.ndarray] | None:
    try:
        from memelite import tomtom
    except ImportError as error:
        print(f"memelite is left out: {error}", file=sys.stderr)
        return None

    def p_values_and_scores(
        queries: Sequence[Motif], targets: Sequence[Motif], **options: Any
    ) -> np.ndarray:
        arrays = [
            [np.ascontiguousarray(m.matrix.values.T) for m in motifs]
            for motifs in (queries, targets)
        ]
        return tomtom(*arrays, **options)[:2]

    return p_values_and_scores


def print_ranks(
    targets: Sequence[Motif], number: int, seeds: Sequence[int], peer: Callable | None
) -> None:
    rows: dict[str, list[tuple[float, ...]]] = {}
    for seed in seeds:
        queries = drawn_queries(targets, number, seed)
        shuffled = with_shuffled_columns(queries.motifs, seed)
        for distance in SIMILARITIES:
            places, _ = seqcnn_places(queries.motifs, targets, distance)
            _, least = seqcnn_places(shuffled, targets, distance)
            shares = found_shares(places, np.zeros_like(places), queries.targets)
            row = (*shares, float((least < 0.05).mean()))
            rows.setdefault(f"seqcnn, {distance}", []).append(row)
        if peer:
            p, scores = peer(queries.motifs, targets)
            least = peer(shuffled, targets)[0].min(1) * len(targets)
            row = (*found_shares(-p, scores, queries.targets), float((least < 0.05).mean()))
            rows.setdefault("memelite.tomtom", []).append(row)
        scores = likelihood_scores(queries.motifs, targets)
        row = (*found_shares(scores, np.zeros_like(scores), queries.targets), np.nan)
        rows.setdefault("likelihood of all sites", []).append(row)
    print(f"{number} queries of each of the seeds {', '.join(map(str, seeds))}:\n")
    print("| ranked by | first | among the first 5 | shuffled: E < .05 |\n|---|---|---|---|")
    for name, values in rows.items():
        cells = [" ".join("" if np.isnan(v) else f"{v:.1%}" for v in c) for c in zip(*values)]  # noqa: B905
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def print_agreement(queries: Queries, targets: Sequence[Motif], peer: Callable) -> None:
    from scipy.stats import spearmanr

    database = TargetDatabase(targets, "euclidean")
    ours = np.array([database.log10_p(query) for query in queries.motifs])
    theirs = np.log10(np.maximum(peer(queries.motifs, targets)[0], 1e-300))
    low = theirs < -2
    rho = spearmanr(ours[low], theirs[low])[0]
    middle = np.abs(ours - theirs)[low]
    print(
        f"\nSpearman's rho of log p, Euclidean, {low.sum():,} pairs with memelite's p < .01: "
        f"{rho:.4f}; median difference of log10 p {np.median(middle):.3f}, "
        f"99 % below {np.percentile(middle, 99):.2f}."
    )


def print_times(
    queries: Queries, targets: Sequence[Motif], *, rounds: int, threads: int, peer: Callable | None
) -> None:
    def run(call: Callable[..., Any], **options: Any) -> float:
        call(queries.motifs, targets, **options)
        return 0.0

    steps = {f"seqcnn, {d}": partial(run, compare, distance=d) for d in ("llr", "euclidean")}
    if peer:
        steps["memelite.tomtom"] = partial(run, peer, n_jobs=threads)
    times = in_turn(steps, rounds)
    print(f"\n{len(queries.motifs)} queries, {len(targets):,} targets, {threads} threads:\n")
    print("| | first call, s | then, s | CPU s | times memelite, wall | CPU |")
    print("|---|---|---|---|---|---|")
    for name, t in times.items():
        ratios = [""] * 2
        if peer:
            base = times["memelite.tomtom"]
            ratios = [f"{np.median(a / b):.1f}" for a, b in
                      ((t.wall, base.wall), (t.cores, base.cores))]  # fmt: skip
        print(f"| {name} | {t.first:.2f} | {np.median(t.wall):.2f} | {np.median(t.cores):.2f} | "
              f"{' | '.join(ratios)} |")  # fmt: skip


def print_cold_start(queries: Queries, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "queries.meme"
        write_motifs(path, queries.motifs)
        command = [sys.executable, "-m", "seqcnn", "compare", str(path), "-o", "/dev/null"]
        seconds = []
        for _ in range(rounds):
            began = time.perf_counter()
            subprocess.run([*command, "--quiet"], check=True)
            seconds.append(time.perf_counter() - began)
    print(f"\n`seqcnn compare`, {len(queries.motifs)} queries against all of JASPAR, from the "
          f"start of the process to its end: {np.median(seconds):.2f} s.")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="all of JASPAR, 200 queries a seed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    options = parser.parse_args()
    use_cores(options.threads)
    peer = memelite_call() if options.full else None
    targets = load_database(group=None if options.full else "nematodes")
    number, seeds = (200, options.seeds) if options.full else (10, [1])
    print(f"{processor()}, {options.threads} threads, Python {platform.python_version()}, "
          f"numpy {np.__version__}{', memelite 0.5.0' if peer else ''}\n")  # fmt: skip
    print_ranks(targets, number, seeds, peer)
    queries = drawn_queries(targets, number, seeds[0])
    if peer:
        print_agreement(queries, targets, peer)
    print_times(queries, targets, rounds=options.rounds if options.full else 1,
                threads=options.threads, peer=peer)  # fmt: skip
    print_cold_start(queries, 5 if options.full else 1)


if __name__ == "__main__":
    main()
