"""Parts of the training data: what scores a part has not seen it."""

from itertools import chain

import numpy as np
import pytest

from seqcnn.discovery import trials
from seqcnn.discovery.candidate import Candidate, Search
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.frames import WIDTH, frame_of
from seqcnn.discovery.trials import PARTS, Parts, Seed, Trial, judge, make_trials, promising
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA
from seqcnn.stats.tests import log10_p_of_detail
from tests.discovery.planted import plant, random_rows

BOTH = Search(DNA, True, np.full(4, 0.25))


def shuffled(n: int, length: int, seed: int, copies: int = 2) -> Contrast:
    rows = plant(random_rows(n, length, seed), "TGACTCAG", 0.4, seed)
    rng = np.random.default_rng(seed)
    return Contrast(rows, rng.permuted(rows.repeat(copies, axis=0), axis=1), copies)


def given(n: int, m: int, length: int, seed: int) -> Contrast:
    rows = plant(random_rows(n, length, seed), "TGACTCAG", 0.4, seed)
    return Contrast(rows, random_rows(m, length, seed + 1), 0, np.zeros(n, int), np.zeros(m, int))


def as_words(codes: np.ndarray) -> list[bytes]:
    return [row.tobytes() for row in codes]


@pytest.mark.parametrize(
    "contrast", [shuffled(50, 40, 0), shuffled(3, 40, 1), given(50, 20, 40, 2), given(20, 4, 40, 3)]
)
def test_parts_are_all_sequences_once(contrast):
    parts = Parts.of(contrast)
    for side in ("foreground", "control"):
        whole = as_words(getattr(contrast, side))
        pieces = [as_words(getattr(parts.part(j), side)) for j in range(PARTS)]
        assert list(chain(*pieces)) == whole  # in order, so that scores can be put together
        for j, piece in enumerate(pieces):
            others = as_words(getattr(parts.others(j), side))
            assert sorted(others + piece) == sorted(whole)
            assert not set(others) & set(piece)


def test_shuffles_are_in_the_part_of_their_original():
    parts = Parts.of(shuffled(20, 40, 4))
    for j in range(PARTS):
        part = parts.part(j)
        composition = [np.sort(rows, axis=1) for rows in (part.foreground, part.control)]
        np.testing.assert_array_equal(composition[0].repeat(2, axis=0), composition[1])


@pytest.mark.parametrize("contrast", [shuffled(90, 40, 5), given(90, 60, 40, 6)])
def test_a_part_is_scored_by_frames_that_did_not_see_it(contrast, monkeypatch):
    taught: dict[bytes, set[bytes]] = {}  # by the frame that came out
    scored: list[tuple[int, list[bytes]]] = []

    def refine(frames, foreground, control, *arguments, **options):
        refined = original_refine(frames, foreground, control, *arguments, **options)
        for frame in refined:
            seen = taught.setdefault(np.asarray(frame, np.float64).tobytes(), set())
            seen.update(as_words(foreground) + as_words(control))
        return refined

    def scan_contrast(candidates, part, search):
        rows = as_words(part.foreground) + as_words(part.control)
        for candidate in candidates:
            assert not taught[candidate.frame.tobytes()] & set(rows)
        scored.append((len(candidates), rows))
        return original_scan(candidates, part, search)

    original_refine, original_scan = trials.refine, trials.scan_contrast
    monkeypatch.setattr(trials, "refine", refine)
    monkeypatch.setattr(trials, "scan_contrast", scan_contrast)
    rng = np.random.default_rng(7)
    seeds = [Seed.fixed(rng.dirichlet(np.ones(4), WIDTH), "kernel", 0.0) for _ in range(5)]
    parts = Parts.of(contrast)
    made = make_trials(seeds, parts, BOTH)
    assert made
    judge(made, parts, BOTH)
    assert [number for number, _ in scored] == [len(made)] * PARTS
    everything = as_words(contrast.foreground) + as_words(contrast.control)
    assert sorted(chain(*(rows for _, rows in scored))) == sorted(everything)


