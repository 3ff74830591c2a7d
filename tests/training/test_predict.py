"""Prediction: how networks are averaged, and sequences filled up."""

import numpy as np
import pytest
from scipy.special import expit, logit

from seqcnn.errors import SeqcnnError
from seqcnn.networks.weights import Member, Model
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet
from seqcnn.training.predict import predict, scores_of_networks
from seqcnn.training.targets import Target
from tests.discovery.planted import random_rows

TARGET = Target("binary", ("t",))


def member(fold, scale, **options):
    network = create("basset", alphabet="dna", seed=fold, channels=[4, 4, 4], hidden=[8], **options)
    calibrator = {"scale": [scale], "offset": [fold / 2]}
    return Member("basset", options, network, {"fold": fold, "calibrator": calibrator})


def model(*members):
    return Model(members, DNA, {"target": TARGET.to_dict()})


def test_log_odds_of_folds_are_averaged():
    rows = SequenceSet.from_arrays(list(random_rows(12, 80, 0)), alphabet=DNA)
    first, second = member(0, 3.0), member(1, 0.5)
    alone = [logit(predict(model(m), rows)) for m in (first, second)]
    together = predict(model(first, second), rows)
    np.testing.assert_allclose(together, expit(np.mean(alone, axis=0)), rtol=1e-5)
    assert np.ptp(alone[0] - alone[1]) > 1e-3


def test_networks_of_one_length_read_shorter_sequences_and_refuse_longer():
    made = model(member(0, 1.0, length=90))
    rows = list(random_rows(6, 80, 0))
    few = SequenceSet.from_arrays([rows[0][:60], *rows[1:]], alphabet=DNA)
    whole = predict(made, few)
    alone = [predict(made, few.select(np.array([i])))[0] for i in range(6)]
    np.testing.assert_allclose(whole, alone, atol=1e-6)
    longer = SequenceSet.from_arrays([np.zeros(91, np.uint8)], alphabet=DNA, ids=["long"])
    with pytest.raises(SeqcnnError, match="'long' has 91 letters, the model reads 90 at most"):
        predict(made, longer)


def test_scores_of_classes_are_log_odds_against_all_others():
    names = ("a", "b", "c")
    options = {"channels": [4, 4, 4], "hidden": [8], "tasks": 3}
    network = create("basset", alphabet="dna", seed=1, **options)
    calibrator = {"scale": [1.5] * 3, "offset": [0.0] * 3}
    made = Model(
        (Member("basset", options, network, {"fold": 0, "calibrator": calibrator}),),
        DNA,
        {"target": Target("multiclass", names).to_dict()},
    )
    rows = SequenceSet.from_arrays(list(random_rows(5, 80, 0)), alphabet=DNA)
    np.testing.assert_allclose(scores_of_networks(made, rows)[0], logit(predict(made, rows)), 1e-5)


def test_scores_of_a_model_of_discover_are_finite_where_probabilities_are_1():
    network = create("motifcnn", alphabet="dna", kernels=4, width=8)
    rows = SequenceSet.from_arrays(list(random_rows(5, 80, 0)), alphabet=DNA)
    plain, steep = (
        scores_of_networks(Model((Member("motifcnn", {}, network, extra),), DNA, {}), rows)[0, :, 0]
        for extra in ({}, {"calibrator": (2.0, 90.0)})
    )
    np.testing.assert_allclose(steep, 2 * plain + 90, rtol=1e-6)
