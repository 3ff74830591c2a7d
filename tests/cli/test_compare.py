import csv
import math
import re

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.motifs.compare import compare
from seqcnn.motifs.data import load_database
from seqcnn.motifs.io import read_motifs, write_motifs
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA


@pytest.fixture
def queries(tmp_path):
    chosen = [m for m in load_database(group="insects") if m.alternative_name in ("cad", "grn")]
    turned = [chosen[0], chosen[1].reverse_complement()]
    write_motifs(tmp_path / "q.meme", turned)
    return tmp_path / "q.meme"


def run(capsys, *arguments):
    code = main(["compare", *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, list(csv.DictReader(out.splitlines(), delimiter="\t")), err


def test_rows_are_those_of_the_library(queries, capsys):
    code, rows, err = run(capsys, queries, "jaspar:insects", "--top", 3)
    assert (code, err) == (0, "")
    assert (
        list(rows[0]) == "query target name p_value e_value q_value offset overlap strand".split()
    )
    best = {row["query"]: row for row in reversed(rows)}
    assert [(row["name"], row["strand"]) for row in best.values()] in (
        [("grn", "-"), ("cad", "+")], [("cad", "+"), ("grn", "-")],
    )  # fmt: skip
    database = load_database(group="insects")
    named = [m for m in database if m.alternative_name in ("cad", "grn")]
    expected = compare([named[0], named[1].reverse_complement()], database, top=3)
    assert len(rows) == 6
    for row, found in zip(rows, expected, strict=True):
        assert (row["target"], int(row["offset"])) == (found.target.name, found.offset)
        # the file rounds probabilities
        assert math.log10(float(row["p_value"])) == pytest.approx(found.log10_p, abs=0.1)
        ratio = math.log10(float(row["e_value"])) - math.log10(float(row["p_value"]))
        assert ratio == pytest.approx(math.log10(len(database)), abs=0.01)


def test_tomtom_turns_the_target_over(queries, capsys):
    code, rows, _ = run(capsys, queries, "jaspar:insects", "--format", "tomtom", "--top", 1)
    assert code == 0
    assert (
        list(rows[0])
        == (
            "Query_ID Target_ID Optimal_offset p-value E-value q-value Overlap Query_consensus "
            "Target_consensus Orientation"
        ).split()
    )
    assert sorted(row["Orientation"] for row in rows) == ["+", "-"]
    for row in rows:  # each query is its target: the words are the same as they are printed
        assert row["Query_consensus"] == row["Target_consensus"]
        assert (row["Optimal_offset"], int(row["Overlap"])) == ("0", len(row["Query_consensus"]))


def test_both_tables_lay_the_same_letters_upon_each_other(queries, capsys):
    _, plain, _ = run(capsys, queries, "jaspar:insects", "--e-value", 50)
    _, turned, _ = run(capsys, queries, "jaspar:insects", "--e-value", 50, "--format", "tomtom")
    assert {row["strand"] for row in plain} == {"+", "-"}
    assert {row["offset"] == "0" for row in plain} == {True, False}
    known = {m.name: m.matrix for m in load_database(group="insects")}
    asked = {m.name: m.matrix for m in read_motifs(queries)}
    for one, other in zip(plain, turned, strict=True):
        query, target = asked[one["query"]], known[one["target"]]
        if one["strand"] == "-":
            query = query.reverse_complement()
        pairs = overlapping(query.values, target.values, int(one["offset"]))
        assert len(pairs[0]) == int(one["overlap"]) == int(other["Overlap"])
        words = (other["Query_consensus"], other["Target_consensus"])
        codes = [np.eye(4)[DNA.encode(word)] for word in words]
        as_tomtom = overlapping(*codes, int(other["Optimal_offset"]))
        for matrix, word in zip(pairs, as_tomtom, strict=True):
            if one["strand"] == "-":
                matrix = matrix[::-1, ::-1]
            # of equally frequent letters either may stand in the word
            np.testing.assert_array_equal((matrix * word).sum(1), matrix.max(1))


def overlapping(query, target, offset):
    """The rows that lie upon each other when the query begins at a row of the target."""
    return (
        query[max(0, -offset) : max(0, len(target) - offset)],
        target[max(0, offset) : max(0, offset + len(query))],
    )


def test_a_query_without_a_target_is_told(queries, capsys):
    code, rows, err = run(capsys, queries, "jaspar:insects", "--e-value", 1e-30)
    assert (code, rows) == (0, [])
    assert err.startswith("note: queries without a target within --e-value") and "2 of 2" in err
    assert run(capsys, queries, "jaspar:insects", "--e-value", 1e-30, "-q")[2] == ""


def test_pages_of_logos(queries, tmp_path, capsys):
    folder = tmp_path / "logos"
    arguments = (queries, "jaspar:insects", "--logos", folder, "--e-value", 0.01)
    assert run(capsys, *arguments)[0] == 0
    pages = sorted(folder.iterdir())
    assert [page.suffix for page in pages] == [".html", ".html"]
    for page in pages:
        text = page.read_text()
        assert text.count("<symbol") == 4 and text.count("<h2>") >= 1 and "src=" not in text
    code, _, err = run(capsys, *arguments)
    assert code == 2 and "not empty" in err
    code, rows, _ = run(capsys, *arguments, "--force")
    assert code == 0
    for page in pages:
        text = page.read_text()
        here = [row for row in rows if page.name == row["query"] + ".html"]
        titles = [f"{row['target']} {row['name']}" for row in here][:10]
        assert re.findall("<h2>(.*?)</h2>", text) == titles
        strands = [row["strand"] for row in here][:10]
        assert re.findall("strand (.)</p>", text) == strands
        assert text.count("reverse complement above") == strands.count("-")


def test_names_are_no_html(tmp_path, capsys):
    matrix = load_database(group="insects")[0].matrix
    write_motifs(tmp_path / "q.meme", [Motif("<script>x</script>", matrix)])
    assert run(capsys, tmp_path / "q.meme", "jaspar:insects", "--logos", tmp_path / "l")[0] == 0
    (page,) = (tmp_path / "l").iterdir()
    assert "<script" not in page.read_text()


def test_other_alphabets(tmp_path, capsys):
    rng = np.random.default_rng(0)
    protein = [
        Motif(f"p{i}", ProbabilityMatrix(rng.dirichlet(np.full(20, 0.1), 8), PROTEIN))
        for i in range(4)
    ]
    write_motifs(tmp_path / "p.meme", protein)
    code, rows, err = run(capsys, tmp_path / "p.meme", tmp_path / "p.meme", "--top", 1)
    assert code == 0 and "4 targets say little" in err
    assert [row["query"] for row in rows] == [row["target"] for row in rows]
    code, _, err = run(capsys, tmp_path / "p.meme")
    assert code == 2 and err.count("\n") == 1 and "(protein) is needed" in err
    rna = Motif("r", ProbabilityMatrix(load_database()[0].matrix.values, RNA))
    write_motifs(tmp_path / "r.meme", [rna])
    code, rows, _ = run(capsys, tmp_path / "r.meme", "--top", 1)
    assert code == 0 and rows[0]["target"] == load_database()[0].name and rows[0]["strand"] == "+"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-", "-"], "cannot both be standard input"),
        (["nowhere.meme"], "neither a motif file nor a database"),
        (["jaspar:insects", "jaspar:fungi", "--distance", "cosine"], "--distance"),
        (["jaspar:insects", "jaspar:fungi", "--e-value", "0"], "--e-value"),
        (["jaspar:insects", "jaspar:fungi", "--motif", "nothing"], "no motif 'nothing'"),
    ],
)
def test_wrong_arguments_are_one_line(capsys, arguments, said):
    code, rows, err = run(capsys, *arguments)
    assert (code, rows) == (2, [])
    assert err.count("\n") == 1 and said in err


def test_the_inputs_are_not_written_over(queries, capsys):
    before = queries.read_bytes()
    assert run(capsys, queries, "jaspar:insects", "-o", queries)[0] == 2
    assert queries.read_bytes() == before
