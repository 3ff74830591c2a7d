"""The search of one fold: which motifs are taken, and in which order."""

import numpy as np
import pytest

from seqcnn.discovery import candidates
from seqcnn.discovery.candidate import Candidate, Search, alike
from seqcnn.discovery.candidates import DOUBTFUL, Taken, find_candidates
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import frame_of
from seqcnn.discovery.trials import Judgement, Parts, Seed, Trial
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from tests.discovery.planted import plant, random_rows

BOTH = Search(DNA, True, np.full(4, 0.25))


def shuffled(rows: np.ndarray, copies: int = 3) -> Contrast:
    rng = np.random.default_rng(len(rows))
    return Contrast(rows, rng.permuted(rows.repeat(copies, axis=0), axis=1), copies)


def given(rows: np.ndarray, control: np.ndarray) -> Contrast:
    return Contrast(rows, control, 0, np.zeros(len(rows), int), np.zeros(len(control), int))


def has(candidate, text: str) -> bool:
    consensus = DNA.decode(candidate.matrix(BOTH).values.argmax(1).astype(np.uint8))
    other = DNA.decode(DNA.reverse_complement(DNA.encode(text)))
    return text in consensus or other in consensus


def word(text: str) -> Candidate:
    return Candidate(*frame_of(ProbabilityMatrix(np.eye(4)[DNA.encode(text)] * 0.8 + 0.05, DNA)))


def judgement(log10_e: float) -> Judgement:
    return Judgement(-4.0, log10_e, np.zeros(0), np.zeros(0))


PROMISES = {
    "TGACTCAGC": -20.0,
    "GCTGAGTC": -19.0,  # the same on the other strand
    "CCGGAAGTA": -5.0,
    "GATTACAGG": -2.1,
    "TTTTGCAA": 1.5,
    "AACCATGG": 1.0,
    "CACGTGAC": 2.9,
    "GGGCGGTA": 2.0,
    "TATATCCC": 3.1,  # no longer even doubtful
}


@pytest.fixture
def by_promise(monkeypatch):
    """Judge trials by the table of promises."""

    def judge(trials, parts, search):
        assert len(calls) < 20
        calls.append(len(trials))
        return [judgement(t.seed.log10_tried) for t in trials]

    calls: list[int] = []
    monkeypatch.setattr(candidates, "judge", judge)
    return [
        Trial(word(text), (), (), Seed(np.zeros((4, 24, 4)), "word", promise))
        for text, promise in PROMISES.items()
    ]


def test_the_best_is_taken_and_its_versions_go(by_promise):
    taken: list[Taken] = []
    parts = Parts.of(shuffled(random_rows(9, 40, 30)))
    candidates._take(by_promise, taken, parts, BOTH)
    expected = ["TGACTCAGC", "CCGGAAGTA", "GATTACAGG", "AACCATGG", "TTTTGCAA", "GGGCGGTA"]
    assert [has(t.candidate, text) for t, text in zip(taken, expected, strict=True)] == [True] * 6
    # another turn brings nothing new
    candidates._take(by_promise[:3], taken, parts, BOTH)
    assert len(taken) == 6


def test_sites_of_what_was_taken_are_hidden_from_the_next_look(by_promise, monkeypatch):
    rows = plant(random_rows(30, 40, 31), "TGACTCAGC", 1.0, 32)
    seen = []
    judge = candidates.judge

    def look(trials, parts, search):
        seen.append(int((parts.whole.foreground == PAD).any(1).sum()))
        return judge(trials, parts, search)

    monkeypatch.setattr(candidates, "judge", look)
    candidates._take(by_promise, [], Parts.of(shuffled(rows)), BOTH)
    assert seen[:2] == [0, 30]


def test_the_best_of_what_is_doubtful_is_tested_after_what_holds():
    promises = [-3.0, 2.5, -9.0, 0.5, 1.0, -2.0, 2.0, -8.0]
    taken = [Taken(word("ACGTACGT"), judgement(p)) for p in promises]
    search = Search(DNA, True, np.full(4, 0.25), motifs=3)
    chosen = candidates._chosen(taken, search)
    assert [t.judgement.log10_e for t in chosen] == [-3, -9, -2, 0.5, 1, 2]


