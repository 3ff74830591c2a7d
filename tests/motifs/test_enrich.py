import itertools
import logging
import math

import numpy as np
import pytest
from scipy.stats import fisher_exact, kstest, mannwhitneyu, norm

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import enrich as module
from seqcnn.motifs.decoys import decoy_motifs, deflated, inflation
from seqcnn.motifs.enrich import enrich
from seqcnn.motifs.matrix import CountMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.two_sets import given_sets, shuffled_sets
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.tests import fisher_log10_p, log10_p_of_detail

WORDS = ["CACGTGAC", "TTGGCAAT", "GGAAGTCA", "TGACTCAT", "ATGCAAAT", "CCACGCCC"]


def word_motif(word, alphabet=DNA, name=None):
    counts = 20 * np.eye(alphabet.size)[alphabet.encode(word)] + 0.5
    return Motif(name or word, CountMatrix(counts, alphabet).to_probabilities(), sites=20)


def random_rows(rng, number, length, gc=0.5, alphabet=DNA):
    if alphabet.size != 4:
        return rng.integers(0, alphabet.size, (number, length)).astype(np.uint8)
    return rng.choice(4, (number, length), p=np.array([1 - gc, gc, gc, 1 - gc]) / 2).astype(
        np.uint8
    )


def planted(rng, word, number=300, length=60, share=0.4, alphabet=DNA, gc=0.5):
    rows = random_rows(rng, number, length, gc, alphabet)
    for row in rng.permutation(number)[: int(share * number)]:
        start = rng.integers(0, length - len(word))
        rows[row, start : start + len(word)] = alphabet.encode(word)
    return as_set(rows, alphabet)


def as_set(rows, alphabet=DNA):
    return SequenceSet.from_arrays(list(rows), alphabet=alphabet)


@pytest.mark.parametrize("test", ["fisher", "rank-sum"])
@pytest.mark.parametrize("with_control", [False, True])
def test_a_planted_word_is_first_and_alone(test, with_control):
    rng = np.random.default_rng(0)
    control = as_set(random_rows(rng, 250, 60)) if with_control else None
    motifs = [word_motif(w) for w in WORDS]
    found = enrich(motifs, planted(rng, WORDS[2]), control, test=test, decoys=200)
    assert found[0].motif.name == WORDS[2]
    assert found[0].log10_q < -3
    assert found[0].auroc > 0.65
    assert found[0].odds_ratio.low > 3
    assert all(e.log10_q > math.log10(0.05) for e in found[1:])


@pytest.mark.parametrize(("alphabet", "word"), [(RNA, "ACUAACC"), (PROTEIN, "RRLSA")])
def test_one_strand_of_other_alphabets(alphabet, word):
    rng = np.random.default_rng(1)
    words = [word, word[::-1]]
    motifs = [word_motif(w, alphabet) for w in words]
    found = enrich(motifs, planted(rng, word, alphabet=alphabet), decoys=100)
    assert [e.motif.name for e in found] == words
    assert found[0].log10_q < -5
    assert found[1].log10_q > math.log10(0.05)


def test_every_number_is_what_it_says():
    rng = np.random.default_rng(2)
    motifs = [word_motif(w) for w in WORDS[:3]]
    found = enrich(motifs, planted(rng, WORDS[0], share=0.1), decoys=0)
    for one in found:
        a, n, c, m = one.table
        assert (n, m) == (300, 300)
        fold_p = []
        for (half,) in one.counts.tables:
            fold_p.append(fisher_exact(half, alternative="greater").pvalue)
        assert 10**one.log10_p == pytest.approx(min(fold_p), rel=1e-9)
        assert one.counts.tables.sum((0, 1)).tolist() == [[a, n - a], [c, m - c]]
        assert log10_p_of_detail(one.test, one.detail) == one.log10_p
        assert 10**one.log10_e == pytest.approx(2 * 3 * min(fold_p), rel=1e-9)
        ratio = (a + 0.5) * (m - c + 0.5) / (n - a + 0.5) / (c + 0.5)
        assert one.odds_ratio.value == pytest.approx(ratio)


def test_fisher_equals_scipy():
    for table in itertools.product((0, 1, 7, 30), (2, 9), (0, 3, 11), (1, 25)):
        expected = fisher_exact([table[:2], table[2:]], alternative="greater").pvalue
        assert 10 ** fisher_log10_p(*table) == pytest.approx(expected, rel=1e-12)


