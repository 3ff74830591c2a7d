"""Masks from the command line: train on two folders, predict, and what can go wrong."""

import csv
import json
import shutil
from contextlib import contextmanager

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.image.files import read_image, write_image
from seqcnn.image.masks import read_mask, write_mask
from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.weights import load_model
from seqcnn.stats.segmentation import count_pixels, dice

QUICK = ["-q", "--rounds", "3", "--steps", "15", "--learning-rate", "0.01", "--tile", "16",
         "--set", "channels=[4,8]", "--set", "depth=1", "--classes", "ground,shape"]  # fmt: skip


def rows(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Pictures of two sizes, one in colour, with masks with a palette and without."""
    folder = tmp_path_factory.mktemp("in")
    (folder / "pictures").mkdir()
    (folder / "masks").mkdir()
    shapes = draw_shapes(14, size=20, noise=0.05)
    for i, (picture, mask) in enumerate(zip(shapes.x, shapes.masks, strict=True)):
        cut = np.s_[:, :18] if i % 2 else np.s_[:, :]
        seen = picture[cut].repeat(3, axis=-1) if i == 3 else picture[cut]
        write_image(folder / "pictures" / f"p{i:02}.{'tif' if i == 4 else 'png'}", seen)
        if i % 3:
            write_mask(folder / "masks" / f"p{i:02}.png", mask[cut])
        else:
            write_image(folder / "masks" / f"p{i:02}.png", mask[cut] * np.uint8(255))
    return folder


@pytest.fixture(scope="module")
def model(files):
    out = files / "model"
    arguments = [str(files / "pictures"), str(files / "masks"), "-o", str(out), "--channels", "1"]
    assert main(["image", "segment", "train", *arguments, *QUICK]) == 0
    return out


def test_a_model_says_what_it_is_worth(model):
    facts = json.loads((model / "metrics.json").read_text())
    assert main(["verify", str(model), "-q"]) == 0
    page = (model / "report.html").read_text()
    assert page.count("<img") == 1 and f"{facts['held_out']['shape']['dice']:.3f}" in page
    assert facts["pictures"] == 3 and set(facts["held_out"]) == {"ground", "shape"}
    assert 0.5 < facts["held_out"]["shape"]["dice"] <= 1
    roles = [row["role"] for row in rows(model / "roles.tsv")]
    assert len(roles) == 14 and [roles.count(r) for r in ("train", "stop", "report")] == [10, 1, 3]
    history = rows(model / "history.tsv")
    assert [row["round"] for row in history] == ["1", "2", "3"]
    assert float(history[-1]["loss"]) < float(history[0]["loss"])
    assert not (model / "checkpoint").exists()
    assert load_model(model).extra["tile"] == 16


def test_predicted_masks_are_files_tables_and_a_sheet(files, model, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = [str(model), str(files / "pictures"), "--masks", str(files / "masks")]
    assert main(["image", "segment", "predict", *arguments, "-o", str(out), "-q"]) == 0
    assert "14 masks in" in capsys.readouterr().out
    truth = [read_mask(path) for path in sorted((files / "masks").iterdir())]
    found = [read_mask(out / f"p{i:02}.png") for i in range(14)]
    counts = [count_pixels(f[None], t[None], 2) for f, t in zip(found, truth, strict=True)]
    table = {row["class"]: row for row in rows(out / "metrics.tsv")}
    total = [sum(int(part[0, 1]) for part in parts) for parts in zip(*counts, strict=True)]
    pooled = 2 * total[0] / (2 * total[0] + total[1] + total[2])
    assert float(table["shape"]["dice"]) == pytest.approx(pooled, rel=1e-4)
    each = [float(row["dice shape"]) for row in rows(out / "pictures.tsv")]
    np.testing.assert_allclose(each, [dice(c)[0, 1] for c in counts], rtol=1e-4)
    assert float(table["shape"]["dice_per_image"]) == pytest.approx(np.mean(each), rel=1e-4)
    areas = [row for row in rows(out / "areas.tsv") if row["class"] == "shape"]
    assert [int(row["pixels"]) for row in areas] == [int((mask == 1).sum()) for mask in found]
    picture, over = read_image(files / "pictures" / "p00.png"), read_image(out / "p00_overlay.png")
    assert ((over != picture).any(axis=-1) == (found[0] > 0)).all()
    assert read_image(out / "cases.png").shape[0] > 500


def test_margins_of_tiles_are_left_out(files, model, tmp_path, capsys):
    arguments = [str(model), str(files / "pictures" / "p00.png"), "-q"]
    for margin, out in (("0", "a"), ("7", "b"), ("8", "c")):
        to = ["-o", str(tmp_path / out), "--margin", margin]
        code = main(["image", "segment", "predict", *arguments, *to])
        assert code == (2 if margin == "8" else 0)
    assert "below half of a tile (16), not 8" in capsys.readouterr().err.replace("\n", " ")
    assert read_mask(tmp_path / "b" / "p00.png").shape == read_mask(tmp_path / "a/p00.png").shape
    assert not (tmp_path / "c").exists()


def test_a_run_that_is_complete_is_not_written_over(files, model, tmp_path, capsys):
    arguments = [str(files / "pictures"), str(files / "masks"), "-o", str(model)]
    assert main(["image", "segment", "train", *arguments]) == 2
    assert "not empty" in capsys.readouterr().err
    (tmp_path / "old").write_text("")
    arguments = [str(model), str(files / "pictures" / "p00.png"), "-o", str(tmp_path)]
    assert main(["image", "segment", "predict", *arguments]) == 2
    assert not (tmp_path / "p00.png").exists()


def test_a_run_that_was_broken_off_goes_on(files, model, tmp_path, monkeypatch):
    steps = []

    @contextmanager
    def deferred():
        yield lambda: steps.append(1) or len(steps) == 20

    folders = [str(files / "pictures"), str(files / "masks"), "--channels", "1"]
    arguments = ["image", "segment", "train", *folders, "-o", str(tmp_path / "m"), *QUICK]
    with monkeypatch.context() as patch:
        patch.setattr("seqcnn.cli.stop.deferred", deferred)
        assert main(arguments) != 0  # no signal came, which main would know
    assert (tmp_path / "m" / "checkpoint").exists()
    assert not (tmp_path / "m" / "config.json").exists()
    assert main([*arguments, "--resume"]) == 0
    for name in ("weights.safetensors", "history.tsv", "metrics.json"):
        assert (tmp_path / "m" / name).read_bytes() == (model / name).read_bytes()
    assert main([*arguments, "--resume"]) == 0
    assert not (tmp_path / "m" / "checkpoint").exists()


def test_arrays_of_objects_are_read_from_one_file(tmp_path, capsys):
    shapes = draw_shapes(6, size=16)
    np.savez(tmp_path / "a.npz", x=shapes.x, masks=shapes.masks.astype(np.int16) * 300)
    arguments = [str(tmp_path / "a.npz"), "-o", str(tmp_path / "m"), *QUICK]
    assert main(["image", "segment", "train", *arguments]) == 2
    assert "--binary makes one class" in capsys.readouterr().err
    assert not (tmp_path / "m").exists()
    short = ["--binary", "--stretch", "--rounds", "1", "--steps", "2", "--balance", "weights"]
    assert main(["image", "segment", "train", *arguments, *short]) == 0
    out = tmp_path / "o"
    assert main(["image", "segment", "predict", str(tmp_path / "m"), str(tmp_path / "a.npz"),
                 "-o", str(out), "--whole", "-q"]) == 0  # fmt: skip
    assert len(rows(out / "metrics.tsv")) == 3 and (out / "5.png").exists()


def _mask(folder):
    return folder / "masks" / "p01.png"


def _all_ground(folder):
    for path in (folder / "masks").iterdir():
        write_mask(path, np.zeros_like(read_mask(path)))


def _as_jpeg(folder):
    _mask(folder).unlink()
    write_image(_mask(folder).with_suffix(".jpg"), np.zeros((20, 18, 1), np.uint8))


def _only(folder, number):
    for path in sorted((folder / "pictures").iterdir())[number:]:
        path.unlink()


def _cut_off(folder):
    path = folder / "pictures" / "p00.png"
    path.write_bytes(path.read_bytes()[:60])


WRONG = [
    (lambda folder: _mask(folder).unlink(), [], "there is no mask for 'p01.png'"),
    (lambda folder: write_mask(_mask(folder), np.ones((5, 5), int)), [], "must be of one size"),
    (_all_ground, [], "only one class"),
    (_as_jpeg, [], "cannot be JPEG"),
    (_cut_off, [], "p00.png"),
    (lambda folder: _only(folder, 2), [], "pictures are too few"),
    (lambda folder: _only(folder, 0), [], "there is no picture in the folder"),
    (lambda folder: None, ["--classes", "all"], "must be 2 or more different names"),
    (lambda folder: None, ["--network", "lenet"], "`--network` lenet gives no masks"),
    (lambda folder: None, ["--loss", "ce+hinge"], "`loss` holds 'hinge': it must be made of ce, "),
    (lambda folder: None, ["--loss", "lovasz", "--balance", "weights"], "cannot weigh classes"),
    (lambda folder: None, ["--augment", "spin"], "no step of augmentation is called 'spin'"),
]


@pytest.mark.parametrize(("spoil", "more", "said"), WRONG, ids=[said for *_, said in WRONG])
def test_what_can_go_wrong_is_one_line(files, tmp_path, capsys, spoil, more, said):
    for name in ("pictures", "masks"):
        shutil.copytree(files / name, tmp_path / name)
    spoil(tmp_path)
    folders = [str(tmp_path / name) for name in ("pictures", "masks")]
    arguments = [*folders, "-o", str(tmp_path / "m"), *more]
    assert main(["image", "segment", "train", "-q", *arguments]) == 2
    err = capsys.readouterr().err
    assert err.strip().count("\n") == 0 and said in err
    assert not (tmp_path / "m").exists()


def test_groups_and_equal_pictures_stay_on_one_side(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("pictures", "masks"):
        for grid in "abcdef":
            (tmp_path / name / grid).mkdir(parents=True)
    shown = rng.integers(0, 256, (12, 16, 16, 1)).astype(np.uint8)
    for i in range(12):
        # the last picture is that of another grid once more
        picture = shown[0 if i == 11 else i]
        write_image(tmp_path / "pictures" / "abcdef"[i // 2] / f"{i}.png", picture)
        write_mask(tmp_path / "masks" / "abcdef"[i // 2] / f"{i}.png", picture[..., 0] // 128)
    folders = [str(tmp_path / name) for name in ("pictures", "masks")]
    short = ["-q", "--rounds", "1", "--steps", "1", "--set", "channels=[2,2]", "--set", "depth=1"]
    for seed in range(3):
        out = tmp_path / f"m{seed}"
        more = ["--group-by", "folder", "--seed", str(seed), "-o", str(out)]
        assert main(["image", "segment", "train", *folders, *short, *more]) == 0
        part = {row["picture"]: row["role"] for row in rows(out / "roles.tsv")}
        for grid in "abcdef":
            assert len({role for name, role in part.items() if name[0] == grid}) == 1
        assert part["a/0.png"] == part["f/11.png"]


def test_the_loss_that_is_named_is_learnt_from(files, model, tmp_path):
    folders = [str(files / "pictures"), str(files / "masks"), "--channels", "1"]
    more = ["--loss", "tversky(alpha=0.3,beta=0.7)", "--balance", "weights", "--rounds", "2"]
    out = tmp_path / "m"
    assert main(["image", "segment", "train", *folders, "-o", str(out), *QUICK, *more]) == 0
    found, usual = (rows(folder / "history.tsv")[0] for folder in (out, model))
    assert float(found["loss"]) < 1 < float(usual["loss"])  # without cross-entropy, 1 at most


def test_pictures_without_masks_are_told(files, tmp_path, capsys):
    assert main(["image", "segment", "train", str(files / "pictures"), "-q"]) == 2
    assert "there are no masks: name their folder" in capsys.readouterr().err


def test_pictures_are_not_written_over(files, model, tmp_path, capsys):
    shutil.copytree(files / "pictures", tmp_path / "p")
    for source in (tmp_path / "p", tmp_path / "p" / "p00.png"):
        arguments = [str(model), str(source), "-o", str(tmp_path / "p"), "--force"]
        assert main(["image", "segment", "predict", *arguments]) == 2
        assert "might be written over" in capsys.readouterr().err


def test_models_of_other_kinds_give_no_masks(tmp_path, capsys, files):
    from seqcnn.networks.weights import Model, create_member, save_model

    member = create_member("mlp", input_shape=[2, 2, 1], classes=2, hidden=[2])
    save_model(Model((member,)), tmp_path / "other")
    arguments = [str(tmp_path / "other"), str(files / "pictures"), "-o", str(tmp_path / "o")]
    assert main(["image", "segment", "predict", *arguments]) == 2
    assert "this model is for `seqcnn predict`" in capsys.readouterr().err
