import pytest

from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_width": 10, "max_width": 5},
        {"min_width": 2},
        {"max_width": 25},
        {"seed": -1},
        {"strand": "reverse"},
        {"kmer": 4},
        {"e_value": 0.0},
        {"e_value": float("nan")},
        {"dims": 3},
        {"copies": 0},
        {"motifs": 0},
        {"sites": "oops"},
    ],
    ids=str,
)
def test_values_out_of_range_are_refused(wrong):
    with pytest.raises(SeqcnnError, match=next(iter(wrong)).replace("_", ".")):
        Settings(**wrong)


def test_both_strands_are_for_dna_by_default():
    assert [Settings().reads_both_strands(a) for a in (DNA, RNA, PROTEIN)] == [True, False, False]
    assert Settings(strand="both").reads_both_strands(RNA)
    with pytest.raises(SeqcnnError, match="--strand one"):
        Settings(strand="both").reads_both_strands(PROTEIN)
