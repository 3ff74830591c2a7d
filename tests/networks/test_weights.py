import contextlib
import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from flax import nnx

from seqcnn.errors import SeqcnnError
from seqcnn.networks import weights, zoo
from seqcnn.networks.sequence.motifcnn import MotifCNN
from seqcnn.networks.weights import Member, Model, create_member, load_model, save_model
from seqcnn.seq.alphabet import DNA, PAD, Alphabet

from .table import predict

CODES = np.random.default_rng(0).integers(0, 15, (4, 20)).astype(np.uint8)
CODES[1, 9:] = PAD


@pytest.fixture(scope="module")
def model() -> Model:
    """An ensemble whose members differ in their options."""
    first = create_member("motifcnn", alphabet=DNA, kernels=3, width=5, hidden=2)
    second = create_member("motifcnn", alphabet=DNA, seed=1, kernels=2, width=7, hidden=2, dims=2)
    second = Member(second.name, second.options, second.network, {"fold": 1})
    return Model((first, second), DNA, {"slope": np.float32(0.5), "bins": np.arange(3)})


@pytest.fixture
def folder(model: Model, tmp_path: Path) -> Path:
    save_model(model, tmp_path / "model")
    return tmp_path / "model"


def forge(folder: Path, *, tensors: dict | None = None, **entries) -> None:
    """Change a model and make its checksums right again."""
    if tensors is not None:
        (folder / weights.WEIGHTS).write_bytes(safetensors.numpy.save(tensors))
    config = json.loads((folder / weights.CONFIG).read_text())
    del config["config_sha256"]
    raw = (folder / weights.WEIGHTS).read_bytes()
    config |= {"weights_sha256": weights.hashlib.sha256(raw).hexdigest()} | entries
    config["config_sha256"] = weights._digest(config)
    (folder / weights.CONFIG).write_text(json.dumps(config))


def test_a_model_comes_back_as_it_was(model, folder):
    again = load_model(folder)
    assert again.alphabet == DNA
    assert again.extra == {"slope": 0.5, "bins": [0, 1, 2]}
    assert [m.extra for m in again.members] == [{}, {"fold": 1}]
    for before, after in zip(model.members, again.members, strict=True):
        assert (after.name, dict(after.options)) == (before.name, dict(before.options))
        np.testing.assert_array_equal(predict(after.network, CODES), predict(before.network, CODES))
        # one compilation serves both
        assert nnx.graphdef(after.network) == nnx.graphdef(before.network)


def test_defaults_of_later_versions_do_not_change_an_old_model(folder, monkeypatch):
    before = load_model(folder)
    changed = {"pool": "max_mean", "hidden": 7, "dropout": 0.5}
    for option, value in changed.items():
        monkeypatch.setitem(MotifCNN.__init__.__kwdefaults__, option, value)
    assert create_member("motifcnn", alphabet=DNA).network.pool == "max_mean"
    after = load_model(folder)
    for old, new in zip(before.members, after.members, strict=True):
        assert nnx.graphdef(new.network) == nnx.graphdef(old.network)
        assert new.options == old.options


def test_a_loaded_network_trains_on(folder):
    graph, state = nnx.split(load_model(folder).members[0].network, nnx.Param)
    gradient = jax.jit(jax.grad(lambda state: nnx.merge(graph, state)(CODES).sum()))(state)
    assert any(leaf.any() for leaf in jax.tree.leaves(gradient))


def test_the_alphabet_is_written_in_full(tmp_path):
    own = Alphabet("own", "HPC", {"?": "HPC", "Z": "HP"}, "PHC")
    member = create_member("motifcnn", alphabet=own, kernels=2, width=3)
    save_model(Model((member,), own), tmp_path)
    again = load_model(tmp_path)
    assert again.alphabet == own and again.alphabet.name == "own"
    codes = own.encode("HPCZ?H")[None]
    ours, theirs = (predict(m.network, codes) for m in (member, again.members[0]))
    np.testing.assert_array_equal(ours, theirs)


def test_the_same_model_is_the_same_bytes(model, folder, tmp_path):
    save_model(model, tmp_path / "again")
    for name in (weights.CONFIG, weights.WEIGHTS):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert sorted(p.name for p in folder.iterdir()) == [weights.CONFIG, weights.WEIGHTS]


def test_tensors_are_written_as_they_are_read_not_as_they_lie(model, tmp_path):
    member = create_member("motifcnn", alphabet=DNA, kernels=3, width=5)
    turned = np.asfortranarray(np.arange(60, dtype=np.float32).reshape(5, 4, 3))
    member.network.kernel.set_value(turned)
    save_model(Model((member,), DNA), tmp_path)
    np.testing.assert_array_equal(load_model(tmp_path).members[0].network.kernel[...], turned)


