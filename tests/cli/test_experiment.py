"""Experiments from the command line: what the tables say, and that files are the same again."""

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.explain.edit import substitute
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.networks.weights import Member, Model, save_model
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import write_fasta
from seqcnn.training.targets import Target
from tests.cli.test_train import read_table
from tests.discovery.planted import as_set, random_rows
from tests.explain.words import word_network

WORD, OTHER = "TGACTCA", "CCAGTTG"
SPAN = WORD + "...." + OTHER


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("experiment")
    words = [WORD, OTHER, SPAN]
    options = {"kernels": 3, "width": len(SPAN), "hidden": 3, "strand": "one"}
    member = Member("motifcnn", options, word_network(words, [2.0, 1.0, 3.0]),
                    {"fold": 0, "calibrator": {"scale": [2.0], "offset": [0.0]}})  # fmt: skip
    target = Target("binary", ("bound",)).to_dict()
    save_model(Model((member,), DNA, {"target": target, "length": 30}), folder / "m")
    given = substitute(as_set(random_rows(6, 30, 0)), WORD, 4)
    write_fasta(folder / "bound.fa", given)
    motifs = [
        Motif(name, ProbabilityMatrix(np.eye(4)[DNA.encode(word)], DNA))
        for name, word in (("AP1", WORD), ("X", OTHER))
    ]
    write_motifs(folder / "two.meme", motifs)
    (folder / "hits.tsv").write_text(
        "sequence\tstart\tend\tstrand\tpattern\nseq_1\t4\t11\t+\tpositive1\n"
        "seq_3\t20\t26\t-\tpositive2\n"
    )
    return folder


def run(made, out, *options, fasta=True):
    given = [str(made / "bound.fa")] if fasta else []
    options = [str(made / o[1:]) if o.startswith("@") else o for o in options]
    return main(["experiment", str(made / "m"), *given, "-o", str(out), "-q", *options])


def test_marginalize(made, tmp_path, capsys):
    for out, fasta in (("o", True), ("random", False)):
        options = ["--marginalize", "@two.meme", "--strand", "both", "--backgrounds", "20"]
        assert run(made, tmp_path / out, *options, fasta=fasta) == 0
        header, rows = read_table(tmp_path / out / "marginalization.tsv")
        assert header[:5] == ["motif", "strand", "site", "start", "backgrounds"]
        assert [row[:3] for row in rows] == [
            ["AP1", "+", WORD], ["AP1", "-", "TGAGTCA"], ["X", "+", OTHER], ["X", "-", "CAACTGG"],
        ]  # fmt: skip
        effects = [float(row[7]) for row in rows]
        np.testing.assert_allclose(effects, [4, 0, 2, 0], atol=0.5)
        assert all(row[3:5] == ["11", "20"] for row in rows)
    assert "Marginalization of 'bound'" in capsys.readouterr().out
    assert run(made, tmp_path / "again", *options, fasta=False) == 0
    for name in ("marginalization.tsv", "marginalization.png"):
        one, other = ((tmp_path / out / name).read_bytes() for out in ("random", "again"))
        assert one == other
    assert run(made, tmp_path / "o", *options) == 2
    assert run(made, tmp_path / "o", "--marginalize", WORD, "--force", "--background", "given",
               "--start", "5") == 0  # fmt: skip
    _, rows = read_table(tmp_path / "o" / "marginalization.tsv")
    assert len(rows) == 1 and float(rows[0][7]) == pytest.approx(0, abs=1e-5)  # is there already


def test_marginalize_at_several_places_draws_curves(made, tmp_path):
    options = ["--marginalize", "@two.meme", "--backgrounds", "5"]
    assert run(made, tmp_path / "one", *options, "--start", "9-9") == 0
    assert run(made, tmp_path / "o", *options, "--start", "1-23") == 0
    _, rows = read_table(tmp_path / "o" / "marginalization.tsv")
    assert [(row[0], int(row[3])) for row in rows] == [(m, s) for m in "AP1 X".split()
                                                       for s in range(23)]  # fmt: skip
    _, once = read_table(tmp_path / "one" / "marginalization.tsv")
    assert [row for row in rows if row[3] == "8"] == once
    one, curves = (tmp_path / n / "marginalization.png" for n in ("one", "o"))
    # bars of two motifs are low, curves are as high as wide
    one_size, size = (np.frombuffer(p.read_bytes()[16:24], ">u4") for p in (one, curves))
    assert one_size[1] < one_size[0] and size[0] == size[1]


