from dataclasses import replace

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import offsets
from seqcnn.motifs.columns import SIMILARITIES
from seqcnn.motifs.compare import TargetDatabase, compare
from seqcnn.motifs.data import load_database
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.sample import sample_sites
from seqcnn.seq.alphabet import DNA, PROTEIN, Alphabet
from seqcnn.stats.fdr import benjamini_hochberg


def random_motif(rng, width, alphabet=DNA, name="m"):
    values = rng.dirichlet(np.full(alphabet.size, 0.3), width)
    return Motif(name, ProbabilityMatrix(values, alphabet))


def noisy_queries(database, number, seed):
    """Of 20 sites each, a column less at both ends, on either strand; and where each is from."""
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(database), number, replace=False)
    queries = []
    for i in chosen:
        counts = CountMatrix.from_sites(sample_sites(database[i], 20, seed=int(i))[:, 1:-1], DNA)
        query = Motif(f"q{i}", counts.to_probabilities(), sites=20)
        queries.append(query.reverse_complement() if rng.random() < 0.5 else query)
    return queries, chosen


def shuffled(motif, rng):
    rows = motif.matrix.values[rng.permutation(motif.width)]
    return replace(motif, matrix=replace(motif.matrix, values=rows))


@pytest.fixture(scope="module")
def vertebrates():
    return load_database(group="vertebrates")


def test_noisy_queries_find_where_they_are_from(vertebrates):
    queries, chosen = noisy_queries(vertebrates, 40, seed=0)
    found = compare(queries, vertebrates, top=5)
    ranks = [list(found.target[found.query == i]).index(t) if t in found.target[found.query == i]
             else 99 for i, t in enumerate(chosen)]  # fmt: skip
    assert np.mean(np.array(ranks) == 0) >= 0.6
    assert np.mean(np.array(ranks) < 5) >= 0.85


def test_shuffled_queries_find_nothing(vertebrates):
    rng = np.random.default_rng(0)
    queries = [shuffled(q, rng) for q in noisy_queries(vertebrates, 80, seed=1)[0]]
    assert len(np.unique(compare(queries, vertebrates, e_value=0.05).query)) <= 4


def test_calibrated_p_values_are_those_of_motifs_with_shuffled_columns(vertebrates):
    rng = np.random.default_rng(5)
    queries = [shuffled(vertebrates[i], rng) for i in rng.choice(len(vertebrates), 150, False)]
    nominal = 1e-4 * len(queries) * len(vertebrates)
    raw, mended = (
        (compare(queries, vertebrates, calibrate=calibrate).log10_p <= -4).sum() / nominal
        for calibrate in (False, True)
    )
    assert 0.4 < mended < 2 < 2.5 < raw


@pytest.mark.parametrize("distance", SIMILARITIES)
def test_a_motif_is_most_like_itself_on_either_strand(distance):
    database = load_database(group="insects")[:60]
    for i in (3, 17, 41):
        for turned in (False, True):
            query = database[i].reverse_complement() if turned else database[i]
            # many sites: a probability of 0 must not be smoothed away
            best = compare([replace(query, sites=1000)], database, distance=distance, top=1)[0]
            assert best.target is database[i] and best.overlap == query.width and best.offset == 0
            assert best.log10_e < -1
            palindrome = np.allclose(
                query.matrix.values, query.reverse_complement().matrix.values, atol=0.1
            )
            assert palindrome or best.strand == ("-" if turned else "+")


def test_p_values_of_random_columns_are_uniform():
    """Queries and targets of independent columns: the null hypothesis itself."""
    rng = np.random.default_rng(0)
    targets = [random_motif(rng, w) for w in rng.integers(5, 14, 200)]
    database = TargetDatabase(targets)
    log10_p = np.array([database.log10_p(random_motif(rng, w)) for w in rng.integers(5, 14, 60)])
    for level in (-0.5, -1, -2, -3):
        share = (log10_p <= level).mean()
        # offsets and strands are not quite independent, which makes p-values a little too large
        assert 0.7 * 10**level < share < 1.2 * 10**level
    assert compare.__doc__ and 0.95 < database.exponent <= 1


