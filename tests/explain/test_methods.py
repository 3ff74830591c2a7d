"""`attribute`: models and networks, tasks, strands, padding, and what it refuses."""

from types import SimpleNamespace

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.explain.attributions import Attributions
from seqcnn.explain.completeness import completeness
from seqcnn.explain.methods import METHODS, attribute
from seqcnn.networks.weights import Member, Model
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.record import SequenceSet
from seqcnn.training.predict import mean_outputs

from .rows import a_set, drawn, rows

SMALL = {"kernels": 4, "width": 5, "hidden": 3, "tasks": 2}
FEW = {"references": 2, "steps": 3, "samples": 2}


def mostly_slow(values: tuple[str, ...], *, quick: set[str]) -> list:
    """Leave all but a few values to the slow tests."""
    return [pytest.param(v, marks=[pytest.mark.slow] * (v not in quick)) for v in values]


def model_of(*folds: int, target: dict | None = None) -> Model:
    networks = [drawn("motifcnn", **SMALL, pool="max_mean") for _ in folds]
    for number, network in enumerate(networks):
        network.bias[...] = network.bias[...] + number / 10
    pairs = zip(networks, folds, strict=True)
    members = tuple(Member("motifcnn", SMALL, n, {"fold": f}) for n, f in pairs)
    return Model(members, DNA, {} if target is None else {"target": target})


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["motifcnn", pytest.param("hybrid", marks=pytest.mark.slow)])
def test_a_sequence_is_explained_the_same_alone_and_in_any_batch(method, name):
    (row,) = [r for r in rows.args[1] if r.name == name]
    network, sequences = row.build(), a_set()
    together = attribute(network, sequences, method=method, task=1, **FEW)
    for number in (0, 2):
        alone = attribute(network, sequences.select([number]), method=method, task=1, **FEW)
        length = int(sequences.lengths[number])
        for ours, theirs in (
            (alone.values[0], together.values[number, :length]),
            (alone.contributions()[0], together.contributions()[number, :length]),
            (alone.output[0], together.output[number]),
            (alone.difference[0], together.difference[number]),
        ):
            np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=2e-6)
        assert not together.values[number, length:].any()


@pytest.mark.parametrize("method", mostly_slow(METHODS, quick={"deepshap", "ism"}))
def test_both_strands_are_explained_alike(method):
    network = drawn("motifcnn", **SMALL, strand="one")
    sequences = a_set(lengths=(20, 12))
    given = SequenceSet.from_arrays(list(a_set(lengths=(20, 20, 12, 12), seed=2)), alphabet=DNA)
    options = {"method": method, "task": 0, "strands": "both", "samples": 2, "noise": 0.0}
    there = attribute(network, sequences, baseline=given, **options)
    back = attribute(
        network,
        sequences.reverse_complement(),
        baseline=given.reverse_complement(),
        **options,
    )
    np.testing.assert_allclose(back.turned().values, there.values, rtol=1e-4, atol=1e-6)
    # and a network of both strands does so by itself
    shared = drawn("motifcnn", **SMALL)
    there = attribute(shared, sequences, baseline=given, **{**options, "strands": "given"})
    back = attribute(
        shared,
        sequences.reverse_complement(),
        baseline=given.reverse_complement(),
        **{**options, "strands": "given"},
    )
    np.testing.assert_allclose(back.turned().values, there.values, rtol=1e-4, atol=1e-6)


def test_a_model_is_the_mean_over_folds_of_the_means_over_their_networks():
    model, sequences = model_of(0, 1, 1), a_set()
    found = attribute(model, sequences, task=1, references=3)
    codes, networks = sequences.padded(), [m.network for m in model.members]
    expected = (mean_outputs(networks[:1], codes) + mean_outputs(networks[1:], codes)) / 2
    np.testing.assert_allclose(found.output, expected[:, 1], rtol=1e-5, atol=1e-6)
    each = [attribute(n, sequences, task=1, references=3) for n in networks]
    weighted = sum(w * e.values for w, e in zip((0.5, 0.25, 0.25), each, strict=True))
    np.testing.assert_allclose(found.values, weighted, rtol=1e-5, atol=1e-6)
    assert completeness(found).largest < 1e-4


