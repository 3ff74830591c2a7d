import itertools

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import scan as module
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import STEP, ScoreDistribution, integer_scores
from seqcnn.motifs.scan import log10_q_values, scan
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN, RNA
from seqcnn.seq.background import letter_frequencies
from seqcnn.seq.record import SequenceSet


def random_motif(rng, width, alphabet=DNA, name="m"):
    rows = rng.dirichlet(np.full(alphabet.size, 0.4), width)
    return Motif(name, ProbabilityMatrix(rows, alphabet))


def word_motif(word, alphabet=DNA):
    codes = alphabet.encode(word)
    matrix = CountMatrix(np.eye(alphabet.size)[codes], alphabet).to_probabilities()
    return Motif(word, matrix)


def brute_force(motif, sequences, p_value, *, both, shares, merged=False):
    """Every window of every sequence, letter by letter, with sets instead of tables.

    Merged as discovery does it: the better strand of a window, and the worst letter that an
    ambiguous one may stand for; else each strand, and no window with an ambiguous letter.
    """
    alphabet = sequences.alphabet
    strands = [(motif.matrix.to_scores(background=shares), "+")]
    if both:
        strands.append((strands[0][0].reverse_complement(), "-"))
    distribution = ScoreDistribution.of(strands[0][0])
    least = distribution.threshold(p_value)
    stands = {s: s for s in alphabet.letters} | {
        k: v or alphabet.letters for k, v in alphabet.ambiguity.items()
    }
    hits = []
    for number in range(len(sequences)):
        text = sequences.text(number)
        for start in range(len(text) - motif.width + 1):
            window = text[start : start + motif.width]
            if not merged and not set(window) <= set(alphabet.letters):
                continue
            found = []
            for matrix, strand in strands:
                table = integer_scores(matrix)
                score = sum(
                    min(table[i, alphabet.letters.index(c)] for c in stands[letter])
                    for i, letter in enumerate(window)
                )
                if score * STEP >= least:
                    found.append((number, start, score * STEP, strand))
            # the forward strand comes first, and wins where both are as good
            hits += [max(found, key=lambda hit: hit[2])] if merged and found else found
    return hits


def as_tuples(hits):
    return [
        (int(s), int(a), float(x), "-" if r else "+")
        for s, a, x, r in zip(hits.sequence, hits.start, hits.score, hits.reverse, strict=True)
    ]


def random_sequences(rng, alphabet):
    symbols = len(alphabet.symbols)
    arrays = [
        np.where(
            rng.random(n) < 0.1, rng.integers(0, symbols, n), rng.integers(0, alphabet.size, n)
        )
        for n in rng.integers(0, 40, 30)
    ]
    return SequenceSet.from_arrays(arrays, alphabet=alphabet)


