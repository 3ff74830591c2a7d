import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.sample import planted_sequences, sample_sites
from seqcnn.seq.alphabet import DNA, PROTEIN


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_sites_have_the_shares_of_the_motif(alphabet):
    rng = np.random.default_rng(0)
    matrix = ProbabilityMatrix(rng.dirichlet(np.full(alphabet.size, 0.5), 6), alphabet)
    sites = sample_sites(matrix, 40_000, seed=1)
    assert (sites.shape, sites.dtype) == ((40_000, 6), np.uint8)
    found = CountMatrix.from_sites(sites, alphabet).to_probabilities().values
    # four standard errors of a share of one half
    np.testing.assert_allclose(found, matrix.values, atol=4 * 0.5 / 200)


def test_letters_that_a_motif_never_shows_are_not_drawn():
    matrix = ProbabilityMatrix([[0, 0.5, 0, 0.5], [0, 0, 0, 1], [1, 0, 0, 0]], DNA)
    sites = sample_sites(Motif("m", matrix), 1000, seed=0)
    assert set(map(DNA.decode, sites)) == {"CTA", "TTA"}


def test_same_seed_same_sites():
    matrix = ProbabilityMatrix(np.full((9, 4), 0.25), DNA)
    first, again, other = (sample_sites(matrix, 5, seed=s) for s in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert sample_sites(matrix, 0, seed=0).shape == (0, 9)
    with pytest.raises(SeqcnnError, match="number"):
        sample_sites(matrix, -1, seed=0)


def word(name, text):
    """A motif of one word."""
    return Motif(name, ProbabilityMatrix(np.eye(4)[DNA.encode(text)], DNA))


def test_planted_sites_are_as_many_as_asked_for_on_either_strand_and_apart():
    # words that chance does not write
    first, second = "GATTACAGATTACAG", "CCCTTTGGGAAATCC"
    shares = {word("a", first): 0.6, word("b", second): 0.25}
    # where the first stands in the middle, the second fits beside it on either side
    planted = planted_sequences(shares, number=400, length=60, gc=0.4, seed=0)
    assert (len(planted), set(planted.lengths.tolist())) == (400, {60})
    assert planted.ids[0] == "s1"
    assert sites_of(planted, first) == (240, pytest.approx(120, abs=40))
    assert sites_of(planted, second) == (100, pytest.approx(50, abs=25))
    again = planted_sequences(shares, number=400, length=60, gc=0.4, seed=0)
    np.testing.assert_array_equal(planted.codes, again.codes)


def test_a_site_without_room_is_left_out():
    shares = {word("a", "GATTACAGATTACAG"): 0.5, word("b", "CCCTTTGGGAAATCC"): 1.0}
    planted = planted_sequences(shares, number=40, length=20, gc=0.4, seed=0)
    assert sites_of(planted, "GATTACAGATTACAG")[0] == 20
    assert sites_of(planted, "CCCTTTGGGAAATCC")[0] == 20


def sites_of(sequences, site):
    """In how many sequences a word stands on either strand, and on the one that is written."""
    forward = [site in DNA.decode(codes) for codes in sequences]
    turned = [site in DNA.decode(DNA.reverse_complement(codes)) for codes in sequences]
    return sum(map(max, forward, turned)), sum(forward)


def test_letters_around_planted_sites_have_the_gc_that_was_asked_for():
    codes = planted_sequences({}, number=200, length=500, gc=0.3, seed=1).codes
    shares = np.bincount(codes, minlength=4) / len(codes)
    # five standard errors
    np.testing.assert_allclose(shares, [0.35, 0.15, 0.15, 0.35], atol=5 * 0.5 / 316)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"number": 0}, "`number` and `length`"),
        ({"length": 0}, "`number` and `length`"),
        ({"gc": 1.2}, "`gc` is 1.2"),
        ({"shares": {word("a", "ACGT"): 60}}, "`shares` is 60 for motif 'a'"),
        (
            {"shares": {Motif("p", ProbabilityMatrix(np.full((2, 20), 0.05), PROTEIN)): 1}},
            "only DNA",
        ),
    ],
)
def test_what_cannot_be_planted_is_refused(options, said):
    usual = {"shares": {}, "number": 5, "length": 9, "gc": 0.5, "seed": 0}
    with pytest.raises(SeqcnnError, match=said):
        planted_sequences(**{**usual, **options})
