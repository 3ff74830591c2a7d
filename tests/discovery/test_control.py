"""A given control: what differs from the foreground besides motifs must not look like one."""

import numpy as np
import pytest

from seqcnn.discovery.composition import strata_of
from seqcnn.discovery.control import cut_to_middle, matched_lengths, sides_of_shared
from seqcnn.discovery.inputs import _note_overlap
from seqcnn.discovery.notes import Notes
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PAD
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.tests import stratified_log10_p
from tests.discovery.planted import as_set, random_rows, rows_of


def with_strong_run(rows, width=8):
    """Whether so many G and C stand in a row: explained by composition alone."""
    strong = (rows == 1) | (rows == 2)
    windows = np.lib.stride_tricks.sliding_window_view(strong, width, axis=1)
    return windows.all(2).any(1)


def p_within_strata(foreground, control):
    strata, control_strata = strata_of(foreground, control, DNA, both_strands=True)
    hits, control_hits = with_strong_run(foreground), with_strong_run(control)
    number = max(strata.max(), control_strata.max()) + 1
    tables = np.stack(
        [
            np.bincount(s[kept], minlength=number)
            for kept, s in (
                (hits, strata),
                (~hits, strata),
                (control_hits, control_strata),
                (~control_hits, control_strata),
            )
        ],
        axis=1,
    ).reshape(-1, 2, 2)
    return 10 ** stratified_log10_p(tables), 10 ** stratified_log10_p(tables.sum(0)[None])


@pytest.mark.parametrize("number", [1000, 5000])
def test_strata_take_the_effect_of_composition_away(number):
    pairs = [
        p_within_strata(rows_of(0.55, number, seed), rows_of(0.45, number, seed + 100))
        for seed in range(20)
    ]
    within, crude = np.transpose(pairs)
    assert (crude < 1e-9).all()
    assert (within < 0.05).sum() <= 5
    assert within.min() > 1e-4


def test_strata_balance_cg_pairs():
    control = rows_of(0.5, 1000, 1)
    foreground = rows_of(0.5, 1000, 2)
    cg = (control[:, :-1] == 1) & (control[:, 1:] == 2)
    control[:, 1:][cg] = 3  # most CG are gone, as in a methylated genome
    strata, control_strata = strata_of(foreground, control, DNA, both_strands=True)
    shares = [np.bincount(s, minlength=50) for s in (strata, control_strata)]
    # the sets lie in different classes, so that nothing is compared across them
    assert np.minimum(*shares).sum() < 0.2 * 1000


def test_small_sets_have_few_classes():
    strata, control_strata = strata_of(
        rows_of(0.5, 60, 1), rows_of(0.5, 60, 2), DNA, both_strands=True
    )
    assert max(strata.max(), control_strata.max()) == 2


def test_longer_sequences_are_cut_to_their_middles():
    rows = random_rows(40, 100, 0)
    long = as_set(rows)
    short = as_set(random_rows(30, 60, 1))
    notes = Notes()
    first, second = matched_lengths(long, short, notes)
    assert first.lengths.tolist() == [60] * 40
    np.testing.assert_array_equal(np.stack(list(first)), rows[:, 20:80])
    np.testing.assert_array_equal(second.codes, short.codes)
    assert "40 and 0 sequences" in notes.sentences[0]


def test_lengths_agree_after_matching():
    rng = np.random.default_rng(0)
    sets = [
        SequenceSet.from_arrays(
            [rng.integers(0, 4, n).astype(np.uint8) for n in rng.integers(low, high, 500)],
            alphabet=DNA,
        )
        for low, high in ((50, 200), (80, 120))
    ]
    first, second = matched_lengths(*sets, Notes())
    shares = np.linspace(0.01, 0.99, 50)
    difference = np.quantile(first.lengths, shares) - np.quantile(second.lengths, shares)
    assert np.abs(difference).max() <= 1


def test_equal_lengths_are_left_alone():
    foreground, control = as_set(random_rows(30, 50, 0)), as_set(random_rows(90, 50, 1))
    notes = Notes()
    assert matched_lengths(foreground, control, notes) == (foreground, control)
    assert notes.sentences == []


