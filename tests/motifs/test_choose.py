import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.choose import choose_motifs, file_names, rename
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA

MOTIFS = [
    Motif(name, ProbabilityMatrix(np.eye(4), DNA), other)
    for name, other in [("MA0139.2", "CTCF"), ("MA0035.5", "GATA1"), ("MA0036.4", "GATA2"),
                        ("m[1]", ""), ("v1.2.3", "ctcf")]
]  # fmt: skip


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        ([], [0, 1, 2, 3, 4]),
        (["ma0035"], [1]),
        (["MA0035.5"], [1]),
        (["GATA?"], [1, 2]),
        (["CTCF"], [0, 4]),
        (["GATA*", "ma0139.2"], [0, 1, 2]),  # in the order of the file
        (["m[1]"], [3]),  # a name, not a pattern
        (["v1.2"], [4]),
        (["*"], [0, 1, 2, 3, 4]),
    ],
)
def test_choice_by_name(patterns, found):
    assert choose_motifs(MOTIFS, patterns) == [MOTIFS[i] for i in found]


def test_a_name_that_is_not_there_gets_a_hint():
    with pytest.raises(SeqcnnError, match=r"no motif 'GATA'; similar names are .*GATA1, GATA2"):
        choose_motifs(MOTIFS, ["GATA"])
    with pytest.raises(SeqcnnError, match=r"no motif 'zzzzzzzz'$"):
        choose_motifs(MOTIFS, ["zzzzzzzz"])


def test_names():
    def names(naming):
        return [(m.name, m.alternative_name) for m in rename(MOTIFS[2:4], naming)]

    assert names("id") == [("MA0036.4", ""), ("m[1]", "")]
    assert names("alternative") == [("GATA2", "MA0036.4"), ("m[1]", "")]
    assert names("both") == [("MA0036.4_GATA2", ""), ("m[1]", "")]
    with pytest.raises(SeqcnnError, match="`naming`"):
        rename(MOTIFS, "other")


def test_file_names_of_hostile_motifs():
    hostile = ["../../etc/passwd", "/root", "..", "CON", "nul.txt", "a/b", "a\\b", "a b", "A_B",
               "x" * 5000, "x" * 5001, "蛋白", "\x1b[2J", "-rf", ".hidden", "MA0139.2"]  # fmt: skip
    found = file_names(hostile, ".svg")
    assert found[0] == "etc_passwd.svg"
    assert found[3:9] == ["_CON.svg", "_nul.txt.svg", "a_b.svg", "a_b_2.svg", "a_b_3.svg",
                          "A_B_4.svg"]  # fmt: skip
    assert found[-1] == "MA0139.2.svg"


@given(
    st.lists(st.text(max_size=9) | st.sampled_from(["a", "A", "a_2", "a_3", "con", "Nul.b", ""]))
)
def test_file_names_are_safe_and_different(names):
    found = file_names(names, ".x")
    assert len({name.lower() for name in found}) == len(names)
    for name in found:
        assert name.isascii()
        assert set(name.removesuffix(".x")) <= set(
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+()-"
        )
        assert name[0] not in ".-"
        assert name.lower().partition(".")[0] not in ("con", "nul", "com1")
        assert 2 < len(name) < 130
