import itertools
import logging
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.background import (
    letter_shares,
    read_background,
    resolve_background,
    write_background,
)
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.background import MarkovBackground
from seqcnn.seq.record import SequenceSet

LETTERS = "# order 0\nA 0.3\nC 0.2\nG 0.1\nT 4e-1\n"


def never():
    raise AssertionError("the input is counted although nobody asked for it")


def pairs(shares):
    return "".join(
        f"{a}{b} {x:.12f}\n"
        for (a, b), x in zip(itertools.product("ACGT", repeat=2), shares, strict=True)
    )


@pytest.fixture
def read(tmp_path):
    def of(text, alphabet=DNA):
        (tmp_path / "bg").write_text(text)
        return read_background(tmp_path / "bg", alphabet)

    return of


def test_words_that_a_user_can_say(tmp_path):
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    np.testing.assert_allclose(resolve_background("input", DNA, lambda: shares), shares)
    np.testing.assert_allclose(resolve_background("uniform", PROTEIN, never), np.full(20, 0.05))
    assert resolve_background("motif", DNA, never) is None
    np.testing.assert_allclose(resolve_background(shares, DNA, never), shares)
    (tmp_path / "bg").write_text(LETTERS)
    for name in (tmp_path / "bg", str(tmp_path / "bg")):
        np.testing.assert_allclose(resolve_background(name, DNA, never), [0.3, 0.2, 0.1, 0.4])
    with pytest.raises(SeqcnnError, match="'imput', which is neither a file nor one of input"):
        resolve_background("imput", DNA, never)
    with pytest.raises(SeqcnnError, match="above 0"):
        resolve_background(np.array([1.0, 0, 0, 0]), DNA, never)


def test_letters_of_a_file(read):
    np.testing.assert_allclose(read(LETTERS), [0.3, 0.2, 0.1, 0.4])
    np.testing.assert_allclose(read(LETTERS.rstrip("\n").lower()), [0.3, 0.2, 0.1, 0.4])
    np.testing.assert_allclose(read(LETTERS, RNA), [0.3, 0.2, 0.1, 0.4])
    # a share that is rounded to nothing is not nothing
    found = read("A 0.6\nC 0.4\nG 0.0\nT 0.000\n")
    assert found.min() > 0
    np.testing.assert_allclose(found, [0.6, 0.4, 0, 0], atol=1e-5)


def test_pairs_of_a_file_become_what_follows(read):
    shares = np.random.default_rng(0).dirichlet(np.ones(16))
    found = read(LETTERS + "# order 1\n" + pairs(shares))
    joint = shares.reshape(4, 4)
    assert found.order == 1
    np.testing.assert_allclose(found.probabilities, joint / joint.sum(1, keepdims=True), rtol=1e-4)


def test_word_that_never_occurs_is_followed_by_what_follows_its_end(read):
    joint = np.zeros((4, 4))
    joint[0, 1] = joint[1, 0] = 0.5
    found = read(LETTERS + pairs(joint.ravel()))
    np.testing.assert_allclose(found.probabilities[2], [0.3, 0.2, 0.1, 0.4])


def test_a_pair_that_never_occurs_is_followed_by_what_follows_its_last_letter(read):
    rng = np.random.default_rng(1)
    joint = rng.dirichlet(np.ones(16)).reshape(4, 4)
    after = joint / joint.sum(1, keepdims=True)
    # ACT is the only word of three letters
    triples = "".join(
        f"{''.join(word)} {float(word == ('A', 'C', 'T'))}\n"
        for word in itertools.product("ACGT", repeat=3)
    )
    found = read(LETTERS + pairs(joint.ravel()) + triples).probabilities.reshape(4, 4, 4)
    for first, last in itertools.product(range(4), repeat=2):
        expected = [0, 0, 0, 1] if (first, last) == (0, 1) else after[last]
        np.testing.assert_allclose(found[first, last], expected, atol=1e-6)


@given(st.integers(0, 2), st.integers(0, 2**31))
def test_what_is_written_is_read_again(tmp_path_factory, order, seed):
    path = tmp_path_factory.mktemp("bg") / "x.gz"
    rng = np.random.default_rng(seed)
    model = MarkovBackground(DNA, rng.dirichlet(np.ones(4), 4**order))
    write_background(path, model)
    found = read_background(path, DNA)
    if order == 0:
        np.testing.assert_allclose(found, model.probabilities[0], atol=2e-6)
    else:
        np.testing.assert_allclose(found.probabilities, model.probabilities, atol=1e-5)


