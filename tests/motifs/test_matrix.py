import itertools
import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from Bio import motifs as bio_motifs
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.information import sampling_information
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix, ScoreMatrix
from seqcnn.motifs.motif import Motif, as_motifs
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet

SKEWED = np.array([0.1, 0.2, 0.3, 0.4])
counts = hnp.arrays(
    np.int64, st.tuples(st.integers(1, 12), st.just(4)), elements=st.integers(0, 50)
)


@given(counts, st.integers(1, 4))
def test_probabilities_are_those_of_fractions(values, pseudocount):
    found = CountMatrix(values, DNA).to_probabilities(pseudocount, SKEWED).values
    for row, out in zip(values, found, strict=True):
        total = sum(map(int, row)) + pseudocount
        for c, b, p in zip(row, SKEWED, out, strict=True):
            exact = (int(c) + pseudocount * Fraction(str(b))) / total
            assert p == pytest.approx(float(exact), rel=1e-12)


def test_row_without_counts_becomes_the_background():
    found = CountMatrix([[0, 0, 0, 0], [4, 0, 0, 0]], DNA).to_probabilities(background=SKEWED)
    np.testing.assert_allclose(found.values, [SKEWED, [1, 0, 0, 0]])


def test_scores_are_log_odds_with_a_floor():
    found = ProbabilityMatrix([[0.5, 0.25, 0.25, 0]], DNA, SKEWED).to_scores()
    expected = [math.log2(5), math.log2(1.25), math.log2(0.25 / 0.3), -10]
    np.testing.assert_allclose(found.values, [expected])
    np.testing.assert_allclose(found.background, SKEWED)


@given(counts)
def test_information_is_the_mean_score(values):
    matrix = CountMatrix(values, DNA).to_probabilities(0.5, SKEWED)
    scores = matrix.to_scores(floor=-60).values
    np.testing.assert_allclose(matrix.information(), (matrix.values * scores).sum(1), atol=1e-12)


def test_information_of_known_columns():
    matrix = ProbabilityMatrix([[1, 0, 0, 0], [0.5, 0.5, 0, 0], [0.25] * 4], DNA)
    np.testing.assert_allclose(matrix.information(), [2, 1, 0])
    assert ProbabilityMatrix(np.eye(20), PROTEIN).information()[0] == pytest.approx(math.log2(20))


@given(counts)
def test_consensus_follows_the_rules_of_cavener(values):
    values = values + (values.sum(1, keepdims=True) == 0)
    columns = {letter: list(map(float, values[:, i])) for i, letter in enumerate("ACGT")}
    expected = bio_motifs.Motif(alphabet="ACGT", counts=columns).counts.degenerate_consensus
    found = CountMatrix(values, DNA).to_probabilities().consensus()
    # ties are free: any order of equal letters is right
    for row, a, b in zip(values, found, str(expected), strict=True):
        if len(set(row.tolist())) == 4:
            assert a == b


def test_consensus_of_other_alphabets():
    assert ProbabilityMatrix([[0, 0, 0, 1], [0.5, 0, 0, 0.5]], RNA).consensus() == "UW"
    rows = np.full((2, 20), 1 / 20)
    rows[0] = np.eye(20)[3]
    assert ProbabilityMatrix(rows, PROTEIN).consensus() == "EX"
    assert ProbabilityMatrix([[1, 0, 0], [0.4, 0.3, 0.3]], get_alphabet("HPC")).consensus() == "HN"


def test_consensus_shows_what_leads_a_position_in_lower_case():
    rows = np.full((4, 20), 0.01)
    rows[0, 4], rows[0, 9], rows[0, 17] = 0.30, 0.28, 0.25  # F, L or V: 30 % F
    rows[1] = 0.9 / 19
    rows[1, 4] = 0.1  # twice the background, but next to no information
    rows[2, 9] = 0.82
    rows[3, 9], rows[3, 0] = 0.42, 0.41
    background = np.full(20, 0.75 / 19)
    background[9] = 0.25  # 42 % L is less than twice as much
    rows /= rows.sum(1, keepdims=True)
    assert ProbabilityMatrix(rows, PROTEIN, background).consensus() == "fXLX"


def test_reverse_complement_turns_words_over():
    matrix = CountMatrix(np.eye(4)[[0, 0, 1, 2]], DNA).to_probabilities(background=SKEWED)
    other = matrix.reverse_complement()
    assert (matrix.consensus(), other.consensus()) == ("AACG", "CGTT")
    np.testing.assert_array_equal(other.background, SKEWED[::-1])
    np.testing.assert_array_equal(other.reverse_complement().values, matrix.values)
    np.testing.assert_allclose(other.information(), matrix.information()[::-1])
    with pytest.raises(SeqcnnError, match="no complement"):
        ProbabilityMatrix(np.eye(20), PROTEIN).reverse_complement()


