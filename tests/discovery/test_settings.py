import numpy as np
import pytest

from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_width": 10, "max_width": 5},
        {"min_width": 2},
        {"max_width": 49},
        {"seed": -1},
        {"strand": "reverse"},
        {"kmer": 4},
        {"e_value": 0.0},
        {"e_value": float("nan")},
        {"dims": 3},
        {"copies": 0},
        {"motifs": 0},
        {"words": 0},
        {"kernels": -1},
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


def test_effort_is_spent_in_order_and_others_win():
    quick, usual, thorough = (Settings.of_effort(e) for e in ("quick", "usual", "thorough"))
    assert usual == Settings()
    for name in ("searched", "words", "kernels"):
        assert getattr(quick, name) <= getattr(usual, name) <= getattr(thorough, name)
    rounds = [s.schedule.rounds * s.schedule.steps for s in (quick, usual, thorough)]
    assert rounds == sorted(rounds) and rounds[0] < rounds[2]
    assert Settings.of_effort("thorough", words=3).words == 3
    assert thorough.search(DNA, np.full(4, 0.25)).words == 32
    with pytest.raises(SeqcnnError, match=r"'hasty'.*quick, usual, thorough"):
        Settings.of_effort("hasty")