def test_e_and_q_are_those_of_the_p_values():
    rng = np.random.default_rng(2)
    targets = [random_motif(rng, w) for w in rng.integers(4, 14, 30)]
    found = compare(targets[:3], targets, e_value=1e9)
    assert len(found) == 90
    for i in range(3):
        rows = found.query == i
        assert sorted(found.target[rows]) == list(range(30))
        assert (np.diff(found.log10_p[rows]) >= 0).all()
        np.testing.assert_allclose(found.log10_e[rows], found.log10_p[rows] + np.log10(30))
        np.testing.assert_allclose(found.log10_q[rows], benjamini_hochberg(found.log10_p[rows]))
        assert [c.target.name for c in found.of(i)] == [c.target.name for c in found][i * 30 :][:30]


def test_limits_take_rows_away_and_change_none():
    database = load_database(group="insects")
    whole = list(compare(database[:4], database))
    for kept, limits in (
        (lambda c: c.log10_e <= -1, {"e_value": 0.1}),
        (lambda c: c.log10_q <= -2, {"q_value": 0.01}),
    ):
        assert list(compare(database[:4], database, **limits)) == [c for c in whole if kept(c)]
    top = compare(database[:4], database, top=2, threads=1)
    assert [top.of(i) for i in range(4)] == [
        [c for c in whole if c.query is q][:2] for q in database[:4]
    ]


@pytest.mark.parametrize("alphabet", [PROTEIN, Alphabet("two", "XY")], ids=lambda a: a.name)
def test_other_alphabets(alphabet):
    rng = np.random.default_rng(3)
    targets = [random_motif(rng, w, alphabet) for w in rng.integers(3, 12, 40)]
    query = targets[7]
    best = compare([query], targets, top=1)[0]
    assert (best.target, best.offset, best.strand) == (query, 0, "+")


def test_one_target_and_flat_motifs_are_no_error():
    flat = Motif("flat", ProbabilityMatrix(np.full((6, 4), 0.25), DNA))
    found = compare([flat], [flat], e_value=10)
    assert found[0].log10_p == pytest.approx(0)
    wide = random_motif(np.random.default_rng(0), 120)
    assert np.isfinite(compare([wide], [wide, flat]).log10_p).all()


def test_bad_arguments_are_refused():
    rng = np.random.default_rng(0)
    motif, protein = random_motif(rng, 4), random_motif(rng, 4, PROTEIN)
    for queries, targets, options, message in (
        ([], [motif], {}, "`queries` is empty"),
        ([motif], [], {}, "`targets` is empty"),
        ([protein], [motif], {}, "over ACGT"),
        ([motif], [motif, protein], {}, "over ACGT"),
        ([motif], [motif], {"distance": "cosine"}, "llr, pearson"),
        ([motif], [motif], {"top": 0}, "at least 1"),
        ([motif], [motif], {"e_value": 0}, "above 0"),
        ([protein], [protein], {"both_strands": True}, "complement"),
    ):
        with pytest.raises(SeqcnnError, match=message):
            compare(queries, targets, **options)


def test_motifs_come_alone_or_by_generators():
    database = load_database(group="insects")
    listed = compare(database[:2], database, top=3)
    generated = compare((m for m in database[:2]), (m for m in database), top=3)
    alone = compare(database[0], database, top=3)
    assert [c.target.name for c in generated] == [c.target.name for c in listed]
    assert [c.target.name for c in alone] == [c.target.name for c in listed.of(0)]
    with pytest.raises(SeqcnnError, match="`targets` holds 'jaspar'"):
        compare(database[:1], "jaspar")
    with pytest.raises(SeqcnnError, match="`threads` is -1"):
        compare(database[:1], database, threads=-1)


def test_of_targets_that_no_chance_reaches_the_most_alike_comes_first(monkeypatch):
    monkeypatch.setattr(offsets, "LEAST_P", 1e-20)
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 4, 80)
    words = {"itself": codes, "less": codes.copy(), "least": codes.copy()}
    words["less"][:3] = (codes[:3] + 1) % 4
    words["least"][:9] = (codes[:9] + 1) % 4
    motifs = {
        name: Motif(name, ProbabilityMatrix(np.eye(4)[word] * 0.96 + 0.01, DNA))
        for name, word in words.items()
    }
    others = [random_motif(rng, 10) for _ in range(60)]
    database = [motifs["least"], *others, motifs["less"], motifs["itself"]]
    for distance in SIMILARITIES:
        found = compare(motifs["itself"], database, distance=distance, calibrate=False, top=3)
        assert found.log10_p[0] == found.log10_p[2]
        assert [c.target.name for c in found] == ["itself", "less", "least"]
