"""The zoo: every network by its name.

A network is a class (or function) that takes its options as keywords and ``rngs``. Those that read
sequences also take `shares` and, for two strands, `complement`; `create` fills these in.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet, get_alphabet

if TYPE_CHECKING:
    from flax import nnx

# "module:name", so that listing the networks imports none of them
_NETWORKS: dict[str, str | Callable[..., nnx.Module]] = {
    "motifcnn": "seqcnn.networks.sequence.motifcnn:MotifCNN",
}


def names() -> tuple[str, ...]:
    """List the networks that `create` knows, in alphabetical order."""
    return tuple(sorted(_NETWORKS))


def register(name: str, network: str | Callable[..., nnx.Module]) -> None:
    """Add a network of your own.

    Parameters
    ----------
    name
        What to call it.
    network
        A class or function that takes options and ``rngs`` as keywords, or its ``"module:name"``.

    Raises
    ------
    SeqcnnError
        The name is taken.
    """
    if name in _NETWORKS:
        raise SeqcnnError(f"network {name!r} exists already: choose another name")
    _NETWORKS[name] = network


def create(
    name: str,
    *,
    alphabet: str | Alphabet | None = None,
    rngs: nnx.Rngs | None = None,
    seed: int = 0,
    **options: Any,
) -> nnx.Module:
    """Build a network with random weights.

    Parameters
    ----------
    name
        One of `names()`.
    alphabet
        For networks that read sequences: what the codes mean. Unless `strand` is among the options,
        both strands are read if the alphabet is that of double-stranded molecules.
    rngs
        Source of the random start; None to make one from `seed`.
    seed
        Same seed, same weights.
    options
        Options of the network itself, see its class.

    Raises
    ------
    SeqcnnError
        There is no such network, or it does not know an option.

    Examples
    --------
    >>> create("motifcnn", alphabet="protein", kernels=8, width=7).kernel.shape
    (7, 20, 8)
    """
    build = _find(name)
    if alphabet is not None:
        options = _options_of_alphabet(get_alphabet(alphabet)) | options
    _check_options(build, name, options)
    if rngs is None:
        from flax import nnx

        rngs = nnx.Rngs(seed)
    return build(**options, rngs=rngs)


def _find(name: str) -> Callable[..., nnx.Module]:
    if name not in _NETWORKS:
        raise SeqcnnError(f"there is no network {name!r}: choose one of {', '.join(names())}")
    network = _NETWORKS[name]
    if isinstance(network, str):
        module, attribute = network.split(":")
        network = getattr(importlib.import_module(module), attribute)
    return network


def _check_options(build: Callable[..., nnx.Module], name: str, options: dict[str, Any]) -> None:
    # the metaclass of flax hides the signature of a class, that of its constructor is there
    signature = inspect.signature(build.__init__ if isinstance(build, type) else build)
    given = (None,) if isinstance(build, type) else ()
    try:
        signature.bind(*given, **options, rngs=None)
    except TypeError as error:
        known = [option for option in signature.parameters if option not in ("self", "rngs")]
        raise SeqcnnError(
            f"network {name!r}: {error}; its options are {', '.join(known)} "
            f"(shares and complement come from `alphabet`)"
        ) from error


def _options_of_alphabet(alphabet: Alphabet) -> dict[str, Any]:
    complement = None
    if alphabet.complements is not None:
        complement = tuple(alphabet.complement_of_code[: alphabet.size].tolist())
    strand = "both" if alphabet.double_stranded else "one"
    return {"shares": alphabet.shares, "complement": complement, "strand": strand}
