import numpy as np
import pytest

from seqcnn.motifs.columns import SIMILARITIES, Columns
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.offsets import GridScores
from seqcnn.motifs.placements import TargetRow
from seqcnn.seq.alphabet import DNA, PROTEIN


def random_motif(rng, width, alphabet):
    values = rng.dirichlet(np.full(alphabet.size, 0.3), width)
    return Motif("m", ProbabilityMatrix(values, alphabet))


def by_loops(query, target, grid, row, first, strands):
    """The best of all placements: (score, overlap), and the offsets and strands that reach it."""
    best, ways = (-(10**9), 0), []
    columns = int(row.widths.sum())
    for strand in range(strands):
        for offset in range(1 - query.width, target.width):
            score = overlap = 0
            for i in range(query.width):
                if 0 <= offset + i < target.width:
                    line = query.width - 1 - i if strand else i
                    score += int(grid.values[line, strand * columns + first + offset + i])
                    overlap += 1
            if (score, overlap) > best:
                best, ways = (score, overlap), []
            if (score, overlap) == best:
                ways.append((offset, bool(strand)))
    return best, ways


@pytest.mark.parametrize(("alphabet", "both"), [(DNA, True), (DNA, False), (PROTEIN, False)])
def test_best_placements_are_those_of_loops(alphabet, both):
    rng = np.random.default_rng(0)
    targets = [random_motif(rng, width, alphabet) for width in rng.integers(1, 15, 12)]
    row = TargetRow.of(targets, both_strands=both)
    similarity = SIMILARITIES["euclidean"]
    for width in (1, 3, 8, 20):
        query = random_motif(rng, width, alphabet)
        grid = GridScores.of(similarity(Columns.of([query]), similarity.prepare(row.columns)))
        totals = row.scores(grid)
        best = row.best(totals, width)
        placed = row.place(np.arange(len(targets)), totals, grid)
        first = 0
        for i, target in enumerate(targets):
            (score, overlap), ways = by_loops(query, target, grid, row, first, 2 if both else 1)
            assert best[i] == score
            assert placed.overlap[i] == overlap
            assert (placed.offset[i], placed.reverse[i]) in ways
            assert placed.score[i] == pytest.approx(score, abs=0.5 * overlap + 1e-3)
            first += target.width


def test_the_other_strand_is_the_reverse_complement():
    rng = np.random.default_rng(1)
    targets = [random_motif(rng, width, DNA) for width in (6, 9, 12)]
    row = TargetRow.of(targets, both_strands=True)
    similarity = SIMILARITIES["llr"]
    for query, reverse in ((targets[1], False), (targets[1].reverse_complement(), True)):
        grid = GridScores.of(similarity(Columns.of([query]), similarity.prepare(row.columns)))
        placed = row.place(np.array([1]), row.scores(grid), grid)
        assert (placed.offset[0], placed.reverse[0], placed.overlap[0]) == (0, reverse, 9)


def test_scores_of_very_wide_queries_do_not_wrap_around():
    rng = np.random.default_rng(2)
    width = 1200
    # each position is alike to itself alone, so that scores are as large as they can be
    wide = Motif("wide", ProbabilityMatrix(np.eye(4)[rng.integers(0, 4, width)], DNA))
    row = TargetRow.of([wide], both_strands=False)
    similarity = SIMILARITIES["euclidean"]
    grid = GridScores.of(similarity(Columns.of([wide]), similarity.prepare(row.columns)))
    score = sum(int(grid.values[i, i]) for i in range(width))
    assert score > np.iinfo(np.int16).max
    assert row.best(row.scores(grid), width).tolist() == [score]


def test_a_palindrome_lies_on_the_forward_strand():
    word = np.eye(4)[DNA.encode("ACGCGT")] * 0.96 + 0.01
    palindrome = Motif("p", ProbabilityMatrix(word, DNA))
    row = TargetRow.of([palindrome], both_strands=True)
    similarity = SIMILARITIES["llr"]
    grid = GridScores.of(similarity(Columns.of([palindrome]), similarity.prepare(row.columns)))
    placed = row.place(np.array([0]), row.scores(grid), grid)
    assert (placed.offset.tolist(), placed.reverse.tolist()) == ([0], [False])
