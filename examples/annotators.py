"""Several people label the ice of cryo-EM grids as good, medium or bad: whom to believe.

Six annotators, from an undergraduate to a professor; some guess, and nobody saw everything. Writes
who agrees with whom (Cohen's kappa, weighted, since medium lies between good and bad), how reliable
each is (Dawid-Skene), where they disagree, and the labels that follow, compared with the truth.

    python examples/annotators.py FOLDER [LABELS.tsv]
"""

import sys
from pathlib import Path

import numpy as np

from seqcnn.data.agreement import compare_annotators, compare_pairs, disagreements, fleiss_kappa
from seqcnn.data.annotators import dawid_skene, majority_vote, make_votes, read_votes
from seqcnn.data.tables import write_table

CLASSES = ("bad", "medium", "good")
SKILL = {"undergrad 1": 0.55, "undergrad 2": 0.4, "technician": 0.6, "student": 0.75,
         "postdoc": 0.9, "professor": 0.85}  # fmt: skip


def main(out: Path, toy: bool = False, labels: Path | None = None) -> None:
    """Write tables into `out`."""
    out.mkdir(parents=True, exist_ok=True)
    rng, n = np.random.default_rng(0), 40 if toy else 400
    truth = rng.choice(3, n, p=[0.3, 0.3, 0.4])
    if labels is None:
        sure = rng.random((n, 6)) < list(SKILL.values())
        said = np.where(sure, truth[:, None], rng.integers(0, 3, (n, 6)))
        said[rng.random((n, 6)) < 0.2] = -1
        said = said[seen := (said >= 0).any(1)]
        truth, names = truth[seen], [f"grid_{i:03}.png" for i in range(int(seen.sum()))]
        votes = make_votes(said, items=names, annotators=list(SKILL), classes=CLASSES)
    else:
        votes = read_votes(labels)
    vote, consensus = majority_vote(votes), dawid_skene(votes, pseudo=0.1)
    pairs = compare_pairs(votes, weights="quadratic")
    people, where = compare_annotators(votes, consensus), disagreements(votes, consensus)
    write_table(out / "pairs.tsv", pairs[0]._fields, pairs)
    write_table(out / "annotators.tsv", people[0]._fields, people)
    header = ("item", "majority", "share", "consensus", *votes.annotators)
    write_table(out / "disagreements.tsv", header, [(*row[:4], *row.labels) for row in where])
    final = [(i, votes.classes[k]) for i, k in zip(votes.items, consensus.labels, strict=True)]
    write_table(out / "labels.tsv", ("file", "label"), final)
    print(f"{len(votes.items)} pictures, {len(where)} of them disputed, {vote.ties.sum()} ties")
    print(f"Fleiss' kappa of all annotators: {fleiss_kappa(votes):.2f}")
    for row in people:
        print(f"{row.annotator:12} with the others {row.with_others:.2f}", end="")
        print(f", reliability {row.reliability:.2f}, most often {row.worst}")
    if labels is None:
        right = [(found.labels == truth).mean() for found in (vote, consensus)]
        print(f"right by majority: {right[0]:.3f}, weighed by reliability: {right[1]:.3f}")


if __name__ == "__main__":
    folder, *given = [Path(word) for word in sys.argv[1:]] or [Path()]
    main(folder, labels=given[0] if given else None)
