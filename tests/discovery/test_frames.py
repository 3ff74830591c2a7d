"""The scan on the device against loops, and what hidden letters score."""

import jax.numpy as jnp
import numpy as np
import pytest

from seqcnn.discovery.frames import (
    LOWEST,
    WIDTH,
    best_sites,
    count_letters,
    frame_of,
    read_windows,
    score_tables,
)
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA, PAD

BACKGROUND = np.array([0.3, 0.2, 0.2, 0.3])
COMPLEMENT = (3, 2, 1, 0)


def random_frames(number, seed):
    rng = np.random.default_rng(seed)
    frames, used = [], []
    for _ in range(number):
        width = rng.integers(4, WIDTH + 1)
        matrix = ProbabilityMatrix(rng.dirichlet(np.full(4, 0.4), width), DNA, BACKGROUND)
        probabilities, columns = frame_of(matrix)
        frames.append(probabilities)
        used.append(columns)
    tables = score_tables(
        jnp.asarray(np.array(frames)), jnp.asarray(np.array(used)), jnp.asarray(BACKGROUND)
    )
    return np.asarray(tables)


def loop_best(codes, table, both):
    """Score every placement, one letter at a time."""
    best = -np.inf
    letters = np.minimum(codes, 4)
    for start in range(-WIDTH // 2, len(codes) + WIDTH // 2 - WIDTH + 1):
        for strand in range(2 if both else 1):
            score = 0.0
            for column in range(WIDTH):
                at = start + column
                letter = letters[at] if 0 <= at < len(codes) else 4
                if strand:
                    letter = letter if letter == 4 else 3 - letter
                    score += table[WIDTH - 1 - column, letter]
                else:
                    score += table[column, letter]
            best = max(best, score)
    return best


@pytest.mark.parametrize("both", [True, False])
def test_the_best_site_is_that_of_a_loop(both):
    tables = random_frames(3, 0)
    codes = np.random.default_rng(1).integers(0, 4, (5, 40)).astype(np.uint8)
    codes[0, 10:14] = 14  # N
    codes[1, 30:] = PAD
    found = best_sites(codes, tables, COMPLEMENT if both else None)
    expected = [[loop_best(row, table, both) for table in tables] for row in codes]
    np.testing.assert_allclose(found.score, expected, rtol=1e-5, atol=1e-4)


def test_any_number_of_frames_and_sequences_gives_the_same():
    tables = random_frames(20, 2)
    codes = np.random.default_rng(3).integers(0, 4, (5000, 20)).astype(np.uint8)
    found = best_sites(codes, tables, COMPLEMENT)
    alone = best_sites(codes[4990:], tables[17:], COMPLEMENT)
    np.testing.assert_allclose(found.score[4990:, 17:], alone.score, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(found.start[4990:, 17:], alone.start)


def test_windows_are_read_along_the_motif():
    matrix = ProbabilityMatrix(np.eye(4)[[0, 0, 1, 3, 2, 2]] * 0.96 + 0.01, DNA)  # AACTGG
    probabilities, used = frame_of(matrix)
    tables = np.asarray(
        score_tables(jnp.asarray(probabilities[None]), jnp.asarray(used[None]), jnp.full(4, 0.25))
    )
    codes = np.stack([DNA.encode("TTTTTAACTGGTTTT"), DNA.encode("TTTCCAGTTTTTTTT")])
    sites = best_sites(codes, tables, COMPLEMENT)
    windows = read_windows(codes, sites, 0, DNA)[:, used]
    assert [DNA.decode(w) for w in windows] == ["AACTGG", "AACTGG"]
    assert sites.strand[:, 0].tolist() == [0, 1]
    counts = count_letters(windows, np.array([1.0, 2.0]), 4)
    assert counts[0].tolist() == [3, 0, 0, 0]


def test_a_hidden_letter_scores_like_the_worst():
    tables = random_frames(4, 5)
    np.testing.assert_allclose(tables[..., 4], np.min(tables[..., :4], axis=2))
    hidden = np.full((1, 40), 14, np.uint8)
    ordinary = np.random.default_rng(6).integers(0, 4, (50, 40)).astype(np.uint8)
    found = best_sites(np.concatenate([hidden, ordinary]), tables, COMPLEMENT)
    assert (found.score[0] < found.score[1:].min(0)).all()


def test_a_rare_letter_is_no_evidence_where_a_motif_lacks_it():
    background = np.array([0.5, 0.3, 0.1999, 1e-4])
    values = np.array([[0.9, 0.1, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.5, 0.3, 0.1999, 1e-4]])
    probabilities, used = frame_of(ProbabilityMatrix(values, DNA, background))
    table = np.asarray(
        score_tables(jnp.asarray(probabilities[None]), jnp.asarray(used[None]), background)
    )[0][used]
    np.testing.assert_allclose(table[:2, 3], LOWEST, rtol=1e-5)
    np.testing.assert_allclose(table[2], 0, atol=1e-5)  # a column like the background says nothing
    np.testing.assert_allclose(table[0, :2], np.log2([0.9 / 0.5, 0.1 / 0.3]), rtol=1e-5)


@pytest.mark.parametrize("length", [3, 8, 23, 24, 25])
def test_sequences_shorter_than_a_frame(length):
    tables = random_frames(3, 7)
    codes = np.random.default_rng(length).integers(0, 4, (4, length)).astype(np.uint8)
    found = best_sites(codes, tables, COMPLEMENT)
    expected = [[loop_best(row, table, True) for table in tables] for row in codes]
    np.testing.assert_allclose(found.score, expected, rtol=1e-5, atol=1e-4)
