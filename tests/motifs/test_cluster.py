from dataclasses import replace

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.cluster import cluster
from seqcnn.motifs.data import load_database
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.similarity import similarity
from seqcnn.seq.alphabet import DNA, PROTEIN


def planted_families(seed, families, size, alphabet=DNA):
    """Noisy, cut and turned copies of random motifs, in random order, and which is whose."""
    rng = np.random.default_rng(seed)
    motifs, labels = [], []
    for label in range(families):
        core = rng.dirichlet(np.full(alphabet.size, 0.08), 12)
        for _ in range(size):
            left, right = rng.integers(0, 3, 2)
            noisy = core[left : 12 - right] + rng.uniform(0, 0.03, (12 - left - right, 1))
            matrix = ProbabilityMatrix(noisy / noisy.sum(1, keepdims=True), alphabet)
            motif = Motif(f"f{label}", matrix, sites=50)
            turned = alphabet.double_stranded and rng.random() < 0.5
            motifs.append(motif.reverse_complement() if turned else motif)
            labels.append(label)
    order = rng.permutation(len(motifs))
    return [motifs[i] for i in order], np.array(labels)[order]


@pytest.mark.parametrize("alphabet", [DNA, PROTEIN], ids=lambda a: a.name)
def test_planted_families_are_found(alphabet):
    joined = 0
    for seed in range(5):
        motifs, labels = planted_families(seed, 8, 5, alphabet)
        families = cluster(motifs)
        assert sorted(np.concatenate([f.members for f in families])) == list(range(40))
        for label in range(8):
            assert sum(label in labels[family.members] for family in families) == 1
        joined += 8 - len(families)
    assert joined <= 3  # of 40 random motifs some are alike


def test_members_lie_upon_the_mean():
    motifs, _ = planted_families(1, 4, 6)
    for family in cluster(motifs):
        mean = family.mean.matrix.values
        for member, offset, turned in zip(
            family.members, family.offsets, family.reverse, strict=True
        ):
            motif = motifs[member].reverse_complement() if turned else motifs[member]
            inside = [i for i in range(motif.width) if 0 <= offset + i < len(mean)]
            laid, under = motif.matrix.values[inside], mean[[offset + i for i in inside]]
            assert np.abs(laid - under).max() < 0.1
            assert len(inside) >= motif.width - 2
            assert similarity(motif, family.mean).strand == "+"


def test_families_of_a_database_have_a_meaning():
    motifs = load_database(group="insects")
    families = cluster(motifs)
    family_of = {}
    for family in families:
        family_of |= {motifs[i].alternative_name: family.mean.name for i in family.members}
    homeodomains = ("en", "eve", "ftz", "Ubx", "Dfd", "zen")
    assert len({family_of[name] for name in homeodomains}) == 1
    assert family_of["grn"] == family_of["srp"] != family_of["en"]
    assert 20 <= len(families) <= 60
    assert [len(f) for f in families] == sorted((len(f) for f in families), reverse=True)
    assert len(cluster(motifs, threshold=0.6)) > len(families)


def test_few_motifs():
    motif = load_database(group="insects")[3]
    alone = cluster([motif])
    assert [len(f) for f in cluster(motif)] == [len(f) for f in cluster(m for m in [motif])] == [1]
    assert (len(alone), alone[0].mean.width, alone[0].offsets[0]) == (1, motif.width, 0)
    np.testing.assert_allclose(alone[0].mean.matrix.values, motif.matrix.values)
    twins = cluster([motif, motif.reverse_complement()])
    assert [len(f) for f in twins] == [2]
    assert twins[0].reverse.sum() == 1
    flat = Motif("flat", ProbabilityMatrix(np.full((6, 4), 0.25), DNA))
    assert sum(len(f) for f in cluster([flat, motif, flat])) == 3


def test_the_result_does_not_depend_on_threads_and_names():
    motifs, _ = planted_families(2, 3, 4)
    renamed = [replace(m, name="x") for m in motifs]
    for one, other in zip(cluster(motifs, threads=1), cluster(renamed, threads=4), strict=True):
        assert (one.members == other.members).all()
        assert (one.mean.matrix.values == other.mean.matrix.values).all()


def test_bad_arguments_are_refused():
    with pytest.raises(SeqcnnError, match="empty"):
        cluster([])
    with pytest.raises(SeqcnnError, match="above 0 and below 1"):
        cluster(load_database()[:2], threshold=1)
    with pytest.raises(SeqcnnError, match="`reference` holds 'jaspar'"):
        cluster(load_database()[:2], reference="jaspar")
    with pytest.raises(SeqcnnError, match="`threads` is 0"):
        cluster(load_database()[:2], reference=[], threads=0)