def test_tasks_have_names():
    target = {"kind": "multilabel", "names": ["liver", "skin"], "transform": "none"}
    model = model_of(0, target=target | {"centre": [], "spread": []})
    named = attribute(model, a_set(), task="skin", method="ism")
    assert (named.task, named.road) == ("skin", "windows")
    np.testing.assert_array_equal(
        named.values, attribute(model, a_set(), task=1, method="ism").values
    )
    with pytest.raises(SeqcnnError, match="give `task`, one of liver, skin"):
        attribute(model, a_set())
    with pytest.raises(SeqcnnError, match="no task 'bone': `task` must be one of liver, skin"):
        attribute(model, a_set(), task="bone")


@pytest.mark.parametrize("method", mostly_slow(METHODS, quick={"deepshap", "ism"}))
def test_what_all_classes_gain_alike_explains_none(method):
    """A logit that is added to all classes changes no probability."""
    target = {"kind": "multiclass", "names": ["a", "b"], "transform": "none"}
    target |= {"centre": [], "spread": []}
    options = {"task": "b", "method": method, "baseline": "uniform", **FEW}
    plain, raised = (model_of(0, target=target) for _ in range(2))
    weights = raised.members[0].network.output.kernel
    weights[...] = weights[...] + np.linspace(1, 2, len(weights[...]), dtype=np.float32)[:, None]
    found, other = (attribute(model, a_set(), **options) for model in (plain, raised))
    np.testing.assert_allclose(found.values, other.values, atol=1e-5)
    first = attribute(plain, a_set(), **{**options, "task": "a"})
    np.testing.assert_allclose(found.values, -first.values, atol=1e-5)
    assert np.abs(found.values).max() > 1e-3


@pytest.mark.parametrize("baseline", ["zeros", "uniform"])
@pytest.mark.parametrize("method", ["deepshap", "ig"])
def test_fixed_baselines_are_complete(baseline, method):
    network = drawn("explainn", PROTEIN, units=3, width=5, hidden=3, tasks=1)
    found = attribute(
        network, a_set(PROTEIN, (20, 12)), method=method, baseline=baseline, steps=256
    )
    np.testing.assert_allclose(found.total, found.difference, rtol=2e-3, atol=1e-5)


def test_the_profile_is_explained_completely():
    network = drawn("bpnet", channels=6, width=5, layers=2, tasks=2)
    found = attribute(network, a_set(), head="profile", task=1, references=2)
    assert np.abs(found.difference).max() > 1e-4
    np.testing.assert_allclose(found.total, found.difference, rtol=1e-4, atol=1e-6)
    mutants = attribute(network, a_set(lengths=(12, 4)), head="profile", task=1, method="ism")
    assert mutants.road == "all" and np.abs(mutants.values).max() > 1e-5
    with pytest.raises(SeqcnnError, match="MotifCNN gives no profile"):
        attribute(drawn("motifcnn", **SMALL), a_set(), head="profile", task=0)


def test_short_numbers_are_explained_in_float32():
    short = create("motifcnn", alphabet="dna", dtype="bfloat16", kernels=4)
    full = create("motifcnn", alphabet="dna", kernels=4)
    found, expected = (attribute(n, a_set(), references=2) for n in (short, full))
    np.testing.assert_array_equal(found.values, expected.values)
    assert short.dtype == "bfloat16"


def test_mutants_are_hypothetical_contributions():
    found = attribute(drawn("motifcnn", **SMALL), a_set(), task=0, method="ism")
    assert found.hypothetical is not None
    np.testing.assert_allclose(found.hypothetical.sum(axis=2), 0, atol=1e-6)
    others = found.values.sum(axis=2) / 4
    plain = found.codes < 4
    np.testing.assert_allclose(found.contributions()[plain], -others[plain], atol=1e-6)


