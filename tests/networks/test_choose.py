"""The network that is taken if nobody names one."""

import itertools
import subprocess
import sys
from typing import get_args

import pytest
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks.choose import Targets, default_network, motif_options
from seqcnn.networks.zoo import create


@pytest.mark.parametrize(
    ("n", "length", "alphabet", "targets", "name"),
    [
        (1_000, 101, "dna", "binary", "motifcnn"),
        (1_000_000, 101, "dna", "binary", "motifcnn"),
        (500, 5_000, "dna", "multiclass", "motifcnn"),
        (50_000, 600, "dna", "multilabel", "basset"),
        (50_000, 10_000, "dna", "regression", "dilated"),
        (5_000, 15, "protein", "regression", "motifcnn"),
        (1_000, 1_000, "dna", "profile", "bpnet"),
    ],
)
def test_size_and_length_decide(n, length, alphabet, targets, name):
    assert default_network(n, length, alphabet, targets).name == name


def test_any_data_get_a_network_that_can_be_made_and_a_reason_in_one_line():
    sizes = itertools.product((1, 100, 19_999, 20_000, 10**7), (1, 9, 30, 300, 301, 2_000, 10**6))
    for n, length in sizes:
        for targets in get_args(Targets):
            choice = default_network(n, length, "dna", targets)
            assert choice.reason and "\n" not in choice.reason
    for n, length in [(1, 1), (10**6, 600), (10**6, 2_000), (10**6, 10**6)]:
        choice = default_network(n, length)
        blank = nnx.eval_shape(lambda c=choice: create(c.name, alphabet="dna", **c.options))
        assert isinstance(blank, nnx.Module)


def test_kernels_leave_room_to_slide_along_short_sequences():
    for n, length in itertools.product((100, 10**6), range(1, 60)):
        choice = default_network(n, length)
        for variant in choice.variants:
            options = choice.options | variant
            assert options["width"] <= max(1, length * 0.6)
            assert options.get("narrow", 1) <= options["width"]
    assert motif_options(100, 15)["width"] == 9
    assert "no room" in default_network(100, 12, "protein").reason
    for alphabet, width in (("dna", 11), ("protein", 9)):
        choice = default_network(100, 30, alphabet)
        assert f"of {width} letters" in choice.reason and "no room" not in choice.reason
        assert choice.options["width"] == width


def test_networks_of_an_ensemble_differ_where_there_is_room():
    choice = default_network(8_000, 101)
    assert [v.get("width", 11) for v in choice.variants] == [11, 19]
    assert "11 and 19" in choice.reason
    assert default_network(8_000, 100, "protein").variants == ({},)
    assert default_network(8_000, 20).variants == default_network(50_000, 600).variants == ({},)


def test_more_examples_drop_less():
    few, many = (motif_options(n, 101) for n in (8_000, 40_000))
    assert many["dropout"] < few["dropout"]
    assert "pooled_dropout" not in many


@pytest.mark.parametrize("length", [2_000, 3_000, 10_000, 200_000])
def test_what_a_position_sees_is_said_as_it_is(length):
    """Three places that lie 2**i apart add 2 * 2**i positions; the first kernels read 21."""
    choice = default_network(10**6, length)
    sees = 21 + sum(2 * 2**i for i in range(1, choice.options["layers"] + 1))
    assert f"{sees:,} letters" in choice.reason
    assert sees > min(length, 4_000)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 10), "`n`"), ((10, 0), "`length`"), ((10, 10, "dna", "colours"), "`targets`")],
)
def test_what_makes_no_sense_is_a_line(arguments, message):
    with pytest.raises(SeqcnnError, match=message):
        default_network(*arguments)


def test_choosing_does_not_import_jax():
    code = "import sys, seqcnn.networks.choose as c; c.default_network(9, 9); assert 'jax' not in "
    subprocess.run([sys.executable, "-c", code + "sys.modules"], check=True)
