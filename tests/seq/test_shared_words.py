"""The sieve for very many sequences against sets of words, and twins against a dictionary."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnWarning
from seqcnn.seq import duplicates
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from seqcnn.seq.duplicates import near_duplicate_groups
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shared_words import WORD, row_blocks, rows_sharing_words
from seqcnn.seq.twins import first_twins
from tests.seq.test_duplicates import mutated


def words_of(text, both):
    found = {text[i : i + WORD] for i in range(len(text) - WORD + 1)}
    if both:
        turned = {word[::-1].translate(str.maketrans("ACGT", "TGCA")) for word in found}
        found = found | turned
    return {word for word in found if "N" not in word}


def sequences(n=60, seed=0):
    """Make sequences of many lengths, some of which share a stretch on either strand."""
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(0, 4, rng.integers(0, 150)).astype(np.uint8) for _ in range(n)]
    for i in range(0, n - 1, 5):
        stretch = rng.integers(0, 4, 80).astype(np.uint8)
        arrays[i] = np.concatenate([arrays[i], stretch])
        other = DNA.reverse_complement(stretch) if i % 2 else stretch
        arrays[i + 1] = np.concatenate([other, arrays[i + 1]])
    arrays[-1] = np.concatenate([arrays[0][:10], [14], arrays[0][11:]]).astype(np.uint8)
    return SequenceSet.from_arrays(arrays, alphabet=DNA)


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("block", [1 << 21, 100])
def test_what_shares_a_long_stretch_is_found_and_nothing_else(both, block, monkeypatch):
    monkeypatch.setattr("seqcnn.seq.shared_words.BLOCK", block)
    made = sequences()
    sets = [words_of(made.text(i), both) for i in range(len(made))]
    wanted = [
        i for i in range(len(made)) if any(sets[i] & sets[j] for j in range(len(made)) if j != i)
    ]
    found = rows_sharing_words(made, np.arange(len(made)), both_strands=both)
    assert found.tolist() == wanted
    rows = np.arange(len(made))[::-2]
    some = rows_sharing_words(made, rows, both_strands=both)
    sets = [sets[row] for row in rows]
    assert some.tolist() == [
        i for i in range(len(rows)) if any(sets[i] & sets[j] for j in range(len(rows)) if j != i)
    ]


def test_a_sample_of_words_is_the_same_everywhere(monkeypatch):
    """With one word in 16 kept, pairs of 1,000 letters at 95 % identity are found all the same."""
    monkeypatch.setattr("seqcnn.seq.shared_words.KEPT", 1 << 14)
    rng = np.random.default_rng(1)
    parents = rng.integers(0, 4, (120, 1000)).astype(np.uint8)
    copies = [DNA.reverse_complement(mutated(p, 0.05, rng)) for p in parents]
    alone = list(rng.integers(0, 4, (120, 1000)).astype(np.uint8))
    made = SequenceSet.from_arrays([*parents, *copies, *alone], alphabet=DNA)
    found = rows_sharing_words(made, np.arange(360), both_strands=True)
    assert len(found) >= 238 and found.max() < 240


def test_nothing_and_next_to_nothing():
    for texts in ([], [""], ["ACGT", ""]):
        made = SequenceSet.from_strings(texts, alphabet=DNA)
        rows = np.arange(len(texts))
        assert rows_sharing_words(made, rows, both_strands=True).tolist() == []


def test_words_with_unplain_letters_are_no_words():
    rng = np.random.default_rng(4)
    half = "".join(rng.choice(list("ACGT"), 20))
    texts = [f"{half}N{half}"] * 5 + ["".join(rng.choice(list("ACGT"), 60))] * 2
    made = SequenceSet.from_strings(texts, alphabet=DNA)
    assert rows_sharing_words(made, np.arange(7), both_strands=False).tolist() == [5, 6]


@pytest.mark.parametrize("letters", [1, 5, 10, 1000])
def test_blocks_hold_all_rows_once(letters):
    lengths = np.array([3, 0, 4, 12, 1, 1, 0])
    blocks = list(row_blocks(lengths, letters))
    assert [row for low, high in blocks for row in range(low, high)] == list(range(7))
    assert all(lengths[a:b].sum() <= letters or b - a == 1 for a, b in blocks)
    assert list(row_blocks(lengths[:0], letters)) == []


def test_very_many_sequences_are_sieved_first(monkeypatch):
    rng = np.random.default_rng(2)
    parents = rng.integers(0, 4, (60, 400)).astype(np.uint8)
    made = SequenceSet.from_arrays(
        [*parents, *(mutated(p, 0.05, rng) for p in parents[:30])], alphabet=DNA
    )
    whole = near_duplicate_groups(made, both_strands=True)
    assert whole.tolist() == [*range(60), *range(30)]
    monkeypatch.setattr(duplicates, "LARGE", 100)
    assert near_duplicate_groups(made, both_strands=True).tolist() == whole.tolist()
    monkeypatch.setattr(duplicates, "MOST", 400)
    with pytest.warns(SeqcnnWarning, match="60 sequences with 24,000 letters share words"):
        groups = near_duplicate_groups(made, both_strands=True)
    assert groups.tolist() == list(range(90))


@pytest.mark.parametrize("both", [True, False])
@pytest.mark.parametrize("block", [1 << 21, 100])
def test_twins_are_those_of_a_dictionary(both, block, monkeypatch):
    monkeypatch.setattr("seqcnn.seq.twins.BLOCK", block)
    rng = np.random.default_rng(3)
    texts = ["".join(rng.choice(list("ACGT"), rng.integers(0, 4))) for _ in range(200)]
    long = ["".join(rng.choice(list("ACGT"), 90)) for _ in range(5)]
    turned = [word[::-1].translate(str.maketrans("ACGT", "TGCA")) for word in long]
    texts += [*long, "ACN", "ACN", *turned, *long]
    made = SequenceSet.from_strings(texts, alphabet=DNA)
    seen, wanted = {}, []
    for i, text in enumerate(texts):
        key = min(text, text[::-1].translate(str.maketrans("ACGT", "TGCA"))) if both else text
        wanted.append(i if not text or "N" in text else seen.setdefault(key, i))
    assert first_twins(made, both_strands=both).tolist() == wanted
    peptides = SequenceSet.from_strings(["WYF", "WYF", "WY"], alphabet=PROTEIN)
    assert first_twins(peptides, both_strands=False).tolist() == [0, 0, 2]


@pytest.mark.parametrize("rows", [1, 3, 1 << 14])
def test_rows_are_filled_up_in_parts(monkeypatch, rows):
    monkeypatch.setattr("seqcnn.seq.record._ROWS", rows)
    made = sequences(8)
    found = made.padded(300)
    for row, codes in zip(found, made, strict=True):
        np.testing.assert_array_equal(row[: len(codes)], codes)
        assert (row[len(codes) :] == PAD).all()
    same = SequenceSet.from_arrays(list(np.eye(4, dtype=np.uint8)), alphabet=DNA)
    assert np.shares_memory(same.padded(), same.codes) and not same.padded().flags.writeable
    np.testing.assert_array_equal(same.padded(), np.eye(4))
    assert same.codes.flags.writeable
    assert SequenceSet.from_strings([], alphabet=DNA).padded().shape == (0, 0)