MERGED = {"merge_strands": True, "ambiguous": "worst"}


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN], ids=lambda a: a.name)
@pytest.mark.parametrize("width", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("merged", [False, True])
def test_hits_are_those_of_brute_force(alphabet, width, merged):
    rng = np.random.default_rng(width)
    sequences = random_sequences(rng, alphabet)
    motif = random_motif(rng, width, alphabet)
    for strand in ["one"] if alphabet is PROTEIN else ["one", "both"]:
        hits = scan(
            [motif], sequences, p_value=0.05, strand=strand, pseudocount=0,
            **(MERGED if merged else {}),
        )  # fmt: skip
        both = strand == "both"
        shares = letter_frequencies(sequences, both, pseudocount=1.0)
        expected = brute_force(motif, sequences, 0.05, both=both, shares=shares, merged=merged)
        assert as_tuples(hits) == expected


@pytest.mark.parametrize("chunk", [1, 7, 50, 10_000])
def test_chunks_and_threads_change_nothing(monkeypatch, chunk):
    rng = np.random.default_rng(3)
    sequences = random_sequences(rng, DNA)
    motifs = [random_motif(rng, width, name=f"m{width}") for width in (3, 8, 12)]
    options = {"p_value": 0.05, "pseudocount": 0, "background": "uniform"}
    expected = [brute_force(m, sequences, 0.05, both=True, shares=np.full(4, 0.25)) for m in motifs]
    monkeypatch.setattr(module, "CHUNK", chunk)
    for threads in (1, 3):
        found = scan(motifs, sequences, threads=threads, **options)
        assert as_tuples(found) == [hit for hits in expected for hit in hits]


def test_a_window_with_an_ambiguous_letter_is_no_site_unless_asked_for():
    sequences = SequenceSet.from_strings(["NNNN", "ACGN", "ACGT"], alphabet=DNA)
    options = {"p_value": 0.01, "background": "uniform", "strand": "one"}
    found = scan([word_motif("ACGT")], sequences, **options)
    assert [(h.sequence, h.start) for h in found] == [("seq_3", 0)]
    # three windows are left out, so one was tested
    assert found[0].q_value == found[0].p_value
    worst = scan([word_motif("ACGT")], sequences, ambiguous="worst", **options)
    assert [(h.sequence, h.start) for h in worst] == [("seq_3", 0)]
    # a symbol that may stand for a good and a bad letter scores like the bad one
    both_fit = Motif("ag", ProbabilityMatrix([[0.6, 0, 0.4, 0]] * 5, DNA))
    sequences = SequenceSet.from_strings(["RRRRR", "GGGGG"], alphabet=DNA)
    options["p_value"] = 0.5
    assert len(scan([both_fit], sequences, **options)) == 1
    worst = scan([both_fit], sequences, ambiguous="worst", **options)
    assert worst.score[0] == worst.score[1]


def test_windows_never_cross_the_ends_of_sequences():
    sequences = SequenceSet.from_strings(["TTACG", "TTT", "", "ACGTT"], alphabet=DNA)
    found = scan([word_motif("ACGTT")], sequences, p_value=0.01, background="uniform", strand="one")
    assert [(h.sequence, h.start, h.end) for h in found] == [("seq_4", 0, 5)]


def test_padding_is_never_part_of_a_site():
    codes = np.concatenate([DNA.encode("ACG"), [PAD], DNA.encode("ACGT")])
    sequences = SequenceSet.from_arrays([codes], alphabet=DNA)
    found = scan([word_motif("ACGT")], sequences, p_value=1.0, strand="one")
    assert found.start.tolist() == [4]


def test_palindrome_is_two_sites_or_one_and_strands_are_told():
    sequences = SequenceSet.from_strings(["TTGAATTCTT", "TTAACGTCTT", "TTGACGTTTT"], alphabet=DNA)
    found = scan([word_motif("GAATTC")], sequences, p_value=1e-3, background="uniform")
    assert [(h.start, h.strand) for h in found] == [(2, "+"), (2, "-")]
    found = scan(
        [word_motif("GAATTC")], sequences, p_value=1e-3, background="uniform", merge_strands=True
    )
    assert [(h.sequence, h.start, h.strand, h.matched) for h in found] == [
        ("seq_1", 2, "+", "GAATTC")
    ]
    found = scan([word_motif("AACGTC")], sequences, p_value=1e-3, background="uniform")
    assert [(h.sequence, h.start, h.strand, h.matched) for h in found] == [
        ("seq_2", 2, "+", "AACGTC"),
        ("seq_3", 2, "-", "AACGTC"),
    ]


def test_other_strand_gives_the_same_sites_mirrored():
    rng = np.random.default_rng(4)
    sequences = SequenceSet.from_arrays(rng.integers(0, 4, (50, 60)), alphabet=DNA)
    motif = random_motif(rng, 7)
    here = scan([motif], sequences, p_value=0.01)
    there = scan([motif], sequences.reverse_complement(), p_value=0.01)
    mirrored = sorted((s, 60 - 7 - a) for s, a, *_ in as_tuples(there))
    assert mirrored == sorted((s, a) for s, a, *_ in as_tuples(here))
    np.testing.assert_allclose(sorted(here.log10_p_value), sorted(there.log10_p_value))


@pytest.mark.parametrize("gc", [0.3, 0.5, 0.7])
def test_random_sequence_has_the_number_of_hits_that_is_due(gc):
    """Trap: with a uniform background, AT-rich motifs hit AT-rich sequence far too often."""
    rng = np.random.default_rng(11)
    shares = np.array([1 - gc, gc, gc, 1 - gc]) / 2
    sequences = SequenceSet.from_arrays([rng.choice(4, 400_000, p=shares)], alphabet=DNA)
    at_rich = Motif("at", ProbabilityMatrix(rng.dirichlet([2, 0.2, 0.2, 2], 10), DNA))
    gc_rich = Motif("gc", ProbabilityMatrix(rng.dirichlet([0.2, 2, 2, 0.2], 10), DNA))
    found = scan([at_rich, gc_rich], sequences, p_value=1e-3, strand="one", background=shares)
    for i, motif in enumerate((at_rich, gc_rich)):
        counts = CountMatrix(motif.matrix.values * 20, DNA)
        matrix = counts.to_probabilities(0.1, shares).to_scores()
        distribution = ScoreDistribution.of(matrix)
        due = 400_000 * distribution.p_value(distribution.threshold(1e-3))
        # sites of one motif overlap, so counts vary more than a Poisson number does
        assert (found.motif == i).sum() == pytest.approx(due, abs=6 * due**0.5 + 1)


def test_facts_of_a_hit():
    sequences = SequenceSet.from_strings(["GGGGACGTGAA"], alphabet=DNA, ids=["chr1"])
    motif = word_motif("ACGTGA")
    options = {"p_value": 1e-3, "background": "uniform", "pseudocount": 0}
    hit = scan([motif], sequences, strand="one", **options)[0]
    assert (hit.sequence, hit.start, hit.end, hit.motif) == ("chr1", 4, 10, "ACGTGA")
    assert hit.p_value == pytest.approx(4.0**-6)
    assert hit.q_value == pytest.approx(6 * 4.0**-6)
    assert hit.score == 12.0
    both = scan([motif], sequences, strand="both", **options)[0]
    assert both.q_value == pytest.approx(12 * 4.0**-6)


def test_several_motifs_stay_apart_and_in_order():
    sequences = SequenceSet.from_strings(["GGACGTGAAACCAGTG"], alphabet=DNA)
    motifs = [word_motif("CCAGTG"), word_motif("ACGTGA"), word_motif("ACC")]
    found = scan(motifs, sequences, p_value=1e-3, background="uniform", strand="one")
    assert [(h.motif, h.start) for h in found] == [("CCAGTG", 10), ("ACGTGA", 2)]
    assert len(scan([], sequences)) == 0
    assert len(scan(motifs, SequenceSet.from_strings(["AC", ""], alphabet=DNA))) == 0


def test_scores_have_a_limit_too():
    sequences = SequenceSet.from_strings(["ACGTTACGATTTCGT"], alphabet=DNA)
    options = {"p_value": 1.0, "background": "uniform", "strand": "one"}
    every = scan([word_motif("ACGT")], sequences, **options)
    some = scan([word_motif("ACGT")], sequences, score=0.0, **options)
    assert 0 < len(some) < len(every) == 12
    assert some.score.tolist() == [x for x in every.score if x >= 0]
    with pytest.raises(SeqcnnError, match="score"):
        scan([word_motif("ACGT")], sequences, score=np.nan)


def test_best_site_of_each_motif_in_each_sequence():
    rng = np.random.default_rng(8)
    sequences = random_sequences(rng, DNA)
    hits = scan([random_motif(rng, w, name=f"m{w}") for w in (3, 6)], sequences, p_value=0.1)
    best = {}
    for hit in hits:
        key = (hit.motif, hit.sequence)
        if key not in best or hit.score > best[key].score:
            best[key] = hit
    assert list(hits.best_per_sequence()) == list(best.values())
    assert len(hits) > len(best) > 10


def test_a_pseudocount_is_shared_out_like_the_background():
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    motif = Motif("m", ProbabilityMatrix([[1, 0, 0, 0]], DNA), sites=10)
    sequences = SequenceSet.from_strings(["ACGT"], alphabet=DNA)
    hits = scan(
        [motif], sequences, p_value=1.0, background=shares, strand="one", pseudocount=2.0
    )  # fmt: skip
    expected = np.log2([(10 + 2 * 0.1) / 12 / 0.1, *[2 / 12] * 3])
    np.testing.assert_allclose(hits.score, expected, atol=STEP / 2)


def test_a_background_has_the_same_shares_on_both_strands():
    """A word would have another p-value on the other strand, else."""
    motif = Motif("m", ProbabilityMatrix([[1, 0, 0, 0]], DNA))
    sequences = SequenceSet.from_strings(["AT"], alphabet=DNA)
    hits = scan([motif], sequences, p_value=0.5, background=[0.4, 0.3, 0.1, 0.2], pseudocount=0)
    np.testing.assert_allclose(hits.score, np.log2(1 / 0.3), atol=STEP / 2)
    np.testing.assert_allclose(10**hits.log10_p_value, 0.3)
    own = Motif("m", ProbabilityMatrix([[1, 0, 0, 0]], DNA, [0.4, 0.3, 0.1, 0.2]))
    of_motif = scan([own], sequences, p_value=0.5, background="motif", pseudocount=0)
    np.testing.assert_array_equal(of_motif.score, hits.score)


def test_q_values_are_those_of_scipy():
    rng = np.random.default_rng(0)
    p = np.concatenate([rng.random(900), 10.0 ** rng.uniform(-9, -3, 100)])
    expected = false_discovery_control(p)
    np.testing.assert_allclose(10 ** log10_q_values(np.log10(p), 1000), expected)
    small = np.sort(p)[:150]
    found = 10 ** log10_q_values(np.log10(small), 1000)
    assert (found >= np.sort(expected)[:150] * (1 - 1e-12)).all()
    np.testing.assert_allclose(found[:100], np.sort(expected)[:100])
    assert np.isfinite(log10_q_values(np.array([-4321.0]), 10))[0]


def test_backgrounds():
    sequences = SequenceSet.from_strings(["AAAAAAAC"], alphabet=DNA)
    np.testing.assert_allclose(
        letter_frequencies(sequences, False, pseudocount=1.0), [8 / 12, 2 / 12, 1 / 12, 1 / 12]
    )
    np.testing.assert_allclose(
        letter_frequencies(sequences, True, pseudocount=1.0), [9 / 24, 3 / 24, 3 / 24, 9 / 24]
    )
    motif = Motif("m", ProbabilityMatrix([[1, 0, 0, 0]], DNA, [0.5, 0.2, 0.2, 0.1]))
    for background, score in [("motif", 1.0), ("uniform", 2.0), ([0.125, 0.125, 0.25, 0.5], 3.0)]:
        hits = scan(
            [motif], sequences, p_value=1.0, background=background, strand="one", pseudocount=0
        )
        assert hits.score.max() == score


def test_bad_arguments_are_refused():
    sequences = SequenceSet.from_strings(["MKVL"], alphabet=PROTEIN)
    motif = word_motif("MK", PROTEIN)
    cases = itertools.chain(
        [({"p_value": 0.0}, "p_value"), ({"p_value": 2}, "p_value"), ({"strand": "up"}, "strand")],
        [({"strand": "both"}, "no complement"), ({"background": "rnd"}, "background")],
        [({"ambiguous": "best"}, "ambiguous"), ({"pseudocount": -1}, "pseudocount")],
        [({"engine": "fast"}, "engine")],
    )
    for options, message in cases:
        with pytest.raises(SeqcnnError, match=message):
            scan([motif], sequences, **options)
    with pytest.raises(SeqcnnError, match="over ACGT"):
        scan([word_motif("ACGT")], sequences)


def test_motifs_come_alone_and_hits_in_slices():
    sequences = SequenceSet.from_strings(["TTAACGGTT" * 3], alphabet=DNA)
    word = Motif("w", ProbabilityMatrix(np.eye(4)[DNA.encode("AACGG")], DNA))
    listed = scan([word], sequences, p_value=0.01)
    assert list(scan(word, sequences, p_value=0.01)) == list(listed)
    assert list(scan((m for m in [word]), sequences, p_value=0.01)) == list(listed)
    assert len(listed) == 3
    assert list(listed[1:]) == [listed[1], listed[2]]
    assert [hit.start for hit in listed[::-2]] == [20, 2]
    assert listed[-1] == listed[2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"motifs": "jaspar"}, "`motifs` holds 'jaspar'"),
        ({"sequences": 7}, "`sequences` is int: give a path"),
        ({"threads": 0}, "`threads` is 0"),
        ({"threads": -1}, "`threads` is -1"),
        ({"background": {"A": 0.25}}, "one share for each of the letters ACGT"),
    ],
)
def test_what_cannot_be_scanned_is_refused(options, said):
    usual = {"motifs": [], "sequences": SequenceSet.from_strings(["ACGT"], alphabet=DNA)}
    with pytest.raises(SeqcnnError, match=said):
        scan(**{**usual, **options})
