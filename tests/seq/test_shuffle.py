"""Shuffles keep what they promise, and are as random as they can be otherwise."""

from collections import Counter
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chisquare

import seqcnn.seq.shuffle as module
import seqcnn.seq.tallies as tallies
import seqcnn.seq.trails as trails
from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffle, shuffled_control, unchanged_share

THREE = get_alphabet("HPC")
SIX = get_alphabet("HPCXYZ")
THIRTY = get_alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123")


def words(text, k):
    return Counter(text[i : i + k] for i in range(len(text) - k + 1))


def texts(sequences):
    return [sequences.text(i) for i in range(len(sequences))]


def equals_by_brute_force(text, k):
    """Every sequence with the same words of k and the same first and last k - 1 letters."""
    edge = k - 1
    found = {
        "".join(p)
        for p in permutations(text)
        if "".join(p[:edge]) == text[:edge]
        and p[len(p) - edge :] == tuple(text[len(text) - edge :])
    }
    return sorted(t for t in found if words(t, k) == words(text, k))


# each of these has several trees of last exits, with different numbers of edges to choose from
UNEVEN = [
    (DNA, "AACGT", 1),
    (DNA, "ACACAGATC", 2),
    (DNA, "AACAGGACA", 2),  # begins where it ends
    (DNA, "ACGTACTGA", 2),
    (DNA, "AAAACACAA", 2),  # exits to the same vertex
    (DNA, "ACACGACAC", 3),
    (DNA, "AAACAACAA", 3),
    (THREE, "HPCHPPCHP", 2),
    (SIX, "HPCHXPHCP", 2),
    (SIX, "HPHPCHPHP", 3),
    (THIRTY, "0A1A0B0A3", 2),
]
WAYS = ["tallies", "exits", "exits, one run after the other"]


@pytest.mark.parametrize(
    ("alphabet", "text", "k", "way"),
    [(*case, way) for case in UNEVEN for way in WAYS[case[0].size > tallies.LETTERS :]],
)
def test_all_sequences_with_the_same_words_are_equally_likely(monkeypatch, alphabet, text, k, way):
    monkeypatch.setattr(module, "TOGETHER", 0 if way == "tallies" else 10**9)
    if way.endswith("other"):
        monkeypatch.setattr(trails, "FEW_RUNS", 10**9)
    possible = equals_by_brute_force(text, k)
    assert len(possible) > 2
    draws = 500 * len(possible)
    originals = SequenceSet.from_strings([text] * draws, alphabet=alphabet)
    seen = Counter(texts(shuffle(originals, k=k, seed=7)))
    assert set(seen) <= set(possible)
    # some thirty cases: a fair shuffle fails one of them in 3,000 seeds
    assert chisquare([seen[t] for t in possible]).pvalue > 1e-5


def shuffled_with_last_exits_kept(text, rng):
    """The well-known mistake: each letter is left for the last time as in the original."""
    exits = {letter: [b for a, b in pairwise(text) if a == letter] for letter in text}
    for some in exits.values():
        some[:-1] = rng.permutation(some[:-1]).tolist()
    walk = text[0]
    while exits[walk[-1]]:
        walk += exits[walk[-1]].pop(0)
    return walk


@pytest.mark.parametrize("text", ["ACACAGATC", "ACGTACTGA", "AACAGGACA"])
def test_the_test_of_fairness_sees_a_mistake(text):
    possible = equals_by_brute_force(text, 2)
    rng = np.random.default_rng(0)
    seen = Counter(shuffled_with_last_exits_kept(text, rng) for _ in range(500 * len(possible)))
    assert set(seen) <= set(possible)
    assert chisquare([seen[t] for t in possible]).pvalue < 1e-10


def test_copies_are_fair_too():
    possible = equals_by_brute_force("ACACAGATC", 2)
    original = SequenceSet.from_strings(["ACACAGATC"], alphabet=DNA)
    seen = Counter(texts(shuffle(original, copies=100 * len(possible), seed=1)))
    assert chisquare([seen[t] for t in possible]).pvalue > 1e-4


@st.composite
def any_set(draw):
    alphabet = draw(st.sampled_from([DNA, RNA, PROTEIN, THREE, SIX, THIRTY]))
    # few of the letters, or else short texts hardly ever change
    some = st.lists(st.sampled_from(alphabet.symbols), min_size=1, max_size=5)
    symbols = "".join(draw(some))
    return SequenceSet.from_strings(
        draw(st.lists(st.text(symbols, max_size=40), min_size=1, max_size=30)), alphabet=alphabet
    )


