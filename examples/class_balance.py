"""Are the data balanced and diverse? Classes, grids, cameras and manufacturers of cryo-EM pictures.

Writes how many pictures each class and each camera has, how strongly each origin gives the class
away (a network would learn the camera then), weights for the classes, and a split into training,
stopping and test pictures that keeps the shares of the classes and never splits up a grid.

    python examples/class_balance.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.data.balance import balance_report, class_balance, class_weights, split_parts
from seqcnn.data.tables import write_table


def main(out: Path, toy: bool = False) -> None:
    """Write tables into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    rng, grids = np.random.default_rng(0), 40 if toy else 200
    grid = np.repeat(np.arange(grids), 10)
    quality = rng.choice(3, grids, p=[0.15, 0.25, 0.6])[grid]
    ice = np.where(rng.random(len(grid)) < 0.8, quality, rng.integers(0, 3, len(grid)))
    # the good grids went to the best camera more often: a trap for networks
    camera = np.where(rng.random(grids) < 0.6, quality[::10], rng.integers(0, 3, grids))[grid]
    columns = {
        "grid": [f"grid {i}" for i in grid],
        "camera": [("Falcon", "DE-20", "K3")[i] for i in camera],
        "manufacturer": [("Thermo", "JEOL")[i] for i in rng.integers(0, 2, grids)[grid]],
    }
    labels = [("bad", "medium", "good")[i] for i in ice]

    balance = class_balance(labels)
    print(f"the largest class is {balance.imbalance:.1f} times the smallest; effectively", end="")
    print(f" {balance.effective_classes:.2f} of {len(balance.classes)} classes")
    weights = [class_weights(balance.counts, how) for how in ("balanced", "effective")]
    rows = list(zip(balance.classes, balance.counts, balance.shares, *weights, strict=True))
    write_table(out / "classes.tsv", ("class", "pictures", "share", "balanced", "effective"), rows)
    for name, count, share, weight, _ in rows:
        print(f"{name:8} {count:5} pictures, {share:.1%}, weight {weight:.2f}")
    report = balance_report(columns, labels)
    write_table(out / "origins.tsv", report[0]._fields, report)
    for row in report:
        print(f"{row.column:13} {row.kinds:4} kinds, tells the class by {row.association:.2f}")

    parts = split_parts(ice, {"train": 0.8, "stop": 0.1, "test": 0.1}, groups=grid, seed=0)
    for name, at in parts.items():
        print(f"{name:6} {len(at):5} pictures of {len(set(grid[at])):3} grids", end="")
        print(f", {np.mean(ice[at] == 2):.0%} good")
    lines = [(i, columns["grid"][i], labels[i], part) for part, at in parts.items() for i in at]
    write_table(out / "split.tsv", ("picture", "grid", "label", "part"), lines)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
