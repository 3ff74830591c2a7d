"""Augmentations: what they keep, what they change, and that they work compiled and padded."""

from functools import partial

import jax
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from seqcnn.seq.augment import (
    Augmentation,
    Delete,
    Insert,
    Invert,
    Mutate,
    ReverseComplement,
    Shift,
    evoaug,
)

COMPLEMENTS = ReverseComplement.of(DNA).complements
OPERATIONS = [
    ReverseComplement(COMPLEMENTS),
    Shift(4),
    Mutate(0.2),
    Insert(5),
    Delete(5),
    Invert(6, COMPLEMENTS),
]


@partial(jax.jit, static_argnums=0)
def compiled(operation, codes, key):
    """Apply an operation as training does: eager, each of its steps would be compiled."""
    return operation(codes, key)


def applied(operation, codes, seed):
    return np.asarray(compiled(operation, codes, jax.random.key(seed)))


def rows(n=200, length=30, seed=0, shortest=1):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 4, (n, length)).astype(np.uint8)
    lengths = rng.integers(shortest, length + 1, n)
    codes[np.arange(length) >= lengths[:, None]] = PAD
    return codes


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: type(o).__name__)
def test_padding_and_lengths_stay_and_results_repeat(operation):
    codes = rows()
    changed = applied(operation, codes, 3)
    assert changed.dtype == np.uint8
    np.testing.assert_array_equal(changed == PAD, codes == PAD)
    np.testing.assert_array_equal(changed, applied(operation, codes, 3))
    assert (changed != applied(operation, codes, 4)).any() == (
        type(operation) is not ReverseComplement
    )


def test_reverse_complement_is_that_of_the_alphabet():
    for row, turned in zip(rows(), applied(OPERATIONS[0], rows(), 0), strict=True):
        letters = row[row != PAD]
        np.testing.assert_array_equal(turned[: len(letters)], DNA.reverse_complement(letters))


def distances(before, after, most):
    """The moves, from -most to most, after which all letters that are seen agree."""
    n = len(before)
    return [
        d
        for d in range(-most, most + 1)
        if all(after[i] == before[i - d] for i in range(n) if 0 <= i - d < n)
    ]


def test_shift_moves_by_up_to_its_most():
    codes = rows(shortest=30)
    moved = applied(Shift(4), codes, 0)
    found = [distances(a, b, 4) for a, b in zip(codes, moved, strict=True)]
    assert all(found)
    assert {d for each in found for d in each} == set(range(-4, 5))


def is_insertion(before, after, most):
    n = len(before)
    return any(
        (after[:s] == before[:s]).all() and (after[s + k :] == before[s : n - k]).all()
        for k in range(most + 1)
        for s in range(n)
    )


def is_deletion(before, after, most):
    n = len(before)
    return any(
        (after[:s] == before[:s]).all() and (after[s : n - k] == before[s + k :]).all()
        for k in range(most + 1)
        for s in range(n)
    )


def is_inversion(before, after, most):
    n = len(before)
    for k in range(min(most, n) + 1):
        for s in range(n - k + 1):
            other = before.copy()
            other[s : s + k] = DNA.reverse_complement(before[s : s + k])
            if (other == after).all():
                return True
    return False


@pytest.mark.parametrize(
    ("operation", "check", "most"),
    [
        (Insert(5), is_insertion, 5),
        (Delete(5), is_deletion, 5),
        (Invert(6, COMPLEMENTS), is_inversion, 6),
    ],
)
def test_a_stretch_is_changed_and_nothing_else(operation, check, most):
    codes = rows()
    changed = applied(operation, codes, 1)
    for before, after in zip(codes, changed, strict=True):
        n = int((before != PAD).sum())
        assert check(before[:n], after[:n], most)
    assert (changed != codes).any(axis=1).mean() > 0.5
    assert not all(
        check(b[b != PAD], a[b != PAD], most - 1) for b, a in zip(codes, changed, strict=True)
    ), "never as many as it may"


def test_mutations_come_at_their_rate_from_the_letters_of_the_sequence():
    codes = np.repeat(rows(1, 40, shortest=40), 2000, axis=0)
    changed = applied(Mutate(0.2), codes, 0)
    counts = np.bincount(codes[0], minlength=4) / 40
    different = 0.2 * (1 - counts @ counts)
    assert (changed != codes).mean() == pytest.approx(different, rel=0.05)
    assert np.isin(rows(shortest=5)[:, :5], changed).all()


def test_operations_are_composed_each_on_its_share():
    codes = rows(4000, 20, shortest=20)
    some = Augmentation((ReverseComplement(COMPLEMENTS),), share=0.25)
    changed = (applied(some, codes, 0) != codes).any(axis=1)
    assert changed.mean() == pytest.approx(0.25, abs=0.03)
    none = Augmentation(tuple(OPERATIONS), share=0.0)
    np.testing.assert_array_equal(applied(none, codes, 0), codes)
    with pytest.raises(SeqcnnError, match="`share` is 2"):
        Augmentation((), share=2)


def test_proteins_are_not_inverted():
    names = {type(o).__name__ for o in evoaug(DNA, length=100).operations}
    assert names - {type(o).__name__ for o in evoaug(PROTEIN, length=100).operations} == {"Invert"}
