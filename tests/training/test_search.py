"""The search: the same trials whatever happens on the way, and hopeless ones given up."""

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError, TrainingError
from seqcnn.networks.zoo import create, defaults
from seqcnn.training import search as search_module
from seqcnn.training.ensemble import Plan
from seqcnn.training.fitting import TrainingStopped
from seqcnn.training.loop import Schedule
from seqcnn.training.roles import Sample, deal
from seqcnn.training.search import (
    CHOICES,
    FACTOR,
    Trial,
    best_trial,
    draw_options,
    is_hopeless,
    search,
    with_options,
)
from seqcnn.training.step import Recipe
from seqcnn.training.targets import Target
from tests.discovery.planted import plant, random_rows

TARGET = Target("binary", ("bound",))
RECIPE = Recipe(Schedule(batch=32, steps=8, rounds=5, patience=9, learning_rate=1e-2))
PLAN = Plan(RECIPE, ensemble=1)
OPTIONS = [{}, {"learning_rate": 1e-5}, {"kernels": 4}, {"learning_rate": 0.03, "hidden": 4}]


def made():
    x = np.concatenate(
        [plant(random_rows(120, 30, 0), "TGACTCAGC", 0.9, 1), random_rows(120, 30, 2)]
    )
    labels = np.repeat([[1.0], [0.0]], 120, axis=0)
    ids = [f"s{i}" for i in range(240)]
    return Sample(x, labels, np.arange(240), np.ones(240, bool), None, 4, ids)


def build(options, seed):
    given = {"kernels": 8, "width": 9, "hidden": 8, **with_options(RECIPE, options)[1]}
    return create("motifcnn", alphabet="dna", seed=seed, **given)


def run(folder, **more):
    return search(build, made(), TARGET, PLAN, options=OPTIONS, folder=folder, **more)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return run(tmp_path_factory.mktemp("search"))


def test_the_best_trial_has_the_lowest_loss(whole):
    assert [trial.state for trial in whole] == ["done"] * 4
    assert best_trial(whole) == int(np.argmin([min(t.losses) for t in whole]))
    # hardly any learning at all is worse than the defaults
    assert whole[1].loss > whole[0].loss


@pytest.mark.parametrize("steps", [3, 50, 90])
def test_a_search_that_is_broken_off_comes_to_the_same(whole, tmp_path, steps):
    left = iter(range(steps))
    with pytest.raises(TrainingStopped):
        run(tmp_path, stop=lambda: next(left, None) is None)
    assert run(tmp_path) == whole
    assert run(tmp_path, stop=lambda: pytest.fail("a step")) == whole


def test_another_search_is_refused(whole, tmp_path):
    run(tmp_path)
    with pytest.raises(SeqcnnError, match="line 3: the search that was broken off tried other"):
        search(build, made(), TARGET, PLAN, options=[{}, {"kernels": 9}], folder=tmp_path)
    (tmp_path / "trials.tsv").write_text("trial\nwhat\n")
    with pytest.raises(SeqcnnError, match="line 2: this is no row of a search"):
        run(tmp_path)


def test_trials_see_nothing_of_what_is_reported_on(tmp_path, monkeypatch):
    seen = []
    real = search_module.fit_target

    def watched(network, training, stopping, **options):
        seen.extend([training.rows, stopping.rows])
        return real(network, training, stopping, **options)

    monkeypatch.setattr(search_module, "fit_target", watched)
    search(build, made(), TARGET, PLAN, options=OPTIONS[:1], folder=tmp_path)
    (roles,) = deal(made(), TARGET)
    rows = np.concatenate(seen)
    assert not set(rows) & (set(roles.report) | set(roles.calibrate))
    with pytest.raises(SeqcnnError, match="other folds report"):
        search(build, made(), TARGET, Plan(RECIPE, folds=2), options=[{}], folder=tmp_path)


def test_hopeless_trials_are_given_up(tmp_path):
    """Six trials; the last learns next to nothing and is worse than the median of the others."""
    options = [{}, {"hidden": 4}, {"hidden": 16}, {"kernels": 16}, {"learning_rate": 1e-7}]
    found = search(build, made(), TARGET, PLAN, options=options, folder=tmp_path)
    assert found[-1].state == "given up" and len(found[-1].losses) == search_module.WARM_UP
    assert found[-1].loss == np.inf
    again = search(build, made(), TARGET, PLAN, options=options, folder=tmp_path)
    assert again == found


def test_the_median_rule_by_hand():
    earlier = [Trial({}, "done", (5.0, 5.0, float(i))) for i in (1, 2, 3, 4)]
    assert is_hopeless([9, 9, 2.6], earlier) and not is_hopeless([9, 9, 2.4], earlier)
    assert not is_hopeless([9, 9], earlier) and not is_hopeless([9, 9, 9], earlier[:3])
    # a trial that stopped early counts with its best, one that was given up early does not
    assert not is_hopeless([9, 9, 9, 9], [*earlier[:3], Trial({}, "given up", (5.0, 5.0, 5.0))])
    assert is_hopeless([9, 9, 9, 9], earlier)


def test_a_trial_whose_loss_is_no_number_is_passed_over(tmp_path):
    wild = {"learning_rate": 1e30, "weight_decay": 1e30}
    found = search(build, made(), TARGET, PLAN, options=[wild, {}], folder=tmp_path)
    assert [trial.state for trial in found] == ["failed", "done"] and best_trial(found) == 1
    with pytest.raises(TrainingError, match="no trial"):
        search(build, made(), TARGET, PLAN, options=[wild], folder=tmp_path / "x")


def test_draws_stay_within_bounds():
    known = defaults("motifcnn")
    assert draw_options(known, RECIPE, fixed=(), seed=0, number=0) == {}
    drawn = [draw_options(known, RECIPE, fixed=("width",), seed=0, number=i) for i in range(1, 60)]
    assert drawn[3] == draw_options(known, RECIPE, fixed=("width",), seed=0, number=4)
    for options in drawn:
        assert set(options) == {"kernels", "hidden", "dropout", "learning_rate", "weight_decay"}
        assert all(options[name] in CHOICES[name] for name in ("kernels", "hidden", "dropout"))
        ratio = options["learning_rate"] / RECIPE.schedule.learning_rate
        assert 1 / FACTOR * 0.99 <= ratio <= FACTOR * 1.01
    assert len({o["kernels"] for o in drawn}) == len(CHOICES["kernels"])
    # several stages have several numbers: they are left alone
    assert "channels" not in draw_options(defaults("basset"), RECIPE, fixed=(), seed=0, number=1)


def test_kernels_are_never_narrower_than_their_narrow_half():
    defaults_ = {"width": 19, "narrow": 11, "kernels": 8}
    drawn = [draw_options(defaults_, RECIPE, fixed=(), seed=0, number=i) for i in range(1, 40)]
    narrow = [d for d in drawn if d["width"] < 11]
    assert narrow and all(d["narrow"] is None for d in narrow)
    assert all("narrow" not in d for d in drawn if d["width"] >= 11)
