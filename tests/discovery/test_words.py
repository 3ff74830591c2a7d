"""Enriched words against counting by loops over strings."""

import itertools

import numpy as np
import pytest

from seqcnn.discovery import words
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH
from seqcnn.discovery.words import MOST_WORDS, Word, enriched_words, shapes
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, RNA, Alphabet
from tests.discovery.planted import plant, random_rows

N = DNA.encode("N")[0]


def reverse_complement(text: str) -> str:
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


def spelt(codes: np.ndarray, alphabet: Alphabet) -> list[str]:
    """Sequences as strings; what is no letter is a dot."""
    return [
        "".join(alphabet.letters[c] if c < alphabet.size else "." for c in row) for row in codes
    ]


def has_word(sequence: str, word: str, places: tuple[int, ...]) -> bool:
    starts = range(len(sequence) - places[-1])
    return any("".join(sequence[s + p] for p in places) == word for s in starts)


def count_by_hand(
    codes: np.ndarray, alphabet: Alphabet, places: tuple[int, ...], both: bool
) -> dict[str, int]:
    """Count the sequences with a word, or with its reverse complement, by looking for it."""
    counts = {}
    for letters in itertools.product(alphabet.letters, repeat=len(places)):
        word = "".join(letters)
        seen = [has_word(s, word, places) for s in spelt(codes, alphabet)]
        if both:
            other = [has_word(s, reverse_complement(word), places) for s in spelt(codes, alphabet)]
            seen = np.logical_or(seen, other)
        counts[word] = int(np.sum(seen))
    return counts


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("places", [(0, 1, 2), (0, 1, 2, 3), (0, 1, 4, 5), (0, 7)])
def test_counts_are_those_of_looking_for_each_word(places, both, monkeypatch):
    monkeypatch.setattr(words, "LETTERS", 100)  # several blocks of rows
    codes = random_rows(12, 25, 0)
    codes[0, 5:9], codes[1, 18:], codes[2, 12] = N, PAD, PAD
    codes[3] = PAD
    counts = words._sequences_with_word(codes, DNA, places, both)
    for word, expected in count_by_hand(codes, DNA, places, both).items():
        lower = min(word, reverse_complement(word)) if both else word  # A < C < G < T, as codes are
        number = int("".join(str(c) for c in DNA.encode(lower)), 4)
        assert counts[number] == expected, word
        if lower != word:
            assert counts[int("".join(str(c) for c in DNA.encode(word)), 4)] == 0


def test_amino_acids_are_counted_on_one_strand():
    codes = random_rows(15, 9, 1, letters=20)
    codes[0, 3] = PAD
    counts = words._sequences_with_word(codes, PROTEIN, (0, 3), False)
    expected = list(count_by_hand(codes, PROTEIN, (0, 3), False).values())
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN, Alphabet("two", "XY")], ids=str)
@pytest.mark.parametrize("both", [True, False])
def test_shapes_fit_the_frame_and_the_table_of_counts(alphabet, both):
    every = shapes(alphabet.size, both_strands=both)
    assert len(set(every)) == len(every)
    for places in every:
        assert places[0] == 0
        assert list(places) == sorted(set(places))
        assert places[-1] < WIDTH
        assert alphabet.size ** len(places) <= MOST_WORDS
        if both:  # a word and its reverse complement must lie under the same window
            assert [places[-1] - p for p in places[::-1]] == list(places)


@pytest.mark.parametrize(
    ("text", "both"), [("TGACTCAG", True), ("CGG...........CCG", True), ("TGTANATA", False)]
)
def test_the_planted_word_leads(text, both):
    rows, control = random_rows(600, 80, 2), random_rows(1800, 80, 3)
    rng = np.random.default_rng(4)
    for row in rows[:180]:
        start = rng.integers(0, 80 - len(text) + 1)
        for i, letter in enumerate(text):
            if letter in "ACGT":
                row[start + i] = DNA.encode(letter)[0]
    best = enriched_words(Contrast(rows, control, 3), DNA, number=3, both_strands=both)[0]
    written = text.replace("N", ".")
    strands = [written, reverse_complement(written)]
    found = best.spell(DNA)
    assert any(
        all(a == b or "." in (a, b) for a, b in zip(s[i:], found, strict=False))
        and sum(letter != "." for letter in found) >= 6
        for s in strands
        for i in range(len(s) - len(found) + 1)
    )


def test_a_score_is_half_the_likelihood_ratio_less_what_was_tried():
    rows, control = random_rows(300, 40, 5), random_rows(900, 40, 6)
    rows = plant(rows, "ACGTTGAC", 0.3, 7)
    best = enriched_words(Contrast(rows, control, 3), DNA, number=1, both_strands=True)[0]
    letters = best.spell(DNA).replace(".", "")
    strands = (letters, reverse_complement(letters))
    hits, control_hits = (
        sum(any(has_word(s, w, best.places) for w in strands) for s in spelt(codes, DNA))
        for codes in (rows, control)
    )
    expected = (control_hits + 0.5) / 3
    assert len(best.places) == best.places[-1] + 1  # a run: the one shape of its length
    tried = len(best.places) * np.log(4)
    assert best.score == pytest.approx(hits * np.log(hits / expected) - (hits - expected) - tried)
    assert best.log10_tried == pytest.approx(tried / np.log(10))


