"""Checkpoints: the state of a training run on disk, whole and checked, or not there at all.

A checkpoint folder holds one file of tensors for the last state, one for the best, and
`state.json`, which names them with their SHA-256. Each file is written under another name, flushed
to the disk and renamed; the renaming of `state.json`, which comes last, makes a new state the
valid one. Whenever a process is killed, `state.json` names files that are there and complete.

Nothing is pickled. Orbax, which flax brings along, would do much the same, but needs half a second
to be imported, spreads a state over dozens of files, and reads flipped bits without a word.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

from seqcnn import __version__
from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.files import atomic_write

FORMAT = 1
"""Version of the layout of a checkpoint folder."""

STATE = "state.json"

Tree = TypeVar("Tree")


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state of training.

    Parameters
    ----------
    place
        Where training is, and what has been: numbers, texts, lists and tables of these.
    last, best
        Tensors of the last state and of the best; empty if there is no best one yet.
    """

    place: Mapping[str, Any]
    last: Mapping[str, np.ndarray]
    best: Mapping[str, np.ndarray]


class CheckpointFolder:
    """A folder that holds the newest state of one training run.

    Parameters
    ----------
    path
        Is made when the first state is saved.
    identity
        What the run is: its options, and checksums of its data. States of other runs are refused.
    """

    def __init__(self, path: str | Path, identity: Mapping[str, Any]) -> None:
        self.path = Path(path)
        self.identity = json.loads(json.dumps(identity))
        self._best: tuple[int, dict[str, str]] | None = None

    def save(self, checkpoint: Checkpoint, *, step: int, best_step: int) -> None:
        """Write a state; afterwards the files of the one before are deleted.

        Parameters
        ----------
        checkpoint
            The state.
        step
            Number of the last step.
        best_step
            Number of the step of the best state; if it is that of the call before, its file stays.

        Raises
        ------
        OSError
            The disk is full or failed; the state before is then still the valid one.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        last = self._write(f"last-{step:09d}.safetensors", checkpoint.last)
        if self._best is None or self._best[0] != best_step:
            best = self._write(f"best-{best_step:09d}.safetensors", checkpoint.best)
        else:
            best = self._best[1]
        state = {
            "format": FORMAT,
            "seqcnn": __version__,
            "identity": self.identity,
            "step": step,
            "best_step": best_step,
            "last": last,
            "best": best,
            "place": dict(checkpoint.place),
        }
        state = json.loads(json.dumps(state, allow_nan=False))
        text = json.dumps(state | {"sha256": _digest(state)}, indent=1) + "\n"
        _sync(self.path)  # the names of the tensors, before what refers to them
        with atomic_write(self.path / STATE) as handle:
            handle.write(text)
        _sync(self.path)
        self._best = (best_step, best)
        for path in self.path.glob("*.safetensors"):
            if path.name not in (last["file"], best["file"]):
                path.unlink(missing_ok=True)

    def load(self) -> Checkpoint | None:
        """Read the newest state; None if there is none.

        Raises
        ------
        SeqcnnError
            A file is damaged, missing or of another version, or the state is of another run.
        """
        path = self.path / STATE
        if not path.exists():
            return None
        state = self._read_state(path)
        for name, value in state["identity"].items():
            if self.identity.get(name) != value:
                raise SeqcnnError(
                    f"the checkpoint is of another run: its {name} is {_short(value)}, here it is "
                    f"{_short(self.identity.get(name))}; give the same options and files, or start "
                    f"anew with --force",
                    path=path,
                )
        tensors = [self._read(state[part]) for part in ("last", "best")]
        self._best = (state["best_step"], state["best"])
        return Checkpoint(state["place"], *tensors)

    def _write(self, name: str, tensors: Mapping[str, np.ndarray]) -> dict[str, str]:
        raw = safetensors.numpy.save({k: np.array(v, order="C") for k, v in tensors.items()})
        with atomic_write(self.path / name, "wb") as handle:
            handle.write(raw)
        return {"file": name, "sha256": hashlib.sha256(raw).hexdigest()}

    def _read(self, record: Mapping[str, str]) -> dict[str, np.ndarray]:
        path = self.path / record["file"]
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise SeqcnnError(
                f"the checkpoint needs this file ({error.strerror}): start anew with --force",
                path=path,
            ) from error
        if hashlib.sha256(raw).hexdigest() != record["sha256"]:
            raise _damaged(path)
        return safetensors.numpy.load(raw)

    def _read_state(self, path: Path) -> dict[str, Any]:
        try:
            state = json.loads(path.read_bytes())
            sha256 = state.pop("sha256")
            number, version = state["format"], state["seqcnn"]
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise _damaged(path) from error
        if sha256 != _digest(state):
            raise _damaged(path)
        if number != FORMAT or version != __version__:
            raise SeqcnnError(
                f"seqcnn {version} wrote this checkpoint (format {number}); resume with that "
                f"version, this is {__version__} (format {FORMAT})",
                path=path,
            )
        return state


def tensors_of(tree: Any, prefix: str) -> dict[str, np.ndarray]:
    """Name the arrays of a tree by their paths in it, copied to the host."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
    return {prefix + jax.tree_util.keystr(path): np.array(leaf) for path, leaf in leaves}


def filled_with(tree: Tree, tensors: Mapping[str, np.ndarray], prefix: str) -> Tree:
    """Put tensors in the place of the arrays of a tree.

    Raises
    ------
    SeqcnnError
        One is missing, or has another shape or type.
    """

    def take(path: Any, leaf: Any) -> jax.Array:
        name = prefix + jax.tree_util.keystr(path)
        found = tensors.get(name)
        if found is None or found.shape != np.shape(leaf) or found.dtype != leaf.dtype:
            raise SeqcnnError(
                f"the checkpoint does not fit the network: {name} is "
                f"{'missing' if found is None else f'{found.dtype} {found.shape}'}, it should be "
                f"{leaf.dtype} {np.shape(leaf)}; start anew with --force"
            )
        return jnp.array(found)  # a copy: the next step takes over its memory

    return jax.tree_util.tree_map_with_path(take, tree)


def _damaged(path: Path) -> SeqcnnError:
    return SeqcnnError(
        "the checkpoint is damaged (its SHA-256 differs): start anew with --force", path=path
    )


def _digest(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _sync(folder: Path) -> None:
    """Make sure that the names in a folder survive a loss of power."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
