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


@pytest.mark.slow
def test_every_name_builds_on_paper():
    for name in zoo.names():
        read = {} if zoo.describe(name).family in zoo.ARRAYS else {"alphabet": DNA}
        blank = nnx.eval_shape(lambda name=name, read=read: zoo.create(name, **read))
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
    assert "mine" in zoo.names() and zoo.names("own") == ("mine",)
    with pytest.raises(SeqcnnError, match="unknown option 'layers'; its options are neurons"):
        zoo.create("mine", layers=3)
    with pytest.raises(SeqcnnError, match="option 'neurons' is missing"):
        zoo.create("mine")
    zoo.register("any", lambda *, rngs, **options: Dense(**options, rngs=rngs), family="toy")
    assert isinstance(zoo.create("any", features_in=2, features_out=1), Dense)
    with pytest.raises(SeqcnnError, match="exists already"):
        zoo.register("mine", Dense)


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(SeqcnnError, match="choose one of alexnet, backbone_segmenter, basset"):
        zoo.create("motivcnn")


@pytest.mark.parametrize(
    ("name", "published"),
    [
        # Quang and Xie 2016, Supplement: free parameters of either network
        ("danq", 46_926_479),
        ("deepsea", 52_843_119),
    ],
)
def test_parameters_of_published_networks(name, published):
    as_in_paper = {"padding": "valid", "length": 1000, "tasks": 919}
    assert zoo.count_parameters(name, alphabet=DNA, **as_in_paper) == published


def conv(width: int, seen: int, count: int, extra: int) -> int:
    """Count a convolution or dense layer with so many numbers for each output beside the kernel."""
    return width * seen * count + extra * count


ATTENTION_BLOCK = 4 * conv(1, 64, 64, 1) + conv(1, 64, 128, 1) + conv(1, 128, 64, 1) + 2 * 2 * 64
"""Four projections, two dense layers, two norms of two numbers a channel."""

BY_HAND = {
    # one strand shares its kernels with the other
    "motifcnn": conv(18, 4, 32, 1) + conv(1, 32, 32, 1) + conv(1, 32, 1, 1),
    # batch norm: a scale and a shift in place of a bias; maximum and mean of 200 channels
    "basset": conv(19, 4, 300, 2)
    + conv(11, 300, 200, 2)
    + conv(7, 200, 200, 2)
    + conv(1, 400, 1000, 2)
    + conv(1, 1000, 1000, 2)
    + conv(1, 1000, 1, 1),
    "deepsea": conv(8, 4, 320, 1)
    + conv(8, 320, 480, 1)
    + conv(8, 480, 960, 1)
    + conv(1, 1920, 925, 1)
    + conv(1, 925, 1, 1),
    "dilated": conv(21, 4, 64, 2) + 6 * conv(3, 64, 64, 2) + conv(1, 128, 1, 1),
    "bpnet": conv(25, 4, 64, 1) + 9 * conv(3, 64, 64, 1) + conv(1, 64, 1, 1) + conv(25, 64, 1, 1),
    "hybrid": conv(15, 4, 64, 2)
    + conv(5, 64, 64, 2)
    + 2 * ATTENTION_BLOCK
    + 2 * 64
    + conv(1, 128, 64, 1)
    + conv(1, 64, 1, 1),
    # an LSTM has four dense layers that read input and state
    "danq": conv(26, 4, 320, 1)
    + 2 * 4 * conv(1, 320 + 320, 320, 1)
    + conv(1, 2 * 640, 925, 1)
    + conv(1, 925, 1, 1),
    # a unit: kernel, norm, (maximum, mean) to 100 neurons, norm, one output, norm; its weight
    "explainn": 100 * (19 * 4 + 2 + 2 * 100 + 2 * 100 + 100 + 2 + 1) + 1,
}


@pytest.mark.parametrize("name", zoo.names("sequence"))
def test_parameters_are_as_many_as_by_hand(name):
    assert zoo.count_parameters(name, alphabet=DNA) == BY_HAND[name]
    assert zoo.count_parameters(name, alphabet=DNA, dims=2) == BY_HAND[name]


def test_weights_for_each_position_are_counted_by_hand():
    # valid convolutions of 600 letters, pooled by 3, 4, 4: 194, 46, 10 positions (Kelley 2016)
    more = conv(1, 10 * 200, 1000, 0) - conv(1, 400, 1000, 0)
    as_in_paper = {"padding": "valid", "length": 600}
    found = zoo.count_parameters("basset", alphabet=DNA, **as_in_paper)
    assert found == BY_HAND["basset"] + more
    # 200 letters, kernels of 19, pools of 7: 26 places (Novakovsky 2023)
    found = zoo.count_parameters("explainn", alphabet=DNA, length=200)
    assert found == BY_HAND["explainn"] + 100 * (26 - 2) * 100


FAMILIES = ("sequence", "positions", *zoo.ARRAYS)


def test_every_network_is_described():
    for name in zoo.names():
        entry = zoo.describe(name)
        assert entry.family in FAMILIES
        assert entry.summary and "\n" not in entry.summary
    known = [zoo.names(family) for family in FAMILIES]
    assert sorted(sum(known, ())) == list(zoo.names()) and zoo.names("none") == ()


def test_listing_the_networks_does_not_import_jax():
    code = "import sys, seqcnn.networks.zoo as z; z.names(); sys.exit('jax' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