def test_thresholds_come_from_the_other_half():
    """Scores of one half are replaced: its hits change, but not the threshold that made them."""
    rng = np.random.default_rng(3)
    sets = shuffled_sets(as_set(random_rows(rng, 60, 20)), both_strands=True, kmer=2, seed=0)
    score, control = rng.normal(1, 1, 60), rng.normal(0, 1, 60)
    before = module._site_counts(score, control, np.zeros(60, int), sets, "fisher")
    own = sets.fold == 0
    score[own], control[own] = score[own][::-1] - 0.3, control[own][::-1]
    after = module._site_counts(score, control, np.zeros(60, int), sets, "fisher")
    threshold = score[~own][before.hits[~own]].min()
    assert (before.hits[own] != after.hits[own]).any()
    assert after.tables.sum() == before.tables.sum() == 120
    from seqcnn.stats.threshold import best_threshold

    expected = score[own] >= best_threshold(score[~own], control[~own])
    assert (after.hits[own] == expected).all()
    assert np.isfinite(threshold)


def test_rank_sum_equals_scipy():
    rng = np.random.default_rng(4)
    found = enrich([word_motif(WORDS[0])], planted(rng, WORDS[0]), test="rank-sum", decoys=0)[0]
    assert found.detail == ""
    assert found.log10_e == found.log10_p
    sets = shuffled_sets(planted(rng, WORDS[0]), both_strands=True, kmer=None, seed=0)
    score, control = rng.normal(0.2, 1, 300).round(1), rng.normal(0, 1, 300).round(1)
    counts = module._site_counts(score, control, np.zeros(300, int), sets, "rank-sum")
    expected = mannwhitneyu(score, control, alternative="greater", method="asymptotic").pvalue
    assert 10 ** counts.log10_p[0] == pytest.approx(expected)


def test_sets_split_at_random_have_nothing():
    rng = np.random.default_rng(5)
    rows = random_rows(rng, 500, 50, gc=0.4)
    motifs = [Motif(f"r{i}", CountMatrix(rng.dirichlet([0.3] * 4, 7), DNA).to_probabilities())
              for i in range(150)]  # fmt: skip
    found = enrich(motifs, as_set(rows[:250]), as_set(rows[250:]), decoys=0)
    assert sum(e.log10_q < math.log10(0.05) for e in found) == 0
    fold_p = 10 ** np.concatenate([e.counts.log10_p for e in found])
    assert (fold_p <= 0.05).mean() < 0.08


@pytest.mark.parametrize("kind", ["composition", "length", "copies"])
def test_sets_that_differ_otherwise_have_nothing(kind):
    rng = np.random.default_rng(6)
    control = random_rows(rng, 400, 60, gc=0.45 if kind == "composition" else 0.5)
    foreground = random_rows(rng, 400, 60, gc=0.55 if kind == "composition" else 0.5)
    if kind == "length":
        control = control[:, :30]
    if kind == "copies":
        foreground = foreground[:100].repeat(4, axis=0)
    motifs = [Motif(f"r{i}", CountMatrix(rng.dirichlet([0.3] * 4, 6), DNA).to_probabilities())
              for i in range(100)]  # fmt: skip
    found = enrich(motifs, as_set(foreground), as_set(control), decoys=0)
    fold_p = 10 ** np.concatenate([e.counts.log10_p for e in found])
    assert (fold_p <= 0.05).mean() < 0.1
    assert sum(e.log10_q < math.log10(0.05) for e in found) <= 2
    assert found[0].table[1] == (100 if kind == "copies" else 400)


def test_decoys_take_out_what_many_motifs_show():
    """The foreground has more of every word with AGG; a word that was planted stays."""
    rng = np.random.default_rng(7)
    rows = random_rows(rng, 800, 80)
    shifted = rows[:400].copy()
    starts = rng.integers(0, 78, (400, 6))
    for offset, letter in enumerate(DNA.encode("AGG")):
        shifted[np.arange(400)[:, None], starts + offset] = letter
    shifted[::3, 20:28] = DNA.encode(WORDS[0])
    words = [*map("".join, rng.choice(list("AGGGCT"), (40, 6))), WORDS[0]]
    sets = as_set(shifted), as_set(rows[400:])
    plain, wise = (enrich([word_motif(w) for w in words], *sets, decoys=n) for n in (0, 150))
    assert [e.log10_p for e in wise] == [e.log10_p for e in plain]
    assert all(a.log10_q >= b.log10_q for a, b in zip(wise, plain, strict=True))
    assert wise[0].motif.name == WORDS[0]
    assert wise[0].log10_q < -5
    significant = [sum(e.log10_q < math.log10(0.05) for e in found) for found in (plain, wise)]
    assert 1 < significant[1] < significant[0]


def test_inflation_is_the_scatter_of_normal_deviates():
    z = np.random.default_rng(8).normal(size=20_000)
    for scatter in (1.0, 2.5):
        log10_p = norm.logsf(scatter * z) / math.log(10)
        assert inflation(log10_p) == pytest.approx(scatter, rel=0.03)
        p = 10 ** deflated(log10_p, scatter)
        # p-values near 1 are cut off
        assert kstest(p[p < 0.9] / 0.9, "uniform").pvalue > 0.001
    assert inflation(norm.logsf(0.3 * z) / math.log(10)) == 1.0
    assert deflated(np.array([0.0, -5000.0]), 2.0)[1] == pytest.approx(-1250, rel=0.01)


