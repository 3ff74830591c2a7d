"""Designed sequences: better scores, and no constraint broken."""

import numpy as np
import pytest
from scipy.special import logit

from seqcnn.errors import SeqcnnError
from seqcnn.explain.constraints import Constraints
from seqcnn.explain.design import design
from seqcnn.networks.weights import Member, Model
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet
from seqcnn.training.predict import predict, scores_of_networks
from seqcnn.training.targets import Target
from tests.discovery.planted import random_rows


def model(number=2, target=None):
    options = {"kernels": 8, "width": 8, "hidden": 8}
    members = tuple(
        Member("motifcnn", options, create("motifcnn", alphabet="dna", seed=i, **options), {
            "fold": i, "calibrator": {"scale": [2.0 + i], "offset": [0.5]},
        })
        for i in range(number)
    )  # fmt: skip
    target = target or Target("binary", ("t",))
    return Model(members, DNA, {"target": target.to_dict()})


def some(n=3, length=30, seed=0):
    return SequenceSet.from_arrays(list(random_rows(n, length, seed)), alphabet=DNA)


def scores(made, sequences):
    return scores_of_networks(made, sequences).mean(0)[:, 0]


def test_one_edit_is_the_best_of_all():
    made, start = model(), some()
    found = design(made, start, Constraints(DNA, edits=1), method="greedy")
    for i in range(len(start)):
        mutants = []
        for p in range(30):
            for letter in range(4):
                codes = start[i].copy()
                codes[p] = letter
                mutants.append(codes)
        best = scores(made, SequenceSet.from_arrays(mutants, alphabet=DNA)).max()
        assert found.after[i] == pytest.approx(best, abs=1e-4)
        assert len(found.edits(i)) <= 1
    np.testing.assert_allclose(found.before, scores(made, start), atol=1e-6)
    np.testing.assert_allclose(found.after, scores(made, found.sequences), atol=1e-6)


def test_a_beam_is_no_worse_and_down_is_the_other_way():
    made, start = model(), some(4)
    rules = Constraints(DNA, edits=4)
    greedy, beam = (design(made, start, rules, method=m).after for m in ("greedy", "beam"))
    assert (beam >= greedy - 1e-5).all() and (greedy > scores(made, start)).all()
    assert (design(made, start, rules, goal="min").after < scores(made, start)).all()


def test_a_score_is_come_close_to():
    made, start = model(), some()
    wanted = float(scores(made, start).mean() + 0.2)
    found = design(made, start, Constraints(DNA), goal=wanted)
    assert (np.abs(found.after - wanted) < 0.02).all()
    assert (np.abs(found.after - wanted) <= np.abs(found.before - wanted)).all()


@pytest.mark.parametrize("method", ["greedy", "beam", "gradient"])
def test_no_constraint_is_broken_and_what_was_is_mended(method):
    rows = random_rows(4, 40, 5)
    rows[0, 10:16] = DNA.encode("GAATTC")
    start = SequenceSet.from_arrays(list(rows), alphabet=DNA)
    rules = Constraints(
        DNA, edits=9, fixed=((0, 5), (30, 33)), forbidden=("GAATTC", "GGNCC"), gc=(0.45, 0.55)
    )
    found = design(model(), start, rules, method=method)
    assert found.kept.all()
    for i, codes in enumerate(found.sequences):
        text, before = DNA.decode(codes), DNA.decode(rows[i])
        assert text[:5] == before[:5] and text[30:33] == before[30:33]
        assert "GAATTC" not in text and not any(
            text[p : p + 2] == "GG" and text[p + 3 : p + 5] == "CC" for p in range(36)
        )
        assert 18 <= sum(x in "GC" for x in text) <= 22
        assert len(found.edits(i)) <= 9
        assert [(p, before[p], text[p]) for p in range(40) if before[p] != text[p]] == found.edits(
            i
        )


def test_gradients_propose_what_helps():
    made, start = model(), some(6)
    rules = Constraints(DNA, edits=5)
    found = design(made, start, rules, method="gradient")
    greedy = design(made, start, rules, method="greedy")
    gain, most = found.after - found.before, greedy.after - greedy.before
    assert (gain > 0).all() and gain.mean() > 0.6 * most.mean()
    again = design(made, start, rules, method="gradient")
    np.testing.assert_array_equal(found.sequences.codes, again.sequences.codes)


def test_other_lengths_do_not_matter():
    made, rules = model(1), Constraints(DNA, edits=2)
    rows = [random_rows(1, n, n)[0] for n in (20, 35)]
    both = design(made, SequenceSet.from_arrays(rows, alphabet=DNA), rules)
    for i, row in enumerate(rows):
        alone = design(made, SequenceSet.from_arrays([row], alphabet=DNA), rules)
        np.testing.assert_array_equal(alone.sequences[0], both.sequences[i])


def test_counts_are_designed_on_the_logarithmic_scale():
    target = Target("counts", ("t",), centre=(5.0,), spread=(148.0,))
    found = design(model(1, target), some(2), Constraints(DNA), goal=5.2)
    assert (np.abs(found.after - 5.2) < 0.1).all()


def classes():
    """Three classes whose logits go up and down together, which changes no probability."""
    options = {"kernels": 8, "width": 8, "hidden": 8, "tasks": 3}
    network = create("motifcnn", alphabet="dna", seed=3, **options)
    weights = network.output.kernel
    shared = np.random.default_rng(0).normal(size=(weights.shape[0], 1)) * 3
    weights[...] = weights[...] + shared.astype(np.float32)
    calibrator = {"scale": [0.7] * 3, "offset": [0.0] * 3}
    member = Member("motifcnn", options, network, {"fold": 0, "calibrator": calibrator})
    target = Target("multiclass", ("a", "b", "c"))
    return Model((member,), DNA, {"target": target.to_dict()})


def test_a_class_is_designed_against_the_others():
    made, start = classes(), some(2)
    found = design(made, start, Constraints(DNA, edits=1), method="greedy", task="b")
    for i in range(len(start)):
        mutants = np.tile(start[i], (120, 1))
        mutants[np.arange(120), np.repeat(np.arange(30), 4)] = np.tile(np.arange(4), 30)
        chances = predict(made, SequenceSet.from_arrays(list(mutants), alphabet=DNA))[:, 1]
        assert found.after[i] == pytest.approx(logit(chances.max()), abs=1e-4)
    steep = design(made, some(4), Constraints(DNA, edits=5), method="gradient", task="b")
    assert (steep.after > steep.before).all()


def test_a_score_on_a_curve_is_come_close_to():
    """Isotonic calibration: between two steps of the curve scores rise in a line."""
    made = model(1)
    raw = (scores(made, some(3)) - 0.5) / 2
    middle = float(raw.mean())
    curve = [[middle - 1.0, middle + 1.0], [-30.0, 30.0]]
    extra = {"fold": 0, "calibrator": {"scale": [1.0], "offset": [0.0], "curves": [curve]}}
    bent = Model((Member("motifcnn", {}, made.members[0].network, extra),), DNA, made.extra)
    found = design(bent, some(3), Constraints(DNA), goal=12.0)
    assert (np.abs(found.after - 12.0) < 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "`method` is 'magic'"),
        ({"beam": 0}, "`beam` is 0"),
        ({"task": "other"}, "`task` is 'other', it must be one of t"),
    ],
)
def test_what_cannot_be(options, message):
    with pytest.raises(SeqcnnError, match=message):
        design(model(1), some(1), Constraints(DNA), **options)
