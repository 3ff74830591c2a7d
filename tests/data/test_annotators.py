"""Votes, majorities and Dawid-Skene, against the paper's own data and plain loops."""

import math

import numpy as np
import pytest

from seqcnn.data.annotators import UNKNOWN, dawid_skene, majority_vote, make_votes, read_votes
from seqcnn.errors import SeqcnnError

ANAESTHETISTS = """
111 1 1 1 1/333 4 3 3 4/112 2 1 2 2/222 3 1 2 1/222 3 2 2 2/222 3 3 2 2/122 2 1 1 1/333 3 4 3 3
222 2 2 2 3/232 2 2 2 3/444 4 4 4 4/222 3 3 4 3/111 1 1 1 1/222 3 2 1 2/121 1 1 1 1/111 2 1 1 1
111 1 1 1 1/111 1 1 1 1/222 2 2 2 1/222 1 3 2 2/222 2 2 2 2/222 2 2 2 1/222 3 2 2 2/221 2 2 2 2
111 1 1 1 1/111 1 1 1 1/232 2 2 2 2/111 1 1 1 1/111 1 1 1 1/112 1 1 2 1/111 1 1 1 1/333 3 2 3 3
111 1 1 1 1/222 2 2 2 2/222 3 2 3 2/433 4 3 4 3/221 2 2 3 2/232 3 2 3 3/333 3 4 3 2/111 1 1 1 1
111 1 1 1 1/121 2 1 1 1/232 2 2 2 2/121 1 1 1 1/222 2 2 2 2
"""
"""Fitness of 45 patients by five observers, the first of whom saw all three times (the paper's
table 1)."""


def write_anaesthetists(path):
    rows = ["patient\tobserver\tgrade"]
    patients = ANAESTHETISTS.strip().replace("\n", "/").split("/")
    for number, patient in enumerate(patients, 1):
        for who, grades in enumerate(patient.split(), 1):
            rows += [f"{number}\t{who}\t{grade}" for grade in grades]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_the_paper_is_reproduced(tmp_path):
    votes = read_votes(write_anaesthetists(tmp_path / "t.tsv"))
    assert votes.counts.shape == (45, 5, 4) and votes.counts.sum() == 45 * 7
    result = dawid_skene(votes)
    np.testing.assert_allclose(result.prior, [0.40, 0.42, 0.11, 0.07], atol=0.005)
    first = [[0.89, 0.11, 0, 0], [0.07, 0.88, 0.05, 0], [0, 0.34, 0.66, 0]]
    np.testing.assert_allclose(result.confusion[0, :3], first, atol=0.0051)


def em_by_loops(labels: list[list[int]], k: int, rounds: int) -> tuple[list[list[float]], float]:
    """The same algorithm for one label each, in products of plain numbers."""
    n, m = len(labels), len(labels[0])
    truth = [[row.count(c) / sum(v >= 0 for v in row) for c in range(k)] for row in labels]
    likelihood = 0.0
    for _ in range(rounds):
        prior = [sum(t[c] for t in truth) / n for c in range(k)]
        errors = [[[0.0] * k for _ in range(k)] for _ in range(m)]
        for j in range(m):
            for c in range(k):
                seen = [truth[i][c] for i in range(n) if labels[i][j] >= 0]
                for said in range(k):
                    same = sum(truth[i][c] for i in range(n) if labels[i][j] == said)
                    errors[j][c][said] = same / sum(seen)
        likelihood = 0.0
        for i, row in enumerate(labels):
            joint = [
                prior[c] * math.prod(errors[j][c][v] for j, v in enumerate(row) if v >= 0)
                for c in range(k)
            ]
            truth[i] = [p / sum(joint) for p in joint]
            likelihood += math.log(sum(joint))
    return truth, likelihood


def test_em_is_that_of_plain_loops():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 3, 40)
    labels = np.where(rng.random((40, 4)) < 0.7, true[:, None], rng.integers(0, 3, (40, 4)))
    labels[rng.random((40, 4)) < 0.2] = UNKNOWN
    labels[:, 0] = np.where(labels[:, 0] < 0, true, labels[:, 0])
    result = dawid_skene(make_votes(labels), rounds=7, tolerance=-1)
    wanted, likelihood = em_by_loops(labels.tolist(), 3, 7)
    np.testing.assert_allclose(result.posterior, wanted, atol=1e-10)
    assert result.log_likelihood[-1] == pytest.approx(likelihood)
    assert (np.diff(result.log_likelihood) > -1e-9).all()


def test_reliable_people_outvote_guessers():
    rng = np.random.default_rng(3)
    true = rng.integers(0, 2, 400)
    right = np.array([0.97, 0.95, 0.55, 0.52, 0.5, 0.5])
    labels = np.where(rng.random((400, 6)) < right, true[:, None], 1 - true[:, None])
    votes = make_votes(labels)
    result = dawid_skene(votes)
    by_majority = (majority_vote(votes).labels == true).mean()
    assert (result.labels == true).mean() > 0.95 > by_majority + 0.1
    np.testing.assert_allclose(result.reliability, right, atol=0.07)