def test_a_word_with_a_gap_pays_for_all_gaps():
    rows = random_rows(300, 40, 5)
    rows[:120, 10:13], rows[:120, 24:27] = DNA.encode("CGG"), DNA.encode("CCG")
    contrast = Contrast(rows, random_rows(900, 40, 6), 3)
    best = enriched_words(contrast, DNA, number=1, both_strands=True)[0]
    assert best.spell(DNA) == "CGG...........CCG"
    assert 10**best.log10_tried == pytest.approx(16 * 4**6)


def test_words_are_unlike_one_another_on_both_strands():
    rows = plant(random_rows(400, 60, 8), "TGACTCAGCA", 0.5, 9)
    found = enriched_words(
        Contrast(rows, random_rows(1200, 60, 10), 3), DNA, number=8, both_strands=True
    )
    assert len(found) > 1
    for a, b in itertools.combinations(found, 2):
        assert not shares(a, b)
        assert not shares(a, b.reverse_complement(DNA))


def shares(a: Word, b: Word) -> bool:
    """Say whether all letters but two of the shorter word agree with the other, shift by shift."""
    letters = dict(zip(a.places, a.codes, strict=True))
    needed = max(2, min(len(a.codes), len(b.codes)) - 2)
    return any(
        sum(letters.get(p + s) == c for p, c in zip(b.places, b.codes, strict=True)) >= needed
        for s in range(-WIDTH, WIDTH)
    )


def run_of(text: str) -> Word:
    return Word(tuple(range(len(text))), tuple(DNA.encode(text).tolist()))


def test_sharing_is_agreement_of_all_letters_but_two():
    word = run_of("ACGTAC")
    gapped = Word((0, 1, 4, 5), tuple(DNA.encode("ACAC").tolist()))
    others = [run_of("ACGTTT"), run_of("GTACGG"), run_of("ACGGGG"), gapped]
    expected = [True, True, False, True]  # four in place; four, two places on
    assert [shares(word, other) for other in others] == expected
    for other, like in zip(others, expected, strict=True):
        assert words._unlike([word, other], None, 9) == [word] + [other] * (not like)
    assert words._unlike([run_of("AACCGG"), run_of("CCGGTT")], DNA, 9) == [run_of("AACCGG")]


@pytest.mark.parametrize("together", [7, 1000])
def test_the_greedy_choice_is_that_of_a_loop(together, monkeypatch):
    monkeypatch.setattr(words, "TOGETHER", together)
    rng = np.random.default_rng(3)
    every = shapes(4, both_strands=True)
    listed = []
    for shape in rng.integers(len(every), size=60):
        places = every[shape]
        listed.append(Word(places, tuple(rng.integers(0, 2, len(places)).tolist())))
    for paired in (None, DNA):
        kept: list[Word] = []
        for word in listed:
            strands = [word] if paired is None else [word, word.reverse_complement(paired)]
            if not any(shares(better, strand) for better in kept for strand in strands):
                kept.append(word)
        assert 3 < len(kept) < 50
        assert words._unlike(listed, paired, 99) == kept
        assert words._unlike(listed, paired, 3) == kept[:3]


def test_a_word_in_two_sequences_is_no_seed():
    rows = np.zeros((40, 30), np.uint8)
    rows[:2, 5:13] = DNA.encode("CGTCGTCG")
    found = enriched_words(
        Contrast(rows, np.zeros((40, 30), np.uint8), 1), DNA, number=5, both_strands=True
    )
    assert found == []


@pytest.mark.parametrize("length", [1, 5, 6, 7])
def test_short_sequences_have_short_words_or_none(length):
    rows = plant(random_rows(60, length, 11), "ACGTAC"[:length], 0.9, 12)
    found = enriched_words(
        Contrast(rows, random_rows(120, length, 13), 2), DNA, number=5, both_strands=True
    )
    assert all(word.places[-1] < length for word in found)
    assert bool(found) == (length >= 6)


def test_hidden_letters_are_in_no_word():
    rows = plant(random_rows(200, 40, 14), "TGACTCAG", 1.0, 15, both_strands=False)
    for row in rows:
        start = DNA.decode(row).index("TGACTCAG")
        row[start : start + 8] = PAD
    found = enriched_words(
        Contrast(rows, random_rows(600, 40, 16), 3), DNA, number=5, both_strands=True
    )
    assert not any("ACTC" in w.spell(DNA) or "GAGT" in w.spell(DNA) for w in found[:1])


def test_a_word_lies_in_the_middle_of_its_frame():
    background = np.array([0.3, 0.2, 0.2, 0.3])
    word = Word((0, 1, 5), (0, 2, 3))
    frame = word.frame(DNA, background)
    np.testing.assert_allclose(frame.sum(1), 1)
    strong = np.flatnonzero(np.abs(frame - background).max(1) > 1e-9)
    assert (strong - strong[0]).tolist() == [0, 1, 5]
    assert frame[strong].argmax(1).tolist() == [0, 2, 3]
    assert abs((strong[0] + strong[-1]) / 2 - (WIDTH - 1) / 2) <= 0.5
