"""The mixture of motifs and background, against counting by hand and against what was planted."""

import itertools

import numpy as np
import pytest

from seqcnn.discovery import mixture
from seqcnn.discovery.candidate import Candidate, Search, alike, likeness
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH, frame_of
from seqcnn.discovery.mixture import fit_mixture
from seqcnn.discovery.palindrome import as_palindrome
from seqcnn.motifs.compare import similarity
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA

BOTH = Search(DNA, True, np.full(4, 0.25))


def matrix_of(word: str, share: float = 0.85) -> ProbabilityMatrix:
    """Give each letter of a word most of its column."""
    values = np.full((len(word), 4), (1 - share) / 3)
    values[np.arange(len(word)), DNA.encode(word)] = share
    return ProbabilityMatrix(values, DNA)


def candidate(matrix: ProbabilityMatrix, sites: float = 0.0) -> Candidate:
    return Candidate(*frame_of(matrix), sites=sites)


def planted(
    rng: np.random.Generator,
    matrices: list[ProbabilityMatrix],
    counts: list[int],
    shape: tuple[int, int] = (1500, 60),
) -> tuple[Contrast, list[np.ndarray]]:
    """Put sites on either strand; the frequencies of their letters are what can be known."""
    codes = rng.integers(0, 4, shape).astype(np.uint8)
    seen = []
    for matrix, count in zip(matrices, counts, strict=True):
        width = len(matrix)
        words = np.stack([rng.choice(4, count, p=p) for p in matrix.values], 1).astype(np.uint8)
        for row, word in zip(rng.permutation(shape[0])[:count], words, strict=True):
            start = rng.integers(0, shape[1] - width + 1)
            codes[row, start : start + width] = 3 - word[::-1] if rng.random() < 0.5 else word
        seen.append(np.stack([(words == a).mean(0) for a in range(4)], 1))
    return Contrast(codes, rng.integers(0, 4, (3 * shape[0], shape[1])).astype(np.uint8), 3), seen


def r_of(found: Candidate, truth: ProbabilityMatrix) -> float:
    return similarity(found.motif(BOTH), Motif("truth", truth)).r


@pytest.mark.parametrize("seed", range(3))
def test_matrices_are_as_good_as_counts_of_the_true_sites(seed):
    rng = np.random.default_rng(seed)
    truth = matrix_of("ACGTTGCAGC")
    contrast, (counted,) = planted(rng, [truth], [300])
    # where a search with a threshold ends: too sharp, and without the outer columns
    sharp = ProbabilityMatrix(
        truth.values[1:-1] ** 2 / (truth.values[1:-1] ** 2).sum(1)[:, None], DNA
    )
    (found,) = fit_mixture([candidate(sharp)], contrast, BOTH)
    oracle = similarity(Motif("oracle", ProbabilityMatrix(counted, DNA)), Motif("t", truth)).r
    assert found.used.sum() == 10
    assert r_of(found, truth) > oracle - 0.004
    assert found.sites == pytest.approx(300, rel=0.1)


def test_a_rare_motif_does_not_slide_into_a_common_one_that_shares_its_half():
    rng = np.random.default_rng(5)
    common, rare = matrix_of("GTAAACAT"), matrix_of("CCGGTAAACC")
    contrast, _ = planted(rng, [common, rare], [900, 120])
    together = fit_mixture([candidate(common), candidate(rare)], contrast, BOTH)
    assert r_of(together[1], rare) > 0.98
    assert together[1].sites < 250
    # alone it takes the sites of the other: the competition is what holds it
    alone = fit_mixture([candidate(rare)], contrast, BOTH)
    assert alone[0].sites > 1.5 * together[1].sites


def test_site_probabilities_are_those_of_zero_or_one_site(monkeypatch):
    """One step, with every window considered, against a loop over windows."""
    rng = np.random.default_rng(1)
    monkeypatch.setattr(mixture, "CONSIDERED", 1.0)
    codes = rng.integers(0, 4, (6, 12)).astype(np.uint8)
    contrast = Contrast(codes, rng.integers(0, 4, (50, 12)).astype(np.uint8), 0)
    start = candidate(matrix_of("ACGA", 0.6))
    background = mixture._background(contrast, BOTH)
    windows = mixture._windows(start, codes, BOTH, background)
    ratios_of_windows = mixture._odds(start.frame, windows, BOTH.background)
    found = mixture._site_probabilities(ratios_of_windows, windows, 6, 0.3)
    scored = np.flatnonzero(windows.scored)
    assert scored[0] == np.flatnonzero(start.used)[0] - mixture.FLANK

    def odds(word: np.ndarray) -> float:
        """Walk along a window; letters beyond the sequence are None."""
        total, previous = 1.0, None
        for column, letter in zip(scored, word, strict=True):
            if letter is not None:
                share = (
                    background.stationary
                    if previous is None
                    else background.probabilities[previous]
                )
                total *= start.frame[column, letter] / share[letter]
            previous = letter
        return total

    for row in range(6):
        ratios = []
        for at, strand in itertools.product(range(9), (0, 1)):
            columns = range(at - mixture.FLANK, at + 4 + mixture.FLANK)
            word = [int(codes[row, c]) if 0 <= c < 12 else None for c in columns]
            if strand:
                word = [None if a is None else 3 - a for a in word[::-1]]
            ratios.append(odds(word))
        mean = sum(ratios) / 18
        expected = 0.3 * mean / (0.7 + 0.3 * mean)
        assert found[windows.row == row].sum() == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(2))
