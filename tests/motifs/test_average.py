import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.average import average
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.sample import sample_sites
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA


def motif(word, sites=10.0, alphabet=DNA):
    counts = CountMatrix(np.eye(alphabet.size)[alphabet.encode(word)], alphabet)
    return Motif(word, counts.to_probabilities(), sites=sites)


def test_mean_is_that_of_all_sites_together():
    matrix = ProbabilityMatrix(np.random.default_rng(0).dirichlet(np.ones(4), 7), DNA)
    sites = sample_sites(matrix, 90, seed=1)
    parts = [
        Motif("p", CountMatrix.from_sites(s, DNA).to_probabilities(), sites=len(s))
        for s in (sites[:20], sites[20:])
    ]
    whole = CountMatrix.from_sites(sites, DNA).to_probabilities().values
    # the second comes as it looks on the other strand
    turned = [parts[0], parts[1].reverse_complement()]
    found = average(turned, [5, 5], ["+", "-"], name="all")
    np.testing.assert_allclose(found.matrix.values, whole, atol=1e-12)
    assert (found.name, found.sites) == ("all", 90)
    equal = average(parts, [0, 0], "++", weights="equal").matrix.values
    np.testing.assert_allclose(equal, (parts[0].matrix.values + parts[1].matrix.values) / 2)


def test_number_of_sites_that_is_not_known_makes_all_equal():
    found = average([motif("A", 0), motif("C", 99)], [0, 0], "++")
    np.testing.assert_allclose(found.matrix.values, [[0.5, 0.5, 0, 0]])


def test_positions_that_few_cover_are_left_out():
    three = [motif("AACGT"), motif("ACGTT"), motif("CGT")]
    offsets = [-1, 0, 1]
    assert average(three, offsets, "+++").consensus == "ACGT"
    assert average(three, offsets, "+++", coverage=0).consensus == "AACGTT"
    assert average(three, offsets, "+++", coverage=1).consensus == "CGT"
    # nothing is covered by all, and something stays
    assert average([motif("AC"), motif("GT")], [0, 2], "++", coverage=1).consensus == "ACGT"


def test_one_motif_stays_as_it_is():
    found = average([motif("GATA")], [3], ["-"])
    assert found.consensus == "TATC"


def test_background_is_averaged_on_the_strand_that_was_laid():
    background = np.array([0.1, 0.2, 0.3, 0.4])
    one = Motif("m", ProbabilityMatrix(np.eye(4), DNA, background), sites=1)
    found = average([one, one.reverse_complement()], [0, 0], "+-")
    np.testing.assert_allclose(found.matrix.background, background)


@pytest.mark.parametrize(
    ("motifs", "offsets", "strands", "options", "message"),
    [
        ([], [], [], {}, "empty"),
        ([motif("AC")], [0, 1], ["+"], {}, "as many"),
        ([motif("AC"), motif("AC", 1, RNA)], [0, 0], "++", {}, "is over ACGU"),
        ([motif("AC")], [0], ["x"], {}, "strands"),
        ([motif("AC")], [0], ["+"], {"weights": "all"}, "weights"),
        ([motif("AC")], [0], ["+"], {"coverage": 2}, "coverage"),
        ([motif("AC"), motif("GT")], [0, 5], "++", {}, "gap"),
        ([motif("AC", 1, PROTEIN)], [0], ["-"], {}, "complement"),
    ],
)
def test_what_cannot_be_averaged_is_refused(motifs, offsets, strands, options, message):
    with pytest.raises(SeqcnnError, match=message):
        average(motifs, offsets, strands, **options)
