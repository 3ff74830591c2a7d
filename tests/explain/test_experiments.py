"""Experiments on networks whose answers are known, and by brute force on those that are not."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.edit import replacements, substitute
from seqcnn.explain.experiments import ablation, context_swap, marginalize
from seqcnn.explain.interactions import epistasis, spacing
from seqcnn.explain.scoring import Scorer, mean_and_interval
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.networks.weights import Member, Model
from seqcnn.networks.zoo import create
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.record import SequenceSet
from seqcnn.training.predict import scores_of_networks
from seqcnn.training.targets import Target
from tests.discovery.planted import as_set, random_rows
from tests.explain.words import best_matches, word_network

WORD, OTHER = "TGACTCA", "CCAGTGG"
"""No end of one is the beginning of another, on either strand: none arises where two meet."""


def calibrated(*networks):
    """Make a model of networks: the second has twice the scale of the first, and so on."""
    members = tuple(
        Member("motifcnn", {}, network, {
            "fold": i, "calibrator": {"scale": [1.0 + i], "offset": [0.5]},
        })
        for i, network in enumerate(networks)
    )  # fmt: skip
    return Model(members, DNA, {"target": Target("binary", ("bound",)).to_dict()})


def texts(sequences):
    return [sequences.text(i) for i in range(len(sequences))]


def test_the_effect_of_a_word_is_what_its_kernel_says():
    network = word_network([WORD], [0.7], exact=False)
    given = as_set(random_rows(30, 25, 0))
    found = marginalize(network, WORD, given)
    effects = np.array([0.7 * (7 - best_matches(WORD, text)) for text in texts(given)])
    np.testing.assert_allclose(found.effects[0], effects, atol=1e-5)
    without = [0.25 + 0.7 * best_matches(WORD, text) for text in texts(given)]
    np.testing.assert_allclose(found.without, without, atol=1e-5)
    half = 2.0452296 * effects.std(ddof=1) / np.sqrt(30)  # t of 29 degrees of freedom
    np.testing.assert_allclose(found.effect[0], effects.mean(), atol=1e-5)
    np.testing.assert_allclose(found.high[0] - found.effect[0], half, rtol=1e-4)
    (row,) = found.rows()
    assert row[:5] == [WORD, "+", WORD, 9, 30] and len(row) == len(found.columns)
    assert float(row[7]) == pytest.approx(effects.mean(), 1e-4)
    assert "30 backgrounds" in repr(found)


def test_one_row_for_each_start():
    network = word_network([WORD], [0.7], exact=False)
    given = as_set(random_rows(5, 25, 0))
    found = marginalize(network, [WORD, OTHER], given, start=[0, 18])
    assert found.starts.tolist() == [0, 18, 0, 18] and found.motifs == (WORD, WORD, OTHER, OTHER)
    for row, (word, start) in enumerate((w, s) for w in (WORD, OTHER) for s in (0, 18)):
        one = marginalize(network, word, given, start=start)
        np.testing.assert_allclose(found.effects[row], one.effects[0], atol=1e-6)
    assert not np.allclose(found.effects[2], found.effects[3])
    uneven = SequenceSet.from_strings(["A" * 20, "C" * 30], alphabet=DNA)
    assert next(marginalize(network, WORD, uneven).rows())[3] is None


def test_a_model_is_the_mean_of_its_calibrated_networks():
    one, two = (word_network([WORD], [h]) for h in (1.0, 3.0))
    given = as_set(random_rows(10, 25, 0))
    found = marginalize(calibrated(one, two), [WORD, OTHER], given)
    np.testing.assert_allclose(found.effect, [(1 + 2 * 3) / 2, 0], atol=1e-5)
    assert found.task == "bound" and found.motifs == (WORD, OTHER)


def test_strands_motifs_and_shuffled_backgrounds():
    network = word_network([WORD], [1.0])
    motif = Motif("AP1", ProbabilityMatrix(np.eye(4)[DNA.encode(WORD)] * 0.88 + 0.03, DNA))
    given = as_set(random_rows(20, 30, 0))
    found = marginalize(network, motif, sequences=given, copies=2, strands="both")
    assert found.motifs == ("AP1", "AP1") and found.strands == ("+", "-")
    assert found.sites == (WORD, "TGAGTCA") and found.effects.shape == (2, 40)
    np.testing.assert_allclose(found.effect, [1, 0], atol=1e-5)
    drawn = marginalize(network, motif, given, letters="sampled", seed=1)
    assert 0.1 < drawn.effect[0] < 0.9
    both = word_network([WORD], [1.0], strand="both")
    found = marginalize(both, motif, given, strands="both")
    np.testing.assert_allclose(found.effect, [1, 1], atol=1e-5)


def test_the_interval_of_one_is_not_known():
    mean, low, high = mean_and_interval(np.array([[2.0], [3.0]]))
    assert mean.tolist() == [2, 3] and np.isnan(low).all() and np.isnan(high).all()
    found = marginalize(word_network([WORD], [1.0]), WORD, as_set(random_rows(1, 20, 0)))
    assert next(found.rows())[-2:] == [None, None]


def test_scores_do_not_depend_on_what_is_scored_together(monkeypatch):
    network = create("motifcnn", alphabet=DNA, kernels=4, width=5, hidden=4)
    rows = [*random_rows(9, 25, 0), *random_rows(4, 60, 1), np.zeros(0, np.uint8)]
    given = SequenceSet.from_arrays(rows, alphabet=DNA)
    scorer = Scorer.of(network, DNA)
    whole = scorer(given)
    for letters in (10, 70, 200):
        monkeypatch.setattr("seqcnn.explain.scoring.LETTERS", letters)
        np.testing.assert_allclose(scorer(given), whole, atol=1e-6)


@pytest.mark.parametrize("by", ["shuffle", "random"])
def test_ablation_loses_what_the_word_gives(by):
    network = word_network([WORD, OTHER], [2.0, -1.0])
    given = substitute(as_set(random_rows(4, 40, 3)), WORD, 5)
    given = substitute(given, OTHER, 20)
    spans = [(0, 5, 12), (2, 20, 27), (1, 30, 38), (3, 3, 29)]
    found = ablation(network, given, spans, by=by, copies=6, names=["a", "b", "c", "d"])
    pieces = replacements(given, np.array(spans), by=by, copies=6)
    for i, (row, start, end) in enumerate(np.repeat(spans, 6, axis=0).tolist()):
        text = given.text(row)[:start] + pieces.text(i) + given.text(row)[end:]
        left = 2.0 * (WORD in text) - 1.0 * (OTHER in text)
        assert found.losses[i // 6, i % 6] == pytest.approx(1 - left, abs=1e-5)
    np.testing.assert_allclose(found.score, 1.25, atol=1e-5)
    np.testing.assert_allclose(found.lost[:3], [2, -1, 0], atol=1e-5)
    assert found.losses.shape == (4, 6) and found.ids == ("seq_1", "seq_3", "seq_2", "seq_4")
    row = next(found.rows())
    assert row[:6] == ["seq_1", 5, 12, "a", "1.25", "2"] and len(row) == len(found.columns)
    assert len(ablation(network, given, [(5, 12)], copies=2).spans) == 4


@pytest.mark.parametrize("by", ["shuffle", "random"])
def test_ablation_is_that_of_strings(by):
    network = create("motifcnn", alphabet=DNA, kernels=8, width=3, pool="max_mean", seed=1)
    rows = [random_rows(1, n, n)[0] for n in (30, 18, 25)]
    given = SequenceSet.from_arrays(rows, alphabet=DNA)
    spans = np.array([(2, 0, 9), (0, 11, 30), (2, 4, 16)])
    found = ablation(network, given, spans, by=by, copies=3, seed=2)
    pieces = replacements(given, spans, by=by, copies=3, seed=2)
    changed = [
        given.text(row)[:start] + pieces.text(i) + given.text(row)[end:]
        for i, (row, start, end) in enumerate(np.repeat(spans, 3, axis=0).tolist())
    ]
    scorer = Scorer.of(network, DNA)
    after = scorer(SequenceSet.from_strings(changed, alphabet=DNA)).reshape(3, 3)
    losses = scorer(given)[spans[:, 0], None] - after
    assert np.abs(losses).min() > 1e-4
    np.testing.assert_allclose(found.losses, losses, atol=1e-6)


def test_words_that_add_up_have_no_excess():
    network = word_network([WORD, OTHER], [2.0, 0.6])
    given = as_set(random_rows(12, 50, 0))
    found = spacing(network, WORD, OTHER, given, range(0, 20, 3), ("++", "+-"))
    np.testing.assert_allclose(found.excess, 0, atol=1e-5)
    np.testing.assert_allclose(found.pair[0], 2.6, atol=1e-5)
    np.testing.assert_allclose(found.pair[1], 2.0, atol=1e-5)  # CCACTGG is another word
    np.testing.assert_allclose(found.first_alone, 2, atol=1e-5)
    np.testing.assert_allclose(found.second_alone, [[0.6] * 7, [0] * 7], atol=1e-5)
    assert len(list(found.rows())) == 14 and "12 backgrounds" in repr(found)


def test_a_kernel_over_both_words_shows_its_distance():
    network = word_network([WORD + "." * 4 + OTHER, WORD], [1.5, 1.0])
    given = as_set(random_rows(12, 50, 0))
    found = spacing(network, WORD, OTHER, given, range(10), ("++", "-+"))
    wanted = np.zeros((2, 10))
    wanted[0, 4] = 1.5
    np.testing.assert_allclose(found.excess, wanted, atol=1e-5)
    np.testing.assert_allclose(found.pair, wanted + np.array([[1.0], [0.0]]), atol=1e-5)
    row = list(found.rows())[4]
    assert row[:4] == [WORD, OTHER, "++", 4] and row[9] == "1.5"
    assert len(row) == len(found.columns)
    assert "1.5 at 4 (++)" in repr(found)


def test_the_pair_lies_where_it_is_said_to():
    given = as_set(random_rows(5, 40, 0))
    network = word_network([WORD + "..." + OTHER], [1.0], exact=False)
    found = spacing(network, WORD, OTHER, given, [3], start=8)
    pair = substitute(substitute(given, WORD, 8), OTHER, 18)
    wanted = [best_matches(WORD + "..." + OTHER, t) for t in texts(pair)]
    before = [best_matches(WORD + "..." + OTHER, t) for t in texts(given)]
    assert wanted == [14] * 5
    np.testing.assert_allclose(found.pair[0, 0], np.mean(wanted) - np.mean(before), atol=1e-5)


def brute_force(score, text, alphabet, positions):
    """Excess of every double mutant, one call each."""
    letters, number = alphabet.letters, len(positions)
    result = np.zeros((number, number, len(letters), len(letters)))

    def of(*changes):
        changed = list(text)
        for p, letter in changes:
            changed[p] = letter
        return score("".join(changed))

    for i, p in enumerate(positions):
        for j, q in enumerate(positions):
            for a, x in enumerate(letters):
                for b, y in enumerate(letters):
                    if i != j and x != text[p] and y != text[q]:
                        result[i, j, a, b] = of((p, x), (q, y)) - of((p, x)) - of((q, y)) + of()
    return result


@pytest.mark.parametrize(
    ("alphabet", "positions"), [(DNA, None), (DNA, [2, 3, 7]), (PROTEIN, [1, 4])]
)
def test_epistasis_is_that_of_brute_force(alphabet, positions):
    network = create("motifcnn", alphabet=alphabet, kernels=6, width=4, hidden=8, seed=3)
    given = as_set(random_rows(1, 9, 4, alphabet.size), alphabet)
    found = epistasis(network, given, positions)
    where = list(range(9)) if positions is None else positions
    asked: list[str] = []
    brute_force(lambda text: asked.append(text) or 0.0, given.text(0), alphabet, where)
    every = sorted(set(asked))
    scores = Scorer.of(network, alphabet)(SequenceSet.from_strings(every, alphabet=alphabet))
    known = dict(zip(every, scores.tolist(), strict=True))
    expected = brute_force(known.__getitem__, given.text(0), alphabet, where)
    assert np.abs(expected).max() > 1e-3
    np.testing.assert_allclose(found.excess, expected, atol=2e-6)
    np.testing.assert_allclose(found.map(), np.abs(expected).max((2, 3)), atol=2e-6)
    norms = np.linalg.norm(expected.reshape(*expected.shape[:2], -1), axis=2)
    np.testing.assert_allclose(found.map("norm"), norms, atol=1e-5)
    assert found.positions.tolist() == where and found.map().shape == (len(where),) * 2
    rows = list(found.rows())
    assert len(rows) == len(where) * (len(where) - 1) // 2
    for row in rows:
        i, j = where.index(row[1]), where.index(row[2])
        assert len(row) == len(found.columns)
        assert abs(float(row[4])) == pytest.approx(found.map()[i, j], abs=1e-5)
        assert row[5] == given.text(0)[row[1]] and row[7] == given.text(0)[row[2]]


def test_only_letters_of_one_word_depend_on_each_other():
    network = word_network([WORD], [1.0])
    text = "AAAA" + WORD + "AAA"
    found = epistasis(network, SequenceSet.from_strings([text], alphabet=DNA))
    inside = np.zeros(14, bool)
    inside[4:11] = True
    # each change alone loses the word, both together lose it once
    wanted = (inside[:, None] & inside) & ~np.eye(14, dtype=bool)
    np.testing.assert_allclose(found.map(), wanted, atol=1e-5)
    np.testing.assert_allclose(found.single[4:11].min(axis=1), -1, atol=1e-5)
    assert "strongest 1 between 4 and 5" in repr(found)


def test_what_adds_up_moves_with_the_stretch():
    network = word_network([WORD, OTHER], [2.0, 1.0])
    long = as_set(random_rows(6, 40, 1))
    given = SequenceSet.from_strings(
        [
            (WORD if i % 2 else t[:7]) + t[7:20] + (OTHER if i % 3 else t[20:27]) + t[27:]
            for i, t in enumerate(texts(long))
        ],
        alphabet=DNA,
    )
    found = context_swap(network, given, (0, 7))
    stretch = np.array([0, 2, 0, 2, 0, 2.0])
    context = np.array([0, 1, 1, 0, 1, 1.0])
    np.testing.assert_allclose(found.scores, 0.25 + stretch[:, None] + context, atol=1e-5)
    total = stretch.var() + context.var()
    wanted = (stretch.var() / total, context.var() / total, 0)
    np.testing.assert_allclose(found.shares, wanted, atol=1e-5)
    own = scores_of_networks(calibrated(network), given).mean(0)[:, 0] - 0.5
    np.testing.assert_allclose(np.diag(found.scores), own, atol=1e-5)
    row = list(found.rows())[1]
    assert row == ["seq_2", "3.25", f"{2.25 + 3 / 5:.6g}", f"{1.25 + 4 / 5:.6g}"]
    assert "with the stretch" in repr(found)


def test_what_lies_in_both_moves_with_neither():
    given = as_set(random_rows(4, 40, 1))
    half = substitute(given, WORD, 4)
    whole = SequenceSet.from_strings(texts(given)[:2] + texts(half)[2:], alphabet=DNA)
    found = context_swap(word_network([WORD], [1.0]), whole, (0, 7))
    wanted = np.zeros((4, 4))
    wanted[2:, 2:] = 1
    np.testing.assert_allclose(found.scores, 0.25 + wanted, atol=1e-5)
    np.testing.assert_allclose(found.shares, [1 / 3] * 3, atol=1e-5)
    same = context_swap(word_network([OTHER], [1.0]), half, (0, 7))
    assert np.isnan(same.shares).all()


@pytest.mark.parametrize(
    ("experiment", "message"),
    [
        (lambda n, s: marginalize(n, WORD), "give `backgrounds`, or `sequences`"),
        (lambda n, s: marginalize(n, WORD, s, strands="other"), "`strands` must be"),
        (lambda n, s: marginalize(n, WORD, s.select([])), "`backgrounds` has no sequence"),
        (lambda n, s: marginalize(n, "A" * 41, s), "41 letters at -1 do not lie"),
        (lambda n, s: marginalize(n, WORD, s, task=3), "there is no task 3"),
        (lambda n, s: ablation(n, s, [(5, 50)]), "stretch 5-50 does not lie"),
        (lambda n, s: ablation(n, s, [(5, 9)], names=["a"]), "`names` has 1 entries for 3"),
        (lambda n, s: ablation(n, s, [(5, 9)], copies=0), "`copies` is 0"),
        (lambda n, s: spacing(n, WORD, OTHER, s, [-1]), "`distances` must be"),
        (lambda n, s: spacing(n, WORD, OTHER, s, [40]), "7 letters at -7 do not lie"),
        (lambda n, s: spacing(n, WORD, OTHER, s, [1], ("+",)), "`orientations` is '\\+'"),
        (lambda n, s: epistasis(n, s), "`sequence` has 3 sequences"),
        (lambda n, s: epistasis(n, s.select([0]), []), "`positions` is empty"),
        (lambda n, s: epistasis(n, s.select([0]), [40]), "stretch 40-41"),
        (lambda n, s: context_swap(n, s.select([0]), (0, 5)), "there are 1 sequences"),
        (lambda n, s: context_swap(n, s, (0, 50)), "stretch 0-50"),
        (lambda n, s: marginalize(n, "MK", as_set(s.padded(), PROTEIN)), "the network reads 4"),
    ],
)
def test_what_cannot_be(experiment, message):
    with pytest.raises(SeqcnnError, match=message):
        experiment(word_network([WORD], [1.0]), as_set(random_rows(3, 40, 0)))


def test_proteins_have_one_strand():
    network = word_network(["MKW"], [1.0], alphabet=PROTEIN)
    given = as_set(random_rows(4, 20, 0, 20), PROTEIN)
    found = marginalize(network, "MKW", given)
    np.testing.assert_allclose(found.effect, 1, atol=1e-5)
    with pytest.raises(SeqcnnError, match="protein has one strand only"):
        marginalize(network, "MKW", given, strands="both")
