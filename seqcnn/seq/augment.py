"""Augmentation of codes inside of jit: changes that leave what a sequence does mostly as it is.

The operations are those of EvoAug (Lee et al. 2023, doi:10.1186/s13059-023-02941-w), on codes
instead of images: each takes codes (n, length) and a key and gives codes of the same shape. Padding
stays padding, on the right; a sequence keeps its length, what is pushed out of it is lost, and
what moves in is drawn at random from the letters of the sequence itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import PAD, Alphabet

Operation = Callable[[jax.Array, jax.Array], jax.Array]
"""From codes, uint8 (n, length), and a key to codes of the same shape."""


@dataclass(frozen=True)
class Augmentation:
    """Operations one after the other, each on some of the sequences.

    Parameters
    ----------
    operations
        In this order; hashable, so that they can be part of a compiled program.
    share
        Chance of each operation to be applied to a sequence.

    Raises
    ------
    SeqcnnError
        `share` is no chance.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> both = Augmentation((ReverseComplement.of(DNA), Shift(2)), share=1.0)
    >>> both(jnp.array([[0, 0, 0, 0, 0, 0]], jnp.uint8), jax.random.key(0)).tolist()
    [[3, 3, 3, 3, 3, 3]]
    """

    operations: tuple[Operation, ...]
    share: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise SeqcnnError(f"`share` is {self.share}, it must lie between 0 and 1")

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Change a batch, uint8 (n, length)."""
        for number, operation in enumerate(self.operations):
            choose, change = jax.random.split(jax.random.fold_in(key, number))
            chosen = jax.random.bernoulli(choose, self.share, codes.shape[:1])
            codes = jnp.where(chosen[:, None], operation(codes, change), codes)
        return codes


@dataclass(frozen=True)
class ReverseComplement:
    """Read the other strand.

    Parameters
    ----------
    complements
        For each of the 256 codes that of its complement.
    """

    complements: tuple[int, ...]

    @classmethod
    def of(cls, alphabet: Alphabet) -> "ReverseComplement":
        """Take the complements of an alphabet that has them."""
        return cls(tuple(int(c) for c in alphabet.complement_of_code))

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Turn all sequences."""
        lengths = _lengths(codes)[:, None]
        places = jnp.arange(codes.shape[1])[None]
        turned = jnp.take_along_axis(codes, jnp.clip(lengths - 1 - places, 0), axis=1)
        table = jnp.array(self.complements, jnp.uint8)
        return jnp.where(places < lengths, table[turned], PAD)


@dataclass(frozen=True)
class Shift:
    """Move sequences to the left or right.

    Parameters
    ----------
    most
        Letters at most.
    """

    most: int

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Move each by its own distance."""
        how_far, fill = jax.random.split(key)
        distance = jax.random.randint(how_far, codes.shape[:1], -self.most, self.most + 1)
        source = jnp.arange(codes.shape[1])[None] - distance[:, None]
        return _take(codes, source, source >= 0, fill)


@dataclass(frozen=True)
class Mutate:
    """Replace letters by others of the same sequence.

    Parameters
    ----------
    rate
        Chance of each letter; a quarter or so of the new ones are what was there.
    """

    rate: float

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Replace letters."""
        where, fill = jax.random.split(key)
        kept = jax.random.bernoulli(where, 1 - self.rate, codes.shape)
        return _take(codes, jnp.broadcast_to(jnp.arange(codes.shape[1]), codes.shape), kept, fill)


@dataclass(frozen=True)
class Insert:
    """Insert random letters at one place; those behind it move to the right.

    Parameters
    ----------
    most
        Letters at most.
    """

    most: int

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Insert into each sequence."""
        number, start, places, fill = _stretches(codes, key, self.most)
        source = jnp.where(places < start, places, places - number)
        return _take(codes, source, (places < start) | (places >= start + number), fill)


