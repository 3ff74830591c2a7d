import warnings
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError, SeqcnnWarning
from seqcnn.seq import matched_windows
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.intervals import Interval, intervals_of
from seqcnn.seq.io.genome import open_genome
from seqcnn.seq.matched_windows import gc_matched_windows
from seqcnn.seq.record import SequenceSet
from tests.seq.genomes import twobit_bytes

LENGTH = 60_000


def patches(rng, length):
    """Stretches of 500 letters, each of its own GC and either all lower case or not."""
    letters = np.empty(length, "U1")
    for start in range(0, length, 500):
        gc = rng.uniform(0.2, 0.7)
        share = [(1 - gc) / 2, gc / 2, gc / 2, (1 - gc) / 2]
        size = min(500, length - start)
        letters[start : start + size] = rng.choice(list("ACGT"), size, p=share)
        if rng.random() < 0.4:
            letters[start : start + size] = np.char.lower(letters[start : start + size])
        if rng.random() < 0.1:
            letters[start : start + 200] = "N"
    return "".join(letters)


_RNG = np.random.default_rng(0)
LETTERS = {name: patches(_RNG, LENGTH) for name in ("a", "b", "c")}


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    path = tmp_path_factory.mktemp("g") / "g.2bit"
    path.write_bytes(twobit_bytes(LETTERS))
    return open_genome(path)


