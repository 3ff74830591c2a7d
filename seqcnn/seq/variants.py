"""`Variant`: a change of a genome, and the windows of both alleles.

The two windows of a variant have one length and begin at one place: behind a longer or shorter
allele comes less or more of what follows in the genome, so that all that lies before it, and the
number of letters that a network sees, is the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.genome import Genome
from seqcnn.seq.interval_set import IntervalSet
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.windows import find_chromosomes

LETTERS = frozenset("ACGTN")
"""What alleles are made of."""


@dataclass(frozen=True)
class Variant:
    """One allele of a change.

    Parameters
    ----------
    chromosome
        As the file calls it.
    start
        Of the reference allele, from 0.
    ref, alt
        Letters of both alleles, upper case.
    name
        Of the variant; ``.`` for none.
    line, allele
        Where it stands in its file: the line, from 1, and the alternative allele on it, from 0.
    """

    chromosome: str
    start: int
    ref: str
    alt: str
    name: str = "."
    line: int = 0
    allele: int = 0


@dataclass(frozen=True)
class Problem:
    """Why a line of a file, or an allele on it, cannot be scored."""

    line: int
    message: str


@dataclass(frozen=True, eq=False)
class AlleleWindows:
    """Windows around variants.

    Parameters
    ----------
    variants
        n of them.
    ref, alt
        Sequences of the two alleles, n each, in this order.
    at
        int64 (n,): where in its windows each variant starts.
    """

    variants: tuple[Variant, ...]
    ref: SequenceSet
    alt: SequenceSet
    at: np.ndarray

    def __len__(self) -> int:
        return len(self.variants)


def check_alleles(variant: Variant) -> str | None:
    """Say what is wrong with the letters of a variant; None if nothing is.

    Examples
    --------
    >>> check_alleles(Variant("1", 5, "A", "<DEL>"))
    "the allele '<DEL>' is not spelt out in letters"
    """
    for allele in (variant.ref, variant.alt):
        if not allele or not set(allele) <= LETTERS:
            return f"the allele {allele!r} is not spelt out in letters"
    if variant.ref == variant.alt:
        return f"both alleles are {variant.ref!r}"
    return None


def cut_alleles(
    genome: Genome, variants: Sequence[Variant], length: int, alphabet: Alphabet
) -> tuple[AlleleWindows, list[Problem]]:
    """Cut the windows of variants out of a genome.

    Parameters
    ----------
    genome
        That the variants are changes of.
    variants
        In any order.
    length
        Letters of a window. Near an end of its chromosome, and if its alternative allele is longer
        than half of a window, a variant is not in the middle; of a shorter chromosome windows are
        shorter.
    alphabet
        DNA, or RNA to read T as U.

    Returns
    -------
    windows : AlleleWindows
        Of all variants without a problem, in the order given.
    problems : list of Problem
        Of the others: letters that are none, a chromosome or place that the genome lacks, another
        reference allele than the genome's, or one that is as long as a window.

    Raises
    ------
    SeqcnnError
        `length` is less than 1, or the genome cannot be read.
    """
    if length < 1:
        raise SeqcnnError(f"`length` is {length}, it must be 1 or more")
    names = list(dict.fromkeys(v.chromosome for v in variants))
    place_of = dict(zip(names, find_chromosomes(names, genome.names), strict=True))
    problems: list[Problem] = []
    kept: list[Variant] = []
    frames: list[_Frame] = []
    for variant in variants:
        place = place_of[variant.chromosome]
        size = int(genome.lengths[place]) if place >= 0 else 0
        message = check_alleles(variant) or _misplaced(variant, place, size, length)
        if message is None:
            kept.append(variant)
            frames.append(_Frame.of(variant, place, size, length))
        else:
            problems.append(Problem(variant.line, message))
    texts = _letters(genome, frames, alphabet)
    return _assembled(kept, frames, texts, problems, length, alphabet)


@dataclass(frozen=True)
class _Frame:
    """What is read for a variant: from `start` to `end` of a chromosome of the genome."""

    chromosome: int
    start: int
    end: int

    @classmethod
    def of(cls, variant: Variant, chromosome: int, size: int, length: int) -> "_Frame":
        # a shorter allele needs as many letters more behind it
        more = max(0, len(variant.ref) - len(variant.alt))
        middle = variant.start + len(variant.ref) // 2
        # a long insertion stands in its window as a whole, with less before it
        least = variant.start + len(variant.alt) - length
        start = max(least, middle - length // 2)
        start = max(0, min(start, size - length - more, variant.start))
        return cls(chromosome, start, min(size, start + length + more))


def _misplaced(variant: Variant, chromosome: int, size: int, length: int) -> str | None:
    if chromosome < 0:
        return f"the genome has no chromosome {variant.chromosome!r}"
    if variant.start < 0 or variant.start + len(variant.ref) > size:
        return (
            f"position {variant.start + 1:,} is not on {variant.chromosome!r} of {size:,} letters"
        )
    longest = max(len(variant.ref), len(variant.alt))
    if longest >= length:
        return f"an allele of {longest:,} letters is no shorter than windows of {length:,}"
    return None


def _letters(genome: Genome, frames: Sequence[_Frame], alphabet: Alphabet) -> SequenceSet:
    chromosome, start, end = (
        np.array([getattr(f, name) for f in frames], np.int64)
        for name in ("chromosome", "start", "end")
    )
    stretches = IntervalSet.from_columns(genome.names, chromosome, start, end)
    return genome.fetch(stretches, alphabet=alphabet)


def _assembled(
    variants: Sequence[Variant],
    frames: Sequence[_Frame],
    texts: SequenceSet,
    problems: list[Problem],
    length: int,
    alphabet: Alphabet,
) -> tuple[AlleleWindows, list[Problem]]:
    """Put the alternative alleles in, where the reference is that of the genome."""
    kept: list[Variant] = []
    windows: list[tuple[np.ndarray, np.ndarray]] = []
    at: list[int] = []
    for variant, frame, begin, end in zip(
        variants, frames, texts.offsets[:-1].tolist(), texts.offsets[1:].tolist(), strict=True
    ):
        text = texts.codes[begin:end]
        here = variant.start - frame.start
        behind = here + len(variant.ref)
        ref, alt = alphabet.encode(variant.ref), alphabet.encode(variant.alt)
        if not np.array_equal(text[here:behind], ref):
            found = alphabet.decode(text[here:behind])
            message = f"the reference is {variant.ref!r}, but the genome has {found!r} there"
            problems.append(Problem(variant.line, message))
            continue
        changed = np.concatenate([text[:here], alt, text[behind:]])
        windows.append((text[:length], changed[:length]))
        kept.append(variant)
        at.append(here)
    ids = [f"{v.chromosome}:{v.start + 1}:{v.ref}>{v.alt}" for v in kept]
    refs, alts = (
        SequenceSet.from_arrays([pair[i] for pair in windows], alphabet=alphabet, ids=ids)
        for i in (0, 1)
    )
    made = AlleleWindows(tuple(kept), refs, alts, np.array(at, np.int64))
    return made, sorted(problems, key=lambda problem: problem.line)
