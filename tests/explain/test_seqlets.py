"""Seqlets: spans that are more than noise, and none where there is noise alone."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.segments import decay_of, maximal_segments
from seqcnn.explain.seqlets import COLUMNS, LONGEST, find_seqlets, write_seqlets
from seqcnn.explain.tracks import noise_scale, project, row_scales
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from tests.explain.planted_contributions import plant, random_motif


def noise(seed, number=200, length=60, letters=4, draw="normal"):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, letters, (number, length)).astype(np.uint8)
    return getattr(rng, draw)(size=(number, length, letters)).astype(np.float32), codes


def segments_by_hand(row, drop):
    """The same rule, one number after the other."""
    found, at = [], 0
    while at < len(row):
        total, best, end, i = 0.0, 0.0, at, at
        while i < len(row):
            total += row[i]
            i += 1
            if total > best:
                best, end = total, i
            if total <= 0 or best - total > drop:
                break
        if best > 0:
            found.append((at, end, best))
        at = end if best > 0 else i
    return found


def test_segments_are_those_of_a_loop():
    scores = np.random.default_rng(0).normal(-0.3, 1, (30, 50))
    found = maximal_segments(scores, drop=2.0)
    for row in range(30):
        mine = found.select(found.row == row)
        expected = segments_by_hand(scores[row], 2.0)
        assert list(zip(mine.start, mine.end, strict=True)) == [e[:2] for e in expected]
        np.testing.assert_allclose(mine.score, [e[2] for e in expected])


def test_decay_of_a_normal_distribution():
    """It is twice the drift where the variance is 1."""
    values = np.random.default_rng(1).normal(size=200_000) - 0.5
    assert decay_of(values) == pytest.approx(1.0, rel=0.02)
    assert decay_of(np.array([-1.0])) == np.inf


def test_noise_is_read_from_the_other_side():
    rng = np.random.default_rng(2)
    track = rng.normal(0, 0.2, (500, 20)).astype(np.float32)
    track[:, 4:16] += 2
    assert noise_scale(-track, 1) == pytest.approx(0.2, rel=0.05)
    assert noise_scale(np.zeros((2, 3), np.float32), 1) == 1.0
    loud = (
        np.random.default_rng(3).normal(size=(300, 60))
        * np.where(np.arange(300) < 50, 5, 1)[:, None]
    )
    scales = row_scales(loud.astype(np.float32), 1.0)[:, 0]
    assert scales[:50].min() > 2 and np.median(scales[50:]) < 1.6


@pytest.mark.parametrize("length", [20, 41, 60, 200])
def test_sites_are_covered(length):
    motif = random_motif(12, np.random.default_rng(length), bits=1.3)
    planted = plant([motif], number=400, length=length, seed=length)
    found = find_seqlets(planted.contributions, planted.codes, DNA)
    covered = np.zeros((400, length), int)
    for row, start, end in zip(found.row, found.start, found.end, strict=True):
        covered[row, start:end] += 1
    assert covered.max() == 1
    loud = planted.sites[0][planted.shown[0]]
    assert np.mean([covered[r, s : s + 12].mean() > 0.6 for r, s, _ in loud]) > 0.97
    truth = np.zeros((400, length), bool)
    for row, start, _ in loud:
        truth[row, start : start + 12] = True
    false = [
        not truth[r, s:e].any() for r, s, e in zip(found.row, found.start, found.end, strict=True)
    ]
    assert np.mean(false) < 0.1 and set(found.sign.tolist()) <= {1, -1}


def test_both_signs_are_found_side_by_side():
    rng = np.random.default_rng(4)
    motifs = [random_motif(10, rng) for _ in range(2)]
    planted = plant(motifs, number=500, length=60, share=0.5, signs=[1, -1], seed=5)
    found = find_seqlets(planted.contributions, planted.codes, DNA)
    for sign, shown in zip((1, -1), planted.shown, strict=True):
        assert (found.sign == sign).sum() == pytest.approx(shown.sum(), rel=0.1)
        assert (np.sign(found.contribution[found.sign == sign]) == sign).all()


def test_noise_has_seqlets_as_seldom_as_promised():
    """At q 0.05 for each sign, one set of noise in ten has any."""
    sets = [find_seqlets(*noise(100 + i), DNA) for i in range(60)]
    # P(more than 14 of 60) at 0.1 is one in a thousand
    assert sum(len(found) > 0 for found in sets) <= 14
    heavy = [find_seqlets(*noise(300 + i, draw="laplace"), DNA) for i in range(30)]
    assert np.mean([len(found) for found in heavy]) < 1


def test_noise_of_neighbours_that_go_together_is_seldom_taken_for_seqlets():
    """Sums over five letters: spans of noise are long, which those of the other sign tell."""

    def smooth(seed):
        rng = np.random.default_rng(seed)
        codes = rng.integers(0, 4, (600, 60)).astype(np.uint8)
        each = rng.normal(size=(600, 64))
        track = np.lib.stride_tricks.sliding_window_view(each, 5, axis=1).sum(2)
        return np.repeat(track[..., None], 4, 2).astype(np.float32), codes

    found = [len(find_seqlets(*smooth(200 + i), DNA)) for i in range(8)]
    # some four thousand spans each; of letters drawn at random alone it would be 31
    assert np.mean(found) < 14


def test_a_control_says_what_noise_is():
    """Where neighbours go together, spans of noise are long: those of the control are too."""

    def smooth(seed):
        given, codes = noise(seed, 300)
        track = np.cumsum(given[..., 0], axis=1)
        track[:, 6:] -= track[:, :-6].copy()
        return np.repeat(track[..., None], 4, 2).astype(np.float32), codes

    with_control = [len(find_seqlets(*smooth(i), DNA, control=smooth(50 + i))) for i in range(8)]
    assert np.mean(with_control) < 3


def test_order_of_the_sequences_is_of_no_account():
    planted = plant([random_motif(10, np.random.default_rng(6))], number=200, length=50, seed=7)
    order = np.random.default_rng(8).permutation(200)
    found = find_seqlets(planted.contributions, planted.codes, DNA)
    other = find_seqlets(planted.contributions[order], planted.codes[order], DNA)
    spans = {(order[r], s, e) for r, s, e in zip(other.row, other.start, other.end, strict=True)}
    assert spans == set(zip(found.row, found.start, found.end, strict=True))


def test_padding_and_ambiguous_letters_contribute_nothing():
    given, codes = noise(9)
    given[:, 50:] = 9
    codes[:, 50:] = PAD
    codes[:, 0] = DNA.encode("N")[0]
    assert (project(given, codes, DNA)[:, [0, 50, 59]] == 0).all()
    assert find_seqlets(given, codes, DNA).end.max(initial=0) <= 50


def test_protein_and_long_spans():
    given, codes = noise(10, 100, 150, 20)
    given[0, 20:130] += 4
    found = find_seqlets(given, codes, PROTEIN)
    assert (found.row == 0).sum() >= 3 and (found.end - found.start).max() <= LONGEST
    assert len(find_seqlets(np.zeros_like(given), codes, PROTEIN)) == 0


def test_table(tmp_path):
    given, codes = noise(11)
    given[3, 10:20] += 5
    found = find_seqlets(given, codes, DNA)
    write_seqlets(found, tmp_path / "seqlets.tsv", ids=[f"s{i}" for i in range(200)])
    lines = [line.split("\t") for line in (tmp_path / "seqlets.tsv").read_text().splitlines()]
    assert lines[0] == COLUMNS and len(lines) == len(found) + 1
    assert lines[1][0] == "s3" and lines[1][3] == "+" and float(lines[1][5]) < 1e-4
    with pytest.raises(SeqcnnError, match="names"):
        write_seqlets(found, tmp_path / "x.tsv", ids=["one"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g, c: (g[:, :-1], c), "shape"),
        (lambda g, c: (g, c.astype(int)), "uint8"),
        (lambda g, c: (g.astype(int), c), "float32"),
        (lambda g, c: (np.where(g > 3, np.nan, g), c), "finite"),
    ],
)
def test_what_does_not_fit_is_refused(change, message):
    with pytest.raises(SeqcnnError, match=message):
        find_seqlets(*change(*noise(12)), DNA)
    with pytest.raises(SeqcnnError, match="q_value"):
        find_seqlets(*noise(12), DNA, q_value=0)
