import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.image.record import PictureSet
from seqcnn.image.synthetic import draw_shapes
from seqcnn.networks.zoo import create
from seqcnn.training import ensemble, pictures, step
from seqcnn.training.ensemble import EnsembleFit, Plan, train_ensemble
from seqcnn.training.loop import Schedule
from seqcnn.training.pictures import (
    brightness,
    picture_sample,
    pixel_moments,
    predict_pictures,
    same_pictures,
)
from seqcnn.training.roles import deal
from seqcnn.training.step import Recipe

RECIPE = Recipe(
    Schedule(batch=24, steps=20, rounds=4, learning_rate=3e-3), balanced=True, smoothing=0.05
)


def halves(n: int = 120, size: int = 12) -> PictureSet:
    """Draw pictures whose left or right half is brighter: of equal brightness as a whole."""
    labels, rng = np.arange(n) % 2, np.random.default_rng(0)
    right = (np.arange(size) >= size // 2) == labels[:, None]
    x = rng.integers(0, 160, (n, size, size)) + 40 * right[:, None]
    ids = tuple(map(str, range(n)))
    return PictureSet(x.astype(np.uint8)[..., None], ids, labels[:, None] * 1.0, ("left", "right"))


def trained(given: PictureSet) -> EnsembleFit:
    sample, target = picture_sample(given)
    mean, std = pixel_moments(sample.x)

    def build(number, seed):
        pixels = {"mean": mean, "std": std}
        options = {"input_shape": given.x.shape[1:], "classes": 2, "hidden": (16,)}
        return create("mlp", **options, pixels=pixels, seed=seed)

    return train_ensemble(build, sample, target, Plan(RECIPE))


class Watched(np.ndarray):
    """Pictures that remember how many of them were copied at once."""

    most = 0

    def __getitem__(self, at):
        if isinstance(at, np.ndarray):
            Watched.most = max(Watched.most, len(at))
        return np.asarray(super().__getitem__(at))


def test_pictures_are_learnt_and_judged():
    done = trained(halves(240))
    found = done.metrics["held_out"]["mean"]
    assert {"accuracy", "auroc", "f1"} <= found.keys()
    assert 0.9 < found["auroc"]["low"] <= found["auroc"]["value"] <= found["auroc"]["high"]
    assert done.metrics["composition"]["mean"] < 0.8
    table = np.array(done.metrics["confusion"]["counts"])
    assert table.sum() == sum(done.metrics["sequences"]["report"])
    assert np.trace(table) / table.sum() == pytest.approx(found["accuracy"]["value"])
    for epoch in done.members[0].history:
        assert np.isfinite([epoch.loss, epoch.validation_loss]).all()


def test_pictures_on_disk_are_read_a_batch_at_a_time(tmp_path, monkeypatch):
    given = halves()
    np.save(tmp_path / "x.npy", given.x)
    on_disk = np.load(tmp_path / "x.npy", mmap_mode="r").view(Watched)
    monkeypatch.setattr(step, "LETTERS", 8 * 12 * 12)
    monkeypatch.setattr(pictures, "VALUES", 8 * 12 * 12)
    monkeypatch.setattr(ensemble, "HASHED", 8)
    Watched.most = 0
    read = trained(PictureSet(on_disk, given.ids, given.labels, given.classes))
    assert Watched.most == RECIPE.schedule.batch
    held = trained(given)
    assert np.array_equal(read.held_out.predicted, held.held_out.predicted)


def test_equal_pictures_and_groups_stay_together():
    given = halves(200)
    x = given.x.copy()
    x[150:] = x[:50]
    assert same_pictures(x)[150:].tolist() == list(range(50))
    groups = np.arange(200) // 2
    again = PictureSet(x, given.ids, given.labels, given.classes, groups=groups)
    sample, target = picture_sample(again)
    for roles in deal(sample, target, folds=3):
        parts = [*roles.train, *roles.stop, roles.calibrate, roles.report]
        for number, part in enumerate(parts):
            for other in parts[number + 1 :]:
                assert not set(groups[part]) & set(groups[other])
                assert not set(sample.groups[part]) & set(sample.groups[other])


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "float32"])
def test_moments_are_those_of_all_pixels(dtype, monkeypatch):
    rng = np.random.default_rng(0)
    top = {"bool": 1, "uint8": 255, "uint16": 65_535, "float32": 1}[dtype]
    x = rng.random((7, 5, 4, 2))
    x = x > 0.5 if dtype == "bool" else (x * top).astype(dtype)
    rows = np.array([0, 2, 3, 6])
    values = x[rows].reshape(-1, 2) / np.float64(top)
    for size in (1 << 24, 50):
        monkeypatch.setattr(pictures, "VALUES", size)
        mean, std = pixel_moments(x, rows)
        np.testing.assert_allclose(mean, values.mean(axis=0), atol=1e-9)
        np.testing.assert_allclose(std, values.std(axis=0), atol=1e-6)


