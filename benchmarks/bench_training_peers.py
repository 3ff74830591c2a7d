"""Positives against negatives: `train` beside logistic regression and random forest on words.

    python benchmarks/bench_training_peers.py --data FOLDER --set clip/QKI --ours
    python benchmarks/bench_training_peers.py --data FOLDER --set clip/QKI --peers

FOLDER/SET holds `{train,test}_{pos,neg}.fa.gz`; SEQCNN_DATA is the default of FOLDER. `--ours` runs
`seqcnn train` with default settings and `evaluate`. `--peers` needs scikit-learn, in an environment
of its own; hyper-parameters are chosen by 3-fold cross-validation within the training files, and
the test files are scored once. Test sequences that share a word (20 letters, of protein 9) with a
training sequence are also left out.

Words: for DNA and RNA all of 1 to 6 letters, and two words of 3 letters with a gap of 1 to 6
between them; for protein all of 1 to 3 letters, pairs of letters 2 to 9 apart, and of the seven
classes of the conjoint triad (Shen et al. 2007, doi:10.1073/pnas.0607879104) all of 1 to 4 and
pairs 2 to 9 apart.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.seq.io.fasta import read_sequences
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.auroc import auprc, auroc

TRIAD = ("AGV", "ILFP", "YMTS", "HNQW", "RK", "DE", "C")

DRAWS = 500


def read(folder: Path, part: str) -> tuple[list[SequenceSet], np.ndarray]:
    """Read positives and negatives of a part, and their labels."""
    alphabet = "protein" if "mhc" in str(folder) else "rna"
    sets = [
        read_sequences(folder / f"{part}_{name}.fa.gz", alphabet=alphabet)
        for name in ("pos", "neg")
    ]
    return sets, np.repeat([1, 0], [len(s) for s in sets])


def rows_of(sets: list[SequenceSet], width: int) -> np.ndarray:
    """Put all sequences into one array of codes, 255 behind their ends."""
    return np.concatenate([s.padded(width) for s in sets])


def words(codes: np.ndarray, letters: int, offsets: list[int]) -> Any:
    """Count the words that letters at `offsets` spell, sparse (n, letters ** len(offsets))."""
    from scipy import sparse

    n, span = len(codes), offsets[-1] + 1
    places = codes.shape[1] - span + 1
    shown = np.ones((n, places), bool)
    number = np.zeros((n, places), np.int64)
    for offset in offsets:
        part = codes[:, offset : offset + places]
        shown &= part < letters
        number = number * letters + np.where(part < letters, part, 0)
    row = np.broadcast_to(np.arange(n)[:, None], shown.shape)[shown]
    shape = (n, letters ** len(offsets))
    counts = sparse.csr_matrix((np.ones(len(row), np.float32), (row, number[shown])), shape=shape)
    counts.sum_duplicates()
    counts.data = np.log1p(counts.data)
    return counts


def features(codes: np.ndarray, sets: list[SequenceSet]) -> Any:
    """Count all words of all kinds."""
    from scipy import sparse

    if sets[0].alphabet.size == 4:
        kinds = [(codes, 4, list(range(k))) for k in range(1, 7)]
        kinds += [(codes, 4, [0, 1, 2, 3 + g, 4 + g, 5 + g]) for g in range(1, 7)]
    else:
        table = np.full(256, 255, np.uint8)
        for number, group in enumerate(TRIAD):
            table[sets[0].alphabet.encode(group)] = number
        reduced = table[codes]
        kinds = [(codes, 20, list(range(k))) for k in range(1, 4)]
        kinds += [(reduced, 7, list(range(k))) for k in range(1, 5)]
        kinds += [(c, m, [0, d]) for c, m in ((codes, 20), (reduced, 7)) for d in range(2, 10)]
    return sparse.hstack([words(*kind) for kind in kinds]).tocsr()


def interval(values: np.ndarray, labels: np.ndarray) -> str:
    """Give both areas with 95 % bootstrap intervals as cells."""
    rng = np.random.default_rng(0)
    cells = []
    for area in (auroc, auprc):
        drawn = []
        for _ in range(DRAWS):
            rows = rng.integers(0, len(labels), len(labels))
            v, y = values[rows], labels[rows]
            drawn.append(area(v[y == 1], v[y == 0]))
        low, high = np.quantile(drawn, [0.025, 0.975])
        found = area(values[labels == 1], values[labels == 0])
        cells += [f"{found:.4f}", f"{low:.4f}", f"{high:.4f}"]
    return "\t".join(cells)


def unrelated(train: np.ndarray, test: np.ndarray, letters: int) -> np.ndarray:
    """Find the test sequences without a long word of a training sequence, bool (n,)."""
    width = 20 if letters == 4 else 9
    seen = {row[i : i + width].tobytes() for row in train for i in range(len(row) - width + 1)
            if row[i + width - 1] != 255}  # fmt: skip
    return np.array([
        not any(row[i : i + width].tobytes() in seen for i in range(len(row) - width + 1))
        for row in test
    ])  # fmt: skip


def peers(folder: Path) -> dict[str, np.ndarray]:
    """Tune by cross-validation, fit, and score the test sequences."""
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score

    sets, labels = read(folder, "train")
    test, _ = read(folder, "test")
    width = max(int(s.lengths.max()) for s in [*sets, *test])
    x, held = (features(rows_of(s, width), s) for s in (sets, test))
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    found = {}
    candidates = {
        "logistic regression": [
            (f"C={c:g}", LogisticRegression(C=c, max_iter=200, class_weight="balanced"))
            for c in (1e-3, 1e-2, 1e-1, 1.0)
        ],
        "random forest": [
            (f"leaf={leaf}, features={share}", RandomForestClassifier(
                200, min_samples_leaf=leaf, max_features=share, class_weight="balanced",
                random_state=0, n_jobs=2))
            for leaf, share in ((1, "sqrt"), (3, "sqrt"), (3, 0.02))
        ],
    }  # fmt: skip
    for name, models in candidates.items():
        start = time.process_time()
        areas = [cross_val_score(m, x, labels, cv=folds, scoring="roc_auc").mean()
                 for _, m in models]  # fmt: skip
        best = int(np.argmax(areas))
        tried = ", ".join(f"{k}: {a:.4f}" for (k, _), a in zip(models, areas, strict=True))
        print(f"# {name}: {tried}; {time.process_time() - start:.0f} s", flush=True)
        found[name] = models[best][1].fit(x, labels).predict_proba(held)[:, 1]
    return found


def ours(folder: Path, seed: int) -> tuple[np.ndarray, str]:
    """Train with default settings, score the test sequences, and sum up what `evaluate` says."""
    with tempfile.TemporaryDirectory() as scratch:
        model = f"{scratch}/model"
        alphabet = "protein" if "mhc" in str(folder) else "rna"
        files = {p: str(folder / f"{p}.fa.gz")
                 for p in ("train_pos", "train_neg", "test_pos", "test_neg")}  # fmt: skip
        command = [sys.executable, "-m", "seqcnn"]
        start = time.monotonic()
        subprocess.run([*command, "train", files["train_pos"], "--control", files["train_neg"],
                        "-o", model, "--seed", str(seed), "--alphabet", alphabet, "-q"],
                       check=True)  # fmt: skip
        spent = time.monotonic() - start
        subprocess.run(
            [*command, "evaluate", model, files["test_pos"], "--control", files["test_neg"],
             "-o", f"{scratch}/judged", "-q"],
            check=True,
        )  # fmt: skip
        facts = json.loads(Path(f"{scratch}/judged/metrics.json").read_text())
        from seqcnn.networks.weights import load_model
        from seqcnn.training.predict import predict

        test, _ = read(folder, "test")
        loaded = load_model(model)
        values = np.concatenate([predict(loaded, part) for part in test])
    found = facts["metrics"]["probability"]
    line = (
        f"# {spent:.0f} s; composition alone {facts['composition']}; "
        f"ece {found['ece']['value']:.4f} (limit {facts['ece_limit']:.4f}), "
        f"slope {found['calibration_slope']['value']:.2f}, "
        f"intercept {found['calibration_intercept']['value']:.2f}"
    )
    return values, line


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=os.environ.get("SEQCNN_DATA"))
    parser.add_argument("--set", default="clip/QKI")
    parser.add_argument("--ours", action="store_true")
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.data is None or not (folder := Path(options.data) / options.set).exists():
        print("no data: give --data or set SEQCNN_DATA")
        return
    test, labels = read(folder, "test")
    train, _ = read(folder, "train")
    width = max(int(s.lengths.max()) for s in [*train, *test])
    free = unrelated(rows_of(train, width), rows_of(test, width), train[0].alphabet.size)
    print("set\tmodel\tsequences\tauroc\tlow\thigh\tauprc\tlow\thigh")
    found: dict[str, np.ndarray] = {}
    if options.ours:
        found["seqcnn train"], line = ours(folder, options.seed)
        print(line)
    if options.peers:
        found |= peers(folder)
    for name, values in found.items():
        for kept, which in ((np.ones(len(labels), bool), "all"), (free, "unrelated")):
            cells = interval(values[kept], labels[kept])
            print(f"{options.set}\t{name}\t{which} {kept.sum()}\t{cells}", flush=True)


if __name__ == "__main__":
    main()
