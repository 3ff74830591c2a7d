"""Mutants: every road gives what scoring each mutant by hand gives."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.mutagenesis import fastest_road, mutagenesis
from seqcnn.explain.outputs import Output
from seqcnn.networks.sequence.contract import SequenceNetwork
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import PROTEIN

from .rows import SHORT_TOWER, Row, a_set, drawn, others, predict, rows

LENGTHS = (40, 23, 4, 1, 0)


def by_hand(network: SequenceNetwork, codes: np.ndarray) -> np.ndarray:
    """Score each mutant in a batch of its own sequence: (n, length, letters)."""
    found = np.zeros((*codes.shape, network.letters))
    for row, one in enumerate(codes):
        places = np.flatnonzero(one != 255)
        own = predict(network, np.repeat(one[None], len(one), axis=0))[:, 1]
        for letter in range(network.letters):
            mutants = np.repeat(one[None], len(one), axis=0)
            mutants[places, places] = letter
            scores = predict(network, mutants)[:, 1] - own
            found[row, places, letter] = scores[places]
    return found


def check(network: SequenceNetwork, codes: np.ndarray, road: str | None = None) -> str:
    differences, outputs, taken = mutagenesis(network, codes, Output(1), road=road)
    expected = by_hand(network, codes)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(differences, expected, atol=1e-5, rtol=1e-5)
    np.testing.assert_allclose(outputs, predict(network, codes)[:, 1], atol=1e-5)
    present = codes[..., None] == np.arange(network.letters)
    assert not differences[present].any() and not differences[codes == 255].any()
    return taken


@rows
def test_mutants_are_scored_exactly(row: Row):
    network = row.build()
    check(network, a_set(lengths=LENGTHS).padded(40))


@pytest.mark.slow
@others
def test_mutants_of_others_are_scored_exactly(row: Row):
    check(row.build(), a_set(lengths=LENGTHS).padded(40))
    check(row.build(strand="one"), a_set(lengths=LENGTHS).padded(40))


@pytest.mark.parametrize("options", [{}, {"strand": "one"}, {"dims": 2, "norm": False}], ids=str)
@pytest.mark.parametrize("pool", ["max_mean", "max"])
def test_a_tower_computes_only_the_positions_in_reach(options, pool):
    network = drawn("dilated", **{**SHORT_TOWER, "tasks": 2, "pool": pool, **options})
    codes = a_set(lengths=LENGTHS).padded(40)
    assert fastest_road(network, codes, Output()) == "positions"
    assert check(network, codes) == "positions"


def test_a_tower_that_sees_everything_is_computed_in_part():
    network = drawn("dilated", **{**SHORT_TOWER, "layers": 4, "tasks": 2})
    check(network, a_set(lengths=(40, 23)).padded(), "positions")


def test_motif_kernels_of_proteins_score_windows():
    network = drawn("motifcnn", PROTEIN, kernels=4, width=5, pool="max_mean", hidden=3, tasks=2)
    assert check(network, a_set(PROTEIN, lengths=(12, 7, 4)).padded()) == "windows"


@pytest.mark.parametrize("name", ["motifcnn", "dilated"])
def test_of_classes_what_all_gain_alike_is_subtracted_on_every_road(name):
    tower = {**SHORT_TOWER, "tasks": 3}
    options = tower if name == "dilated" else {"kernels": 4, "width": 5, "tasks": 3}
    network, codes = drawn(name, **options), a_set(lengths=(40, 23)).padded()
    quick = fastest_road(network, codes, Output())
    each = np.stack([mutagenesis(network, codes, Output(i))[0] for i in range(3)])
    for road in ("all", quick):
        found, outputs, _ = mutagenesis(network, codes, Output(1, centred=True), road=road)
        np.testing.assert_allclose(found, each[1] - each.mean(0), atol=1e-5)
        scores = predict(network, codes)
        np.testing.assert_allclose(outputs, scores[:, 1] - scores.mean(1), atol=1e-5)


def test_a_road_that_a_network_has_not_is_refused():
    network = create("motifcnn", alphabet="dna", kernels=2)
    with pytest.raises(SeqcnnError, match="MotifCNN has no road 'positions'"):
        mutagenesis(network, a_set().padded(), Output(), road="positions")
