"""Models on disk: a folder with `config.json` and `weights.safetensors`, checked when it is read.

A model is one network or several (an ensemble, such as the networks of all folds). Member i of it
has its tensors under the prefix ``i.``; nothing is pickled. A SHA-256 guards either file, so that
no flipped bit goes unnoticed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import safetensors.numpy
from flax import nnx
from safetensors import SafetensorError

from seqcnn import __version__
from seqcnn.errors import SeqcnnError
from seqcnn.networks.zoo import create, defaults
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.io.files import atomic_write

FORMAT = 1
"""Version of the layout of a model folder."""

CONFIG, WEIGHTS = "config.json", "weights.safetensors"


@dataclass(frozen=True, eq=False)
class Member:
    """One network, with what it takes to build it again.

    Parameters
    ----------
    name
        Its name in the zoo.
    options
        What `create` was given, the alphabet and the seed apart; numbers, texts and lists of these.
    network
        The network.
    extra
        Further facts on this network that belong in the file: its fold, numbers of its calibrator.
    """

    name: str
    options: Mapping[str, Any]
    network: nnx.Module
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Model:
    """Networks that predict together, and what their input means.

    Parameters
    ----------
    members
        The networks, one or more.
    alphabet
        The alphabet of their sequences; None for images.
    extra
        Further facts that belong in the file.
    """

    members: tuple[Member, ...]
    alphabet: Alphabet | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        names = ", ".join(dict.fromkeys(member.name for member in self.members))
        letters = f" of {self.alphabet.name}" if self.alphabet is not None else ""
        return f"<Model: {len(self.members)} x {names}{letters}>"


def create_member(
    name: str, *, alphabet: Alphabet | None = None, seed: int = 0, **options: Any
) -> Member:
    """Build a network of the zoo together with the record of its options.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> create_member("motifcnn", alphabet=DNA, width=8).options
    {'width': 8}
    """
    return Member(name, options, create(name, alphabet=alphabet, seed=seed, **options))


def save_model(model: Model, folder: str | Path) -> None:
    """Write a model.

    Parameters
    ----------
    model
        The networks to keep. Their weights and statistics are written, no random state.
    folder
        Is made if missing; the two files in it are replaced, others left alone.

    Raises
    ------
    SeqcnnError
        Options or `extra` hold something that JSON cannot.
    """
    folder = Path(folder)
    # safetensors writes the memory of an array as it lies there, so it has to be contiguous
    tensors = {
        f"{i}.{name}": np.asarray(variable[...], order="C")
        for i, member in enumerate(model.members)
        for name, variable in _state(member.network).items()
    }
    weights = safetensors.numpy.save(tensors)
    # the defaults too: what they are may change, the networks of old files must not
    members = [
        {
            "name": m.name,
            "options": dict(m.options),
            "defaults": _unsaid(m, model.alphabet),
            "extra": dict(m.extra),
        }
        for m in model.members
    ]
    config = {
        "format": FORMAT,
        "seqcnn": __version__,
        "alphabet": None if model.alphabet is None else asdict(model.alphabet),
        "members": members,
        "extra": dict(model.extra),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }
    try:
        config = json.loads(json.dumps(config, default=_plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise SeqcnnError(f"options and `extra` of a model must fit into JSON: {error}") from error
    # letters as they are: escapes have several spellings, among which a flipped bit would hide
    whole = config | {"config_sha256": _digest(config)}
    text = json.dumps(whole, indent=2, ensure_ascii=False) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in ((WEIGHTS, weights), (CONFIG, text.encode())):
        with atomic_write(folder / name, "wb") as handle:
            handle.write(content)


def load_model(folder: str | Path) -> Model:
    """Read a model that `save_model` wrote.

    Parameters
    ----------
    folder
        Where `config.json` and `weights.safetensors` lie, or the output folder of a run with the
        folder `model` in it.

    Returns
    -------
    Model
        With its networks on the default device.

    Raises
    ------
    SeqcnnError
        A file is missing, damaged or of another version, or the weights do not fit the networks.
    """
    folder = Path(folder)
    if not (folder / CONFIG).exists() and (folder / "model" / CONFIG).exists():
        folder = folder / "model"
    config = _read_config(folder / CONFIG)
    path = folder / WEIGHTS
    tensors = _read_tensors(path, config["weights_sha256"])
    alphabet = Alphabet(**config["alphabet"]) if config["alphabet"] else None
    members = []
    for i, record in enumerate(config["members"]):
        try:
            options = record.pop("defaults", {}) | record["options"]
            build = partial(create, record["name"], alphabet=alphabet, **options)
            blank = nnx.eval_shape(build)
        except SeqcnnError as error:
            raise SeqcnnError(error.message, path=folder / CONFIG) from error
        members.append(Member(network=_filled(blank, f"{i}.", tensors, path), **record))
    if tensors:
        raise SeqcnnError(f"no network has the tensor {min(tensors)!r}", path=path)
    return Model(tuple(members), alphabet, config["extra"])


def _unsaid(member: Member, alphabet: Alphabet | None) -> dict[str, Any]:
    known = defaults(member.name, alphabet)
    return {option: value for option, value in known.items() if option not in member.options}


def _state(network: nnx.Module) -> dict[str, nnx.Variable]:
    """Weights and statistics by dotted path, without random state."""
    flat = nnx.to_flat_state(nnx.state(network, nnx.Not(nnx.RngState)))
    return {".".join(map(str, path)): variable for path, variable in flat}


def _filled(
    blank: nnx.Module, prefix: str, tensors: dict[str, np.ndarray], path: Path
) -> nnx.Module:
    """Give a network without numbers its tensors, which are taken out of `tensors`."""
    graph, state = nnx.split(blank)
    filled = []
    for at, variable in nnx.to_flat_state(state):
        name, expected = prefix + ".".join(map(str, at)), variable.get_value()
        tensor = tensors.pop(name, None)
        if tensor is None:
            raise SeqcnnError(f"the tensor {name!r} is missing", path=path)
        if tensor.shape != expected.shape or tensor.dtype != expected.dtype:
            raise SeqcnnError(
                f"the tensor {name!r} is {tensor.dtype} {tensor.shape}, "
                f"the network takes {expected.dtype} {expected.shape}",
                path=path,
            )
        filled.append((at, variable.replace(jnp.asarray(tensor))))
    return nnx.merge(graph, nnx.from_flat_state(filled))


def _read_config(path: Path) -> dict[str, Any]:
    raw = _read(path)
    try:
        config = json.loads(raw, parse_float=_as_written)
        digest = config.pop("config_sha256")
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        raise SeqcnnError("this is not the configuration of a seqcnn model", path=path) from error
    if config.get("format") != FORMAT:
        raise SeqcnnError(
            f"the model has format {config.get('format')!r}, written by seqcnn "
            f"{config.get('seqcnn')}; this seqcnn ({__version__}) reads format {FORMAT}",
            path=path,
        )
    if digest != _digest(config):
        raise SeqcnnError(
            "the file is damaged or was edited (its SHA-256 differs): copy the model again",
            path=path,
        )
    return config


def _as_written(text: str) -> float:
    """Read a number that Python wrote: no other spelling of it, which a flipped bit may be."""
    value = float(text)
    if repr(value) != text:
        raise ValueError(f"{text} is not how {value!r} is written")
    return value


def _read_tensors(path: Path, sha256: str) -> dict[str, np.ndarray]:
    raw = _read(path)
    if hashlib.sha256(raw).hexdigest() != sha256:
        raise SeqcnnError(
            f"the file is damaged or belongs to another {CONFIG} (its SHA-256 differs): "
            f"copy the model again",
            path=path,
        )
    try:
        return safetensors.numpy.load(raw)
    except SafetensorError as error:
        raise SeqcnnError(f"this is no safetensors file: {error}", path=path) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SeqcnnError(
            f"a model needs this file: {error.strerror or error}", path=path
        ) from error


def _digest(config: Mapping[str, Any]) -> str:
    """SHA-256 of the content, whatever the layout of the text."""
    return hashlib.sha256(json.dumps(config, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Turn NumPy numbers and arrays into what JSON knows."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} {value!r}")
