"""Edits against what strings do, by hand."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.edit import (
    ablate,
    delete,
    insert,
    reverse_stretch,
    saturation_mutagenesis,
    shuffle_stretch,
    substitute,
)
from seqcnn.explain.sites import sites_of
from seqcnn.explain.spans import joined_spans, read_spans, spans_of
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, get_alphabet
from seqcnn.seq.background import MarkovBackground
from seqcnn.seq.record import SequenceSet
from tests.discovery.planted import random_rows


def texts(sequences):
    return [sequences.text(i) for i in range(len(sequences))]


def some(alphabet, lengths=(20, 13, 31), seed=0):
    rng = np.random.default_rng(seed)
    rows = [rng.integers(0, alphabet.size, n).astype(np.uint8) for n in lengths]
    return SequenceSet.from_arrays(rows, alphabet=alphabet, ids=[f"s{n}" for n in lengths])


ALPHABETS = [DNA, RNA, PROTEIN, get_alphabet("HPC")]


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_edits_are_those_of_strings(alphabet):
    given = some(alphabet)
    before = texts(given)
    word = (alphabet.letters * 2)[1:6]
    assert texts(substitute(given, word, 4)) == [t[:4] + word + t[9:] for t in before]
    middle = [(len(t) - 5) // 2 for t in before]
    wanted = [t[:m] + word + t[m + 5 :] for t, m in zip(before, middle, strict=True)]
    assert texts(substitute(given, word)) == wanted
    assert texts(substitute(given, alphabet.encode(word), np.array(middle))) == wanted
    assert texts(insert(given, word, 0)) == [word + t for t in before]
    wanted = [t[: len(t) // 2] + word + t[len(t) // 2 :] for t in before]
    assert texts(insert(given, word)) == wanted
    assert texts(insert(given, word, cut="left")) == [t[5:] for t in wanted]
    assert texts(insert(given, word, cut="right")) == [t[:-5] for t in wanted]
    left = [t[:3] + t[7:] for t in before]
    assert texts(delete(given, 3, 7)) == left
    assert texts(delete(given, 3, 7, fill="left", refill=word)) == [word[1:] + t for t in left]
    assert texts(delete(given, 3, 7, fill="right", refill=word)) == [t + word[:4] for t in left]
    assert texts(delete(given, 3, 7, fill="right")) == [t + 4 * alphabet.unknown for t in left]
    flipped = [t[:3] + t[3:9][::-1] + t[9:] for t in before]
    assert texts(reverse_stretch(given, 3, 9, complement=False)) == flipped
    assert texts(given) == before
    assert list(substitute(given, word).ids) == list(given.ids)


def test_each_sequence_has_its_own_flank():
    given, flanks = some(DNA), some(DNA, seed=5)
    filled = delete(given, 0, 6, fill="left", refill=flanks)
    assert texts(filled) == [
        flank[-6:] + text[6:] for flank, text in zip(texts(flanks), texts(given), strict=True)
    ]


def test_a_turned_stretch_of_dna_is_the_other_strand():
    given = SequenceSet.from_strings(["AACGTTGA", "ggacc"], alphabet=DNA)
    assert texts(reverse_stretch(given, 1, 4)) == ["ACGTTTGA", "GGTCC"]
    rna = SequenceSet.from_strings(["AACG"], alphabet=RNA)
    assert texts(reverse_stretch(rna, 1, 4)) == ["AGCA"]
    assert texts(reverse_stretch(rna, 1, 4, complement=True)) == ["ACGU"]


def test_letters_of_motifs():
    values = np.array([[0.7, 0.1, 0.1, 0.1], [0, 0, 0, 1.0], [0.4, 0.6, 0, 0]])
    motif = Motif("m", ProbabilityMatrix(values, DNA))
    assert [DNA.decode(s) for s in sites_of(motif, DNA, 2)] == ["ATC", "ATC"]
    assert RNA.decode(sites_of(motif, RNA, 1)[0]) == "AUC"
    drawn = sites_of(motif, DNA, 4000, letters="sampled", seed=3)
    shares = np.stack([(drawn == letter).mean(0) for letter in range(4)], axis=1)
    np.testing.assert_allclose(shares, values, atol=0.03)
    given = SequenceSet.from_arrays(list(random_rows(4000, 9, 0)), alphabet=DNA)
    planted = substitute(given, motif, 2, letters="sampled", seed=3)
    np.testing.assert_array_equal(planted.padded()[:, 2:5], drawn)
    np.testing.assert_array_equal(planted.padded()[:, 5:], given.padded()[:, 5:])


def test_shuffled_stretches_keep_words_and_all_beside_them():
    given = some(DNA, (40, 50), 2)
    for k in (1, 2):
        made = shuffle_stretch(given, 5, 35, k=k, seed=1)
        for one, other in zip(texts(made), texts(given), strict=True):
            assert one[:5] == other[:5] and one[35:] == other[35:] and one != other
            count = [sorted(t[i : i + k] for i in range(5, 36 - k)) for t in (one, other)]
            assert count[0] == count[1]
    assert texts(made) == texts(shuffle_stretch(given, 5, 35, k=2, seed=1))
    assert texts(made) != texts(shuffle_stretch(given, 5, 35, k=2, seed=2))


def test_ablation_changes_spans_and_nothing_else():
    given = some(DNA, (40, 50), 2)
    spans = [(0, 3, 9), (1, 20, 30), (1, 25, 40)]
    inside = np.zeros(90, bool)
    inside[3:9] = inside[60:80] = True
    for by in ("shuffle", "random"):
        made = ablate(given, spans, by=by, seed=4)
        assert (made.codes[~inside] == given.codes[~inside]).all()
        assert (made.codes[inside] != given.codes[inside]).any()
    only_a = MarkovBackground(DNA, np.array([[1.0, 0, 0, 0]]))
    made = ablate(given, spans, by="random", background=only_a)
    assert (made.codes[inside] == 0).all() and (made.codes[~inside] == given.codes[~inside]).all()
    assert joined_spans(spans_of(spans, given)).tolist() == [[0, 3, 9], [1, 20, 40]]
    same = ablate(given, [])
    assert texts(same) == texts(given)


def test_all_single_mutants():
    given = SequenceSet.from_strings(["CAT"], alphabet=DNA)
    found = saturation_mutagenesis(given)
    assert list(found.ids) == [
        "0C>A", "0C>G", "0C>T", "1A>C", "1A>G", "1A>T", "2T>A", "2T>C", "2T>G",
    ]  # fmt: skip
    assert texts(found) == ["AAT", "GAT", "TAT", "CCT", "CGT", "CTT", "CAA", "CAC", "CAG"]
    two = SequenceSet.from_strings(["CN", "GGGG"], alphabet=DNA)
    found = saturation_mutagenesis(two, [1])
    assert list(found.ids)[:5] == ["seq_1:1N>A", "seq_1:1N>C", "seq_1:1N>G", "seq_1:1N>T",
                                   "seq_2:1G>A"]  # fmt: skip
    assert texts(found)[4] == "GAGG" and len(found) == 7
    assert len(saturation_mutagenesis(some(PROTEIN, (9,)))) == 9 * 19


def test_spans_of_tables(tmp_path):
    path = tmp_path / "hits.tsv"
    path.write_text("sequence\tstart\tend\tstrand\tpattern\ns13\t2\t5\t+\tp1\ns20\t0\t4\t-\tp2\n")
    given = some(DNA)
    spans, names = read_spans(path, given)
    assert spans.tolist() == [[1, 2, 5], [0, 0, 4]] and names == ["p1", "p2"]
    path.write_text("# bed\ns31\t7\t9\tsite\ns31\t1\t3\n")
    spans, names = read_spans(path, given)
    assert spans.tolist() == [[2, 7, 9], [2, 1, 3]] and names == ["site", "."]
    for text, message in (
        ("s31\t7\n", "line 1: a line must hold"),
        ("s31\t1\t2\nother\t1\t2\n", "line 2: no sequence has the name 'other'"),
        ("s31\tx\t2\n", "a line must hold"),
        ("\n", "there is no stretch"),
    ):
        path.write_text(text)
        with pytest.raises(SeqcnnError, match=message):
            read_spans(path, given)
    path.write_text("s\t1\t2\n")
    with pytest.raises(SeqcnnError, match="several sequences have the name 's'"):
        twice = SequenceSet.from_strings(["ACGT", "ACGT"], alphabet=DNA, ids=["s", "s"])
        read_spans(path, twice)


def test_hits_that_hang_over_an_edge_are_cut(tmp_path):
    path = tmp_path / "hits.tsv"
    path.write_text(
        "sequence\tstart\tend\tstrand\tpattern\ns13\t-2\t5\t+\tp1\ns20\t15\t24\t-\tp2\n"
    )
    spans, _ = read_spans(path, some(DNA))
    assert spans.tolist() == [[1, 0, 5], [0, 15, 20]]
    path.write_text("s13\t-2\t5\n")
    with pytest.raises(SeqcnnError, match="stretch -2-5 does not lie in sequence 's13'"):
        ablate(some(DNA), read_spans(path, some(DNA))[0])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda s: substitute(s, "ACGT", 10), "4 letters at 10 do not lie in sequence 's13'"),
        (lambda s: substitute(s, "ACGT", -1), "4 letters at -1"),
        (lambda s: substitute(s, "A" * 14), "14 letters at -1 do not lie in sequence 's13'"),
        (lambda s: substitute(s, "AXG"), "'X' at position 2"),
        (lambda s: substitute(s, ""), "a word of 1 or more letters"),
        (lambda s: substitute(s, np.array([0, 99])), "codes that dna lacks"),
        (lambda s: substitute(s, "A", np.array([1, 2])), "one for each of the 3 sequences"),
        (lambda s: substitute(s, "A", letters="worst"), "`letters` is 'worst'"),
        (lambda s: insert(s, "A", 14), "position 14 does not lie in sequence 's13'"),
        (lambda s: insert(s, "A", cut="both"), "`cut` is 'both'"),
        (lambda s: delete(s, 10, 14), "stretch 10-14 does not lie in sequence 's13'"),
        (lambda s: delete(s, 3, 3), "stretch 3-3"),
        (lambda s: delete(s, 3, 6, fill="left", refill="AC"), "`refill` has 2 letters, 3 are"),
        (lambda s: delete(s, 3, 6, fill="up"), "`fill` is 'up'"),
        (lambda s: ablate(s, [(3, 1, 2)]), "names sequence 3, but there are 3"),
        (lambda s: ablate(s, [1, 2]), "`spans` has shape"),
        (lambda s: ablate(s, [(1, 5)], by="magic"), "`by` is 'magic'"),
        (lambda s: ablate(s, [(1, 5)], k=4), "`k` is 4"),
        (lambda s: reverse_stretch(s, -1, 5), "stretch -1-5"),
        (lambda s: saturation_mutagenesis(s, [13]), "stretch 13-14"),
    ],
)
def test_what_cannot_be(edit, message):
    with pytest.raises(SeqcnnError, match=message):
        edit(some(DNA))
