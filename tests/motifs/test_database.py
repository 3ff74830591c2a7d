import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import data
from seqcnn.motifs.data import alphabet_of_ones_own, load_database, load_motifs
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet, get_alphabet


def test_database_is_whole():
    database = load_database()
    assert len({m.name for m in database}) == len(database) == 2633
    # one version of each profile
    assert max(Counter(m.name.split(".")[0] for m in database).values()) == 1
    # the number of vertebrate profiles that pyjaspar 4.0.0 counts
    assert len(load_database(group="vertebrates")) == 1019
    assert all(m.sites > 0 and m.alternative_name and m.source for m in database)


def test_known_profiles():
    by_name = {m.name: m for m in load_database()}
    assert by_name["MA0139.2"].alternative_name == "CTCF"
    # words of the literature: CTCF, GATA1, the E-box of MYC
    for name, word in [("MA0139.2", "AGRKGGCR"), ("MA0035.5", "AGATTAG"), ("MA0147.4", "CACGTG")]:
        motif = by_name[name]
        assert word in f"{motif.consensus} {motif.reverse_complement().consensus}", name


def test_sites_are_the_most_that_a_position_has():
    with np.load(Path(data.__file__).with_name("jaspar.npz")) as archive:
        totals = archive["counts"].astype(np.float64).sum(0)
        parts = np.split(totals, np.cumsum(archive["widths"])[:-1])
    most = np.array([part.max() for part in parts])
    np.testing.assert_allclose([motif.sites for motif in load_database()], most)
    # positions of some profiles differ, so that this says something
    assert (most - [part.min() for part in parts]).max() > 1


def test_lists_are_the_callers_own():
    load_database().clear()
    assert load_database()


def test_unknown_names_are_refused():
    with pytest.raises(SeqcnnError, match="jaspar"):
        load_database("hocomoco")
    with pytest.raises(SeqcnnError, match="vertebrates"):
        load_database(group="mammals")


def test_licence_is_beside_the_data():
    folder = data._FILES["jaspar"].parent
    assert "CC BY 4.0" in (folder / "LICENSE-JASPAR").read_text()
    assert sum(f.stat().st_size for f in folder.iterdir() if f.is_file()) < 700_000


def test_loading_is_quick():
    data._load.cache_clear()
    start = time.process_time()
    load_database()
    # 0.06 s; the bound leaves room for a busy machine
    assert time.process_time() - start < 0.5


def test_motifs_come_by_name_or_from_a_file(tmp_path, monkeypatch):
    assert len(load_motifs("jaspar")) == 2633
    assert len(load_motifs("jaspar:vertebrates")) == 1019
    monkeypatch.chdir(tmp_path)
    write_motifs("jaspar", load_database()[:2])
    # the name of a database means the same in every folder
    assert len(load_motifs("jaspar")) == 2633
    for file in (Path("jaspar"), "./jaspar", str(tmp_path / "jaspar")):
        assert [m.name for m in load_motifs(file)] == [m.name for m in load_database()[:2]]


def test_names_that_are_nothing_show_what_there_is():
    for name in ("jasper", "no/such.meme", "hocomoco:mouse"):
        with pytest.raises(SeqcnnError, match="jaspar:vertebrates"):
            load_motifs(name)
    with pytest.raises(SeqcnnError, match="vertebrates"):
        load_motifs("jaspar:mammals")


def test_alphabet_of_motifs_is_checked():
    dna, rna = (load_motifs("jaspar:fungi", alphabet=a)[0] for a in (DNA, RNA))
    assert (dna.alphabet, rna.alphabet) == (DNA, RNA)
    np.testing.assert_array_equal(dna.matrix.values, rna.matrix.values)
    with pytest.raises(SeqcnnError, match=PROTEIN.letters):
        load_motifs("jaspar", alphabet=PROTEIN)


def test_letters_of_ones_own_are_the_same_whatever_else_symbols_stand_for(tmp_path):
    own = Alphabet("hp", "HPC", {"X": "HPC", "B": "HP"})
    values = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    motif = Motif("m", ProbabilityMatrix(values, own, [0.5, 0.3, 0.2]))
    write_motifs(tmp_path / "x", [motif])
    for wanted in (get_alphabet("HPC"), get_alphabet("CPH")):
        (found,) = load_motifs(tmp_path / "x", alphabet=wanted)
        assert found.alphabet == wanted
        order = ["HPC".index(letter) for letter in wanted.letters]
        np.testing.assert_allclose(found.matrix.values, values[:, order])
        np.testing.assert_allclose(found.matrix.background, np.array([0.5, 0.3, 0.2])[order])
    with pytest.raises(SeqcnnError, match=r"over HPC \(hp\), but ACGT \(dna\) is needed"):
        load_motifs(tmp_path / "x", alphabet=DNA)
    assert alphabet_of_ones_own([motif]) == own
    assert alphabet_of_ones_own([]) is alphabet_of_ones_own(load_motifs("jaspar:fungi")) is None