def rich_intervals(n=60, lengths=(50,), seed=1):
    """Stretches of two chromosomes, those with many G and C preferred."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < n:
        length, start = int(rng.choice(lengths)), int(rng.integers(0, LENGTH - 200))
        one = Interval("ab"[rng.integers(2)], start, start + length)
        text = LETTERS[one.chromosome][start : one.end].upper()
        if "N" not in text and sum(map(text.count, "GC")) > rng.uniform(0.3, 0.6) * length:
            found.append(one)
    return IntervalSet.from_intervals(found)


def key(text):
    """The narrowest bin of a sequence, letter by letter."""
    upper = text.upper()
    known = [c for c in upper if c in "ACGT"]
    gc = sum(c in "GC" for c in known) / len(known)
    cpg = sum(x + y == "CG" for x, y in pairwise(upper)) / (len(known) - 1)
    lower = sum(c.islower() for c in text) / len(text)
    return (
        int(gc * 50),
        sum(cpg > edge for edge in (0, 0.01, 0.02, 0.04, 0.08)),
        sum(lower > edge for edge in (0, 0.25, 0.5, 0.75)),
    )


def texts_of(sequences):
    return [LETTERS[home.chromosome][home.start : home.end] for home in intervals_of(sequences)]


@pytest.mark.parametrize(("copies", "n"), [(1, 60), (3, 15)])
def test_each_bin_has_its_share(genome, copies, n):
    positives = genome.fetch(rich_intervals(n))
    found = gc_matched_windows(genome, positives, copies=copies)
    wanted = Counter(map(key, texts_of(positives)))
    assert Counter(map(key, texts_of(found))) == {k: copies * n for k, n in wanted.items()}
    # at random they would not be alike
    anywhere = [LETTERS["a"][i : i + 50] for i in range(0, LENGTH, 50)]
    gc = [np.mean([key(text)[0] for text in texts if "N" not in text.upper()])
          for texts in (texts_of(found), anywhere)]  # fmt: skip
    assert gc[0] > gc[1] + 2


def test_windows_are_apart_and_keep_away(genome):
    positives = genome.fetch(rich_intervals())
    avoid = IntervalSet.from_intervals([Interval("chrA", 0, 30_000)])
    found = gc_matched_windows(genome, positives, avoid=avoid)
    homes = intervals_of(found)
    taken = [*homes, *intervals_of(positives), Interval("a", 0, 30_000)]
    marks = {name: np.zeros(LENGTH, int) for name in LETTERS}
    for home in homes:
        marks[home.chromosome][home.start : home.end] += 1
    assert max(mark.max() for mark in marks.values()) == 1
    for home in taken[len(homes) :]:
        assert not marks[home.chromosome][home.start : home.end].any()
    # no positive lies on c
    assert {home.chromosome for home in homes} == {"a", "b"}
    assert [(h.chromosome, h.start) for h in homes] == sorted(
        (h.chromosome, h.start) for h in homes
    )


def test_letters_are_those_of_the_places(genome):
    positives = genome.fetch(rich_intervals())
    for mask in ("none", "lower"):
        found = gc_matched_windows(genome, positives, mask=mask)
        for i, text in enumerate(texts_of(found)):
            expected = "".join("N" if mask == "lower" and c.islower() else c.upper() for c in text)
            assert found.text(i) == expected
            assert text.upper().count("N") <= 0.1 * len(text)


def test_strands_are_drawn_too(genome):
    positives = genome.fetch(rich_intervals(), alphabet=RNA, stranded=True)
    found = gc_matched_windows(genome, positives, stranded=True)
    assert found.alphabet == RNA
    strands = Counter(home.strand for home in intervals_of(found))
    assert min(strands["+"], strands["-"]) > 0.3 * len(found)
    for i, home in enumerate(intervals_of(found)):
        codes = DNA.encode(LETTERS[home.chromosome][home.start : home.end])
        read = DNA.reverse_complement(codes) if home.strand == "-" else codes
        np.testing.assert_array_equal(found[i], read)


def test_lengths_are_alike(genome):
    positives = genome.fetch(rich_intervals(lengths=(20, 35, 36, 80, 150)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        found = gc_matched_windows(genome, positives, copies=1)
    assert len(found) > 0.9 * len(positives)
    one, other = (np.sort(s.lengths) for s in (positives, found))
    assert abs(one.mean() - other.mean()) < 0.1 * one.mean()
    assert set(other.tolist()) == set(one.tolist())


def test_the_seed_decides(genome):
    positives = genome.fetch(rich_intervals())
    ids = [tuple(gc_matched_windows(genome, positives, seed=seed).ids) for seed in (1, 1, 2)]
    assert ids[0] == ids[1] != ids[2]


def test_sequences_without_a_place_are_matched_too(genome):
    placed = genome.fetch(rich_intervals())
    positives = SequenceSet(DNA, placed.codes, placed.offsets, [f"p{i}" for i in range(60)])
    found = gc_matched_windows(genome, positives, copies=2)
    wanted, have = (Counter(key(text.upper()) for text in texts_of(s)) for s in (placed, found))
    assert have == {k: 2 * n for k, n in wanted.items()}
    assert {home.chromosome for home in intervals_of(found)} == {"a", "b", "c"}


def test_wider_bins_serve_where_narrow_ones_are_empty(genome, monkeypatch):
    monkeypatch.setattr(matched_windows, "LETTERS", 50 * 400)
    positives = genome.fetch(rich_intervals())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SeqcnnWarning)
        found = gc_matched_windows(genome, positives, copies=3)
    wanted, have = (Counter(map(key, texts_of(s))) for s in (positives, found))
    assert have != {k: 3 * n for k, n in wanted.items()}
    # GC at least is matched, in steps of 8 %
    coarse = [Counter(k[0] // 4 for k in map(key, texts_of(s))) for s in (positives, found)]
    assert all(have <= 3 * coarse[0][k] for k, have in coarse[1].items())
    assert len(found) > 2 * len(positives)


def test_what_cannot_be_found(genome):
    unlike = SequenceSet.from_strings(["CG" * 25] * 30, alphabet=DNA)
    with pytest.raises(SeqcnnError, match="no window of the genome is like"):
        gc_matched_windows(genome, unlike)
    long = SequenceSet.from_strings(["ACGT" * 20_000], alphabet=DNA)
    with pytest.raises(SeqcnnError, match="no window of the genome"):
        gc_matched_windows(genome, long)
    rich = genome.fetch(rich_intervals())
    whole = IntervalSet.from_intervals([Interval("a", 0, LENGTH), Interval("b", 2000, LENGTH)])
    with pytest.warns(SeqcnnWarning, match="where 180 were wanted"):
        gc_matched_windows(genome, rich, avoid=whole)
    with pytest.raises(SeqcnnError, match="dna or rna, not protein"):
        gc_matched_windows(genome, SequenceSet.from_strings(["MKV"], alphabet=PROTEIN))
    with pytest.raises(SeqcnnError, match="`copies` is 0"):
        gc_matched_windows(genome, rich, copies=0)


def test_pairs_of_equal_keys_against_counters():
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, 9, 50), rng.integers(3, 12, 40)
    first, second = matched_windows._paired(one, other)
    np.testing.assert_array_equal(one[first], other[second])
    assert len(set(first.tolist())) == len(first) and len(set(second.tolist())) == len(second)
    assert Counter(one[first].tolist()) == Counter(one.tolist()) & Counter(other.tolist())
