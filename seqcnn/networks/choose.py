"""Which network to take if nobody says: decided by how much data there is, and how long it is."""

from typing import Any, Literal, NamedTuple, get_args

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet, get_alphabet

Targets = Literal["binary", "multiclass", "multilabel", "regression", "counts", "profile"]
"""What is predicted for a sequence, or for each of its positions."""

SHORT = 300
"""Letters up to which one layer of motifs sees a sequence as a whole."""

LONG = 2000
"""Letters from which a position has to see far."""

MANY = 20_000
"""Examples from which networks of millions of weights have something to learn from."""

MOTIF = 18
"""Letters of a motif kernel, where sequences have room for it."""


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
    """

    name: str
    options: dict[str, Any]
    reason: str


def default_network(
    n: int, length: int, alphabet: str | Alphabet = "dna", targets: Targets = "binary"
) -> Choice:
    """Choose a network by the data.

    The bounds are rules of thumb, not measured ones: up to 300 letters, or below 20,000 examples,
    it is `motifcnn`; from 2,000 letters on `dilated`; in between `basset`; for profiles `bpnet`.

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
    if length <= SHORT or n < MANY:
        why = "are short" if length <= SHORT else "are too few for a deep network"
        width = min(MOTIF, max(1, 3 * length // 5))
        wide = f" of {width} letters, as sequences leave no room for more" if width < MOTIF else ""
        reason = f"{these} {why}: one layer of motifs{wide}, which can be read from it"
        return Choice("motifcnn", {"width": width} if width < MOTIF else {}, reason)
    if length >= LONG:
        layers = max(6, min(11, (length // 2).bit_length() - 1))
        sees = 2 * (2 ** (layers + 1) - 2) + 21
        reason = f"{these} are long: dilated convolutions let each position see {sees:,} letters"
        return Choice("dilated", {"layers": layers}, reason)
    reason = f"{these} are enough for stages of convolutions that combine motifs"
    return Choice("basset", {}, reason)
