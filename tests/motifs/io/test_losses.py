import numpy as np
import pytest

from seqcnn.motifs.io import FORMATS
from seqcnn.motifs.io.losses import losses
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, RNA

PLAIN = Motif("m1", ProbabilityMatrix(np.full((3, 4), 0.25), DNA), sites=20)
RICH = Motif(
    "two words",
    ProbabilityMatrix(np.full((3, 4), 0.25), RNA, [0.4, 0.1, 0.1, 0.4]),
    "other",
    sites=20,
    log10_e_value=-9,
    annotations=(("CC", "remark"),),
)

LOST = {
    "meme": {"white space", "annotations"},
    "jaspar": {"white space", "E-values", "backgrounds", "annotations"},
    "pfm": {"white space", "E-values", "backgrounds", "annotations"},
    "transfac": {"white space", "E-values", "backgrounds"},
    "homer": {"which letters", "alternative", "E-values", "backgrounds", "annotations"},
    "uniprobe": {"alternative", "numbers of sites", "E-values", "backgrounds"},
}


@pytest.mark.parametrize("format", FORMATS)
def test_what_each_format_has_no_place_for(format):
    found = losses([RICH, RICH], format)
    assert all(line.endswith("(of 2 motifs)") for line in found)
    assert len(found) == len(LOST[format])
    for what in LOST[format]:
        assert any(line.startswith(what) for line in found), what


@pytest.mark.parametrize("format", FORMATS)
def test_a_plain_motif_loses_nothing_but_sites(format):
    lost = ["numbers of sites (of 1 motif)"] if format == "uniprobe" else []
    assert losses([PLAIN], format) == lost
    assert losses([], format) == []


def test_a_number_of_sites_that_was_made_up_is_told():
    unknown = Motif("m", PLAIN.matrix)
    told = ["that the number of sites is not known (of 1 motif)"]
    assert {format: losses([unknown], format) for format in FORMATS} == {
        "meme": [], "homer": [], "uniprobe": [],
        "jaspar": told, "pfm": told, "transfac": told,
    }  # fmt: skip


def test_meme_holds_one_background_only():
    other = Motif("m2", ProbabilityMatrix(np.full((3, 4), 0.25), DNA, [0.4, 0.1, 0.1, 0.4]))
    assert losses([other], "meme") == []
    assert losses([PLAIN, other], "meme") == ["backgrounds of their own (of 2 motifs)"]


def test_of_facts_with_one_name_none_is_lost_silently():
    twice = Motif("m", PLAIN.matrix, sites=20, annotations=(("URL", "a"), ("URL", "b")))
    assert losses([twice], "meme") == ["annotations (of 1 motif)"]
    remarks = Motif("m", PLAIN.matrix, sites=20, annotations=(("CC", "a"), ("CC", "b")))
    assert losses([remarks], "transfac") == []
    assert losses([remarks], "uniprobe") == ["numbers of sites (of 1 motif)"]
