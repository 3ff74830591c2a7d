import itertools

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.pvalue import STEP, ScoreDistribution, integer_scores
from seqcnn.motifs.scan import BLOCK, log10_q_values, scan
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


def brute_force(motif, sequences, p_value, *, both, shares):
    """Every window of every sequence, letter by letter, with sets instead of tables."""
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
            best = (-np.inf, "")
            for matrix, strand in strands:
                table = integer_scores(matrix)
                score = sum(
                    min(table[i, alphabet.letters.index(c)] for c in stands[text[start + i]])
                    for i in range(motif.width)
                )
                if score * STEP > best[0]:
                    best = (score * STEP, strand)
            if best[0] >= least:
                hits.append((number, start, *best))
    return hits


def as_tuples(hits):
    return [
        (int(s), int(a), float(x), "-" if r else "+")
        for s, a, x, r in zip(hits.sequence, hits.start, hits.score, hits.reverse, strict=True)
    ]


@pytest.mark.parametrize("alphabet", [DNA, RNA, PROTEIN], ids=lambda a: a.name)
@pytest.mark.parametrize("width", [1, 2, 3, 4, 8])
def test_hits_are_those_of_brute_force(alphabet, width):
    rng = np.random.default_rng(width)
    lengths = rng.integers(0, 40, 30)
    symbols = len(alphabet.symbols)
    arrays = [
        np.where(
            rng.random(n) < 0.1, rng.integers(0, symbols, n), rng.integers(0, alphabet.size, n)
        )
        for n in lengths
    ]
    sequences = SequenceSet.from_arrays(arrays, alphabet=alphabet)
    motif = random_motif(rng, width, alphabet)
    for strand in ["one"] if alphabet is PROTEIN else ["one", "both"]:
        hits = scan([motif], sequences, p_value=0.05, strand=strand)
        shares = letter_frequencies(sequences, strand == "both", pseudocount=1.0)
        expected = brute_force(motif, sequences, 0.05, both=strand == "both", shares=shares)
        assert as_tuples(hits) == expected


def test_unknown_letters_are_the_worst_and_never_help():
    motif = word_motif("ACGT")
    found = scan(
        [motif],
        SequenceSet.from_strings(["NNNN", "ACGN", "ACGT"], alphabet=DNA),
        p_value=0.01,
        background="uniform",
    )
    assert [(h.sequence, h.start) for h in found] == [("seq_3", 0)]
    # a symbol that may stand for a good and a bad letter scores like the bad one
    both_fit = Motif("ag", ProbabilityMatrix([[0.6, 0, 0.4, 0]] * 5, DNA))
    found = scan(
        [both_fit],
        SequenceSet.from_strings(["RRRRR", "GGGGG"], alphabet=DNA),
        p_value=0.5,
        background="uniform",
    )
    assert found.score[0] == found.score[1]


def test_windows_never_cross_the_ends_of_sequences():
    sequences = SequenceSet.from_strings(["TTACG", "TTT", "", "ACGTT"], alphabet=DNA)
    found = scan([word_motif("ACGTT")], sequences, p_value=0.01, background="uniform", strand="one")
    assert [(h.sequence, h.start, h.end) for h in found] == [("seq_4", 0, 5)]


def test_padding_is_never_part_of_a_site():
    codes = np.concatenate([DNA.encode("ACG"), [PAD], DNA.encode("ACGT")])
    sequences = SequenceSet.from_arrays([codes], alphabet=DNA)
    found = scan([word_motif("ACGT")], sequences, p_value=1.0, background="uniform")
    assert found.start.tolist() == [4]


def test_palindrome_counts_once_and_strands_are_told():
    sequences = SequenceSet.from_strings(["TTGAATTCTT", "TTAACGTCTT", "TTGACGTTTT"], alphabet=DNA)
    found = scan([word_motif("GAATTC")], sequences, p_value=1e-3, background="uniform")
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
    found = scan([at_rich, gc_rich], sequences, p_value=1e-3, strand="one")
    for i, motif in enumerate((at_rich, gc_rich)):
        distribution = ScoreDistribution.of(motif.matrix.to_scores(background=shares))
        due = 400_000 * distribution.p_value(distribution.threshold(1e-3))
        # sites of one motif overlap, so counts vary more than a Poisson number does
        assert (found.motif == i).sum() == pytest.approx(due, abs=6 * due**0.5 + 1)


def test_blocks_join_without_a_seam():
    codes = np.zeros(BLOCK + 50, np.uint8)
    at = BLOCK - 3
    codes[at : at + 6] = DNA.encode("CGTCTC")
    sequences = SequenceSet.from_arrays([codes], alphabet=DNA)
    found = scan([word_motif("CGTCTC")], sequences, p_value=1e-3, background="uniform")
    assert found.start.tolist() == [at]


def test_facts_of_a_hit():
    sequences = SequenceSet.from_strings(["GGGGACGTGAA"], alphabet=DNA, ids=["chr1"])
    motif = word_motif("ACGTGA")
    hit = scan([motif], sequences, p_value=1e-3, background="uniform", strand="one")[0]
    assert (hit.sequence, hit.start, hit.end, hit.motif) == ("chr1", 4, 10, "ACGTGA")
    assert hit.p_value == pytest.approx(4.0**-6)
    assert hit.q_value == pytest.approx(6 * 4.0**-6)
    assert hit.score == 12.0
    both = scan([motif], sequences, p_value=1e-3, background="uniform", strand="both")[0]
    assert both.q_value == pytest.approx(12 * 4.0**-6)


def test_several_motifs_stay_apart_and_in_order():
    sequences = SequenceSet.from_strings(["GGACGTGAAACCAGTG"], alphabet=DNA)
    motifs = [word_motif("CCAGTG"), word_motif("ACGTGA"), word_motif("ACC")]
    found = scan(motifs, sequences, p_value=1e-3, background="uniform", strand="one")
    assert [(h.motif, h.start) for h in found] == [("CCAGTG", 10), ("ACGTGA", 2)]
    assert len(scan([], sequences)) == 0
    assert len(scan(motifs, SequenceSet.from_strings(["AC", ""], alphabet=DNA))) == 0


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
        hits = scan([motif], sequences, p_value=1.0, background=background, strand="one")
        assert hits.score.max() == score


def test_bad_arguments_are_refused():
    sequences = SequenceSet.from_strings(["MKVL"], alphabet=PROTEIN)
    motif = word_motif("MK", PROTEIN)
    cases = itertools.chain(
        [({"p_value": 0.0}, "p_value"), ({"p_value": 2}, "p_value"), ({"strand": "up"}, "strand")],
        [({"strand": "both"}, "no complement"), ({"background": "rnd"}, "background")],
    )
    for options, message in cases:
        with pytest.raises(SeqcnnError, match=message):
            scan([motif], sequences, **options)
    with pytest.raises(SeqcnnError, match="over ACGT"):
        scan([word_motif("ACGT")], sequences)
