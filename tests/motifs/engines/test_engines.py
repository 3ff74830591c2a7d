"""All engines find the windows that plain loops find."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.engines import convolution, lookup, words
from seqcnn.motifs.engines.base import Pattern
from seqcnn.motifs.engines.choose import ENGINES, make_engine
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, RNA, get_alphabet

ALPHABETS = [DNA, RNA, PROTEIN, get_alphabet("HP"), get_alphabet("ABCDEFGHIJKLMOPQRSTUVWXYZ")]


def brute_force(patterns, codes, letters):
    """Window by window, letter by letter."""
    hits = []
    for start in range(len(codes)):
        for number, (scores, least) in enumerate(patterns):
            window = codes[start : start + len(scores)]
            if len(window) == len(scores) and (window < letters).all():
                score = sum(int(row[c]) for row, c in zip(scores, window, strict=True))
                if score >= least:
                    hits.append((start, number, score))
    return hits


def as_tuples(found):
    return list(zip(*(x.tolist() for x in (found.start, found.pattern, found.score)), strict=True))


def random_pattern(rng, letters, widest):
    scores = rng.integers(-2000, 500, (rng.integers(1, widest), letters))
    low, high = int(scores.min(1).sum()), int(scores.max(1).sum())
    # at the very ends, beyond them, anywhere, and where sites are rare
    least = rng.choice([low, low - 5, high, high + 1, rng.integers(low, high + 1), high - 900])
    return Pattern(scores, int(least))


def random_codes(rng, alphabet, longest):
    codes = rng.integers(0, alphabet.size, rng.integers(0, longest)).astype(np.uint8)
    codes[rng.random(len(codes)) < rng.choice([0, 0.05])] = rng.choice([alphabet.size, PAD])
    if rng.random() < 0.3:
        codes[len(codes) // 3 : len(codes) // 2] = alphabet.size
    return codes


@pytest.fixture(params=ENGINES)
def engine(request, monkeypatch):
    """An engine whose blocks are so small that there are many seams."""
    if request.param == "lightmotif":
        pytest.importorskip("lightmotif")
    monkeypatch.setattr(words, "BLOCK", 32)
    monkeypatch.setattr(words, "STRETCH", 96)
    monkeypatch.setattr(lookup, "BLOCK", 64)
    monkeypatch.setattr(convolution, "LONGEST", 64)
    return request.param


@pytest.mark.parametrize("alphabet", ALPHABETS, ids=lambda a: a.name[:8])
def test_sites_are_those_of_brute_force(engine, alphabet):
    if engine == "lightmotif" and alphabet.size != 4:
        pytest.skip("serves DNA and RNA only")
    rng = np.random.default_rng(alphabet.size)
    for _ in range(2 if engine == "convolution" else 6):
        patterns = [random_pattern(rng, alphabet.size, 24) for _ in range(rng.integers(1, 70))]
        codes = random_codes(rng, alphabet, 150)
        found = make_engine(engine, patterns, alphabet).find(codes)
        assert as_tuples(found) == brute_force(patterns, codes, alphabet.size)


def test_nothing_is_found_by_nothing_or_in_nothing(engine):
    codes = np.zeros(50, np.uint8)
    pattern = Pattern(np.ones((5, 4), np.int64), 5)
    assert len(make_engine(engine, [], DNA).find(codes).start) == 0
    assert len(make_engine(engine, [pattern], DNA).find(codes[:0]).start) == 0
    assert len(make_engine(engine, [pattern], DNA).find(codes[:4]).start) == 0
    assert len(make_engine(engine, [pattern], DNA).find(codes[:5]).start) == 1
    assert len(make_engine(engine, [pattern], DNA).find(np.full(50, 14, np.uint8)).start) == 0


@pytest.mark.parametrize("width", [6, 7, 12, 13, 30, 42, 60])
def test_wide_patterns_lose_no_site_to_coarse_charges(width):
    """A site that misses exactly what it may, spread over all words, is at the edge of rounding."""
    rng = np.random.default_rng(width)
    scores = np.where(np.arange(4) == 0, 0, -rng.integers(1, 60, (width, 4)))
    engine_of = {}
    for least in (-1, -37, -width * 7, -width * 20):
        engine_of[least] = make_engine("words", [Pattern(scores, least)] * 33, DNA)
    codes = np.where(rng.random(20_000) < 0.85, 0, rng.integers(0, 4, 20_000)).astype(np.uint8)
    sums = np.lib.stride_tricks.sliding_window_view(codes, width)
    sums = np.take_along_axis(scores, sums.T, 1).sum(0)
    for least, engine in engine_of.items():
        found = engine.find(codes)
        expected = np.flatnonzero(sums >= least)
        assert len(expected) > 0
        np.testing.assert_array_equal(found.start, np.repeat(expected, 33))


@pytest.mark.parametrize("width", [1, 6, 7, 13, 25, 60])
def test_charges_of_a_site_stay_below_the_highest_bit_and_none_overflow(width):
    """An account that overflows would be charged to its neighbour."""
    rng = np.random.default_rng(width)
    groups = -(-width // 6)
    for missing in (0, 1, 300, 5000):
        scores = rng.integers(-2000, 500, (width, 4))
        best = scores.max(1).sum()
        charges = words._charges(Pattern(scores, int(best) - missing), groups, 4, 6).astype(int)
        assert charges.max(1).sum() < 256
        for _ in range(300):
            letters = np.where(rng.random(width) < 0.8, scores.argmax(1), rng.integers(0, 4, width))
            score = scores[np.arange(width), letters].sum()
            filled = np.append(letters, rng.integers(0, 4, groups * 6 - width)).reshape(groups, 6)
            account = charges[np.arange(groups), filled @ 4 ** np.arange(5, -1, -1)].sum()
            assert account < 128 or score < best - missing
            # and few windows that are no sites look like sites
            assert account >= 128 or score >= best - missing * (1 + groups**2 / 126) - 1


def test_scores_of_all_windows():
    rng = np.random.default_rng(1)
    pattern = Pattern(rng.integers(-100, 100, (7, 4)), 0)
    codes = rng.integers(0, 4, 300).astype(np.uint8)
    codes[40] = 14
    scores = lookup.LookupEngine([pattern], DNA).scores(0, codes)
    every = brute_force([pattern._replace(least=-10_000)], codes, 4)
    assert {start: score for start, _, score in every} == {
        start: int(score) for start, score in enumerate(scores) if not 34 <= start <= 40
    }
    assert (scores[34:41] < -10_000).all()


def test_several_threads_share_an_engine(engine):
    from concurrent.futures import ThreadPoolExecutor

    rng = np.random.default_rng(3)
    patterns = [random_pattern(rng, 4, 15) for _ in range(20)]
    shared = make_engine(engine, patterns, DNA)
    parts = [rng.integers(0, 4, 150).astype(np.uint8) for _ in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(shared.find, parts))
    assert [as_tuples(f) for f in found] == [as_tuples(shared.find(part)) for part in parts]


def test_unknown_engines_are_refused():
    with pytest.raises(SeqcnnError, match="one of words, lightmotif"):
        make_engine("fimo", [], DNA)
    with pytest.raises(SeqcnnError, match="DNA and RNA only"):
        make_engine("lightmotif", [], PROTEIN)
