import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.data import load_database
from seqcnn.motifs.matrix import CountMatrix, ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.similarity import best_match, similarities, similarity
from seqcnn.seq.alphabet import DNA, PROTEIN


def random_motif(rng, width, alphabet=DNA, name="m"):
    return Motif(
        name, ProbabilityMatrix(rng.dirichlet(np.full(alphabet.size, 0.3), width), alphabet)
    )


def by_loops(query, target, both_strands):
    """Every offset and strand with plain loops: (r * sqrt(coverage), r, coverage)."""
    letters = query.alphabet.size
    q = target.matrix.values
    bits = [max(0.0, sum(max(v, 1e-3) * np.log2(max(v, 1e-3) * letters) for v in row)) for row in q]
    best = (0.0, 0.0, 0.0, 0, "+")
    turned = [(query.matrix.values, "+")]
    if both_strands:
        turned.append((query.matrix.values[::-1, ::-1], "-"))
    for p, strand in turned:
        for offset in range(1 - len(p), len(q)):
            pairs = [(i, i + offset) for i in range(len(p)) if 0 <= i + offset < len(q)]
            if len(pairs) < min(4, len(p), len(q)):
                continue
            x = np.concatenate([p[i] - 1 / letters for i, _ in pairs])
            y = np.concatenate([q[j] - 1 / letters for _, j in pairs])
            r = (x * y).sum() / np.sqrt((x * x).sum() * (y * y).sum())
            coverage = sum(bits[j] for _, j in pairs) / sum(bits)
            if r > 0 and r * np.sqrt(coverage) > best[0] + 1e-12:
                best = (r * np.sqrt(coverage), r, coverage, offset, strand)
    return best


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_best_placement_is_that_of_loops(alphabet):
    rng = np.random.default_rng(0)
    targets = [random_motif(rng, w, alphabet) for w in rng.integers(1, 16, 25)]
    for width in (1, 3, 4, 9, 20):
        query = random_motif(rng, width, alphabet)
        found = similarities(query, targets)
        for i, target in enumerate(targets):
            score, r, coverage, offset, strand = by_loops(query, target, alphabet is DNA)
            match = found[i]
            assert match.similarity == pytest.approx(score, abs=1e-9)
            assert match.r == pytest.approx(r, abs=1e-9)
            if score > 0:
                assert (match.coverage, match.offset, match.strand) == (
                    pytest.approx(coverage, abs=1e-9), offset, strand,
                )  # fmt: skip


def test_known_placement():
    words = np.eye(4)
    target = Motif("t", CountMatrix(words[[0, 0, 1, 2, 2, 1]], DNA).to_probabilities())
    query = Motif("q", CountMatrix(words[[1, 2, 2, 1]], DNA).to_probabilities())
    match = similarity(query, target)
    assert (match.r, match.offset, match.strand, match.overlap) == (pytest.approx(1), 2, "+", 4)
    assert match.coverage == pytest.approx(4 / 6)
    turned = similarity(query.reverse_complement(), target)
    assert (turned.offset, turned.strand) == (2, "-")
    assert similarity(query.reverse_complement(), target, both_strands=False).r < 0.9
    # of equals the forward strand
    palindrome = Motif("p", CountMatrix(words[[0, 1, 2, 3]], DNA).to_probabilities())
    assert similarity(palindrome, palindrome).strand == "+"
    wider = similarity(target, query)
    assert (wider.offset, wider.coverage, wider.overlap) == (-2, pytest.approx(1), 4)


def test_database_motif_finds_itself_from_either_strand_and_with_noise():
    database = load_database()
    rng = np.random.default_rng(1)
    for i in rng.integers(0, len(database), 5):
        motif = database[i]
        noisy = motif.matrix.values + rng.uniform(0, 0.02, motif.matrix.values.shape)
        query = Motif("q", ProbabilityMatrix(noisy / noisy.sum(1, keepdims=True), DNA))
        assert best_match(motif, database).similarity == pytest.approx(1)
        found = best_match(query.reverse_complement(), database)
        assert found.similarity > 0.98
        ranked = similarities(query, database).ranked()
        assert ranked[0].similarity >= ranked[1].similarity >= ranked[-1].similarity


def test_flat_motif_matches_nothing():
    flat = Motif("flat", ProbabilityMatrix(np.full((6, 4), 0.25), DNA))
    other = random_motif(np.random.default_rng(0), 6)
    assert similarity(flat, other).r == 0
    assert similarity(other, flat).similarity == 0


def test_bad_arguments_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(SeqcnnError, match="empty"):
        similarities(random_motif(rng, 4), [])
    with pytest.raises(SeqcnnError, match="over ACGT"):
        similarity(random_motif(rng, 4), random_motif(rng, 4, PROTEIN))