def test_chance_is_no_promise():
    """Frames fit noise: they score well on what they fitted, on another part like any stranger."""

    def noise(seed: int) -> Parts:
        rows = random_rows(300, 60, seed)
        shuffles = np.random.default_rng(seed).permuted(rows.repeat(3, axis=0), axis=1)
        return Parts.of(Contrast(rows, shuffles, 3))

    parts, rng = noise(8), np.random.default_rng(10)
    seeds = [Seed.fixed(rng.dirichlet(np.ones(4), WIDTH), "kernel", 0.0) for _ in range(16)]
    made, strangers = (make_trials(seeds, p, BOTH) for p in (parts, noise(9)))
    fitted = [
        Trial(t.candidate, (t.candidate,) * PARTS, (t.candidate.scores(BOTH),) * PARTS, t.seed)
        for t in made
    ]
    honest, by_chance, too_good = (
        np.mean([j.log10_e for j in judge(some, parts, BOTH)]) for some in (made, strangers, fitted)
    )
    assert abs(honest - by_chance) < 0.5
    assert too_good < honest - 1


def word_candidate(text: str, share: float = 0.85) -> Candidate:
    values = np.full((len(text), 4), (1 - share) / 3)
    values[np.arange(len(text)), DNA.encode(text)] = share
    return Candidate(*frame_of(ProbabilityMatrix(values, DNA)))


def log10_p_by_loop(codes: np.ndarray, candidate: Candidate) -> list[float]:
    """Score all windows of both strands one by one; the p-value of the best of each sequence.

    A window may stick out of the sequence, where each letter is the worst.
    """
    table = candidate.scores(BOTH)
    values = np.log2(candidate.frame[candidate.used] / 0.25)
    values = np.column_stack([values, values.min(1)])
    found = []
    for row in codes:
        outside = [4] * len(values)
        strands = ([*outside, *strand, *outside] for strand in (row, 3 - row[::-1]))
        scores = [
            sum(values[i, letters[at + i]] for i in range(len(values)))
            for letters in strands
            for at in range(len(letters) - len(values) + 1)
        ]
        found.append(float(table.log10_p_value(max(scores) - table.error)))
    return found


def test_a_judgement_by_hand():
    contrast = shuffled(30, 25, 11)
    rivals = tuple(word_candidate(text) for text in ("TGACTC", "GACTCAG", "TGACTCAG"))
    seed = Seed.fixed(rivals[0].frame, "word", 1.5)
    trial = Trial(rivals[0], rivals, tuple(r.scores(BOTH) for r in rivals), seed)
    (judged,) = judge([trial], Parts.of(contrast), BOTH)
    expected = [
        np.concatenate(
            [log10_p_by_loop(codes[10 * k * j :][: 10 * k], rivals[j]) for j in range(PARTS)]
        )
        for codes, k in ((contrast.foreground, 1), (contrast.control, 2))
    ]
    np.testing.assert_allclose(judged.foreground, expected[0], atol=0.02)
    np.testing.assert_allclose(judged.control, expected[1], atol=0.02)
    hits, control_hits = (s <= judged.threshold for s in (judged.foreground, judged.control))
    result = contrast.test(hits, control_hits)
    assert judged.log10_e == pytest.approx(log10_p_of_detail("paired", result.detail) + 1.5)
    assert hits.sum() >= 10  # 12 were planted


def test_seeds_that_become_the_same_are_tried_once():
    seeds = [
        Seed.fixed(word_candidate(text, 0.7).frame, "word", float(i))
        for i, text in enumerate(("TGACTCAG", "GACTCA", "CTGAGTCA"))
    ]
    made = make_trials(seeds, Parts.of(shuffled(150, 40, 12)), BOTH)
    assert [t.seed.log10_tried for t in made] == [0.0]


def test_seeds_that_tell_most_are_promising():
    parts = Parts.of(shuffled(60, 25, 14))  # of TGACTCAG
    texts = ("GATTACA", "CCGGAAG", "GACTCAG", "TTTTTTT", "TGACTCA")
    seeds = [Seed.fixed(word_candidate(text).frame, "word", 2.0) for text in texts]
    kept = promising(seeds, parts, BOTH, 2)
    assert {id(seed) for seed in kept} == {id(seeds[2]), id(seeds[4])}
    # what was tried oftener has to tell more
    seeds[2] = Seed.fixed(seeds[2].frames[0], "word", 40.0)
    assert seeds[2] not in promising(seeds, parts, BOTH, 1 + texts.index("CCGGAAG"))
    empty = Seed.fixed(np.full((24, 4), 0.25), "word", 2.0)
    assert empty not in promising([empty, *seeds], parts, BOTH, 5)
    assert promising(seeds, parts, BOTH, 9) == seeds


def test_no_seed_is_no_trial():
    parts = Parts.of(shuffled(9, 40, 13))
    assert make_trials([], parts, BOTH) == []
    flat = Seed.fixed(np.full((WIDTH, 4), 0.25), "kernel", 0.0)
    assert all(t.candidate.used.any() for t in make_trials([flat], parts, BOTH))
