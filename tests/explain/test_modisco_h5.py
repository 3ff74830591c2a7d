"""Files of modisco-lite, there and back."""

import builtins

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.explain.modisco_h5 import read_modisco_h5, write_modisco_h5
from seqcnn.explain.patterns.discover import find_patterns
from seqcnn.seq.alphabet import DNA, PROTEIN
from tests.explain.planted_contributions import plant, random_motif


def test_there_and_back(tmp_path):
    h5py = pytest.importorskip("h5py")
    rng = np.random.default_rng(90)
    motifs = [random_motif(9, rng) for _ in range(2)]
    planted = plant(motifs, number=300, length=60, share=0.5, signs=[1, -1], seed=91)
    patterns = find_patterns(planted.contributions, planted.codes, DNA)
    path = tmp_path / "modisco.h5"
    given = {"contributions": planted.contributions, "codes": planted.codes}
    write_modisco_h5(patterns, path, **given)
    again = read_modisco_h5(path, DNA)
    assert [p.name for p in again] == [p.name for p in patterns] == ["positive1", "negative1"]
    for one, other in zip(patterns, again, strict=True):
        np.testing.assert_allclose(one.projected, other.projected)
        np.testing.assert_allclose(one.contributions, other.contributions)
        np.testing.assert_array_equal(one.members.start, other.members.start)
        np.testing.assert_array_equal(one.members.row, other.members.row)
        np.testing.assert_array_equal(one.members.reverse, other.members.reverse)
        assert one.motif().consensus == other.motif().consensus
    with h5py.File(path) as file:
        seqlets = file["pos_patterns/pattern_0/seqlets"]
        assert int(seqlets["n_seqlets"][0]) == len(patterns[0]) == len(seqlets["sequence"])
        # programs lay seqlets on a genome by the middle of windows of this size
        assert file.attrs["window_size"] == 60 and file.attrs["alphabet"] == "ACGT"
        mean = np.asarray(seqlets["contrib_scores"]).mean(0)
        np.testing.assert_allclose(mean, patterns[0].projected, atol=1e-5)
    with pytest.raises(SeqcnnError, match="is over ACGT, the alphabet 'protein' is ACDE"):
        read_modisco_h5(path, PROTEIN)
    with h5py.File(path, "a") as file:  # as older files are
        del file.attrs["alphabet"]
    with pytest.raises(SeqcnnError, match="20 letters"):
        read_modisco_h5(path, PROTEIN)
    with pytest.raises(SeqcnnError, match="modisco-lite"):
        (tmp_path / "text.h5").write_text("no")
        read_modisco_h5(tmp_path / "text.h5", DNA)


def test_without_h5py(tmp_path, monkeypatch):
    kept = builtins.__import__

    def without(name, *rest, **options):
        if name == "h5py":
            raise ImportError(name)
        return kept(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SeqcnnError, match="pip install"):
        read_modisco_h5(tmp_path / "x.h5", DNA)
