"""The zoo: every network by its name.

A network is a class (or function) that takes its options as keywords and ``rngs``. Those that read
sequences also take `shares` and, for two strands, `complement`; `create` fills these in. What they
keep to is said in `seqcnn.networks.sequence.contract`; what those for arrays (pictures, volumes,
signals) keep to, in `seqcnn.networks.backbone`. Several names may share a class: the module of the
class holds what they differ in, in its ``VARIANTS``.
"""

from __future__ import annotations

import importlib
import inspect
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from seqcnn.errors import SeqcnnError
from seqcnn.networks.catalogue import ARRAYS, Entry
from seqcnn.networks.catalogue import NETWORKS as _NETWORKS
from seqcnn.seq.alphabet import Alphabet, get_alphabet

if TYPE_CHECKING:
    from flax import nnx


def names(family: str | None = None) -> tuple[str, ...]:
    """List the networks that `create` knows, all or of one family, in alphabetical order."""
    chosen = (name for name, e in _NETWORKS.items() if family in (None, e.family))
    return tuple(sorted(chosen))


def register(
    name: str,
    network: str | Callable[..., nnx.Module],
    *,
    family: str = "own",
    summary: str = "",
) -> None:
    """Add a network of your own.

    Parameters
    ----------
    name
        What to call it.
    network
        A class or function that takes options and ``rngs`` as keywords, or its ``"module:name"``.
    family, summary
        As in `Entry`.

    Raises
    ------
    SeqcnnError
        The name is taken.
    """
    if name in _NETWORKS:
        raise SeqcnnError(f"network {name!r} exists already: choose another name")
    _NETWORKS[name] = Entry(network, family, summary)


