"""A run that is broken off, in whatever way, goes on as if nothing had been."""

import errno
import json
import os
import shutil
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from seqcnn.errors import SeqcnnError, TrainingError
from seqcnn.training import checkpoint as checkpoint_module
from seqcnn.training.checkpoint import STATE, Checkpoint, CheckpointFolder
from seqcnn.training.fitting import TrainingStopped
from tests.training.crash import checksum, fit_small


@pytest.fixture(scope="module")
def whole():
    """What the run comes to when nothing happens."""
    return checksum(fit_small(None))


def stop_after(steps):
    left = iter(range(steps))
    return lambda: next(left, None) is None


def stopped(folder, steps):
    with pytest.raises(TrainingStopped):
        fit_small(folder, stop=stop_after(steps))


@pytest.mark.parametrize("steps", [0, 7, 14, 15, 40, 88])
def test_a_stopped_run_goes_on_to_the_same_bits(tmp_path, whole, steps):
    stopped(tmp_path, steps)
    assert checksum(fit_small(tmp_path)) == whole


def test_a_run_may_be_stopped_many_times_and_a_finished_one_is_read(tmp_path, whole):
    for steps in (3, 10, 1, 30):
        stopped(tmp_path, steps)
    assert checksum(fit_small(tmp_path)) == whole
    assert checksum(fit_small(tmp_path, stop=lambda: pytest.fail("a step"))) == whole
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("attempt", range(3))
def test_a_killed_process_is_resumed_to_the_same_bits(tmp_path, whole, attempt):
    command = [sys.executable, "-m", "tests.training.crash", str(tmp_path / "c")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (tmp_path / "c" / STATE).exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.001)
    time.sleep(float(np.random.default_rng(attempt).uniform(0, 0.4)))
    assert process.poll() is None, "the run was over before it was killed"
    process.kill()
    process.wait(30)
    assert checksum(fit_small(tmp_path / "c")) == whole


def test_no_flipped_bit_is_read(tmp_path, whole):
    stopped(tmp_path, 40)
    rng = np.random.default_rng(0)
    for path in sorted(tmp_path.iterdir()):
        intact = path.read_bytes()
        for _ in range(70):
            raw = bytearray(intact)
            raw[rng.integers(len(raw))] ^= 1 << rng.integers(8)
            path.write_bytes(raw)
            with pytest.raises(SeqcnnError, match=r"damaged|SHA-256|wrote this checkpoint"):
                CheckpointFolder(tmp_path, {"seed": 3}).load()
        path.write_bytes(intact)
    assert checksum(fit_small(tmp_path)) == whole


def test_half_a_file_and_a_missing_one(tmp_path):
    stopped(tmp_path, 40)
    (last,) = tmp_path.glob("last-*")
    last.write_bytes(last.read_bytes()[:-9])
    with pytest.raises(SeqcnnError, match="damaged"):
        fit_small(tmp_path)
    last.unlink()
    with pytest.raises(SeqcnnError, match="needs this file"):
        fit_small(tmp_path)


def test_another_run_is_refused(tmp_path):
    stopped(tmp_path, 3)
    with pytest.raises(SeqcnnError, match="its seed is 3, here it is 4"):
        CheckpointFolder(tmp_path, {"seed": 4}).load()


def test_another_version_is_named(tmp_path):
    stopped(tmp_path, 3)
    state = json.loads((tmp_path / STATE).read_text()) | {"seqcnn": "7.0"}
    del state["sha256"]
    state["sha256"] = checkpoint_module._digest(state)
    (tmp_path / STATE).write_text(json.dumps(state))
    with pytest.raises(SeqcnnError, match=r"seqcnn 7\.0 wrote this checkpoint"):
        fit_small(tmp_path)


@pytest.mark.parametrize("call", [1, 2, 3, 4])
def test_a_full_disk_leaves_the_state_before(tmp_path, whole, monkeypatch, call):
    """The disk is full at the n-th flush of a save, wherever that is."""
    stopped(tmp_path, 40)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    flush, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) >= call:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        fit_small(tmp_path, stop=stop_after(1))
    monkeypatch.undo()
    if call < 4:  # at the last flush the new state is in place already
        assert all((tmp_path / name).read_bytes() == raw for name, raw in before.items())
    assert not list(tmp_path.glob("*.tmp"))
    assert checksum(fit_small(tmp_path)) == whole


def test_a_loss_that_is_no_number_is_never_saved(tmp_path, monkeypatch):
    from seqcnn.training import fitting

    stopped(tmp_path, 20)
    before = (tmp_path / STATE).read_bytes()
    real = fitting.take_step

    def broken(*arguments, **options):
        *state, loss = real(*arguments, **options)
        return *state, loss * np.float32(np.nan)

    monkeypatch.setattr(fitting, "take_step", broken)
    with pytest.raises(TrainingError, match="learning rate"):
        fit_small(tmp_path, save_seconds=0.0)
    assert (tmp_path / STATE).read_bytes() == before


def test_weights_that_are_no_numbers_are_never_saved(tmp_path, monkeypatch):
    """The loss of a step is from before its change, so the last change needs a look of its own."""
    from seqcnn.training import fitting

    real = fitting.take_step

    def broken(*arguments, **options):
        weights, *rest = real(*arguments, **options)
        return jax.tree.map(lambda leaf: leaf * np.float32(np.nan), weights), *rest

    monkeypatch.setattr(fitting, "take_step", broken)
    with pytest.raises(TrainingError, match="learning rate"):
        fit_small(tmp_path, save_seconds=0.0)
    assert not (tmp_path / STATE).exists()


def test_what_is_saved_comes_back(tmp_path):
    folder = CheckpointFolder(tmp_path / "a" / "b", {"run": 1})
    assert folder.load() is None
    tensors = {"x": np.arange(6, dtype=np.int32).reshape(2, 3)[:, ::-1]}
    folder.save(Checkpoint({"round": 2}, tensors, {}), step=1, best_step=0)
    again = CheckpointFolder(tmp_path / "a" / "b", {"run": 1}).load()
    assert again is not None and again.place == {"round": 2}
    np.testing.assert_array_equal(again.last["x"], tensors["x"])
    shutil.rmtree(tmp_path / "a")
