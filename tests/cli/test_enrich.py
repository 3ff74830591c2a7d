import csv
import gzip
import sys

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.io import write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.io.fasta import write_fasta
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.logspace import parse_log10
from seqcnn.stats.tests import log10_p_of_detail
from tests.motifs.test_enrich import WORDS, as_set, planted, random_rows, word_motif

COLUMNS = (
    "motif pos_hits pos_total neg_hits neg_total odds_ratio or_low or_high p_value e_value q_value "
    "auroc name consensus centre_width centre_hits centre_expected centre_p_value centre_q_value "
    "test detail"
).split()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("enrich")
    rng = np.random.default_rng(0)
    write_motifs(folder / "motifs.meme", [word_motif(w) for w in WORDS])
    write_fasta(folder / "peaks.fa", planted(rng, WORDS[2]))
    write_fasta(folder / "control.fa", as_set(random_rows(rng, 200, 60)))
    return folder


def run(files, *arguments):
    """Run the command; with few decoys, to save time."""
    if "--decoys" not in arguments:
        arguments = (*arguments, "--decoys", "50")
    paths = [str(files / a) if (files / str(a)).exists() else str(a) for a in arguments]
    return main(["enrich", *paths])


def rows_of(text):
    return list(csv.DictReader(text.splitlines(), delimiter="\t"))


def test_writes_every_motif_the_best_first(files, capsys):
    assert run(files, "motifs.meme", "peaks.fa", "--decoys", "100") == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0].split("\t") == COLUMNS
    rows = rows_of(out)
    assert rows[0]["motif"] == WORDS[2]
    assert sorted(r["motif"] for r in rows) == sorted(WORDS)
    for row in rows:
        again = log10_p_of_detail(row["test"], row["detail"])
        assert parse_log10(row["p_value"]) == pytest.approx(again, abs=0.03)
        assert int(row["pos_total"]) == int(row["neg_total"]) == 300
    assert "note: control: one shuffle" in err
    assert "decoys" in err


def test_control_position_and_filters(files, tmp_path, capsys):
    out, positions = tmp_path / "out.tsv.gz", tmp_path / "positions.tsv"
    arguments = ("motifs.meme", "peaks.fa", "--control", "control.fa", "-o", str(out))
    options = ("--position", str(positions), "--q-value", "1e-8", "-q")
    assert run(files, *arguments, *options) == 0
    rows = rows_of(gzip.decompress(out.read_bytes()).decode())
    assert [r["motif"] for r in rows] == [WORDS[2]]
    bins = rows_of(positions.read_text())
    assert [b["bin"] for b in bins] == [str(i) for i in range(20)]
    assert sum(int(b["hits"]) for b in bins) == int(rows[0]["pos_hits"])
    assert capsys.readouterr().err == ""


def test_top_and_ranks(files, capsys):
    assert run(files, "motifs.meme", "peaks.fa", "--top", "2", "--test", "rank-sum", "-q") == 0
    rows = rows_of(capsys.readouterr().out)
    assert len(rows) == 2
    assert {r["test"] for r in rows} == {"rank-sum"}
    assert {r["detail"] for r in rows} == {""}


def test_same_seed_same_bytes(files, capsys):
    outs = []
    for seed in ("1", "1", "2"):
        run(files, "motifs.meme", "peaks.fa", "--seed", seed, "-q", "--decoys", "50")
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1] != outs[2]


@pytest.mark.parametrize("options", [(), ("--alphabet", "HPC")])
def test_letters_of_ones_own_come_with_the_motifs(tmp_path, capsys, options):
    own = Alphabet("hp", "HPC", {"X": "HPC"})
    rng = np.random.default_rng(0)
    rows = rng.integers(0, 3, (60, 50))
    rows[::2, 20:26] = [0, 1, 2, 2, 1, 0]
    ids = [f"s{i}" for i in range(len(rows))]
    write_fasta(
        tmp_path / "x.fa",
        SequenceSet.from_arrays(list(rows.astype(np.uint8)), alphabet=own, ids=ids),
    )
    found = Motif("m", ProbabilityMatrix(np.eye(3)[[0, 1, 2, 2, 1, 0]], own), sites=20)
    write_motifs(tmp_path / "x.meme", [found])
    assert run(tmp_path, "x.meme", "x.fa", "-q", *options) == 0
    (row,) = rows_of(capsys.readouterr().out)
    assert int(row["pos_hits"]) >= 30 > int(row["neg_hits"])
    assert run(tmp_path, "x.meme", "x.fa", "--alphabet", "HPK") == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("motifs.meme", "absent.fa"), "absent.fa"),
        (("nothing", "peaks.fa"), "neither a motif file nor a database"),
        (("-", "-"), "only one of the inputs"),
        (("motifs.meme", "peaks.fa", "--position", "-"), "both tables"),
        (("motifs.meme", "peaks.fa", "--control", "peaks.fa"), "also in the foreground"),
    ],
)
def test_one_line_and_exit_2(files, capsys, arguments, message):
    assert run(files, *arguments, "-q") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert message in err


def test_never_writes_over_an_input(files, capsys):
    path = str(files / "peaks.fa")
    assert run(files, "motifs.meme", "peaks.fa", "-o", path) == 2
    assert run(files, "motifs.meme", "peaks.fa", "--position", path) == 2


def test_does_not_need_jax(files, tmp_path):
    import subprocess

    code = (
        "import sys; from seqcnn.cli.main import main; "
        f"code = main(['enrich', {str(files / 'motifs.meme')!r}, {str(files / 'peaks.fa')!r}, "
        f"'-o', {str(tmp_path / 'x.tsv')!r}, '-q', '--decoys', '0']); "
        "sys.exit(code or ('jax' in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