def test_one_motif_of_a_file_is_planted(made, tmp_path):
    options = ["--marginalize", "@two.meme:X", "--backgrounds", "5"]
    assert run(made, tmp_path / "o", *options, fasta=False) == 0
    _, rows = read_table(tmp_path / "o" / "marginalization.tsv")
    assert [row[0] for row in rows] == ["X"]


def test_spacing(made, tmp_path, capsys):
    out = tmp_path / "o"
    options = ["--spacing", "@two.meme:AP1", OTHER, "--distances", "2-6", "--orientation", "++",
               "--orientation", "+-", "--backgrounds", "10"]  # fmt: skip
    assert run(made, out, *options, fasta=False) == 0
    _, rows = read_table(out / "spacing.tsv")
    excess = {(row[2], int(row[3])): float(row[9]) for row in rows}
    assert len(excess) == 10
    for key, value in excess.items():
        assert value == pytest.approx(6.0 if key == ("++", 4) else 0.0, abs=1e-5)
    assert "largest excess 6 at 4 (++)" in capsys.readouterr().out
    assert (out / "spacing.png").stat().st_size > 1000


def test_ablation_epistasis_and_swaps(made, tmp_path):
    out = tmp_path / "o"
    assert run(made, out, "--ablate", "@hits.tsv", "--copies", "5") == 0
    _, rows = read_table(out / "ablation.tsv")
    assert rows[0][:4] == ["seq_1", "4", "11", "positive1"] and rows[1][3] == "positive2"
    np.testing.assert_allclose([float(row[5]) for row in rows], [4, 0], atol=1e-5)
    assert run(made, out, "--epistasis", "--positions", "4-8", "--force") == 0
    _, rows = read_table(out / "epistasis.tsv")
    assert len(rows) == 6 * 10
    for row in rows:
        assert float(row[4]) == pytest.approx(4 if row[1] != "3" else 0, abs=1e-5)
    assert (out / "epistasis_6.png").exists()
    assert run(made, out, "--swap", "5-11", "--force") == 0
    _, rows = read_table(out / "context_swap_shares.tsv")
    assert [row[0] for row in rows] == ["stretch", "context", "both"]
    assert {p.name for p in out.iterdir()} >= {"context_swap.tsv", "context_swap.png"}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "give one of --marginalize"),
        (["--epistasis", "--swap", "1-3"], "give one of --marginalize"),
        (["--marginalize", "no.meme"], "'no.meme' is neither a motif file nor words over ACGT"),
        (["--spacing", "@two.meme", OTHER], "is 2 motifs, one is needed"),
        (["--spacing", "@two.meme:Z", OTHER], "is no such motif"),
        (["--spacing", WORD, OTHER, "--distances", "5-2"], "the smaller one comes first"),
        (["--spacing", WORD, OTHER, "--distances", "far"], "`--distances` is 'far'"),
        (["--spacing", WORD, OTHER, "--distances", "90"], "do not lie in sequence"),
        (["--marginalize", WORD, "--start", "0"], "`--start` is '0', it must be like 20"),
        (["--marginalize", WORD, "--start", "9-x"], "`--start` is '9-x'"),
        (["--marginalize", WORD, "--start", "20-25"], "letters: positions count from 0"),
        (["--spacing", WORD, OTHER, "--start", "1-2"], "only --marginalize plants at several"),
        (["--swap", "0-3"], "`--swap` is '0-3'"),
        (["--swap", "20-40"], "stretch 19-40 does not lie"),
        (["--epistasis", "--task", "other"], "`task` is 'other'"),
    ],
)
def test_mistakes_are_one_line(made, tmp_path, capsys, options, message):
    capsys.readouterr()
    out = tmp_path / "o"
    assert run(made, out, *options) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not out.exists()


def test_what_changes_sequences_needs_them(made, tmp_path, capsys):
    assert run(made, tmp_path / "o", "--epistasis", fasta=False) == 2
    assert "--epistasis changes SEQUENCES" in capsys.readouterr().err
