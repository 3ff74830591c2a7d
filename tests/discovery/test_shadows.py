"""The test of a fold: better motifs hide what is only their shadow, and nothing else."""

import numpy as np
import pytest

from seqcnn.discovery import significance
from seqcnn.discovery.candidate import Candidate, Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import frame_of
from seqcnn.discovery.significance import LASTING, WEAKER, FoldTest
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA, PAD
from tests.discovery.planted import plant, random_rows

BOTH = Search(DNA, True, np.full(4, 0.25))
COMMON, RARE = "TGACTCAGCA", "CCGGAAGTGC"


def candidate(text: str, log10_p: float = -4.0) -> Candidate:
    values = np.full((len(text), 4), 0.05)
    values[np.arange(len(text)), DNA.encode(text)] = 0.85
    made = Candidate(*frame_of(ProbabilityMatrix(values, DNA)))
    scores = made.scores(BOTH)
    return Candidate(made.frame, made.used, scores.log10_threshold(log10_p) - scores.error)


def held(seed: int, shares: dict[str, float], number: int = 400) -> Contrast:
    rows = random_rows(number, 80, seed)
    for i, (word, share) in enumerate(shares.items()):
        rows = plant(rows, word, share, seed + i)
    return Contrast(rows, np.random.default_rng(seed).permuted(rows.repeat(9, axis=0), axis=1), 9)


def marginal(one: Candidate, contrast: Contrast) -> FoldTest:
    return significance.fold_tests(0, [one], contrast, BOTH)[0]


def scores_by_loop(codes: np.ndarray, one: Candidate) -> np.ndarray:
    """Score each window by the better of its strands, float (n, positions); -inf if hidden."""
    values = np.log2(one.frame[one.used] / 0.25)
    values = np.column_stack([values, np.full((len(values), 1), -np.inf)])
    other = np.column_stack([values[::-1, 3::-1], values[:, 4]])
    windows = np.lib.stride_tricks.sliding_window_view(np.minimum(codes, 4), len(values), axis=1)
    columns = np.arange(len(values))
    return np.maximum(values[columns, windows].sum(2), other[columns, windows].sum(2))


def hidden_by_loop(codes: np.ndarray, one: Candidate, log10_p: float) -> np.ndarray:
    scores = one.scores(BOTH)
    least = scores.log10_threshold(log10_p) - scores.step / 2
    hidden = codes.copy()
    for row, start in zip(*np.nonzero(scores_by_loop(codes, one) >= least), strict=True):
        hidden[row, start : start + int(one.used.sum())] = PAD
    return hidden


SHADOWS = {
    "a part of it": "ACTCAGCA",
    "a part and its flanks": "GGACTCAGCATT",
    "halves of two motifs": "CTCAGCACCGGAA",
}


@pytest.mark.parametrize("text", SHADOWS.values(), ids=SHADOWS)
def test_a_shadow_is_reported_by_what_is_left_of_it(text):
    contrast = held(0, {COMMON: 0.4, RARE: 0.2})
    first, second, shadow = candidate(COMMON), candidate(RARE), candidate(text, -3.0)
    reported = significance.fold_tests(0, [first, second, shadow], contrast, BOTH)
    assert marginal(shadow, contrast).result.log10_p < -8
    assert reported[2].result.log10_p > LASTING * marginal(shadow, contrast).result.log10_p
    assert reported[2].result.log10_p > -2
    # what is left by those that are stronger, the strongest first, by loops over windows
    strength = {one: marginal(one, contrast).result.log10_p for one in (first, second, shadow)}
    stronger = [one for one in (first, second) if strength[one] < strength[shadow]]
    stronger.sort(key=strength.__getitem__)
    left = []
    for codes in (contrast.foreground, contrast.control):
        for better in stronger:
            codes = hidden_by_loop(codes, better, -4.0 + WEAKER)
        left.append((scores_by_loop(codes, shadow) >= shadow.threshold).any(1))
    assert reported[2].result == contrast.test(*left)
    assert reported[2].given == len(stronger)


@pytest.mark.parametrize("seed", range(3))
def test_a_motif_that_shares_no_sites_keeps_its_p_value(seed):
    contrast = held(seed, {COMMON: 0.4, RARE: 0.1})
    first, second = candidate(COMMON), candidate(RARE)
    reported = significance.fold_tests(0, [first, second], contrast, BOTH)
    for test, one in zip(reported, (first, second), strict=True):
        assert test.result == marginal(one, contrast).result
        assert test.result.log10_p < -15
        assert test.given == 0


def test_the_reported_p_value_is_never_below_that_of_all_sequences():
    rng = np.random.default_rng(1)
    for seed in range(5):
        contrast = held(seed, {COMMON: 0.3, RARE: 0.1}, 100)
        texts = [COMMON[rng.integers(3) :][: rng.integers(5, 8)] for _ in range(3)]
        texts += ["".join(rng.choice(list("ACGT"), 8)) for _ in range(2)]
        tried = [candidate(text, -2.5) for text in texts]
        for test in significance.fold_tests(0, tried, contrast, BOTH):
            assert test.result.log10_p >= marginal(test.candidate, contrast).result.log10_p - 1e-9
            assert test.tests == len(tried)


def test_p_values_hold_where_there_is_no_motif():
    """With all its versions in the list, a candidate is below .1 in a tenth of runs at most."""
    below = np.zeros(3)
    tried = [candidate(text, -2.7) for text in ("TGACTCA", "GACTCAG", "AACCGT")]
    for seed in range(150):
        tests = significance.fold_tests(0, tried, held(seed, {}, 60), BOTH)
        below += [t.result.log10_p <= -1 for t in tests]
    assert (below <= 15 + 3 * np.sqrt(150 * 0.1 * 0.9)).all()
    assert below.sum() > 0


def test_hidden_letters_are_no_evidence():
    """N in the foreground alone: every candidate must find fewer sites there, not more."""
    rows, control = random_rows(300, 80, 2), random_rows(300, 80, 3)
    rows[:, 20:50] = DNA.encode("N")[0]
    rows[:, 70:] = PAD
    zeros = np.zeros(300, int)
    contrast = Contrast(rows, control, 0, zeros, zeros)
    rng = np.random.default_rng(4)
    texts = ["".join(rng.choice(list("ACGT"), rng.integers(4, 20))) for _ in range(20)]
    tried = [candidate(text, -rng.uniform(1.5, 4)) for text in texts]
    assert all(t.result.log10_p > -1.5 for t in significance.fold_tests(0, tried, contrast, BOTH))


def test_no_candidate_is_no_test():
    assert significance.fold_tests(0, [], held(5, {}, 20), BOTH) == []
