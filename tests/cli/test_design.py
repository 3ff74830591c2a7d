"""Design from the command line."""

import pytest

from seqcnn.cli.main import main
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import read_sequences, write_fasta
from tests.cli.test_train import QUICK, read_table
from tests.discovery.planted import as_set, plant, random_rows


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("design")
    bound = plant(random_rows(200, 30, 0), "TGACTCAGC", 1.0, 1)
    for name, rows in (("bound", bound), ("other", random_rows(200, 30, 2))):
        write_fasta(folder / f"{name}.fa", as_set(rows))
    arguments = ["train", str(folder / "bound.fa"), "--control", str(folder / "other.fa"),
                 "-o", str(folder / "m"), *QUICK, "--rounds", "8", "--steps", "30"]  # fmt: skip
    assert main(arguments) == 0
    return folder


def test_random_sequences_become_bound_ones(made, tmp_path, capsys):
    out = tmp_path / "o"
    arguments = ["design", str(made / "m"), "--random", "5", "-o", str(out), "-q", "--edits", "8",
                 "--forbid", "GAATTC,GGNCC", "--gc", ".3-.6", "--fixed", "1-3"]  # fmt: skip
    assert main(arguments) == 0
    assert "5 sequences are designed" in capsys.readouterr().out
    designed = read_sequences(out / "designed.fa", alphabet="dna")
    assert designed.lengths.tolist() == [30] * 5
    _, rows = read_table(out / "designed.tsv")
    _, edits = read_table(out / "edits.tsv")
    for row, codes in zip(rows, designed, strict=True):
        assert row[4] == DNA.decode(codes) and float(row[2]) > float(row[1]) + 1
        own = [edit for edit in edits if edit[0] == row[0]]
        assert len(own) == int(row[3]) <= 8
        assert all(int(e[1]) > 3 and row[4][int(e[1]) - 1] == e[3] for e in own)
    assert main(arguments) == 2 and main([*arguments, "--force"]) == 0


def test_given_sequences_are_lowered(made, tmp_path):
    out = tmp_path / "o"
    arguments = ["design", str(made / "m"), str(made / "bound.fa"), "-o", str(out), "-q",
                 "--goal", "min", "--edits", "2", "--method", "greedy"]  # fmt: skip
    assert main(arguments) == 0
    _, rows = read_table(out / "designed.tsv")
    assert len(rows) == 200 and all(float(row[2]) <= float(row[1]) for row in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either SEQUENCES or --random N"),
        (["--random", "2", "--goal", "high"], "--goal is 'high'"),
        (["--random", "2", "--gc", "half"], "`--gc` is 'half', it must be like .4-.6"),
        (["--random", "2", "--gc", "40-60"], "`--gc` is '40-60': two shares from 0 to 1"),
        (["--random", "2", "--fixed", "5"], "`--fixed` is '5'"),
        (["--random", "2", "--fixed", "0-5"], "`--fixed` is '0-5', it must be like 10-20, from 1"),
        (["--random", "2", "--fixed", "3-99"], "has 3-99, but the longest sequence has"),
        (["--random", "2", "--forbid", "AXX"], "'X' at position 2"),
        (
            ["--random", "2", "--forbid", "N", "--edits", "1"],
            "no sequence keeps to all constraints",
        ),
    ],
)
def test_mistakes_are_one_line(made, tmp_path, capsys, arguments, message):
    capsys.readouterr()
    out = tmp_path / "o"
    assert main(["design", str(made / "m"), *arguments, "-o", str(out), "-q"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not out.exists()