def test_trim_drops_weak_edges_only():
    weak, strong = [0.25] * 4, [1, 0, 0, 0]
    motif = Motif("m", ProbabilityMatrix([weak, strong, weak, strong, weak, weak], DNA), sites=5)
    assert motif.trim().consensus == "ANA"
    assert motif.trim().sites == 5
    assert motif.trim(9.0).consensus == "ANA"
    assert Motif("m", ProbabilityMatrix([weak, weak], DNA)).trim().width == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[0.9, 0.9, 0.1, 0.1]], "sum to 2"),
        ([[1.1, -0.1, 0, 0]], "negative"),
        ([[float("nan"), 0, 0, 1]], "not a number"),
        ([[float("inf"), 0, 0, 1]], "not a number"),
        ([[1, 0, 0]], "shape"),
        (np.zeros((0, 4)), "shape"),
    ],
)
def test_bad_probabilities_are_refused(values, message):
    with pytest.raises(SeqcnnError, match=message):
        ProbabilityMatrix(values, DNA)


def test_rounded_rows_are_rescaled():
    matrix = ProbabilityMatrix([[0.33, 0.33, 0.33, 0]], DNA)
    assert matrix.values.sum() == pytest.approx(1, abs=1e-15)


def test_bad_backgrounds_scores_and_names_are_refused():
    for background in ([0.5, 0.5, 0, 0], [0.25] * 3, [1, 1, 1, 1], [float("nan")] * 4):
        with pytest.raises(SeqcnnError, match="background"):
            ProbabilityMatrix([[1, 0, 0, 0]], DNA, background)
    with pytest.raises(SeqcnnError, match="not a number"):
        ScoreMatrix([[-math.inf, 0, 0, 1]], DNA)
    with pytest.raises(SeqcnnError, match="name"):
        Motif(" ", ProbabilityMatrix([[1, 0, 0, 0]], DNA))


def test_names_are_one_cell_of_a_table():
    motif = Motif("a\tb", CountMatrix(np.ones((1, 4)), DNA).to_probabilities(), "x\r\n\u2028y z")
    assert (motif.name, motif.alternative_name) == ("a b", "x y z")
    with pytest.raises(SeqcnnError, match="empty"):
        replace(motif, name="\t")


def test_one_motif_or_many_and_nothing_else():
    one = Motif("a", CountMatrix(np.ones((1, 4)), DNA).to_probabilities())
    assert as_motifs(one, "x") == [one]
    assert as_motifs((m for m in (one, one)), "x") == [one, one]
    assert as_motifs([], "x") == []
    for wrong in ("jaspar", ["a.meme"], [one, one.matrix], one.matrix, None, 3, [None]):
        with pytest.raises(SeqcnnError, match=r"`x` holds .* it must be motifs: read_motifs"):
            as_motifs(wrong, "x")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda m: Motif("a", CountMatrix(m.values, DNA)),
            r"CountMatrix, .*: to_probabilities\(\)",
        ),
        (lambda m: Motif("a", m.values), "ndarray, it must be a ProbabilityMatrix$"),
        (lambda m: Motif("a", m, log10_e_value=math.nan), "`log10_e_value` is nan"),
        (lambda m: Motif("a", m, sites=math.nan), "`sites` is nan"),
        (lambda m: m.trim(math.nan), "`threshold` is nan"),
        (lambda m: ProbabilityMatrix([["a"] * 4], DNA), "table of numbers"),
        (
            lambda m: CountMatrix(np.where(np.arange(20) == 7, np.nan, np.ones((9, 20))), PROTEIN),
            "^position 1 holds a value that is not a number: nan for I$",
        ),
        (lambda m: ProbabilityMatrix([[1, 0, 0, 0], [1, 0]], DNA), "table of numbers"),
        (lambda m: CountMatrix.from_sites(["ACGT"], DNA), "`sites` has shape"),
        (lambda m: CountMatrix.from_sites(np.zeros((2, 3)), DNA), "dtype float64"),
        (lambda m: CountMatrix.from_sites(DNA.encode("ACGT"), DNA), r"shape \(4,\)"),
    ],
)
def test_what_is_no_matrix_is_refused(make, said):
    with pytest.raises(SeqcnnError, match=said):
        make(ProbabilityMatrix(np.eye(4), DNA))