def test_brightness_knows_pixels_but_not_their_places():
    x = draw_shapes(6, size=8).x
    mixed = np.random.default_rng(0).permuted(x.reshape(6, -1), axis=1).reshape(x.shape)
    np.testing.assert_allclose(brightness(x), brightness(mixed))
    black_and_white = np.array([0, 0, 0, 255], np.uint8).reshape(1, 2, 2, 1)
    mean, deviation, *shares = brightness(black_and_white)[0]
    assert mean == 0.25 and deviation == pytest.approx(np.sqrt(3) / 4)
    assert shares == [0.75, 0, 0, 0, 0, 0, 0, 0.25]


def test_numbers_and_two_values_are_targets_too():
    given = halves(10)
    for values, kind in ((np.arange(10) * 0.3, "regression"), (np.arange(10) % 2, "binary")):
        numbers = PictureSet(given.x, given.ids, values[:, None] * 1.0, tasks=("size",))
        sample, target = picture_sample(numbers)
        assert target.kind == kind and target.names == ("size",) == sample.columns


def test_labels_are_read_as_the_task_asks_where_they_can_be():
    given = halves(10)
    places = np.arange(10)[:, None] % 2 * 1.0
    shapes = PictureSet(given.x, given.ids, places, ("disc", "square"))
    sample, target = picture_sample(shapes, task="binary")
    assert target.kind == "binary" and target.names == ("square",) == sample.columns
    np.testing.assert_array_equal(sample.labels, places)
    yes = PictureSet(given.x, given.ids, places, ("0", "1"))
    assert picture_sample(yes, task="binary")[1].names == ("label",)
    ages = PictureSet(given.x, given.ids, places, ("7", "12"))
    sample, target = picture_sample(ages, task="regression")
    assert target.kind == "regression"
    np.testing.assert_array_equal(sample.labels[:, 0], [7, 12] * 5)
    numbers = PictureSet(given.x, given.ids, np.array([[10.0], [9], [3], [9], [3]] * 2))
    sample, target = picture_sample(numbers, task="multiclass")
    assert target.names == ("3", "9", "10")
    np.testing.assert_array_equal(sample.labels[:5, 0], [2, 1, 0, 1, 0])


def test_what_cannot_be_is_refused():
    given = halves(10)
    with pytest.raises(SeqcnnError, match="nothing is known"):
        picture_sample(PictureSet(given.x, given.ids))
    with pytest.raises(SeqcnnError, match="regression, but labels are 2 classes: left, right;"):
        picture_sample(given, task="regression")
    numbers = PictureSet(given.x, given.ids, np.linspace(0, 1, 20).reshape(10, 2))
    with pytest.raises(SeqcnnError, match="labels are 2 columns of numbers"):
        picture_sample(numbers, task="multiclass")
    halves_of = PictureSet(given.x, given.ids, np.linspace(0, 1, 10)[:, None])
    with pytest.raises(SeqcnnError, match="labels are fractions"):
        picture_sample(halves_of, task="multiclass")
    few = halves(3)
    sample, target = picture_sample(few)
    with pytest.raises(SeqcnnError, match="too few pictures to train"):
        deal(sample, target)
    with pytest.raises(SeqcnnError, match="12 x 12 x 1, the model reads 8 x 8 x 1"):
        pictures.check_pictures({"shape": [8, 8, 1]}, given.x)
    with pytest.raises(SeqcnnError, match="reads no pictures"):
        predict_pictures(_Model(), given.x)


class _Model:
    members, alphabet, extra = (), None, {"target": {}}
