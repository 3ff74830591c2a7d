import subprocess
import sys

import jax
import numpy as np
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import zoo
from seqcnn.nn.layers import Dense
from seqcnn.seq.alphabet import DNA, RNA


def test_every_name_builds_on_paper():
    for name in zoo.names():
        blank = nnx.eval_shape(lambda name=name: zoo.create(name, alphabet=DNA))
        assert isinstance(blank, nnx.Module)


def test_the_seed_decides_the_weights():
    first, same, other = (
        jax.tree.leaves(nnx.state(zoo.create("motifcnn", alphabet="dna", kernels=2, seed=seed)))
        for seed in (0, 0, 1)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, same, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_both_strands_only_where_there_are_two():
    complements = [
        zoo.create("motifcnn", alphabet=alphabet, kernels=2).complement  # pyright: ignore
        for alphabet in (DNA, RNA, "protein", "HPC")
    ]
    assert complements == [(3, 2, 1, 0), None, None, None]


def test_a_network_of_ones_own(monkeypatch):
    monkeypatch.setattr(zoo, "_NETWORKS", dict(zoo._NETWORKS))
    zoo.register("mine", lambda neurons, *, rngs: Dense(2, neurons, rngs=rngs))
    network = zoo.create("mine", neurons=3)
    assert isinstance(network, Dense) and network.kernel.shape == (2, 3)
    assert "mine" in zoo.names()
    with pytest.raises(SeqcnnError, match="exists already"):
        zoo.register("mine", Dense)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(SeqcnnError, match="choose one of motifcnn"):
        zoo.create("motivcnn")


def test_listing_the_networks_does_not_import_jax():
    code = "import sys, seqcnn.networks.zoo as z; z.names(); sys.exit('jax' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