def test_values_are_private_copies_that_cannot_change():
    values = np.array([[1.0, 0, 0, 0]])
    matrix = ProbabilityMatrix(values, DNA)
    values[0] = 0.25
    assert matrix.values[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        matrix.values[0, 0] = 0.5


def entropy_of_compositions(sites, background):
    """Expected information by Schneider's own sum over all compositions of letters."""
    total = 0.0
    for counts in itertools.product(range(sites + 1), repeat=len(background)):
        if sum(counts) == sites:
            ways = math.factorial(sites) / math.prod(map(math.factorial, counts))
            chance = ways * math.prod(b**c for b, c in zip(background, counts, strict=True))
            shares = [c / sites for c in counts]
            bits = sum(
                f * math.log2(f / b) for f, b in zip(shares, background, strict=True) if f > 0
            )
            total += chance * bits
    return total


@pytest.mark.parametrize("background", [np.full(4, 0.25), SKEWED])
@pytest.mark.parametrize("sites", [1, 2, 5, 12])
def test_small_sample_correction_is_the_sum_over_all_compositions(sites, background):
    expected = entropy_of_compositions(sites, background)
    assert sampling_information(sites, background) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("letters", [4, 20])
def test_small_sample_correction_goes_on_smoothly(letters):
    background = np.full(letters, 1 / letters)
    exact, approximate = (sampling_information(n, background) for n in (1000, 1000.5))
    assert approximate == pytest.approx(exact, rel=0.01)
    around = [sampling_information(n, background) for n in (10, 10.5, 11)]
    assert around[1] == pytest.approx((around[0] + around[2]) / 2)
    with pytest.raises(SeqcnnError, match="sites"):
        sampling_information(0.5, background)


def test_information_without_what_few_sites_show():
    motif = Motif("m", ProbabilityMatrix([[1, 0, 0, 0], [0.25] * 4], DNA), sites=5)
    expected = entropy_of_compositions(5, [0.25] * 4)
    np.testing.assert_allclose(motif.information(), [2 - expected, 0])
    np.testing.assert_allclose(motif.information(corrected=False), [2, 0])
    np.testing.assert_allclose(Motif("m", motif.matrix).information(), [2, 0])


def test_random_sites_have_no_information_on_average():
    rng = np.random.default_rng(0)
    sites = rng.choice(4, (8, 20_000), p=SKEWED).astype(np.uint8)
    matrix = CountMatrix.from_sites(sites, DNA).to_probabilities(background=SKEWED)
    # clipping at 0 would raise the mean
    bits = (matrix.values * matrix.to_scores(floor=-60).values).sum(1)
    assert bits.mean() == pytest.approx(sampling_information(8, SKEWED), rel=0.02)


@given(st.integers(0, 2**31), st.sampled_from([DNA, PROTEIN]), st.integers(1, 6))
def test_sites_are_counted(seed, alphabet, width):
    sites = np.random.default_rng(seed).integers(0, alphabet.size, (7, width)).astype(np.uint8)
    found = CountMatrix.from_sites(sites, alphabet).values
    for position in range(width):
        for letter in range(alphabet.size):
            assert found[position, letter] == (sites[:, position] == letter).sum()


def test_counts_of_probabilities():
    matrix = ProbabilityMatrix([[0.5, 0.25, 0.25, 0]], DNA)
    np.testing.assert_allclose(matrix.to_counts(8).values, [[4, 2, 2, 0]])


def test_pseudocounts_are_sites_of_the_background():
    motif = Motif("m", CountMatrix([[9, 1, 0, 0]], DNA).to_probabilities(), sites=10)
    expected = [
        float(np.log2((c + 0.1 * b) / 10.1 / b)) for c, b in zip([9, 1, 0, 0], SKEWED, strict=True)
    ]
    np.testing.assert_allclose(motif.to_scores(background=SKEWED).values, [expected])
    # the more sites, the less they weigh; no number of sites counts as 20
    pseudocount = {n: Motif("m", motif.matrix, sites=n).to_scores().values for n in (0, 20, 30)}
    np.testing.assert_array_equal(pseudocount[0], pseudocount[20])
    assert (pseudocount[30][0, 2:] < pseudocount[20][0, 2:]).all()
    np.testing.assert_array_equal(
        motif.to_scores(pseudocount=0).values, motif.matrix.to_scores().values
    )
    with pytest.raises(SeqcnnError, match="pseudocount"):
        motif.to_scores(pseudocount=-1)
