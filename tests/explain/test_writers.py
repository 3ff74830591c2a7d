"""Files of attributions, read again by what they are for."""

import sys

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain import writers
from seqcnn.explain.attributions import Attributions
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet


def made(ids=("chr1:10-14", "chr1:12-15(-)"), **changes) -> Attributions:
    codes = SequenceSet.from_strings(["ACGT", "GGN"], alphabet=DNA).padded()
    said = np.arange(32, dtype=np.float32).reshape(2, 4, 4) * (codes != 255)[..., None]
    facts = {"values": said * DNA.shares[codes].astype(np.float32), "hypothetical": said}
    facts |= {"codes": codes, "ids": ids, "alphabet": DNA, "method": "deepshap", "task": "t"}
    facts |= {"output": np.array([1.0, 2.0]), "difference": np.array([0.5, np.nan])}
    return Attributions(**{**facts, **changes})


def test_npz_has_letters_first(tmp_path):
    found = made()
    writers.write_npz(found, tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["ohe"], found.one_hot.transpose(0, 2, 1))
        np.testing.assert_array_equal(file["hypothetical"][1, 2], found.hypothetical[1, :, 2])
        assert file["ids"].tolist() == list(found.ids) and file["lengths"].tolist() == [4, 3]
        assert str(file["letters"]) == "ACGT"


def test_modisco_has_one_array_a_file(tmp_path):
    found = made()
    writers.write_modisco(found, tmp_path / "ohe.npz", tmp_path / "shap.npz")
    ohe, said = (np.load(tmp_path / f"{name}.npz")["arr_0"] for name in ("ohe", "shap"))
    assert ohe.shape == said.shape == (2, 4, 4) and ohe.dtype == said.dtype == np.float32
    np.testing.assert_allclose((ohe * said).sum(axis=1), found.contributions())
    with pytest.raises(SeqcnnError, match="saliency gives no hypothetical"):
        saliency = made(method="saliency", hypothetical=None)
        writers.write_modisco(saliency, tmp_path / "o.npz", tmp_path / "s.npz")


def test_hdf5_needs_h5py(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(SeqcnnError, match="takes h5py"):
        writers.write_hdf5(made(), tmp_path / "a.h5")
    assert not list(tmp_path.iterdir())


def test_hdf5(tmp_path):
    h5py = pytest.importorskip("h5py")
    writers.write_hdf5(made(), tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5") as file:
        np.testing.assert_array_equal(file["raw/seq"], made().one_hot.transpose(0, 2, 1))
        np.testing.assert_array_equal(file["shap/seq"], made().hypothetical.transpose(0, 2, 1))
        assert file["ids"].asstr()[0] == "chr1:10-14"


def test_tsv_has_a_line_for_each_letter(tmp_path):
    writers.write_tsv(made(), tmp_path / "a.tsv")
    lines = (tmp_path / "a.tsv").read_text().splitlines()
    assert lines[0] == "id\tposition\tletter\tcontribution\tA\tC\tG\tT" and len(lines) == 1 + 7
    assert lines[2] == "chr1:10-14\t1\tC\t5\t4\t5\t6\t7"
    assert lines[7].split("\t")[2:4] == ["N", "25.5"]


def test_completeness_leaves_nan_empty(tmp_path):
    writers.write_completeness(made(), tmp_path / "c.tsv")
    lines = (tmp_path / "c.tsv").read_text().splitlines()
    assert lines[1] == "chr1:10-14\t1\t0.5\t30" and lines[2].split("\t")[2] == ""


def test_bigwig_says_what_bedgraph_says(tmp_path, monkeypatch):
    package = pytest.importorskip("pyBigWig")
    found = made(ids=("chr2:10-14", "chr10:112-115(-)"))
    for sizes, length in (({"chr10": 200, "chr2": 50}, 200), (None, 115)):
        writers.write_bigwig(found, tmp_path / "a.bw", lengths=sizes)
        with package.open(str(tmp_path / "a.bw")) as file:
            assert file.chroms("chr10") == length
            own = found.contributions()
            np.testing.assert_allclose(file.values("chr2", 10, 14), own[0])
            np.testing.assert_allclose(file.values("chr10", 112, 115), own[1, 2::-1])
            assert np.isnan(file.values("chr10", 0, 112)).all()
    # two stretches on a chromosome, and two that overlap
    for ids in (("chr1:10-14", "chr1:20-23"), ("chr1:10-14", "chr1:12-15(-)")):
        found = made(ids=ids)
        writers.write_bigwig(found, tmp_path / "a.bw")
        writers.write_bedgraph(found, tmp_path / "a.bedgraph")
        lines = (tmp_path / "a.bedgraph").read_text().splitlines()
        with package.open(str(tmp_path / "a.bw")) as file:
            for start, end, value in (line.split("\t")[1:] for line in lines):
                (there,) = file.values("chr1", int(start), int(end))
                assert there == pytest.approx(float(value))
    with pytest.raises(SeqcnnError, match=r"ends at 15 on 'chr1' of 14 letters"):
        writers.write_bigwig(found, tmp_path / "b.bw", lengths={"chr1": 14})
    with pytest.raises(SeqcnnError, match="'x' names no place in a genome"):
        writers.write_bigwig(made(ids=("x", "y")), tmp_path / "b.bw")
    monkeypatch.setitem(sys.modules, "pyBigWig", None)
    with pytest.raises(SeqcnnError, match=r"pip install 'seqcnn\[bigwig\]'"):
        writers.write_bigwig(found, tmp_path / "b.bw")
    assert not (tmp_path / "b.bw").exists()


def test_bedgraph_lies_on_the_genome(tmp_path):
    writers.write_bedgraph(made(), tmp_path / "a.bedgraph")
    rows = [line.split("\t") for line in (tmp_path / "a.bedgraph").read_text().splitlines()]
    assert [row[1] for row in rows] == ["10", "11", "12", "13", "14"]
    # the second lies on the other strand, its last letter first, and overlaps by two
    own = made().contributions()
    expected = [0, 5, (own[0, 2] + own[1, 2]) / 2, (own[0, 3] + own[1, 1]) / 2, own[1, 0]]
    np.testing.assert_allclose([float(row[3]) for row in rows], expected)
    with pytest.raises(SeqcnnError, match="'x' names no place in a genome"):
        writers.write_bedgraph(made(ids=("x", "y")), tmp_path / "b.bedgraph")