def create(
    name: str,
    *,
    alphabet: str | Alphabet | None = None,
    pixels: Mapping[str, Any] | None = None,
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
        both strands are read if the alphabet is that of double-stranded molecules. A network for
        arrays then takes `length`, `dims`, `tasks` and `strand` in place of `input_shape` and
        `classes`, and reads codes through `seqcnn.networks.doors.Letters`; one for segmentation
        through `seqcnn.networks.doors.Positions`, which scores each letter.
    pixels
        Options of `seqcnn.networks.doors.Pixels`, for a network that reads pixels as they are
        stored; with an `alphabet`, ``{}`` for one that reads pictures of sequences.
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
    build, variant = _find(name)
    read = None if alphabet is None else _options_of_alphabet(get_alphabet(alphabet))
    through = describe(name).family in ARRAYS
    if read is not None and through:
        read, options = _split_off_letters(name, read, options)
    elif read is not None:
        options = read | options
    options = variant | options
    _check_options(build, name, options)
    if rngs is None:
        from flax import nnx

        rngs = nnx.Rngs(seed)
    network: Any = build(**options, rngs=rngs)
    if read is None and pixels is None:
        return network
    from seqcnn.networks import doors

    if read is None:
        return doors.Pixels(network, **(pixels or {}))
    if through:
        door = doors.Positions if describe(name).family == "segment" else doors.Letters
        network = door(network, **read)
    return network if pixels is None else doors.Pictures(network)


def _split_off_letters(
    name: str, read: dict[str, Any], options: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Tell options of the door for letters from those of the network behind it."""
    given = dict(options)
    if "length" not in given:
        raise SeqcnnError(
            f"network {name!r}: option 'length' is missing: it reads sequences of one length"
        )
    length, dims, letters = given.pop("length"), given.pop("dims", 1), read["shares"].shape[1]
    if dims not in (1, 2):
        raise SeqcnnError(f"`dims` must be 1 or 2, not {dims!r}")
    shape = (length, letters) if dims == 1 else (length, letters, 1)
    own = {key: given.pop(key) for key in ("strand", "complement") if key in given}
    return read | own, given | {"input_shape": shape, "classes": given.pop("tasks", 1)}


def describe(name: str) -> Entry:
    """Look a network up in the table.

    Raises
    ------
    SeqcnnError
        There is no such network.

    Examples
    --------
    >>> describe("danq").family
    'sequence'
    """
    if name not in _NETWORKS:
        raise SeqcnnError(f"there is no network {name!r}: choose one of {', '.join(names())}")
    return _NETWORKS[name]


def defaults(name: str, alphabet: str | Alphabet | None = None) -> dict[str, Any]:
    """List what a network takes for the options that it is not given; arguments as in `create`.

    Returns
    -------
    dict
        Numbers, texts, None and lists of these, by option. Options that follow from the alphabet
        (`strand` and `complement`) or that are functions are left out.

    Raises
    ------
    SeqcnnError
        There is no such network.

    Examples
    --------
    >>> defaults("danq")["widths"]
    (26,)
    """
    build, variant = _find(name)
    given = {k: p.default for k, p in _parameters(build).items() if p.default is not p.empty}
    given = given | variant
    if alphabet is not None and describe(name).family in ARRAYS:
        given = {"dims": 1, "tasks": 1} | given
        del given["input_shape"], given["classes"]
    return {
        option: value
        for option, value in given.items()
        if option not in ("strand", "complement") and _is_plain(value)
    }


def count_parameters(name: str, *, alphabet: str | Alphabet | None = None, **options: Any) -> int:
    """Count the numbers that training fits, without making them; arguments as in `create`.

    Examples
    --------
    >>> count_parameters("motifcnn", alphabet="dna", kernels=8, width=7, hidden=2)
    253
    """
    from flax import nnx

    blank = nnx.eval_shape(lambda: create(name, alphabet=alphabet, **options))
    weights = nnx.to_flat_state(nnx.state(blank, nnx.Param))
    return sum(math.prod(weight.shape) for _, weight in weights)


def _find(name: str) -> tuple[Callable[..., nnx.Module], dict[str, Any]]:
    """Import a network, and what its name says of its options."""
    network = describe(name).network
    if not isinstance(network, str):
        return network, {}
    module, attribute = network.split(":")
    found = importlib.import_module(module)
    return getattr(found, attribute), dict(getattr(found, "VARIANTS", {}).get(name, {}))


def _check_options(build: Callable[..., nnx.Module], name: str, options: dict[str, Any]) -> None:
    known = _parameters(build)
    unknown = [f"unknown option {option!r}" for option in options if option not in known]
    if any(p.kind is p.VAR_KEYWORD for p in known.values()):
        unknown = []
    missing = [
        f"option {option!r} is missing"
        for option, p in known.items()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD and option not in options
    ]
    if unknown or missing:
        raise SeqcnnError(
            f"network {name!r}: {[*unknown, *missing][0]}; its options are {', '.join(known)} "
            f"(shares and complement come from `alphabet`)"
        )


def _parameters(build: Callable[..., nnx.Module]) -> Mapping[str, inspect.Parameter]:
    """Find the options of a network, also those that its class hands on to the class above it."""
    # the metaclass of flax hides the signature of a class, that of its constructor is there
    is_class = isinstance(build, type)
    sources = [c.__init__ for c in build.__mro__ if "__init__" in vars(c)] if is_class else [build]
    found: dict[str, inspect.Parameter] = {}
    for source in sources:
        own = dict(inspect.signature(source).parameters)
        rest = [k for k, p in own.items() if p.kind is p.VAR_KEYWORD]
        handed_on = rest and is_class and source is not sources[-1]
        hidden = {"self", "rngs", *(rest if handed_on else ())}
        found |= {k: p for k, p in own.items() if k not in hidden | set(found)}
        if not handed_on:
            break
    return found


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, bool | int | float | str)


def _options_of_alphabet(alphabet: Alphabet) -> dict[str, Any]:
    complement = None
    if alphabet.complements is not None:
        complement = tuple(alphabet.complement_of_code[: alphabet.size].tolist())
    strand = "both" if alphabet.double_stranded else "one"
    return {"shares": alphabet.shares, "complement": complement, "strand": strand}
