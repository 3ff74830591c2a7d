"""Which network to take if nobody says: decided by how much data there is, and how long it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet, get_alphabet

if TYPE_CHECKING:
    from flax import nnx

Targets = Literal[
    "binary", "multiclass", "multilabel", "regression", "counts", "profile", "per-base"
]
"""What is predicted for a sequence, or for each of its positions."""

POSITIONED = "dilated_positions"
"""The network that scores each position; those for segmentation do so too."""

PROFILED = ("bpnet", "dilated")
"""Networks that score each position."""

SHORT = 300
"""Letters up to which one layer of motifs sees a sequence as a whole."""

LONG = 2000
"""Letters from which a position has to see far."""

MANY = 20_000
"""Examples from which networks of millions of weights have something to learn from."""

MOTIF = 19
"""Letters of the widest motif kernels, where sequences have room for them."""

NARROW = 11
"""Letters of the others: as many as a factor's core takes, and few that can be learnt by heart."""

CORE = 9
"""Letters of the kernels for protein: what lies in the groove of a class II molecule."""

FEW_LETTERS = 8
"""Alphabets up to this size are like DNA."""

PLENTY = 30_000
"""Examples from which less has to be dropped in training."""


class Choice(NamedTuple):
    """A network, and why.

    Parameters
    ----------
    name
        Of the zoo.
    options
        For `create`, those that follow from the data.
    reason
        A sentence for people.
    variants
        What the networks of an ensemble change of the options, by turns.
    """

    name: str
    options: dict[str, Any]
    reason: str
    variants: tuple[dict[str, Any], ...] = ({},)