@dataclass(frozen=True)
class Delete:
    """Delete letters at one place; random ones fill the end up.

    Parameters
    ----------
    most
        Letters at most.
    """

    most: int

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Delete from each sequence."""
        number, start, places, fill = _stretches(codes, key, self.most)
        source = jnp.where(places < start, places, places + number)
        return _take(codes, source, jnp.ones_like(source, bool), fill)


@dataclass(frozen=True)
class Invert:
    """Put the reverse complement of a stretch in its place.

    Parameters
    ----------
    most
        Letters at most.
    complements
        As for `ReverseComplement`.
    """

    most: int
    complements: tuple[int, ...]

    def __call__(self, codes: jax.Array, key: jax.Array) -> jax.Array:
        """Invert a stretch of each sequence."""
        how_many, where = jax.random.split(key)
        lengths = _lengths(codes)
        number = jax.random.randint(how_many, codes.shape[:1], 0, self.most + 1)
        number = jnp.minimum(number, lengths)
        start = _places(where, lengths - number + 1)[:, None]
        places, end = jnp.arange(codes.shape[1])[None], start + number[:, None]
        inside = (places >= start) & (places < end)
        source = jnp.where(inside, start + end - 1 - places, places)
        moved = jnp.take_along_axis(codes, source, axis=1)
        return jnp.where(inside, jnp.array(self.complements, jnp.uint8)[moved], moved)


def evoaug(alphabet: Alphabet, *, length: int, share: float = 0.3) -> Augmentation:
    """Choose operations for an alphabet and sequences of a length.

    Parameters
    ----------
    alphabet
        Stretches are inverted only if it has two strands.
    length
        Of typical sequences; a change reaches over a tenth of it at most.
    share
        Chance of each operation.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import PROTEIN
    >>> [type(operation).__name__ for operation in evoaug(PROTEIN, length=100).operations]
    ['Delete', 'Insert', 'Shift', 'Mutate']
    """
    most = max(1, length // 10)
    operations: list[Operation] = [Delete(most), Insert(most), Shift(most), Mutate(0.05)]
    if alphabet.double_stranded:
        operations.insert(0, Invert(most, ReverseComplement.of(alphabet).complements))
    return Augmentation(tuple(operations), share)


def _lengths(codes: jax.Array) -> jax.Array:
    return (codes != PAD).sum(axis=1)


def _places(key: jax.Array, below: jax.Array) -> jax.Array:
    """Draw for each sequence a place from 0 to below `below`, int32 (n,)."""
    return jax.random.randint(key, below.shape, 0, jnp.maximum(below, 1))


def _stretches(
    codes: jax.Array, key: jax.Array, most: int
) -> tuple[jax.Array, jax.Array, jax.Array, jax.Array]:
    """Draw how many letters, `most` at most, change at which place of each sequence.

    Returns
    -------
    tuple of jax.Array
        Numbers and places, int32 (n, 1); all places, int32 (1, length); a key for what comes next.
    """
    how_many, where, fill = jax.random.split(key, 3)
    number = jax.random.randint(how_many, codes.shape[:1], 0, most + 1)[:, None]
    start = _places(where, _lengths(codes))[:, None]
    return number, start, jnp.arange(codes.shape[1])[None], fill


def _take(codes: jax.Array, source: jax.Array, kept: jax.Array, key: jax.Array) -> jax.Array:
    """Take letters from `source`, and random ones of the sequence where nothing is to be taken.

    Parameters
    ----------
    codes
        uint8 (n, length).
    source
        int (n, length): the place that each letter comes from; outside of the sequence for none.
    kept
        bool (n, length): False for a random letter.
    key
        Of the random letters.
    """
    lengths = _lengths(codes)[:, None]
    drawn = jax.random.randint(key, codes.shape, 0, jnp.maximum(lengths, 1))
    kept = kept & (source >= 0) & (source < lengths)
    moved = jnp.take_along_axis(codes, jnp.where(kept, source, drawn), axis=1)
    return jnp.where(jnp.arange(codes.shape[1])[None] < lengths, moved, PAD)