@given(any_set(), st.integers(1, 3), st.integers(1, 3), st.integers(0, 2**40), st.booleans())
def test_words_ends_and_ambiguous_letters_are_kept(originals, k, copies, seed, by_tallies):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "TOGETHER", 0 if by_tallies else 1000)
        shuffled = shuffle(originals, k=k, copies=copies, seed=seed)
    plain = originals.alphabet.letters
    for row, after in enumerate(texts(shuffled)):
        before = originals.text(row // copies)
        assert shuffled.ids[row] == f"{originals.ids[row // copies]}_shuffle_{row % copies + 1}"
        assert len(after) == len(before)
        for run_before, run_after in zip(
            plain_runs(before, plain), plain_runs(after, plain), strict=True
        ):
            assert run_before[0] == run_after[0], "an ambiguous letter has moved"
            old, new = run_before[1], run_after[1]
            for shorter in range(1, k + 1):
                assert words(old, shorter) == words(new, shorter)
            assert old[: k - 1] == new[: k - 1]
            assert k == 1 or old[-(k - 1) :] == new[-(k - 1) :]


def plain_runs(text, plain):
    """Each run of plain letters behind what lies before it: its place and ambiguous letters."""
    spaced = "".join(c if c in plain else f" {c} " for c in text)
    parts = spaced.split(" ")
    return [(tuple(parts[1::2]), run) for run in parts[::2]]


def random_set(lengths, alphabet=DNA, seed=0):
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, alphabet.size, n).astype(np.uint8) for n in lengths]
    return SequenceSet.from_arrays(arrays, alphabet=alphabet)


@pytest.mark.parametrize("k", [1, 2, 3])
@pytest.mark.parametrize("together", [0, 20, 1000])
def test_chunks_leave_no_trace(monkeypatch, k, together):
    originals = random_set([300, 5, 80, 0, 31, *range(40, 90)])
    monkeypatch.setattr(module, "TOGETHER", together)
    whole = shuffle(originals, k=k, copies=2, seed=3)
    for letters, vertices, few in [(1, 1 << 20, 24), (200, 1 << 20, 0), (1 << 20, 64, 5)]:
        monkeypatch.setattr(module, "CHUNK_RUNS", few + 1)
        monkeypatch.setattr(module, "CHUNK_LETTERS", letters)
        monkeypatch.setattr(module, "CHUNK_VERTICES", vertices)
        monkeypatch.setattr(trails, "FEW_RUNS", few)
        again = shuffle(originals, k=k, copies=2, seed=3)
        assert texts(again) == texts(whole)


def test_seed_and_copies():
    originals = random_set([60] * 20)
    first = texts(shuffle(originals, seed=5))
    assert texts(shuffle(originals, seed=5)) == first
    assert not set(texts(shuffle(originals, seed=6))) & set(first)
    three = texts(shuffle(originals, seed=5, copies=3))
    assert three[::3] == first
    assert len(set(three)) == 60, "copies differ from each other"


def test_equal_sequences_are_shuffled_differently():
    originals = SequenceSet.from_strings([random_set([60]).text(0)] * 50, alphabet=DNA)
    assert len(set(texts(shuffle(originals)))) == 50


def test_a_long_record_among_short_ones():
    originals = random_set([20, 120_000, 7])
    shuffled = shuffle(originals, k=3)
    assert words(shuffled.text(1), 3) == words(originals.text(1), 3)
    # nine of ten letters that differ by chance: 3 in 4
    assert 0.7 < np.mean(shuffled[1] != originals[1]) < 0.8


def test_a_few_long_runs_go_another_way_than_many_short_ones(monkeypatch):
    originals = random_set([400, 30, 300, *[30] * 60])
    monkeypatch.setattr(module, "TOGETHER", 50)
    ways = Counter()
    for name in ("_shuffle_runs", "shuffle_in_step"):
        original = getattr(module, name)

        def noted(*arguments, name=name, original=original, **options):
            chunk = arguments[1]
            ways[name] += len(chunk.start if name == "_shuffle_runs" else chunk)
            return original(*arguments, **options)

        monkeypatch.setattr(module, name, noted)
    after = shuffle(originals)
    assert ways == {"_shuffle_runs": 2, "shuffle_in_step": 61}
    for row in range(len(originals)):
        assert words(after.text(row), 2) == words(originals.text(row), 2)


