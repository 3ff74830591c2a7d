"""`seqcnn.train`: the model of the command in one call."""

import numpy as np
import pytest

import seqcnn
from seqcnn.cli.main import main
from seqcnn.errors import SeqcnnError
from seqcnn.networks.weights import load_model, save_model
from seqcnn.seq.io.fasta import write_fasta
from tests.discovery.planted import as_set, plant, random_rows

FEW = {"rounds": 4, "steps": 12, "learning_rate": 0.01}
SMALL = {"kernels": 8, "width": 9, "hidden": 8}


def sets():
    bound = as_set(plant(random_rows(150, 40, 0), "TGACTCAGC", 1.0, 1))
    return bound, as_set(random_rows(150, 40, 2))


def test_it_is_the_model_of_the_command(tmp_path):
    bound, other = sets()
    model = seqcnn.train(bound, other, options=SMALL, ensemble=2, schedule=FEW, seed=3)
    for name, rows in (("a", bound), ("b", other)):
        write_fasta(tmp_path / f"{name}.fa", rows)
    told = [f"--set={k}={v}" for k, v in SMALL.items()]
    told += [f"--{k.replace('_', '-')}={v}" for k, v in FEW.items()]
    out = str(tmp_path / "m")
    arguments = ["train", str(tmp_path / "a.fa"), "--control", str(tmp_path / "b.fa"), "-o", out]
    assert main([*arguments, "-q", "--ensemble", "2", "--seed", "3", *told]) == 0
    found = seqcnn.predict(model, other)
    np.testing.assert_array_equal(found, seqcnn.predict(load_model(out), other))
    assert model.extra["metrics"]["held_out"]["probability"]["auroc"]["value"] > 0.8
    save_model(model, tmp_path / "saved")
    np.testing.assert_array_equal(found, seqcnn.predict(load_model(tmp_path / "saved"), other))


def test_labels_are_learnt():
    bound, other = sets()
    rows = as_set(np.concatenate([bound.padded(), other.padded()]))
    rng = np.random.default_rng(0)
    counts = rng.poisson(np.repeat([900.0, 300.0], 150))
    more = {**FEW, "rounds": 16}
    model = seqcnn.train(
        rows, labels=counts, task="counts", options=SMALL, ensemble=1, schedule=more
    )
    metrics = model.extra["metrics"]["held_out"]["label"]
    assert metrics["deviance_explained"]["value"] > 0.5
    assert 200 < seqcnn.predict(model, rows).mean() < 1000


def test_what_contradicts_is_refused():
    bound, other = sets()
    with pytest.raises(SeqcnnError, match="say both what is learnt"):
        seqcnn.train(bound, other, labels=np.zeros(150))
    with pytest.raises(SeqcnnError, match="150 sequences, but 3 labels"):
        seqcnn.train(bound, labels=np.zeros(3))
    with pytest.raises(SeqcnnError, match="goes with `labels`"):
        seqcnn.train(bound, task="counts")
