import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.sample import sample_sites
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
