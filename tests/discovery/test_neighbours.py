"""The letters beside words, against counting by hand and against what was planted."""

import numpy as np
import pytest

from seqcnn.discovery import neighbours
from seqcnn.discovery.frames import WIDTH
from seqcnn.discovery.neighbours import BESIDE, with_neighbours, word_frames
from seqcnn.discovery.word import Word
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from tests.discovery.planted import plant, random_rows


def word_of(text: str, alphabet=DNA) -> Word:
    places = tuple(i for i, letter in enumerate(text) if letter != ".")
    codes = alphabet.encode(text.replace(".", ""))
    return Word(places, tuple(codes.tolist()))


def counted_by_hand(text: str, codes: np.ndarray, alphabet, both: bool) -> np.ndarray:
    """Count letters around the first occurrence on each strand of each sequence."""
    counts = np.zeros((len(text) + 2 * BESIDE, alphabet.size))
    for row in codes:
        for strand in [row, alphabet.reverse_complement(row)] if both else [row]:
            written = "".join(alphabet.letters[c] if c < alphabet.size else "-" for c in strand)
            for start in range(len(written) - len(text) + 1):
                window = written[start : start + len(text)]
                if all(a in (".", b) for a, b in zip(text, window, strict=True)):
                    for column in range(len(counts)):
                        at = start - BESIDE + column
                        if 0 <= at < len(written) and written[at] != "-":
                            counts[column, alphabet.letters.index(written[at])] += 1
                    break
    return counts


@pytest.mark.parametrize(
    ("texts", "alphabet", "both"),
    [(["ACG", "TTA"], DNA, True), (["A..C", "G..G"], DNA, True), (["AC"], DNA, False),
     (["L.K"], PROTEIN, False)],
)  # fmt: skip
def test_letters_are_those_around_first_occurrences(texts, alphabet, both):
    codes = random_rows(30 if alphabet is DNA else 600, 25, 0, letters=alphabet.size)
    codes[::4, 7] = PAD
    words = [word_of(text, alphabet) for text in texts]
    for members, counts in neighbours._neighbourhoods(words, codes, alphabet, both):
        for i, found in zip(members, counts, strict=True):
            expected = counted_by_hand(texts[i], codes, alphabet, both)
            np.testing.assert_array_equal(found, expected)
            assert expected.sum() > 0


def test_words_of_a_motif_tell_more_than_frequent_ones():
    """A rare motif shows in what surrounds its core, where its core is no more frequent."""
    rows = plant(random_rows(1000, 60, 1), "GGTCAAAGGTCA", 0.02, 2)
    core, chance = with_neighbours([word_of("CAAAGG"), word_of("TGCAAC")], rows, DNA, True)
    assert core.beside > 25
    assert chance.beside < 10


def test_a_frame_grows_to_the_motif_and_a_chance_word_stays_a_word():
    rows = plant(random_rows(400, 60, 3), "GGTCAAAGGTCA", 0.3, 4)
    background = np.full(4, 0.25)
    words = [word_of("CAAAGG"), word_of("TGCAAC")]
    grown, plain = word_frames(words, rows, DNA, background, both_strands=True)
    used = np.flatnonzero(np.abs(grown - background).max(1) > 0.2)
    assert DNA.decode(grown[used].argmax(1).astype(np.uint8)) == "GGTCAAAGGTCA"
    np.testing.assert_allclose(grown.sum(1), 1.0)
    assert np.count_nonzero(np.abs(plain - background).max(1) > 0.2) <= 8
    assert plain.shape == (WIDTH, 4)


def test_letters_beside_come_from_the_sequences_that_are_given():
    """A part of the data must not teach the seeds that are judged on it."""
    rows = plant(random_rows(200, 60, 5), "GGTCAAAGGTCA", 0.5, 6)
    background = np.full(4, 0.25)
    words = [word_of("CAAAGG")]
    (elsewhere,) = word_frames(words, random_rows(2000, 60, 7), DNA, background, both_strands=True)
    (here,) = word_frames(words, rows, DNA, background, both_strands=True)
    grown = np.flatnonzero(np.abs(here - background).max(1) > 0.2)
    assert len(grown) == 12
    assert np.abs(elsewhere - background)[[grown[0], grown[-1]]].max() < 0.2
