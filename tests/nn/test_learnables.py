"""Numbers that layers learn, against the layers themselves."""

import jax
import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.nn.conv import Conv
from seqcnn.nn.conv_transpose import ConvTranspose
from seqcnn.nn.layers import Dense
from seqcnn.nn.learnables import count_learnables
from seqcnn.nn.norm import BatchNorm


def size(layer, *sizes, **options):
    made = nnx.eval_shape(lambda: layer(*sizes, **options, rngs=nnx.Rngs(0)))
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(made, nnx.Param)))


def test_the_counts_are_those_of_the_layers():
    for bias in (True, False):
        wanted = size(Conv, 4, 6, (3, 5), groups=2, bias=bias)
        assert count_learnables("conv", 4, 6, window=(3, 5), groups=2, bias=bias) == wanted
        wanted = size(ConvTranspose, 4, 6, (3, 3), bias=bias)
        assert count_learnables("conv_transpose", 4, 6, window=(3, 3), bias=bias) == wanted
        depthwise = count_learnables("depthwise", 4, window=(3, 3), bias=bias)
        assert depthwise == size(Conv, 4, 4, (3, 3), groups=4, bias=bias)
        dense = count_learnables("dense", 4, 6, bias=bias)
        assert dense == size(Dense, 4, 6, bias=bias)
        separable = count_learnables("separable", 4, 6, window=(3, 3), bias=bias)
        assert separable == depthwise + dense - (4 if bias else 0)
    assert count_learnables("norm", 7) == size(BatchNorm, 7)
    assert count_learnables("pool", 7, window=(2, 2)) == 0


def test_the_rule_of_n_squared_plus_one_holds_for_one_channel():
    for n in (1, 3, 5, 11):
        assert count_learnables("conv", 1, window=(n, n)) == n**2 + 1
        assert count_learnables("conv", 3, 1, window=(n, n)) == 3 * n**2 + 1
        assert count_learnables("conv", 3, 8, window=(n, n)) == 8 * (3 * n**2 + 1)


def test_errors_say_what_to_do():
    with pytest.raises(SeqcnnError, match="`kind`"):
        count_learnables("lstm", 1)
    with pytest.raises(SeqcnnError, match="groups"):
        count_learnables("conv", 3, 4, groups=2)
