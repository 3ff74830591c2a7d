"""Refinement of seeds: what was planted comes out, and nothing beyond the ends of sequences."""

import numpy as np
import pytest

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH
from seqcnn.discovery.refine import refine
from seqcnn.discovery.trials import Parts, Seed, make_trials
from seqcnn.discovery.word import Word
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from tests.discovery.planted import plant, random_rows

DNA_SEARCH = Search(DNA, True, np.full(4, 0.25))
PROTEIN_SEARCH = Search(PROTEIN, False, np.full(20, 0.05))


def frame_of_word(text: str, search: Search) -> np.ndarray:
    codes = tuple(search.alphabet.encode(text).tolist())
    word = Word(tuple(range(len(codes))), codes)
    return word.frame(search.alphabet, search.background)


def used(frame: np.ndarray, search: Search) -> np.ndarray:
    return np.flatnonzero(np.abs(frame - search.background).max(1) > 1e-4)


def test_a_part_of_a_word_grows_to_the_word():
    rows = plant(random_rows(400, 60, 0), "TGACTCAGCA", 0.4, 1)
    seed = frame_of_word("ACTCAG", DNA_SEARCH)
    (frame,) = refine(
        seed[None],
        rows,
        random_rows(1200, 60, 2),
        DNA_SEARCH.background,
        complement=DNA_SEARCH.complement,
    )
    assert DNA.decode(frame[used(frame, DNA_SEARCH)].argmax(1).astype(np.uint8)) == "TGACTCAGCA"


def anchored_peptides(number: int, seed: int) -> np.ndarray:
    """Peptides of 9 letters with L at 2 and V at 9, 8 columns apart."""
    rows = random_rows(number, 9, seed, letters=20)
    rng = np.random.default_rng(seed)
    for place, letter in ((1, "L"), (8, "V")):
        rows[rng.random(number) < 0.8, place] = PROTEIN.encode(letter)[0]
    return rows


def test_columns_outside_of_most_sequences_stay_unused():
    """A column with few letters shows much information by chance: it must pay for that."""
    rows = anchored_peptides(400, 3)
    control = np.random.default_rng(4).permuted(rows.repeat(3, axis=0), axis=1)
    seed = np.tile(PROTEIN_SEARCH.background, (WIDTH, 1))
    for column, letter in ((8, "L"), (15, "V")):
        seed[column] *= 0.3 / 0.95
        seed[column, PROTEIN.encode(letter)[0]] = 0.7
    (frame,) = refine(seed[None], rows, control, PROTEIN_SEARCH.background, complement=None)
    columns = used(frame, PROTEIN_SEARCH)
    assert columns[-1] - columns[0] == 7


@pytest.mark.parametrize("length", [9, pytest.param(12, marks=pytest.mark.slow)])
def test_no_motif_is_wider_than_the_sequences(length):
    rows = plant(random_rows(300, length, 5), "TGACTC", 0.5, 6)
    contrast = Contrast(rows, random_rows(900, length, 7), 3)
    rng = np.random.default_rng(8)
    seeds = [Seed.fixed(rng.dirichlet(np.ones(4), WIDTH), "kernel", 0.0) for _ in range(8)]
    seeds.append(Seed.fixed(frame_of_word("TGACTC", DNA_SEARCH), "word", 0.0))
    trials = make_trials(seeds, Parts.of(contrast), DNA_SEARCH)
    assert trials
    assert max(t.candidate.used.sum() for t in trials) <= length


def test_hidden_letters_are_not_counted():
    rows = plant(random_rows(300, 40, 9), "TGACTCAGCA", 1.0, 10, both_strands=False)
    hidden = rows.copy()
    for row in hidden:
        text = DNA.decode(row)
        at = text.index("TGACTCAGCA")
        row[at : at + 10] = PAD
    seed = frame_of_word("TGACTCAG", DNA_SEARCH)
    arguments = random_rows(900, 40, 11), DNA_SEARCH.background
    (frame,) = refine(seed[None], hidden, *arguments, complement=None)
    letters = frame[used(frame, DNA_SEARCH)].argmax(1).astype(np.uint8)
    assert "TGACTCAG" not in DNA.decode(letters)
