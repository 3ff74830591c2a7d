"""Samples: how sequences are filled up."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PAD
from seqcnn.seq.record import SequenceSet
from seqcnn.training import samples
from seqcnn.training.samples import padded_codes


def of_lengths(*lengths):
    rows = [np.zeros(n, np.uint8) for n in lengths]
    ids = [f"s{i + 1}" for i in range(len(rows))]
    return SequenceSet.from_arrays(rows, alphabet=DNA, ids=ids)


def test_sequences_are_filled_up_and_a_much_longer_one_is_named(caplog):
    codes = padded_codes(of_lengths(3, 5))
    assert codes.tolist() == [[0, 0, 0, PAD, PAD], [0] * 5]
    assert not caplog.records
    assert padded_codes(of_lengths(*[10] * 20, 1000)).shape == (21, 1000)
    assert "sequence 's21' has 1,000 letters, the mean is 57" in caplog.text


def test_memory_for_padding_is_refused(monkeypatch):
    monkeypatch.setattr(samples, "MOST_PADDED", 20_000)
    assert padded_codes(of_lengths(*[1000] * 21)).size == 21_000  # no padding
    with pytest.raises(SeqcnnError, match=r"'s21' has 1,000 letters.*cut them into windows"):
        padded_codes(of_lengths(*[10] * 20, 1000))
