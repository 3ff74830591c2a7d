"""Backgrounds against counts by hand, eigenvectors, and sums over all sequences."""

from collections import Counter
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

import seqcnn.seq.background as module
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, get_alphabet
from seqcnn.seq.background import MarkovBackground, letter_frequencies
from seqcnn.seq.record import SequenceSet

TEXTS = ["ACGTTTGACNNACGGA", "", "T", "GATTACAGATTACAGGRCC", "NN", "ACA"]


def dna(texts):
    return SequenceSet.from_strings(texts, alphabet=DNA)


def turned(text):
    return DNA.decode(DNA.reverse_complement(DNA.encode(text)))


def word_counts(texts, k):
    words = (t[i : i + k] for t in texts for i in range(len(t) - k + 1))
    return Counter(w for w in words if set(w) <= set("ACGT"))


def some_model(order, seed=0, alphabet=DNA):
    rng = np.random.default_rng(seed)
    size = alphabet.size
    return MarkovBackground(alphabet, rng.dirichlet(np.full(size, 0.7), size**order))


@pytest.mark.parametrize("both", [False, True])
def test_letter_frequencies(both):
    counts = word_counts([*TEXTS, *map(turned, TEXTS)] if both else TEXTS, 1)
    expected = np.array([counts[c] for c in "ACGT"]) / counts.total()
    np.testing.assert_allclose(letter_frequencies(dna(TEXTS), both), expected, rtol=1e-14)


def test_letter_frequencies_need_letters():
    with pytest.raises(SeqcnnError, match="cannot be counted"):
        letter_frequencies(dna(["NN", ""]))


@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("order", [0, 1, 2, 3])
def test_fit_counts_words(monkeypatch, order, both):
    monkeypatch.setattr(module, "BLOCK", 5)
    fitted = MarkovBackground.fit(dna(TEXTS), order, both_strands=both, pseudocount=1e-9)
    counts = word_counts([*TEXTS, *map(turned, TEXTS)] if both else TEXTS, order + 1)
    assert fitted.order == order
    for word, row in zip(product("ACGT", repeat=order), fitted.probabilities, strict=True):
        seen = np.array([counts["".join(word) + c] for c in "ACGT"])
        if seen.any():
            np.testing.assert_allclose(row, seen / seen.sum(), atol=1e-8)


def test_pseudocounts_come_from_the_next_lower_order():
    fitted = MarkovBackground.fit(dna(["AAAC"]), 1, pseudocount=2.0)
    single = (np.array([3, 1, 0, 0]) + 2 / 4) / 6
    np.testing.assert_allclose(fitted.probabilities[0], (np.array([2, 1, 0, 0]) + 2 * single) / 5)
    np.testing.assert_allclose(fitted.probabilities[3], single, err_msg="after T: never seen")


@pytest.mark.parametrize("order", [1, 2, 3])
def test_stationary_is_the_eigenvector(order):
    model = some_model(order)
    words = list(product(range(4), repeat=order))
    moves = np.zeros((len(words), len(words)))
    for i, word in enumerate(words):
        for letter in range(4):
            moves[i, words.index((*word[1:], letter))] += model.probabilities[i, letter]
    np.testing.assert_allclose(model.stationary @ moves, model.stationary, atol=1e-12)
    assert model.stationary.sum() == pytest.approx(1)


def test_a_model_that_goes_in_circles_settles():
    circle = MarkovBackground(get_alphabet("AB"), np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(circle.stationary, 0.5)
    texts = {circle.sample(40, 4, seed=1).text(i) for i in range(40)}
    assert texts == {"ABAB", "BABA"}


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("length", [1, 3])
def test_probabilities_of_all_sequences_sum_to_one(order, length):
    model = some_model(order)
    every = [np.array(c, np.uint8) for c in product(range(4), repeat=length)]
    assert sum(np.exp(model.log_probability(c)) for c in every) == pytest.approx(1)


@pytest.mark.parametrize("order", [0, 1, 2])
def test_samples_are_as_likely_as_the_model_says(order):
    model = some_model(order)
    drawn = model.sample(30_000, 3, seed=2).padded()
    seen = np.bincount(drawn @ [16, 4, 1], minlength=64)
    every = [np.array(c, np.uint8) for c in product(range(4), repeat=3)]
    expected = 30_000 * np.exp([model.log_probability(c) for c in every])
    enough = expected > 5
    pooled = [np.append(x[enough], x[~enough].sum() + 1e-9) for x in (seen, expected)]
    assert chisquare(pooled[0], pooled[1] * pooled[0].sum() / pooled[1].sum()).pvalue > 1e-4


def test_what_was_sampled_is_learnt_again():
    model = some_model(2)
    fitted = MarkovBackground.fit(model.sample(500, 2000, seed=3), 2)
    often = model.stationary > 0.01
    np.testing.assert_allclose(fitted.probabilities[often], model.probabilities[often], atol=0.02)


@given(st.lists(st.integers(0, 50), max_size=20), st.integers(0, 2))
def test_samples_have_the_lengths_wanted(lengths, order):
    drawn = some_model(order).sample(len(lengths), lengths, seed=4)
    assert drawn.lengths.tolist() == lengths
    assert (drawn.codes < 4).all()


def test_samples_follow_the_seed():
    model = some_model(1)
    first, again, other = (model.sample(5, [50, 9, 50, 20, 1], seed=s) for s in (1, 1, 2))
    assert (first.codes == again.codes).all()
    assert (first.codes != other.codes).any()


def test_ambiguous_letters_part_a_sequence():
    model = some_model(2)
    parts = [model.log_probability(DNA.encode(t)) for t in ("ACGTA", "G", "TT")]
    assert model.log_probability(DNA.encode("ACGTANNGRTT")) == pytest.approx(sum(parts))
    assert model.log_probability(DNA.encode("NN")) == 0
    assert model.log_probability(DNA.encode("")) == 0


def test_other_alphabets():
    model = some_model(2, alphabet=PROTEIN)
    assert model.order == 2
    drawn = model.sample(20, 100, seed=5)
    assert MarkovBackground.fit(drawn, 1).probabilities.shape == (20, 20)


@pytest.mark.parametrize(
    ("action", "says"),
    [
        (lambda: MarkovBackground.fit(dna(TEXTS), -1), "`order` is -1"),
        (lambda: MarkovBackground.fit(dna(TEXTS), 10), "9 at most"),
        (lambda: MarkovBackground.fit(dna(TEXTS), 1, pseudocount=0), "`pseudocount`"),
        (lambda: MarkovBackground(DNA, np.full((3, 4), 0.25)), "shape"),
        (lambda: MarkovBackground(DNA, np.full((4, 4), 0.3)), "sum to 1"),
        (lambda: some_model(0).sample(3, [1, 2], seed=1), "2 entries"),
        (lambda: some_model(0).sample(1, [-1], seed=1), "0 or more"),
        (
            lambda: letter_frequencies(some_model(0, alphabet=PROTEIN).sample(2, 9, 1), True),
            "compl",
        ),
    ],
)
def test_what_cannot_be(action, says):
    with pytest.raises(SeqcnnError, match=says):
        action()