def test_two_motifs_are_taken_once_each_the_stronger_first():
    rows = plant(random_rows(400, 60, 0), "TGACTCAGC", 0.5, 1)
    rows = plant(rows, "CCGGAAGTA", 0.25, 2)
    found = find_candidates(shuffled(rows), BOTH)
    assert has(found[0], "GACTCAG")
    assert has(found[1], "CGGAAGT")
    assert len(found) <= 2 + DOUBTFUL
    for i, one in enumerate(found):
        assert not any(alike(one, other, BOTH) for other in found[:i])


def test_what_chance_offers_is_doubtful_at_best():
    assert len(find_candidates(shuffled(random_rows(400, 60, 3)), BOTH)) <= DOUBTFUL


def test_no_more_motifs_than_asked_for():
    rows = random_rows(400, 60, 4)
    for i, word in enumerate(("TGACTCAGC", "CCGGAAGTA", "GATTACAGG")):
        rows = plant(rows, word, 0.4, 5 + i)
    search = Search(DNA, True, np.full(4, 0.25), motifs=1)
    found = find_candidates(shuffled(rows), search)
    assert 1 <= len(found) <= 1 + DOUBTFUL


def test_kernels_are_seeds_too(monkeypatch):
    monkeypatch.setattr(candidates, "enriched_words", lambda *arguments, **options: [])
    rows = plant(random_rows(400, 60, 8), "TGACTCAGC", 0.4, 9)
    frame = np.full((24, 4), 0.25)
    frame[8:14] = np.eye(4)[DNA.encode("GACTCA")] * 0.6 + 0.1
    found = find_candidates(shuffled(rows), BOTH, {"kernel": frame[None]})
    assert found[0].source == "kernel"
    assert has(found[0], "TGACTCAGC")
    assert find_candidates(shuffled(rows), BOTH) == []


def test_the_share_of_turns_is_told():
    told: list[float] = []
    rows = plant(random_rows(400, 60, 10), "TGACTCAGC", 0.5, 11)
    find_candidates(shuffled(rows), BOTH, on_turn=told.append)
    assert told[0] == 0
    assert told == sorted(told)
    assert told[-1] < 1


@pytest.mark.parametrize("number", [10, 400])
def test_a_given_control_may_be_smaller_than_the_foreground(number):
    rows = plant(random_rows(400, 60, 12), "TGACTCAGC", 0.6, 13)
    found = find_candidates(given(rows, random_rows(number, 60, 14)), BOTH)
    assert any(has(one, "GACTCAG") for one in found)


@pytest.mark.parametrize(("number", "length"), [(10, 60), (10, 5), (40, 9)])
def test_few_and_short_sequences_are_searched_without_an_error(number, length):
    for one in find_candidates(shuffled(random_rows(number, length, 15)), BOTH):
        assert one.used.sum() <= length
        assert np.isfinite(one.threshold)
        assert np.isfinite(one.frame).all()


def test_hidden_letters_make_no_candidate_of_promise():
    rows, control = random_rows(400, 60, 16), random_rows(400, 60, 17)
    rows[:, 20:40] = DNA.encode("N")[0]
    rows[::2, 50:] = PAD
    assert len(find_candidates(given(rows, control), BOTH)) <= DOUBTFUL


def test_peptides_have_a_motif_as_wide_as_its_anchors():
    rows = random_rows(600, 9, 18, letters=20)
    rng = np.random.default_rng(19)
    for place, letter in ((1, "L"), (8, "V")):
        rows[rng.random(600) < 0.8, place] = PROTEIN.encode(letter)[0]
    search = Search(PROTEIN, False, np.full(20, 0.05))
    best = find_candidates(shuffled(rows), search)[0]
    consensus = PROTEIN.decode(best.matrix(search).values.argmax(1).astype(np.uint8))
    assert (consensus[0], consensus[-1], len(consensus)) == ("L", "V", 8)
