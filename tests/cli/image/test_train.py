"""Train on pictures and predict, from the command line; sequences as pictures."""

import json
from pathlib import Path

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.image.files import read_image, write_image
from seqcnn.networks.weights import load_model
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.fasta import read_sequences, write_fasta
from seqcnn.training.predict import predict
from tests.discovery.planted import as_set, plant, random_rows

QUICK = ["-q", "--rounds", "3", "--steps", "15", "--batch", "16", "--learning-rate", "0.01"]
MODEL = ["config.json", "confusion.tsv", "curves.png", "history.tsv", "metrics.json",
         "predictions.tsv", "report.html", "report.json.gz", "run.json",
         "weights.safetensors"]  # fmt: skip
NUMBER, SIZE = 60, 8


def read_table(path):
    header, *rows = [line.split("\t") for line in Path(path).read_text().splitlines()]
    return header, rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures with a bright half, in a folder for each side."""
    root, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for side, name in enumerate(("left", "right")):
        (root / name).mkdir()
        for i in range(NUMBER):
            right = (np.arange(SIZE) >= SIZE // 2) == side
            x = rng.integers(0, 120, (SIZE, SIZE)) + 130 * right
            write_image(root / name / f"{i:02d}.png", x.astype(np.uint8)[..., None])
    return root


@pytest.fixture(scope="module")
def model(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "m"
    options = ["--network", "mlp", "--set", "hidden=[8]", "--augment", "brightness:0.1"]
    assert main(["image", "train", str(folder), "-o", str(out), *options, *QUICK]) == 0
    return out


def test_a_model_is_written_whole(model):
    assert sorted(path.name for path in model.iterdir()) == MODEL
    facts = json.loads((model / "metrics.json").read_text())
    assert main(["verify", str(model), "-q"]) == 0
    page = (model / "report.html").read_text()
    shown = sum(facts["sequences"]["report"])
    assert page.count("<img") == min(24, shown) and 'class="cells"' in page
    assert facts["held_out"]["mean"]["auroc"]["value"] > 0.9
    header, rows = read_table(model / "history.tsv")
    assert header == ["network", "fold", "round", "loss", "validation_loss", "auroc"]
    assert len(rows) == 3
    header, rows = read_table(model / "confusion.tsv")
    counts = np.array([row[1:] for row in rows], float)
    assert header[1:] == [row[0] for row in rows] == ["left", "right"]
    assert counts.sum() == sum(facts["sequences"]["report"])
    options = load_model(model).members[0].options
    assert options["input_shape"] == [SIZE, SIZE, 1] and 0 < options["pixels"]["mean"][0] < 1


def test_pictures_are_predicted_one_by_one_and_together(model, folder, tmp_path):
    out = tmp_path / "p.tsv"
    assert main(["image", "predict", str(model), str(folder), "-o", str(out), "-q"]) == 0
    header, rows = read_table(out)
    assert header == ["file", "label", "left", "right"] and len(rows) == 2 * NUMBER
    scores = np.array([row[2:] for row in rows], float)
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert [row[1] for row in rows] == [header[2 + i] for i in scores.argmax(axis=1)]
    assert np.mean([row[0].startswith(row[1]) for row in rows]) > 0.9
    one = folder / rows[3][0]
    large = np.kron(read_image(one)[..., 0], np.ones((4, 4), np.uint8))[..., None]
    write_image(tmp_path / "large.png", large)
    paths = [str(one), str(tmp_path / "large.png")]
    assert main(["image", "predict", str(model), *paths, "-o", str(out), "-q"]) == 0
    _, again = read_table(out)
    assert [row[0] for row in again] == paths and again[0][1:] == rows[3][1:]
    np.testing.assert_allclose(*(np.array(row[2:], float) for row in again), atol=0.02)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_mixed_pictures_teach_classes(tmp_path, task):
    rng = np.random.default_rng(2)
    classes = np.arange(2 * NUMBER) % 2
    right = (np.arange(SIZE) >= SIZE // 2) == classes[:, None, None]
    x = rng.integers(0, 120, (2 * NUMBER, SIZE, SIZE)) + 130 * right
    np.savez(
        tmp_path / "x.npz",
        x=x.astype(np.uint8),
        y=classes,
    )
    options = ["--network", "mlp", "--set", "hidden=[8]", "--augment", "mixup", "--task", task]
    command = ["image", "train", str(tmp_path / "x.npz"), "-o", str(tmp_path / "m"), "-q"]
    assert main([*command, *options, *QUICK]) == 0
    facts = json.loads((tmp_path / "m" / "metrics.json").read_text())
    held_out = next(iter(facts["held_out"].values()))
    assert held_out["auroc"]["value"] > 0.9


def test_no_augmentation_has_a_name_as_for_masks():
    from seqcnn.cli.image.train_plan import _augmentation
    from seqcnn.training.targets import Target

    target = Target("multiclass", ("a", "b"))
    assert _augmentation("none", target) is None is _augmentation(None, target)
    assert _augmentation("flip", target) is not None


def test_numbers_from_a_table_and_an_array_on_disk(tmp_path, capsys):
    rng = np.random.default_rng(1)
    x = rng.integers(0, 256, (60, SIZE, SIZE)).astype(np.uint8)
    values = x[:, :, : SIZE // 2].mean(axis=(1, 2)) - x[:, :, SIZE // 2 :].mean(axis=(1, 2))
    np.savez(tmp_path / "x.npz", x=x, y=values)
    out = tmp_path / "m"
    command = ["image", "train", str(tmp_path / "x.npz"), "-o", str(out)]
    options = ["--network", "mlp", "--set", "hidden=[8]", *QUICK]
    assert main([*command, *options, "--augment", "mixup"]) == 2
    assert "mixup mixes classes: it is not for regression" in capsys.readouterr().err
    assert main([*command, *options]) == 0
    assert "pearson on" in capsys.readouterr().out
    assert json.loads((out / "metrics.json").read_text())["target"] == "regression"
    assert not (out / "confusion.tsv").exists()
    np.save(tmp_path / "x.npy", x)
    table = tmp_path / "p.tsv"
    given = ["image", "predict", str(out), str(tmp_path / "x.npy"), "-o", str(table), "-q"]
    assert main(given) == 0
    header, rows = read_table(table)
    assert len(header) == 2 and header[0] == "file" and len(rows) == 60


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--network", "resnet_huge"], "there is no network 'resnet_huge'"),
        (["--size", "8by8"], "`--size` is '8by8', it must be like 64x64"),
        (["--dims", "2"], "`--dims` 2 is for pictures of sequences"),
        (["--network", "motifcnn"], "pictures of dna sequences are grey and have 4 rows"),
        (["--augment", "shake"], "no step of augmentation is called 'shake'"),
        (["--task", "regression"], "labels are 2 classes: left, right; leave --task out"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(folder, tmp_path, capsys, options, message):
    out = tmp_path / "m"
    assert main(["image", "train", str(folder), "-o", str(out), "-q", *options]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    root = tmp_path_factory.mktemp("drawn")
    rows = plant(random_rows(120, 30, 0), "TGACTCAGC", 1.0, 1)
    write_fasta(root / "s.fa", as_set(rows))
    out = root / "pictures"
    command = ["image", "from-sequences", str(root / "s.fa"), "-o", str(out), "-q"]
    assert main(command) == 0
    return root / "s.fa", out


def test_sequences_become_pictures_that_turn_to_the_other_strand(drawn):
    fasta, out = drawn
    sequences = read_sequences(str(fasta))
    header, rows = read_table(out / "pictures.tsv")
    assert header == ["file", "class", "group", "sequence"] and len(rows) == 240
    for i in (0, 7):
        name, kind, _, identifier = rows[i]
        picture = read_image(out / name)[..., 0]
        assert (
            kind == "foreground"
            and picture.shape == (4, 30)
            and set(np.unique(picture)) == {0, 255}
        )
        at = list(sequences.ids).index(identifier)
        text = "".join("ACGT"[row] for row in picture.argmax(axis=0))
        codes = sequences.select(np.array([at])).padded()[0]
        assert np.array_equal(DNA.encode(text), codes)
        back = "".join("ACGT"[row] for row in picture[::-1, ::-1].argmax(axis=0))
        pairs = dict(zip("ACGT", "TGCA", strict=True))
        assert back == "".join(pairs[letter] for letter in reversed(text))
    originals, shuffles = rows[:120], rows[120:]
    assert [row[1] for row in shuffles] == ["control"] * 120
    assert [row[2] for row in shuffles] == [row[2] for row in originals]


def test_a_network_for_sequences_reads_their_pictures(drawn, tmp_path):
    fasta, out = drawn
    model, table = tmp_path / "m", tmp_path / "p.tsv"
    small = ["--set", "kernels=8", "--set", "width=9", "--set", "hidden=8", "--dims", "2"]
    labels = ["--labels", str(out / "pictures.tsv"), "--columns", "class", "--group-by", "group"]
    command = ["image", "train", str(out), *labels, "--network", "motifcnn", *small]
    assert main([*command, "--augment", "turn180", "-o", str(model), *QUICK]) == 0
    assert (
        json.loads((model / "metrics.json").read_text())["held_out"]["mean"]["auroc"]["value"] > 0.6
    )
    given = ["image", "predict", str(model), str(out / "foreground"), "-o", str(table), "-q"]
    assert main(given) == 0
    _, rows = read_table(table)
    # the network within reads the sequences themselves to the same effect
    loaded = load_model(model)
    inner = loaded.members[0].network.network  # pyright: ignore[reportAttributeAccessIssue]
    bare = type(loaded)(
        (type(loaded.members[0])("motifcnn", {}, inner, loaded.members[0].extra),),
        loaded.alphabet,
        loaded.extra,
    )
    expected = predict(bare, read_sequences(str(fasta)))
    names = loaded.extra["target"]["names"]
    found = np.array([row[2:] for row in rows], float)[:, names.index("foreground")]
    np.testing.assert_allclose(found, expected[:, names.index("foreground")], atol=1e-4)