def test_a_weight_may_be_a_single_number(tmp_path, monkeypatch):
    class Gain(nnx.Module):
        def __init__(self, *, rngs: nnx.Rngs) -> None:
            self.gain = nnx.Param(jnp.float32(3))

    monkeypatch.setattr(zoo, "_NETWORKS", dict(zoo._NETWORKS))
    zoo.register("gain", Gain)
    save_model(Model((create_member("gain"),), None), tmp_path)
    gain = load_model(tmp_path).members[0].network.gain
    assert gain.shape == () and gain[...] == 3


@pytest.mark.parametrize("name", [weights.CONFIG, weights.WEIGHTS])
def test_a_flipped_bit_is_refused(folder, name):
    path, rng = folder / name, np.random.default_rng(0)
    intact = path.read_bytes()
    for _ in range(50):
        raw = bytearray(intact)
        raw[rng.integers(len(raw))] ^= 1 << rng.integers(8)
        path.write_bytes(raw)
        with pytest.raises(SeqcnnError, match=r"config\.json|weights\.safetensors"):
            load_model(folder)
    path.write_bytes(intact)
    load_model(folder)


def test_no_flipped_bit_hides_in_another_spelling(tmp_path):
    """Of 17 digits the last may change nothing; escapes of letters may be in either case."""
    numbers = np.random.default_rng(0).uniform(0.1, 0.125, 40).tolist()
    member = create_member("motifcnn", alphabet=DNA, kernels=1, width=2, hidden=1)
    save_model(Model((member,), DNA, {"numbers": numbers, "tasks": ["β-cells", "ΔΨ"]}), tmp_path)
    assert load_model(tmp_path).extra["numbers"] == numbers
    path = tmp_path / weights.CONFIG
    intact = path.read_bytes()
    start = intact.index(b'"numbers"')
    harmless = 0
    for place in range(start, intact.index(b"weights_sha256")):
        for bit in range(8):
            raw = bytearray(intact)
            raw[place] ^= 1 << bit
            with contextlib.suppress(ValueError):
                harmless += json.loads(raw) == json.loads(intact)
            path.write_bytes(raw)
            with pytest.raises(SeqcnnError):
                weights._read_config(path)
    assert harmless > 0  # as numbers they are the same: that is what has to be caught


@pytest.mark.parametrize("name", [weights.CONFIG, weights.WEIGHTS])
def test_half_a_file_and_none_are_refused(folder, name):
    path = folder / name
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(SeqcnnError, match=name):
        load_model(folder)
    path.unlink()
    with pytest.raises(SeqcnnError, match=f"{name}: a model needs this file"):
        load_model(folder)


def change(folder: Path, edit) -> dict:
    tensors = dict(safetensors.numpy.load((folder / weights.WEIGHTS).read_bytes()))
    edit(tensors)
    return tensors


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda t: t.pop("0.kernel"), "'0.kernel' is missing"),
        (lambda t: t.update({"0.more": t["0.bias"]}), "no network has the tensor '0.more'"),
        (lambda t: t.update({"2.bias": t["0.bias"]}), "no network has the tensor '2.bias'"),
        (lambda t: t.update({"1.bias": t["0.bias"]}), r"'1.bias' is float32 \(3,\)"),
        (lambda t: t.update({"0.bias": t["0.bias"].astype(np.float16)}), "is float16"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(folder, edit, message):
    forge(folder, tensors=change(folder, edit))
    with pytest.raises(SeqcnnError, match=rf"weights\.safetensors: .*{message}"):
        load_model(folder)


def test_no_tensors_at_all(folder):
    (folder / weights.WEIGHTS).write_bytes(b"not a model")
    forge(folder)
    with pytest.raises(SeqcnnError, match="no safetensors file"):
        load_model(folder)


def test_another_format_says_who_wrote_it(folder):
    forge(folder, format=2, seqcnn="7.0")
    with pytest.raises(SeqcnnError, match=r"config\.json: .*format 2.*seqcnn 7\.0.*reads format 1"):
        load_model(folder)


def test_a_network_that_does_not_exist_here(folder):
    forge(folder, members=[{"name": "gone", "options": {}, "extra": {}}])
    with pytest.raises(SeqcnnError, match=r"config\.json: there is no network 'gone'"):
        load_model(folder)


@pytest.mark.parametrize("text", ["[]", "{}", "{", "\xff"])
def test_some_other_json(folder, text):
    (folder / weights.CONFIG).write_bytes(text.encode("latin-1"))
    with pytest.raises(SeqcnnError, match="not the configuration of a seqcnn model"):
        load_model(folder)


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, np.array([np.inf])])
def test_what_json_cannot_hold_is_refused_before_anything_is_written(model, tmp_path, value):
    with pytest.raises(SeqcnnError, match="JSON"):
        save_model(Model(model.members, DNA, {"bad": value}), tmp_path / "none")
    assert not (tmp_path / "none").exists()
