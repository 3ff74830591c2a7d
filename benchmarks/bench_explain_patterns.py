"""Patterns found in attributions whose motifs are known, with CPU time and memory.

    python benchmarks/bench_explain_patterns.py                         # toy
    python benchmarks/bench_explain_patterns.py --full [--modisco PYTHON]

Contributions are hypothetical: log-odds of random motifs, an amplitude of each site, noise of each
letter and on everything; a tenth of the sites contributes nothing (`planted_contributions` of the
tests). `--modisco` is a Python with modisco-lite, which gets the same arrays in a process of its
own. CPU seconds are those of all threads, without imports; memory is the peak of a process that
did nothing else, arrays included.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.explain.planted_contributions import plant, random_motif, word_motif  # noqa: E402

CASES = {
    "one motif, 1,000 x 20": (1, 1000, 20, {}),
    "one motif, 1,000 x 60": (1, 1000, 60, {}),
    "one motif, 1,000 x 200": (1, 1000, 200, {}),
    "three motifs, 1,000 x 60": (3, 1000, 60, {}),
    "two spacings, 1,000 x 60": (2, 1000, 60, {"exclusive": True, "share": 0.5}),
    "no motif, 1,000 x 60": (0, 1000, 60, {}),
    "12 motifs, 2,000 x 60": (12, 2000, 60, {"exclusive": True, "silent": 0}),
    "12 motifs, 10,000 x 60": (12, 10000, 60, {"exclusive": True, "silent": 0}),
    "12 motifs, 2,000 x 200": (12, 2000, 200, {"exclusive": True, "silent": 0}),
}
TOY = {"toy": (1, 200, 40, {})}


def make(case: tuple, seed: int):
    number, sequences, length, options = case
    rng = np.random.default_rng(seed)
    motifs = [random_motif(11, rng) for _ in range(number)]
    if "share" in options:
        motifs = [word_motif("AGGTCA" + "N" * gap + "AGGTCA") for gap in (1, 4)]
    return motifs, plant(motifs, number=sequences, length=length, seed=seed, **options)


def ours(path: str) -> dict:
    """Run in a process of its own."""
    from seqcnn.explain.patterns.discover import find_patterns
    from seqcnn.explain.seqlets import find_seqlets
    from seqcnn.seq.alphabet import DNA

    with np.load(path) as arrays:
        given, codes = arrays["contributions"], arrays["codes"]
    began = time.process_time()
    seqlets = find_seqlets(given, codes, DNA)
    patterns = find_patterns(given, codes, DNA, seqlets=seqlets)
    seconds = time.process_time() - began
    matrices = [p.motif().matrix.values.tolist() for p in patterns]
    return {"seqlets": len(seqlets), "cpu": seconds, "matrices": matrices}


def own_peak() -> float:
    """Read the peak of memory since this program began, in MB; getrusage tells of the parent's."""
    path = Path("/proc/self/status")
    if path.exists():
        (line,) = [x for x in path.read_text().splitlines() if x.startswith("VmHWM")]
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def found(matrices: list, motifs: list) -> int:
    """Count the motifs that a pattern is like."""
    from seqcnn.motifs.matrix import ProbabilityMatrix
    from seqcnn.motifs.motif import Motif
    from seqcnn.motifs.similarity import similarity
    from seqcnn.seq.alphabet import DNA

    as_motif = [
        Motif("p", ProbabilityMatrix((np.array(m) + 1e-3) / (1 + 4e-3), DNA)) for m in matrices
    ]
    truth = [Motif("t", ProbabilityMatrix(m, DNA)) for m in motifs]
    matches = [[similarity(p, t) for p in as_motif] for t in truth]
    return sum(any(m.r > 0.8 and m.coverage > 0.6 for m in row) for row in matches)


def run(python: str, script: list[str], path: str) -> dict:
    command = [python, *script, path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=900)
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["?"])[-1][:80]}
    return json.loads(done.stdout.splitlines()[-1])


def run_both(path: str, modisco: str | None) -> Iterator[tuple[str, dict]]:
    """Give what comes out of an NPZ file of contributions and codes, by whom."""
    yield "seqcnn", run(sys.executable, [__file__, "--one"], path)
    if modisco:
        yield "modisco-lite", run(modisco, ["benchmarks/peers/modisco_patterns.py"], path)


def compare(cases: dict, modisco: str | None, seed: int) -> None:
    print("| case | by | seqlets | motifs found | patterns | CPU s | MB |")
    print("|---|---|---|---|---|---|---|")
    for name, case in cases.items():
        motifs, planted = make(case, seed)
        with tempfile.TemporaryDirectory() as folder:
            path = str(Path(folder) / "arrays.npz")
            np.savez(path, contributions=planted.contributions, codes=planted.codes)
            for by, result in run_both(path, modisco):
                if "error" in result:
                    print(f"| {name} | {by} | {result['error']} | | | | |", flush=True)
                    continue
                right = f"{found(result['matrices'], motifs)} of {len(motifs)}"
                print(
                    f"| {name} | {by} | {result['seqlets']:,} | {right} "
                    f"| {len(result['matrices'])} | {result['cpu']:.1f} | {result['mb']:.0f} |",
                    flush=True,
                )


def test_toy(capsys):
    compare(TOY, None, 0)
    assert "1 of 1 | 1 |" in capsys.readouterr().out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--modisco", help="a Python with modisco-lite")
    parser.add_argument("--seed", type=int, default=500)
    parser.add_argument("--only", help="cases whose name holds this")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        result = ours(options.one)
        peak = own_peak()
        print(json.dumps({**result, "mb": peak}))
        return
    cases = CASES if options.full else TOY
    chosen = {k: v for k, v in cases.items() if not options.only or options.only in k}
    compare(chosen, options.modisco, options.seed)


if __name__ == "__main__":
    main()