def test_many_labels_do_not_underflow():
    rng = np.random.default_rng(0)
    true = rng.integers(0, 2, 20)
    labels = np.where(rng.random((20, 3_000)) < 0.6, true[:, None], 1 - true[:, None])
    result = dawid_skene(make_votes(labels), rounds=5)
    assert np.isfinite(result.posterior).all() and (result.labels == true).all()


def test_a_prior_count_keeps_everything_possible():
    votes = make_votes(np.array([[0, 0], [1, 1], [0, 0]]))
    assert dawid_skene(votes).confusion[0, 0, 1] == 0
    assert dawid_skene(votes, pseudo=0.5).confusion[0, 0, 1] > 0.05
    with pytest.raises(SeqcnnError, match="`rounds` must be 1"):
        dawid_skene(votes, rounds=0)


def test_rounds_go_on_until_nothing_changes_with_a_prior_count_too():
    """The likelihood alone may fall from round to round, which must not end it early."""
    for seed in range(5):
        rng = np.random.default_rng(seed)
        true = rng.choice(3, 30, p=[0.6, 0.3, 0.1])
        right = rng.random((30, 5)) < rng.uniform(0.2, 0.9, 5)
        labels = np.where(right, true[:, None], rng.integers(0, 3, (30, 5)))
        labels[rng.random((30, 5)) < 0.4] = UNKNOWN
        votes = make_votes(labels[(labels >= 0).any(1)], classes=list("abc"))
        result = dawid_skene(votes, pseudo=1, rounds=2000, tolerance=1e-12)
        assert (np.diff(result.log_likelihood) > -1e-9).all()
        # by hand, one round more: errors with the added counts, then Bayes' rule
        given = np.einsum("ik,ijl->jkl", result.posterior, votes.counts) + 1
        errors = given / given.sum(2, keepdims=True)
        joint = result.posterior.mean(0) * np.exp(
            np.einsum("ijl,jkl->ik", votes.counts, np.log(errors))
        )
        again = joint / joint.sum(1, keepdims=True)
        np.testing.assert_allclose(result.posterior, again, atol=1e-3)


def test_majorities_and_ties():
    vote = majority_vote(make_votes(np.array([[2, 2, 1], [0, 1, 2], [0, 0, -1], [1, 0, -1]])))
    assert vote.labels.tolist() == [2, UNKNOWN, 0, UNKNOWN]
    assert vote.ties.tolist() == [False, True, False, True]
    np.testing.assert_allclose(vote.shares, [2 / 3, 1 / 3, 1, 1 / 2])


def test_wide_and_long_tables_hold_the_same(tmp_path):
    wide, long = tmp_path / "w.csv", tmp_path / "l.tsv"
    wide.write_text("file,student,professor\na.png,good,bad\nb.png,,medium\nc.png,bad,bad\n")
    long.write_text(
        "file\tannotator\tice\na.png\tstudent\tgood\na.png\tprofessor\tbad\n"
        "b.png\tprofessor\tmedium\nc.png\tstudent\tbad\nc.png\tprofessor\tbad\n"
    )
    order = ("bad", "medium", "good")
    one, two = (read_votes(path, classes=order) for path in (wide, long))
    np.testing.assert_array_equal(one.counts, two.counts)
    assert one.single.tolist() == [[2, 0], [UNKNOWN, 1], [0, 0]]
    assert (one.items, one.annotators, one.classes) == (two.items, two.annotators, order)
    assert read_votes(wide).classes == ("bad", "good", "medium")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file\ta\tb\n1\tgood\tbda\n", r"line 2: 'bda' is no class: they are good, bad"),
        ("file\ta\n1\tgood\n", "two annotators or more, not 1: a"),
        ("file\ta\tb\n1\tgood\tbad\n2\t\tNA\n", r"line 3: nobody labelled '2'"),
        ("file\ta\tb\n1\tgood\tbad\n1\tbad\tbad\n", r"line 3: '1' stands on line 2 already"),
    ],
)
def test_faults_of_tables(tmp_path, text, message):
    (tmp_path / "t.tsv").write_text(text)
    with pytest.raises(SeqcnnError, match=message):
        read_votes(tmp_path / "t.tsv", classes=("good", "bad"))


def test_one_class_is_too_few(tmp_path):
    (tmp_path / "t.tsv").write_text("file\ta\tb\n1\tgood\tgood\n")
    with pytest.raises(SeqcnnError, match="two classes or more, not 1: good"):
        read_votes(tmp_path / "t.tsv")