@pytest.mark.parametrize("length", [tallies.LONGEST, 40_000])
def test_tallies_are_used_as_far_as_they_count(monkeypatch, length):
    monkeypatch.setattr(module, "TOGETHER", 0)
    original = SequenceSet.from_strings(["A" * (length - 2) + "CG"], alphabet=DNA)
    shuffled = shuffle(original, k=1)
    assert words(shuffled.text(0), 1) == {"A": length - 2, "C": 1, "G": 1}
    assert shuffled.text(0) != original.text(0)


@pytest.mark.parametrize("most", [1, 3, 100, tallies.LONGEST])
def test_letters_are_drawn_where_the_sum_of_counts_says(most):
    rng = np.random.default_rng(most)
    counts = rng.integers(0, most, (3000, 4), endpoint=True) * (rng.random((3000, 4)) < 0.7)
    counts = counts[(counts.sum(1) > 0) & (counts.sum(1) <= tallies.LONGEST)]
    total = counts.sum(1)
    drawn = rng.integers(0, total)
    expected = [
        np.searchsorted(c, d, "right") for c, d in zip(counts.cumsum(1), drawn, strict=True)
    ]
    # the middle of all random numbers that mean the number drawn
    bits = ((2 * drawn + 1) * (2**48 // (2 * total))).astype(np.uint64) << np.uint64(16)
    left = counts.astype(np.uint64) @ (np.uint64(1) << np.arange(0, 64, 16).astype(np.uint64))
    assert tallies._draw(left, bits).tolist() == expected


def test_rarely_left_regions_end():
    """The tree is drawn by popping cycles, here thousands of them."""
    text = "AC" * 2000 + "GT" * 2000 + "A" * 3000 + "T" * 10
    shuffled = shuffle(SequenceSet.from_strings([text], alphabet=DNA), k=2)
    assert words(shuffled.text(0), 2) == words(text, 2)


def test_nothing_is_written_to_the_originals():
    originals = random_set([50] * 5)
    before = originals.codes.copy()
    shuffle(originals, copies=2)
    assert (originals.codes == before).all()


def test_empty_sets():
    assert len(shuffle(SequenceSet.from_strings([], alphabet=DNA), copies=2)) == 0
    assert texts(shuffle(SequenceSet.from_strings(["", "A", "NN"], alphabet=DNA))) == [
        "",
        "A",
        "NN",
    ]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"k": 4}, "`k` is 4"),
        ({"k": 0}, "`k`"),
        ({"copies": 0}, "`copies`"),
        ({"seed": -1}, "seed"),
    ],
)
def test_arguments_out_of_range(wrong, says):
    with pytest.raises(SeqcnnError, match=says):
        shuffle(random_set([10]), **wrong)


def test_unchanged_share():
    originals = SequenceSet.from_strings(["ACGT", "CCCC", ""], alphabet=DNA)
    shuffled = SequenceSet.from_strings(["ACGT", "AGCT", "CCCC", "CCCC", "", ""], alphabet=DNA)
    assert unchanged_share(originals, shuffled, 2) == 5 / 6
    with pytest.raises(SeqcnnError, match="6 sequences"):
        unchanged_share(originals, shuffled, 1)


@pytest.mark.parametrize(("alphabet", "expected"), [(DNA, 2), (RNA, 2), (PROTEIN, 1), (SIX, 1)])
def test_the_control_chooses_k(alphabet, expected):
    control, k = shuffled_control(random_set([100] * 30, alphabet), copies=3, seed=1)
    assert k == expected
    assert len(control) == 90


def test_the_control_lowers_k_and_says_so():
    peptides = random_set([9] * 200, PROTEIN)
    with pytest.warns(SeqcnnWarning, match="words of 2 equal their originals.*words of 1"):
        control, k = shuffled_control(peptides, k=2, copies=2)
    assert k == 1
    assert unchanged_share(peptides, control, 2) < 0.05


def test_a_weak_control_is_called_weak():
    short = SequenceSet.from_strings(["ACG"] * 50, alphabet=DNA)
    with pytest.warns(SeqcnnWarning, match="the control is weak"):
        _, k = shuffled_control(short)
    assert k == 1


@pytest.mark.parametrize("several", [[], ["AAAA", "CC"], ["N", ""], ["A"]])
def test_nothing_can_be_shuffled(several):
    with pytest.raises(SeqcnnError, match="nothing can be shuffled"):
        shuffled_control(SequenceSet.from_strings(several, alphabet=DNA))