def test_decoys_keep_columns_and_do_not_depend_on_few_motifs():
    first, second = (decoy_motifs([word_motif(w)], 50, seed=1) for w in WORDS[:2])
    assert [m.consensus for m in first] == [m.consensus for m in second]


def test_decoys_of_protein_are_the_motifs_with_columns_in_another_order():
    rng = np.random.default_rng(0)
    motifs = [word_motif(w, PROTEIN) for w in map("".join, rng.choice(list("KRLSAD"), (60, 5)))]
    columns = {str(sorted(m.matrix.values.tolist())) for m in motifs}
    decoys = decoy_motifs(motifs, 100, seed=0)
    assert {str(sorted(m.matrix.values.tolist())) for m in decoys} == columns
    assert {m.consensus for m in decoys} - {m.consensus for m in motifs}
    assert decoy_motifs(motifs[:5], 100, seed=0) == []


def test_same_seed_same_result_in_any_number_of_pieces(monkeypatch):
    rng = np.random.default_rng(9)
    sequences, motifs = planted(rng, WORDS[0]), [word_motif(w) for w in WORDS]
    first = enrich(motifs, sequences, decoys=20)
    monkeypatch.setattr(module, "CELLS", 2000)
    second = enrich(motifs, sequences, decoys=20)
    for a, b in zip(first, second, strict=True):
        assert (a.motif, a.log10_e, a.log10_q, a.auroc) == (b.motif, b.log10_e, b.log10_q, b.auroc)


def test_notes_say_what_was_done(caplog):
    rng = np.random.default_rng(10)
    rows = random_rows(rng, 60, 60)
    doubled = as_set(np.concatenate([rows, rows[:5]]))
    with caplog.at_level(logging.INFO, "seqcnn"):
        enrich([word_motif(WORDS[0])], doubled, decoys=50)
        enrich([word_motif(WORDS[0])], doubled, as_set(random_rows(rng, 80, 40)), decoys=0)
    text = " ".join(r.getMessage() for r in caplog.records)
    assert "5 of 65 sequences are near-duplicates" in text
    assert "one shuffle of each sequence" in text
    assert "tests of 50 decoys" in text
    assert "lengths differ" in text
    assert "classes of like composition" in text


def test_progress_rises_to_the_end():
    shares = []
    rng = np.random.default_rng(11)
    enrich(
        [word_motif(w) for w in WORDS], as_set(random_rows(rng, 100, 50)), decoys=10,
        progress=lambda what, share: shares.append(share),
    )  # fmt: skip
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] <= 1


def test_a_motif_that_fits_nowhere_is_not_enriched():
    rng = np.random.default_rng(12)
    found = enrich(
        [word_motif("ACGT" * 10), word_motif(WORDS[0])], as_set(random_rows(rng, 50, 20)), decoys=0
    )
    wide = next(e for e in found if e.motif.width == 40)
    assert wide.table == (0, 50, 0, 50)
    assert wide.log10_p == 0
    assert wide.auroc == 0.5
    assert math.isnan(wide.centre.log10_p)
    assert wide.bins().hits.sum() == 0


def test_refusals():
    rng = np.random.default_rng(13)
    sequences, motif = as_set(random_rows(rng, 50, 20)), word_motif(WORDS[0])
    protein = as_set(random_rows(rng, 50, 20, alphabet=PROTEIN), PROTEIN)
    cases = [
        (([], sequences), {}, "no motifs"),
        (("jaspar", sequences), {}, "`motifs` holds 'jaspar'"),
        (([motif], sequences.select([0, 1])), {}, "there are 2 sequences"),
        (([motif], sequences.select([])), {}, "there are no sequences"),
        (([motif], protein), {}, "is over ACGT"),
        (([motif], sequences, protein), {}, "the control is protein"),
        (([motif], sequences, sequences), {}, "also in the foreground"),
        (([motif], sequences), {"test": "t"}, "`test` is 't'"),
        (([motif], sequences), {"strand": "up"}, "`strand` is 'up'"),
        (([word_motif("RRL", PROTEIN)], protein), {"strand": "both"}, "no complement"),
    ]
    for arguments, options, message in cases:
        with pytest.raises(SeqcnnError, match=message):
            enrich(*arguments, **options)


def test_control_copies_of_the_foreground_are_left_out():
    rng = np.random.default_rng(14)
    rows, others = random_rows(rng, 40, 60), random_rows(rng, 60, 60)
    sets = given_sets(
        as_set(rows), as_set(np.concatenate([others, rows[:10]])), both_strands=True, seed=0
    )
    assert (len(sets.foreground), len(sets.control)) == (40, 60)