def made(**changes) -> Attributions:
    codes = a_set(lengths=(5, 3)).padded()
    values = np.ones((2, 5, 4), np.float32) * (codes != 255)[..., None]
    facts = {"method": "ig", "task": "0", "output": np.array([5.0, 0.0])}
    facts |= {"difference": np.array([5.0, 3.0]), "values": values, "codes": codes}
    return Attributions(**{**facts, "ids": ("a", "b"), "alphabet": DNA, **changes})


def test_completeness_is_told_and_a_lack_of_it_warned_of():
    assert completeness(made()).summary.startswith("completeness: largest relative error 0 over 2")
    with pytest.warns(SeqcnnWarning, match=r"error 0\.2 over 2 .* below 0\.01: take more steps"):
        # a difference that is small beside the spread of the outputs does not divide
        assert completeness(made(difference=np.array([5.0, 3.75]))).largest == pytest.approx(0.2)
    none = completeness(made(difference=np.full(2, np.nan), method="saliency"))
    assert "saliency is not meant to add up" in none.summary


def test_one_sequence_that_does_nothing_adds_up():
    # what float32 leaves of a difference of outputs that are alike
    one = made(difference=np.full(2, 3e-8), output=np.full(2, -7.0))
    one.values[:] = 0
    assert completeness(one).largest < 1e-4
    with pytest.warns(SeqcnnWarning, match="error"):
        assert completeness(made(difference=np.full(2, 5.1), output=np.full(2, 5.1)))


@pytest.mark.parametrize("letters", ["A" * 30, "N" * 30])
@pytest.mark.parametrize("method", ["deepshap", "ig"])
def test_rounding_of_a_sequence_that_is_its_own_reference_is_no_error(letters, method):
    """Nothing differs but by rounding, and one sequence has no spread of outputs."""
    network = create("motifcnn", alphabet="dna", kernels=8, width=8)
    alone = SequenceSet.from_strings([letters], alphabet=DNA)
    assert completeness(attribute(network, alone, method=method)).largest < 1e-3


@pytest.mark.parametrize("broken", ["values", "difference", "output"])
def test_what_is_no_number_does_not_add_up(broken):
    facts = {broken: getattr(made(), broken).copy()}
    facts[broken][0] = np.nan
    if broken == "output":
        facts["difference"] = np.array([np.nan, 3.0])
    with pytest.warns(SeqcnnWarning, match="error inf over 2 sequences"):
        assert completeness(made(**facts)).largest == np.inf


def test_shapes_must_fit():
    with pytest.raises(SeqcnnError, match="must be"):
        made(ids=("a",))
    with pytest.raises(SeqcnnError, match="reverse complements of the same"):
        made().averaged(made())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "lime"}, "`method` must be one of deepshap"),
        ({"strands": "two"}, "`strands`"),
        ({"steps": 0}, "`steps`"),
        ({"noise": -1.0}, "`noise`"),
        ({"references": 0}, "`references` must be 1"),
        ({"baseline": "mean"}, "`baseline` must be one of"),
        ({"head": "tail"}, "`head`"),
        ({"baseline": a_set(lengths=(3,) * 6)}, "6 references do not fit 6 sequences"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(SeqcnnError, match=message):
        attribute(drawn("motifcnn", **SMALL), a_set(), **{"task": 0, **options})


def test_what_does_not_fit_is_refused():
    with pytest.raises(SeqcnnError, match="model reads dna, the sequences are rna"):
        attribute(model_of(0), a_set(RNA), task=0)
    with pytest.raises(SeqcnnError, match="4 letters, protein has 20"):
        attribute(drawn("motifcnn", **SMALL), a_set(PROTEIN), task=0)
    with pytest.raises(SeqcnnError, match="SimpleNamespace does not read sequences"):
        attribute(SimpleNamespace(), a_set())  # pyright: ignore[reportArgumentType]