def test_windows_that_are_left_out_change_nothing(seed, monkeypatch):
    """All windows in all steps, at ten times the cost, give the same matrices."""
    rng = np.random.default_rng(seed)
    truth = [matrix_of("ACGTTGCAGC"), matrix_of("TTGACCAG", 0.75)]
    contrast, _ = planted(rng, truth, [200, 60], (600, 50))
    starts = [candidate(matrix_of("CGTTGCAG", 0.7)), candidate(matrix_of("TGACCA", 0.7))]
    pruned = fit_mixture(starts, contrast, BOTH)
    monkeypatch.setattr(mixture, "DECIDED", mixture.STEPS)
    whole = fit_mixture(starts, contrast, BOTH)
    for a, b in zip(pruned, whole, strict=True):
        assert np.array_equal(a.used, b.used)
        assert np.abs(a.frame - b.frame).max() < 1e-3
        assert a.sites == pytest.approx(b.sites, rel=5e-3)


def test_what_is_no_motif_comes_back_as_it_was():
    rng = np.random.default_rng(2)
    contrast, _ = planted(rng, [], [])
    start = candidate(matrix_of("ACGTTGCAGC", 0.97))
    (found,) = fit_mixture([start], contrast, BOTH)
    assert alike(found, start, BOTH)


def test_amino_acids_and_hidden_letters(monkeypatch):
    from seqcnn.seq.alphabet import PROTEIN

    rng = np.random.default_rng(3)
    search = Search(PROTEIN, False, np.full(20, 0.05))
    codes = rng.integers(0, 20, (400, 20)).astype(np.uint8)
    codes[:150, 5:9] = PROTEIN.encode("WRKH")
    codes[150:300, 5:9] = 255  # hidden: no window with these is a site
    contrast = Contrast(codes, rng.integers(0, 20, (800, 20)).astype(np.uint8), 2)
    values = np.full((4, 20), 0.3 / 19)
    values[np.arange(4), PROTEIN.encode("WRKH")] = 0.7
    start = candidate(ProbabilityMatrix(values, PROTEIN))
    (found,) = fit_mixture([start], contrast, search)
    assert found.sites == pytest.approx(150, rel=0.05)
    assert found.motif(search).consensus == "WRKH"


def test_a_palindrome_is_made_symmetric_and_others_are_not():
    rng = np.random.default_rng(4)
    palindrome, other = matrix_of("TGACGTCA"), matrix_of("TGACGAGC")
    for truth, symmetric in ((palindrome, True), (other, False)):
        contrast, _ = planted(rng, [truth], [200])
        (found,) = fit_mixture([candidate(truth)], contrast, BOTH, palindromes=True)
        matrix = found.matrix(BOTH)
        assert np.allclose(matrix.values, matrix.reverse_complement().values) is symmetric
        assert r_of(found, truth) > 0.995
    # off the middle of the frame, with an odd number of columns
    lopsided = candidate(matrix_of("ATGACGTCA"), sites=40.0)
    values = np.roll(lopsided.frame, 3, axis=0)
    moved = Candidate(values, np.roll(lopsided.used, 3), sites=40.0)
    changed = as_palindrome(moved, BOTH)
    assert np.array_equal(changed.frame, values)  # the A at one end is too much for 40 sites


def test_likeness_counts_what_only_one_motif_has():
    flank, word = matrix_of("AACAGGTT"), matrix_of("GTAAACA")
    assert likeness(flank, word, both_strands=True) < 0.6
    assert likeness(word, word.reverse_complement(), both_strands=True) == pytest.approx(1)
    assert likeness(word, word.reverse_complement(), both_strands=False) < 0.6
    shifted = ProbabilityMatrix(word.values[1:], DNA)
    assert likeness(word, shifted, both_strands=False) == pytest.approx((6 / 7) ** 0.5)
    assert WIDTH >= 24
