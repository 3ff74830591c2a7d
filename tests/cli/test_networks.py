from seqcnn.cli.main import main
from seqcnn.networks.table import LECTURE, PAPERS, network_facts, paper_of
from seqcnn.networks.zoo import names


def test_networks_are_listed_by_pattern(tmp_path, capsys):
    assert main(["networks", "le*", "-o", str(tmp_path / "t.tsv"), "--measure"]) == 0
    head, *rows = (line.split("\t") for line in (tmp_path / "t.tsv").read_text().splitlines())
    (row,) = [dict(zip(head, row, strict=True)) for row in rows]
    assert row["name"] == "lenet" and row["parameters"] == "61706"
    assert row["reads"] == "32x32x1" and float(row["relative_time"]) == 1.0


def test_the_lectures_figures_stand_beside_ours(capsys):
    assert main(["networks", "shufflenet", "--lecture"]) == 0
    head, row = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    told = dict(zip(head, row, strict=True))
    assert told["lecture_parameters"] == "1.4M" and told["parameters"] == "1865728"
    assert "fit no variant of the paper" in told["remark"]


def test_an_unknown_pattern_is_one_line(capsys):
    assert main(["networks", "xyz*"]) == 2
    assert capsys.readouterr().err == (
        "error: no network is called like 'xyz*': see seqcnn networks\n"
    )


def test_the_lecture_has_18_networks_and_each_differs_with_a_reason():
    assert len(LECTURE) == 18
    for name in ("resnet18", "squeezenet", "shufflenet", "darknet19"):
        facts = network_facts(name)
        said = facts.lecture
        assert said is not None and facts.size is not None
        assert facts.size[:2] == (said.size, said.size)
        close = abs(facts.parameters / 1e6 - said.parameters) < 0.02 * said.parameters
        assert close or said.remark


def test_every_network_of_a_paper_names_it():
    own = {"hybrid", "mlp", "cnn", "backbone_segmenter", "segmenter"}
    assert not [name for name in names() if not paper_of(name) and name not in own]
    assert all(PAPERS.values())
