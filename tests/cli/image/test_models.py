"""A model given to a command of another kind is refused in a line that names the right one."""

import itertools

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.image.files import write_image
from seqcnn.networks.weights import Model, create_member, save_model
from seqcnn.training.targets import Target
from seqcnn.training.upright import UPRIGHT

SIZE = [8, 8, 1]
FACTS = {
    "image predict": {"target": Target("multiclass", ("a", "b")).to_dict(), "shape": SIZE},
    "image segment predict": {"target": Target("segmentation", ("a", "b")).to_dict(), "tile": 8},
    "image upright apply": {"target": UPRIGHT.to_dict(), "shape": SIZE},
    "image generate sample": {"generates": True, "classes": ["a", "b"], "dtype": "uint8"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    member = create_member("mlp", input_shape=SIZE, classes=2, hidden=[2])
    for command, facts in FACTS.items():
        save_model(Model((member,), extra=facts), root / command)
    write_image(root / "picture.png", np.zeros((8, 8, 1), np.uint8))
    (root / "s.fa").write_text(">a\nACGTACGTACGTACGT\n")
    return root


@pytest.mark.parametrize(("command", "other"), list(itertools.permutations(FACTS, 2)))
def test_a_model_of_another_kind(folder, tmp_path, capsys, command, other):
    given = [] if command == "image generate sample" else [str(folder / "picture.png")]
    out = tmp_path / "out"
    assert main([*command.split(), str(folder / other), *given, "-o", str(out)]) == 2
    assert f"this model is for `seqcnn {other}`, not for `{command}`" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("command", ["predict", "explain", "evaluate"])
def test_sequences_are_not_for_models_of_pictures(folder, tmp_path, capsys, command, kind):
    out = tmp_path / "out"
    assert main([command, str(folder / kind), str(folder / "s.fa"), "-o", str(out), "-q"]) == 2
    assert f"it is for `seqcnn {kind}`" in capsys.readouterr().err
    assert not out.exists()
