import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.seq.alphabet import DNA
from seqcnn.seq.lengths import cut_to_middle, matched_lengths
from seqcnn.seq.record import SequenceSet

lengths = st.lists(st.integers(0, 30), min_size=1, max_size=12)


def of_lengths(sizes):
    rng = np.random.default_rng(len(sizes))
    return SequenceSet.from_arrays(
        [rng.integers(0, 4, n).astype(np.uint8) for n in sizes], alphabet=DNA
    )


@given(lengths, lengths)
def test_middles_of_agreeing_lengths(first, second):
    sets = of_lengths(first), of_lengths(second)
    cut = matched_lengths(*sets)
    for whole, part in zip(sets, cut, strict=True):
        assert part.ids == whole.ids
        for a, b in zip(whole, part, strict=True):
            skipped = (len(a) - len(b)) // 2
            assert (a[skipped : skipped + len(b)] == b).all()
    if len(first) == len(second):
        assert sorted(cut[0].lengths) == sorted(cut[1].lengths)
        assert sorted(cut[0].lengths) == sorted(np.minimum(sorted(first), sorted(second)))


def test_nothing_to_cut_is_the_same_set():
    sequences = of_lengths([5, 5])
    assert cut_to_middle(sequences, sequences.lengths) is sequences
    assert matched_lengths(sequences, sequences) == (sequences, sequences)
