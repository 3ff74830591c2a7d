"""Constraints against trying every change out."""

import re

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.constraints import Constraints
from seqcnn.seq.alphabet import DNA, PAD, PROTEIN
from tests.discovery.planted import random_rows

WORDS = ("GAATTC", "ACRYG")
PATTERNS = ("GAATTC", "(?=AC[AG][CT]G)", "(?=C[AG][CT]GT)")


def count(text):
    return sum(len(re.findall(p, text)) for p in PATTERNS)


def outside(text, gc):
    share = sum(letter in "GC" for letter in text)
    least, most = np.ceil(gc[0] * len(text) - 1e-9), np.floor(gc[1] * len(text) + 1e-9)
    return max(least - share, 0) + max(share - most, 0)


def rows_with_words():
    rows = random_rows(12, 30, 3)
    rows[0, 4:10] = DNA.encode("GAATTC")
    rows[1, 20:25] = DNA.encode("ACATG")
    rows[2, 20:25] = DNA.encode("GAATT")
    rows[3, 25:] = PAD
    return rows


def test_every_change_is_judged_as_if_it_were_tried():
    gc = (0.4, 0.5)
    rules = Constraints(DNA, edits=3, fixed=((2, 5),), forbidden=WORDS, gc=gc)
    start = rows_with_words()
    codes = start.copy()
    codes[:, 10] = (codes[:, 10] + 1) % 4
    codes[4, [7, 8]] = (codes[4, [7, 8]] + 1) % 4  # three edits: all that may be
    allowed, mended = rules.allowed(codes, start), rules.repairs(codes)
    texts = [DNA.decode(row[row != PAD]) for row in codes]
    broken = rules.broken(codes)
    for i, text in enumerate(texts):
        assert broken[i] == count(text) + outside(text, gc)
        for p in range(codes.shape[1]):
            for letter in range(4):
                if p >= len(text) or codes[i, p] == letter:
                    assert not allowed[i, p, letter]
                    continue
                new = text[:p] + "ACGT"[letter] + text[p + 1 :]
                changed = codes[i].copy()
                changed[p] = letter
                gone, made = (
                    len(set(a) - set(b)) for a, b in ((places(text), places(new)),
                                                      (places(new), places(text)))
                )  # fmt: skip
                nearer = outside(text, gc) - outside(new, gc)
                fits = (
                    not 2 <= p < 5
                    and (changed != start[i]).sum() <= 3
                    and made == 0
                    and (outside(new, gc) == 0 or nearer > 0)
                )
                assert allowed[i, p, letter] == fits, (i, p, letter)
                assert mended[i, p, letter] == gone + max(nearer, 0)


def places(text):
    return [(p, m.start()) for p in PATTERNS for m in re.finditer(p, text)]


def test_without_bounds_everything_is_allowed():
    rows = random_rows(3, 12, 0)
    allowed = Constraints(DNA).allowed(rows, rows)
    assert allowed.sum() == 3 * 12 * 3 and not Constraints(DNA).broken(rows).any()


def test_words_longer_than_the_sequence():
    rows = random_rows(2, 4, 0)
    rules = Constraints(DNA, forbidden=("ACGTAC",))
    assert rules.allowed(rows, rows).sum() == 2 * 4 * 3 and not rules.broken(rows).any()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"edits": -1}, "`edits` is -1"),
        ({"fixed": ((5, 5),)}, "it must be like 10-20"),
        ({"forbidden": ("",)}, "an empty word"),
        ({"forbidden": ("AXG",)}, "'X' at position 2"),
        ({"gc": (0.6, 0.4)}, "the smaller one first"),
    ],
)
def test_bounds_that_cannot_be(options, message):
    with pytest.raises(SeqcnnError, match=message):
        Constraints(DNA, **options)
    with pytest.raises(SeqcnnError, match="not protein"):
        Constraints(PROTEIN, gc=(0.4, 0.6))