def test_shares_are_written_for_an_alphabet(tmp_path):
    write_background(tmp_path / "x", np.array([0.1, 0.2, 0.3, 0.4]), alphabet=RNA)
    assert (tmp_path / "x").read_text().splitlines()[-1] == "U 4.000000000e-01"
    with pytest.raises(SeqcnnError, match="alphabet"):
        write_background(tmp_path / "y", np.full(4, 0.25))


def test_both_strands_become_alike(caplog, tmp_path):
    rng = np.random.default_rng(2)
    model = MarkovBackground(DNA, rng.dirichlet(np.ones(4), 16))
    with caplog.at_level(logging.INFO):
        found = resolve_background(model, DNA, never, both_strands=True)
    assert "not the same on both strands" in caplog.text
    for word in itertools.product(range(4), repeat=4):
        codes = np.array(word, np.uint8)
        one, other = (found.log_probability(c) for c in (codes, DNA.reverse_complement(codes)))
        # the average of both strands, too
        assert one == pytest.approx(other, abs=1e-9)
        if len(set(word)) > 3:
            three = codes[:3]
            mean = (
                math.exp(model.log_probability(three))
                + math.exp(model.log_probability(DNA.reverse_complement(three)))
            ) / 2
            assert math.exp(found.log_probability(three)) == pytest.approx(mean, rel=1e-6)
    shares = resolve_background(np.array([0.3, 0.2, 0.1, 0.4]), DNA, never, both_strands=True)
    np.testing.assert_allclose(shares, [0.35, 0.15, 0.15, 0.35])


def test_background_that_is_alike_on_both_strands_stays(caplog):
    rng = np.random.default_rng(2)
    sequences = SequenceSet.from_arrays(
        [rng.choice(4, 2000, p=[0.1, 0.2, 0.3, 0.4]).astype(np.uint8)], alphabet=DNA
    )
    model = MarkovBackground.fit(sequences, 2, both_strands=True)
    with caplog.at_level(logging.INFO):
        found = resolve_background(model, DNA, never, both_strands=True)
    assert not caplog.text
    np.testing.assert_allclose(found.probabilities, model.probabilities, atol=0.01)
    protein = np.full(20, 0.05)
    np.testing.assert_allclose(
        resolve_background(protein, PROTEIN, never, both_strands=True), protein
    )


@pytest.mark.parametrize("order", [0, 1, 3])
def test_shares_of_letters_in_the_long_run(order):
    rng = np.random.default_rng(order)
    model = MarkovBackground(DNA, rng.dirichlet(np.ones(4), 4**order))
    expected = [math.exp(model.log_probability(np.array([a], np.uint8))) for a in range(4)]
    np.testing.assert_allclose(letter_shares(model), expected, atol=1e-9)


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("", "A is missing", None),
        (LETTERS.replace("G 0.1\n", ""), "G is missing", None),
        (LETTERS + "AA 1.0\n", "AC is missing", None),
        (LETTERS + "A 0.3\n", "A is there twice", 6),
        (LETTERS.replace("0.3", "0.9"), "sum to 1.6", 5),
        (LETTERS.replace("0.3", "-0.3"), "not 'A -0.3'", 2),
        (LETTERS.replace("0.3", "nan"), "not 'A nan'", 2),
        (LETTERS.replace("0.3", "x"), "not 'A x'", 2),
        (LETTERS.replace("0.3", "0.3 0.4"), "not 'A 0.3 0.4'", 2),
        (LETTERS.replace("A", "N"), "not 'N 0.3'", 2),
        (LETTERS + "A" * 40 + " 0.1\n", "too long", 6),
        (LETTERS + pairs([0.1] * 16), "length 2 sum to 1.6", 21),
        (">s1\nACGT\n", "not '>s1'", 1),
    ],
)
def test_damage_is_refused_with_file_and_line(read, text, message, line):
    with pytest.raises(SeqcnnError, match=message) as caught:
        read(text)
    assert str(caught.value.path).endswith("bg")
    assert caught.value.line == line
    assert "\n" not in str(caught.value)