def test_cutting_keeps_names_and_letters():
    sequences = SequenceSet.from_strings(["ACGTA", "", "GGTT"], alphabet=DNA, ids=["a", "b", "c"])
    cut = cut_to_middle(sequences, np.array([3, 0, 4]))
    assert [cut.text(i) for i in range(3)] == ["CGT", "", "GGTT"]
    assert tuple(cut.ids) == ("a", "b", "c")


def sides(foreground, control, notes, seed=0, members=None):
    members = members or (np.ones(len(foreground)), np.ones(len(control)))
    return sides_of_shared(
        as_set(foreground), as_set(control), members, both_strands=True, seed=seed, notes=notes
    )


def test_sequences_of_both_sides_stay_on_one():
    foreground = random_rows(50, 80, 0)
    control = np.concatenate([random_rows(60, 80, 1), foreground[:20]])
    notes = Notes()
    kept, control_kept = sides(foreground, control, notes)
    assert kept[20:].all()
    assert control_kept[:60].all()
    np.testing.assert_array_equal(kept[:20], ~control_kept[60:])
    assert 4 <= kept[:20].sum() <= 16
    assert notes.sentences[0].startswith("20 control sequences")


def test_each_of_the_sequences_that_are_alike_may_decide():
    foreground = random_rows(200, 80, 2)
    control = np.concatenate([random_rows(300, 80, 3), foreground])
    members = (np.full(200, 1), np.full(500, 3))  # of four, one is in the foreground
    kept, _ = sides(foreground, control, Notes(), members=members)
    assert kept.sum() == pytest.approx(50, abs=4 * np.sqrt(200 * 0.25 * 0.75))


def test_one_set_split_at_random_has_copied_sequences_on_both_sides():
    """With sequences that have copies always in the foreground, it had three times as many."""
    shares = []
    for seed in range(10):
        copied = random_rows(80, 80, seed).repeat(2, axis=0)
        rows = np.concatenate([copied, random_rows(240, 80, seed + 100)])
        order = np.random.default_rng(seed).permutation(400)
        halves = [np.unique(half) for half in np.split(order, 2)]
        groups = [np.unique(rows[half], axis=0, return_counts=True) for half in halves]
        (first, sizes), (second, control_sizes) = groups
        kept = sides(first, second, Notes(), seed, (sizes, control_sizes))
        copies = {row.tobytes() for row in copied}
        shares.append(
            [
                np.mean([row.tobytes() in copies for row in some[keep]])
                for some, keep in zip((first, second), kept, strict=True)
            ]
        )
    difference = np.subtract(*np.transpose(shares))
    assert abs(difference.mean()) < 0.05  # .2 if all are given to the foreground


def test_a_control_that_is_the_foreground_is_refused():
    rows = random_rows(50, 80, 0)
    reverse = np.stack([DNA.reverse_complement(row) for row in rows])
    with pytest.raises(SeqcnnError, match="50 of 50 control sequences"):
        sides(reverse, rows, Notes())


def test_classes_tell_sequences_with_hidden_letters_from_others():
    """Half of the controls are half unknown: no class puts them beside whole sequences."""
    rng = np.random.default_rng(8)
    foreground = rng.integers(0, 4, (200, 80)).astype(np.uint8)
    control = rng.integers(0, 4, (200, 80)).astype(np.uint8)
    control[:100, 40:] = PAD
    strata, control_strata = strata_of(foreground, control, DNA, both_strands=True)
    known = np.arange(200) >= 100
    shared = np.isin(control_strata, strata)
    assert shared[known].mean() > 0.9
    # they may fill up the class at the edge
    assert shared[~known].mean() < 0.3
    same = strata_of(foreground[:, :0], control[:, :0], DNA, both_strands=True)
    assert not any(s.any() for s in same)


@pytest.mark.parametrize(("apart", "noted"), [(0.0, False), (1.0, True)])
def test_a_control_that_is_unlike_is_noted(apart, noted):
    strata = np.repeat(np.arange(4), 25)
    notes = Notes()
    _note_overlap(strata + (4 if apart else 0), strata, notes)
    assert any("only 0 of 100 sequences" in s for s in notes.sentences) is noted