def default_network(
    n: int, length: int, alphabet: str | Alphabet = "dna", targets: Targets = "binary"
) -> Choice:
    """Choose a network by the data.

    Up to 300 letters, or below 20,000 examples, it is `motifcnn`; from 2,000 letters on `dilated`;
    in between `basset`; for profiles `bpnet`.

    Parameters
    ----------
    n
        Examples to train on, of all classes.
    length
        Letters of a typical (the median) sequence.
    alphabet
        Of the sequences.
    targets
        What is predicted.

    Returns
    -------
    Choice
        The name for `create`, options, and the reason, which belongs on the screen.

    Notes
    -----
    The options of `motifcnn` are those that were best in cross-validation within the training
    sequences of ChIP-seq sets of 8,000 to 35,000 examples (with one shuffle of each peak), and of
    10,000 peptides; the bounds between networks by length are rules of thumb.

    Raises
    ------
    SeqcnnError
        A number is less than 1, or there are no such targets.

    Examples
    --------
    >>> default_network(1000, 101).name
    'motifcnn'
    >>> print(default_network(50_000, 600).reason)
    50,000 dna sequences of 600 letters are enough for stages of convolutions that combine motifs
    """
    if n < 1 or length < 1:
        raise SeqcnnError(f"`n` and `length` must be 1 or more, not {n} and {length}")
    if targets not in get_args(Targets):
        known = ", ".join(get_args(Targets))
        raise SeqcnnError(f"`targets` must be one of {known}, not {targets!r}")
    these = f"{n:,} {get_alphabet(alphabet).name} sequences of {length:,} letters"
    if targets == "profile":
        reason = "only a tower of dilated convolutions scores each position of a sequence"
        return Choice("bpnet", {}, reason)
    if targets == "per-base":
        # sites are told by what is near them: more blocks see further, and learn by heart
        return Choice("dilated_positions", {"layers": 4}, "sites are told by letters near them")
    if length <= SHORT or n < MANY:
        why = "are short" if length <= SHORT else "are too few for a deep network"
        options, variants = motif_options(n, length, alphabet), motif_variants(n, length, alphabet)
        kernels = f"kernels of {options['width']} letters"
        if len(variants) > 1:
            kernels += f", in every other network of an ensemble of {NARROW} and {MOTIF}"
        elif options["width"] == _room(length):
            kernels += ", as sequences leave no room for more"
        reason = f"{these} {why}: one layer of motifs, which can be read from it; {kernels}"
        return Choice("motifcnn", options, reason, variants)
    if length >= LONG:
        layers = max(6, min(11, (length // 2).bit_length() - 1))
        sees = 2 * (2 ** (layers + 1) - 2) + 21
        reason = f"{these} are long: dilated convolutions let each position see {sees:,} letters"
        return Choice("dilated", {"layers": layers}, reason)
    reason = f"{these} are enough for stages of convolutions that combine motifs"
    return Choice("basset", {}, reason)


@dataclass(frozen=True)
class Blueprint:
    """What networks are made of.

    Parameters
    ----------
    name
        Of the zoo.
    options
        For `create`, all but what they compute in.
    variants
        What the networks of an ensemble change of the options, by turns.
    computed
        What they compute in, as an option; empty for float32.
    """

    name: str
    options: Mapping[str, Any]
    variants: Sequence[Mapping[str, Any]] = ({},)
    computed: Mapping[str, str] = field(default_factory=dict)

    def build(
        self, alphabet: Alphabet | None, changed: Mapping[str, Any], seed: int
    ) -> "nnx.Module":
        """Make a network with random weights; `changed` comes before the options."""
        from seqcnn.networks.zoo import create  # choosing a network needs no jax

        options = {**self.options, **self.computed, **changed}
        return create(self.name, alphabet=alphabet, seed=seed, **options)

    def of_each(self, ensemble: int) -> list[dict[str, Any]]:
        """Give the options of each network of an ensemble."""
        turns = [self.variants[i % len(self.variants)] for i in range(ensemble)]
        return [{**self.options, **variant} for variant in turns]

    def with_best(self, chosen: Mapping[str, Any]) -> "Blueprint":
        """Take what a search has chosen, which variants may not take back."""
        kept = [{k: v for k, v in each.items() if k not in chosen} for each in self.variants]
        variants = [{}] if "width" in chosen else kept
        return replace(self, options={**self.options, **chosen}, variants=variants)


def choose_network(
    name: str,
    n: int,
    length: int,
    alphabet: str | Alphabet,
    targets: Targets,
    options: Mapping[str, Any],
) -> tuple[Blueprint, str | None]:
    """Choose what is not told of a network.

    Parameters
    ----------
    name
        Of the zoo, or ``"auto"`` to choose one by the data.
    n, length, alphabet, targets
        As for `default_network`.
    options
        What is told; it comes before what is chosen.

    Returns
    -------
    blueprint : Blueprint
        Without `tasks`, which are yet to be said.
    reason : str or None
        Why this network, if it was chosen.

    Raises
    ------
    SeqcnnError
        The network scores no positions, but the targets are profiles.
    """
    chosen: dict[str, Any] = {}
    variants: Sequence[Mapping[str, Any]] = ({},)
    reason = None
    if name == "auto":
        choice = default_network(n, length, alphabet, targets)
        name, chosen, variants = choice.name, choice.options, choice.variants
        reason = choice.reason
    elif name == "motifcnn":
        chosen = motif_options(n, length, alphabet)
        variants = motif_variants(n, length, alphabet)
    if {"width", "narrow"} & set(options):
        variants = ({},)
    variants = [{k: v for k, v in each.items() if k not in options} for each in variants]
    if targets == "profile":
        if name not in PROFILED:
            raise SeqcnnError(f"`--network` {name} scores no positions: take bpnet for --profile")
        chosen = {"profile": True, **chosen}
    if targets == "per-base":
        from seqcnn.networks.zoo import describe

        if name != POSITIONED and describe(name).family != "segment":
            raise SeqcnnError(
                f"`--network` {name} scores whole sequences: take {POSITIONED}, unet or another "
                f"network for segmentation"
            )
    return Blueprint(name, {**chosen, **options}, variants), reason


def motif_options(n: int, length: int, alphabet: str | Alphabet = "dna") -> dict[str, Any]:
    """Choose the options of `motifcnn` by the data.

    Parameters
    ----------
    n, length, alphabet
        As for `default_network`.

    Examples
    --------
    >>> motif_options(8_000, 101)["width"], motif_options(8_000, 15)["width"]
    (11, 9)
    """
    if get_alphabet(alphabet).size > FEW_LETTERS:
        # every kernel has five times the weights, and peptides are short: the best match is enough
        return {"kernels": 128, "width": min(CORE, _room(length)), "hidden": 64, "dropout": 0.5}
    options: dict[str, Any] = {"kernels": 128, "pool": "max_mean", "norm": True}
    options |= {"hidden": 32, "dropout": 0.3}
    if n < PLENTY:
        options |= {"hidden": 64, "dropout": 0.5, "pooled_dropout": 0.3}
    return options | {"width": min(NARROW, _room(length))}


def motif_variants(
    n: int, length: int, alphabet: str | Alphabet = "dna"
) -> tuple[dict[str, Any], ...]:
    """Choose in what the networks of an ensemble of `motifcnn` differ.

    By themselves wide kernels are better for a factor such as CTCF and worse for one such as SP1;
    with both kinds an ensemble is as good as the better one, or better than either.
    """
    if _room(length) < MOTIF or get_alphabet(alphabet).size > FEW_LETTERS:
        return ({},)
    wide: dict[str, Any] = {"width": MOTIF, "narrow": NARROW}
    if n >= PLENTY:
        # as much of these is dropped as with little data, nearly
        wide |= {"hidden": 64, "dropout": 0.5, "pooled_dropout": 0.1}
    return {}, wide


def _room(length: int) -> int:
    """Find the widest kernels that still slide along a sequence."""
    return max(1, 3 * length // 5)
