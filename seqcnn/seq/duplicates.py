"""Near-duplicates: sequences so alike that they are no independent witnesses.

Two sequences are near-duplicates if a stretch of one diagonal, at least half as long as the shorter
of them and 24 letters, has at least 80 % equal letters: copies, overlapping peaks, the same repeat
twice. A shared site makes no duplicates, however strong: apart from the 30 letters that are most
alike (fewer in sequences of less than 46), 16 letters or more have to have 70 % equal ones. What is
alike only after several insertions or deletions is not found; a single one leaves a stretch that
is long enough.

To compare only what may be alike, pairs are taken from equal seeds of 12 letters spread over 18,
which find more than 12 letters in a row do (Ma, Tromp & Li 2002, Bioinformatics 18:440): of pairs
of 100 letters with 80 % equal they find 98 %, against 83 %, and nearly all at 85 %. A seed that
very many sequences share is followed from each to a few others only, hence the work grows with the
number of letters and not with the number of pairs; copies of a repeat still hang together through
their other seeds and through each other. Of more than 67 million letters most are left out
at once, by a sieve (`seqcnn.seq.shared_words`) that lets nearly all pairs of 1,000 letters at 95 %
identity pass, and most at 90 %.
"""

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from seqcnn.errors import SeqcnnWarning
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shared_words import rows_sharing_words
from seqcnn.seq.stretches import has_stretch, most_alike
from seqcnn.seq.twins import first_twins

SHORT = 24
"""Shorter sequences are duplicates only if identical, and shorter stretches show nothing."""

PEPTIDE, PEPTIDE_WORD = 50, 9
"""Proteins of up to 50 letters are duplicates also if they share 9 in a row, a binding core."""

COVERED, IDENTITY = 2, 5
"""A stretch is long from 1 / 2 of the shorter sequence on, and alike with up to 1 / 5 unequal."""

SITE, BESIDE = 30, 16
"""A site may have so many letters; duplicates are alike in so many beside it."""

ALIKE_BESIDE, UNLIKE_BESIDE = 3, 7
"""Weights of equal and unequal letters beside a site, which sum to 0 if 70 % are equal."""

SEED = "111101001100101111"
"""Which letters a seed compares; symmetric, so that it is the same on both strands."""

SEED_OF_MANY = "11110101100110101111"
"""The same where there are so many letters that too many seeds would be equal by chance."""

MANY = 1 << 25
"""As many letters."""

SEED_OF_LARGE_ALPHABETS = "111111"
"""The same from 10 letters of an alphabet on."""

NEIGHBOURS = 64
"""Each occurrence of a seed is compared with so many others at most."""

BLOCK = 1 << 21
"""Seeds, or letters of pairs, that are worked on together."""

LARGE, MOST = 1 << 26, 1 << 25
"""Of more letters, those are compared only that share one of a sample of their words with another;
if these have more letters than `MOST`, identical sequences only are duplicates."""

SAMPLE, NEARBY = 2048, 64
"""Of longer diagonals, letters near the seed and then so many everywhere are compared first."""


def near_duplicate_groups(sequences: SequenceSet, *, both_strands: bool) -> np.ndarray:
    """Group sequences that are near-duplicates of each other, or of others in the group.

    Parameters
    ----------
    sequences
        Over any alphabet; ambiguous letters equal nothing, not even themselves.
    both_strands
        Whether a sequence may be alike to the reverse complement of another.

    Returns
    -------
    numpy.ndarray
        int64 (n,): the group of each sequence, 0, 1, ... in order of first appearance.

    Raises
    ------
    SeqcnnError
        `both_strands` is asked for, but the alphabet has no complement.

    Examples
    --------
    >>> from seqcnn.seq.alphabet import DNA
    >>> texts = ["ACGTTGACCATTGACCTTGAACGTACG", "GATTACA", "TGTAATC"]
    >>> sequences = SequenceSet.from_strings(texts, alphabet=DNA)
    >>> near_duplicate_groups(sequences, both_strands=True).tolist()
    [0, 1, 1]
    """
    groups = _Groups(len(sequences))
    twins = first_twins(sequences, both_strands=both_strands)
    groups.link(np.arange(len(twins)), twins)
    if sequences.alphabet.name == "protein":
        groups.link(*_peptides_sharing_words(sequences))
    rows = np.flatnonzero((twins == np.arange(len(twins))) & (sequences.lengths >= SHORT))
    if sequences.lengths[rows].sum() > LARGE:
        rows = _sieved(sequences, rows, both_strands)
    if len(rows) > 1:
        strands = _Strands(sequences.select(rows), both_strands)
        for one, other in _pairs(strands):
            one, other = strands.rows_alike(
                *strands.not_yet_linked(one, other, groups.labels[rows])
            )
            groups.link(rows[one], rows[other])
    return groups.in_order_of_appearance()


def _sieved(sequences: SequenceSet, rows: np.ndarray, both_strands: bool) -> np.ndarray:
    """Take the rows that may have a near-duplicate, int64; none if they are too many to compare."""
    rows = rows[rows_sharing_words(sequences, rows, both_strands=both_strands)]
    letters = int(sequences.lengths[rows].sum())
    if letters <= MOST:
        return rows
    warnings.warn(
        f"{len(rows):,} sequences with {letters:,} letters share words with others, too many to "
        f"be compared: only identical ones, and overlapping intervals, are taken for duplicates",
        SeqcnnWarning,
        stacklevel=3,
    )
    return rows[:0]


class _Groups:
    """Groups that grow together: `labels`, int64 (n,), are equal within a group."""

    def __init__(self, n: int) -> None:
        self.labels = np.arange(n)

    def link(self, one: np.ndarray, other: np.ndarray) -> None:
        """Join the groups of two members each."""
        pairs = self.labels[np.stack([one, other])]
        pairs = pairs[:, pairs[0] != pairs[1]]
        if pairs.size == 0:
            return
        labels, place = np.unique(pairs, return_inverse=True)
        ends = place.reshape(pairs.shape)
        graph = coo_matrix((np.ones(len(ends[0]), bool), tuple(ends)), shape=(len(labels),) * 2)
        _, component = connected_components(graph, directed=False)
        _, first = np.unique(component, return_index=True)
        renamed = np.arange(len(self.labels))
        renamed[labels] = labels[first[component]]
        self.labels = renamed[self.labels]

    def in_order_of_appearance(self) -> np.ndarray:
        """Labels 0, 1, ... in the order in which they first appear."""
        _, first, group = np.unique(self.labels, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first))[group]


def _peptides_sharing_words(sequences: SequenceSet) -> tuple[np.ndarray, np.ndarray]:
    """Pair peptides that share a word: rows, int64 (pairs,) each."""
    lengths = sequences.lengths
    rows = np.flatnonzero((lengths >= PEPTIDE_WORD) & (lengths <= PEPTIDE))
    peptides = sequences.select(rows)
    offsets = tuple(range(PEPTIDE_WORD))
    start = _word_starts(peptides, offsets)
    word = _words(peptides.codes, start, offsets, peptides.alphabet.size)
    order = np.argsort(word, kind="stable")
    row = np.repeat(rows, peptides.lengths)[start[order]]
    # a chain through all that share a word is enough
    equal = word[order[1:]] == word[order[:-1]]
    return row[:-1][equal], row[1:][equal]


def _word_starts(sequences: SequenceSet, offsets: tuple[int, ...]) -> np.ndarray:
    """Find where words of plain letters begin that lie within one sequence, int64."""
    span = offsets[-1] + 1
    readable = np.ones(len(sequences.codes), bool)
    for short in range(1, span):
        ends = sequences.offsets[1:][sequences.lengths >= short]
        readable[ends - short] = False
    plain = sequences.codes < sequences.alphabet.size
    for ahead in offsets:
        readable[: len(plain) - ahead] &= plain[ahead:]
    return np.flatnonzero(readable)


def _words(
    letters: np.ndarray, start: np.ndarray, offsets: tuple[int, ...], size: int
) -> np.ndarray:
    """Compute a number for the word that begins at each position, uint64."""
    word = np.zeros(len(start), np.uint64)
    for ahead in offsets:
        word *= np.uint64(size)
        word += letters[start + ahead]
    return word


class _Strands:
    """All sequences, and behind them all their reverse complements if there are two strands.

    The place p of the first strand lies at 2 * `total` - 1 - p on the second.
    """

    def __init__(self, sequences: SequenceSet, both: bool) -> None:
        self.sequences, self.both = sequences, both
        self.size, self.total = sequences.alphabet.size, len(sequences.codes)
        parts = [sequences.codes]
        if both:
            parts.append(sequences.alphabet.reverse_complement(sequences.codes))
        room = max(int(sequences.lengths.max()), 2 * NEARBY)
        self.letters = np.concatenate([*parts, np.full(room, PAD, np.uint8)])
        seed = SEED if self.total < MANY else SEED_OF_MANY
        seed = seed if self.size < 10 else SEED_OF_LARGE_ALPHABETS
        self.seed = tuple(i for i, used in enumerate(seed) if used == "1")
        self.span = self.seed[-1] + 1
        self.row = np.repeat(np.arange(len(sequences), dtype=np.int32), sequences.lengths)

    def other_strand(self, start: np.ndarray) -> np.ndarray:
        """Where seeds lie if they are read on the other strand."""
        return 2 * self.total - start - self.span

    def rows(self, position: np.ndarray) -> np.ndarray:
        """Look up the sequence to which each position belongs."""
        return self.row[np.minimum(position, 2 * self.total - 1 - position)]

    def bounds(self, position: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the sequence of each position begins and ends on its strand."""
        row = self.rows(position)
        begin, end = self.sequences.offsets[row], self.sequences.offsets[row + 1]
        first = position < self.total
        mirror = 2 * self.total
        return np.where(first, begin, mirror - end), np.where(first, end, mirror - begin)

    def not_yet_linked(
        self, one: np.ndarray, other: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Keep pairs of seeds of sequences in different groups, one in the order of the input."""
        row_one, row_other = self.rows(one), self.rows(other)
        kept = labels[row_one] != labels[row_other]
        first = row_one < row_other
        one, other = np.where(first, one, other)[kept], np.where(first, other, one)[kept]
        if not self.both:
            return one, other
        turn = one >= self.total
        return (
            np.where(turn, self.other_strand(one), one),
            np.where(turn, self.other_strand(other), other),
        )

    def rows_alike(self, one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Compare sequences along the diagonals of seeds; return the rows of near-duplicates."""
        back, overlap, needed = self._overlaps(one, other)
        kept = overlap >= needed
        long = np.flatnonzero(kept & (overlap > SAMPLE))
        kept[long] = self._alike_nearby(*(a[long] for a in (one, other, back, overlap)))
        # all seeds of a diagonal are one once they are drawn back to where it begins
        room = len(self.letters)
        diagonals = np.sort(((one - back) * room + other - back)[kept])
        one, other = np.divmod(diagonals[np.diff(diagonals, prepend=-1) != 0], room)
        _, overlap, needed = self._overlaps(one, other)
        kept = np.ones(len(one), bool)
        long = np.flatnonzero(overlap > SAMPLE)
        kept[long] = self._alike_in_sample(one[long], other[long], overlap[long])
        kept = np.flatnonzero(kept)
        kept = kept[np.argsort(-overlap[kept], kind="stable")]
        alike = [
            part[self._alike(*(a[part] for a in (one, other, overlap, needed)))]
            for part in _parts(kept, overlap[kept])
        ]
        kept = np.concatenate([kept[:0], *alike])
        return self.rows(one[kept]), self.rows(other[kept])

    def _overlaps(
        self, one: np.ndarray, other: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Measure the diagonals through pairs of places, int64 (pairs,) each.

        Returns how far back they begin, their length, and how long what is alike has to be.
        """
        (begin, end), (begin_other, end_other) = self.bounds(one), self.bounds(other)
        back = np.minimum(one - begin, other - begin_other)
        overlap = back + np.minimum(end - one, end_other - other)
        shorter = np.minimum(end - begin, end_other - begin_other)
        needed = np.maximum(-(-shorter // COVERED), SHORT)
        return back, overlap, np.maximum(needed, np.minimum(shorter, SITE + BESIDE))

    def _equal(self, one: np.ndarray, other: np.ndarray, width: int) -> np.ndarray:
        """Which letters are equal from two starts on, bool (pairs, width)."""
        stretches = sliding_window_view(self.letters, width)
        left = stretches[one]
        equal = left == stretches[other]
        equal &= left < self.size
        return equal

    def _alike_nearby(
        self, one: np.ndarray, other: np.ndarray, back: np.ndarray, overlap: np.ndarray
    ) -> np.ndarray:
        """Whether most letters around a seed are equal; there is such a seed in what is alike."""
        ahead = np.clip(back - NEARBY, 0, overlap - 2 * NEARBY) - back
        shares = [
            self._equal(one[part] + ahead[part], other[part] + ahead[part], 2 * NEARBY).mean(1)
            for part in _parts(np.arange(len(one)), np.full(len(one), 2 * NEARBY))
        ]
        return np.concatenate([np.zeros(0), *shares]) >= 0.6

    def _alike_in_sample(
        self, start: np.ndarray, start_other: np.ndarray, overlap: np.ndarray
    ) -> np.ndarray:
        """Whether a third of a sample of the letters is equal, where two fifths have to be."""
        shares = []
        for part in _parts(np.arange(len(start)), np.full(len(start), SAMPLE)):
            places = np.arange(SAMPLE) * overlap[part, None] // SAMPLE
            letters = self.letters[start[part, None] + places]
            equal = letters == self.letters[start_other[part, None] + places]
            shares.append((equal & (letters < self.size)).mean(1))
        return np.concatenate([np.zeros(0), *shares]) >= 0.34

    def _alike(
        self, one: np.ndarray, other: np.ndarray, overlap: np.ndarray, needed: np.ndarray
    ) -> np.ndarray:
        """Whether a stretch of at least `needed` letters has at most a fifth unequal."""
        width = int(overlap[0])
        equal = self._equal(one, other, width)
        equal &= np.arange(width) < overlap[:, None]
        alike = np.count_nonzero(equal, axis=1) * IDENTITY >= needed * (IDENTITY - 1)
        equal, needed = equal[alike], needed[alike]
        # a stretch is alike if its letters sum to 0 or more
        whole = has_stretch(np.where(equal, 1, 1 - IDENTITY), needed)
        alike[alike] = whole
        equal, needed = equal[whole], needed[whole]
        weights = np.where(equal, ALIKE_BESIDE, -UNLIKE_BESIDE)
        weights[most_alike(equal, np.minimum(SITE, needed - BESIDE))] = 0
        alike[alike] = has_stretch(weights, needed)
        return alike


def _parts(index: np.ndarray, width: np.ndarray) -> Iterator[np.ndarray]:
    """Cut an index into parts of bounded size; `width`, the letters of each, does not increase."""
    low = 0
    while low < len(index):
        high = low + max(BLOCK // int(width[low]), 1)
        yield index[low:high]
        low = high


def _pairs(strands: _Strands) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pair equal seeds: where they begin on the strands, int64 (pairs,) each."""
    seeds, bits = _sorted_seeds(strands)
    low = 0
    while low < len(seeds):
        last = seeds[min(low + BLOCK, len(seeds)) - 1]
        # all of an equal seed, whose position is in the low bits
        high = int(np.searchsorted(seeds, last | np.uint64((1 << bits) - 1), side="right"))
        word = seeds[low:high] >> np.uint64(bits)
        start = (seeds[low:high] & np.uint64((1 << bits) - 1)).astype(np.int64)
        first = np.arange(len(word))
        for ahead in range(1, NEIGHBOURS + 1):
            first = first[first < len(word) - ahead]
            first = first[word[first] == word[first + ahead]]
            yield start[first], start[first + ahead]
        low = high


def _sorted_seeds(strands: _Strands) -> tuple[np.ndarray, int]:
    """Collect all seeds, uint64 in order: their letters in the high bits, their place in the low.

    On two strands a seed is read on the one where its number is smaller.
    """
    starts = _word_starts(strands.sequences, strands.seed)
    bits = len(strands.letters).bit_length()
    seeds = np.empty(len(starts), np.uint64)
    for low in range(0, len(starts), BLOCK):
        start = starts[low : low + BLOCK]
        word = _words(strands.letters, start, strands.seed, strands.size)
        if strands.both:
            turned = strands.other_strand(start)
            reverse = _words(strands.letters, turned, strands.seed, strands.size)
            start = np.where(reverse < word, turned, start)
            word = np.minimum(word, reverse)
        # spread over the high bits; words that meet by chance are told apart when compared
        word *= np.uint64(0x9E3779B97F4A7C15)
        word &= ~np.uint64((1 << bits) - 1)
        seeds[low : low + BLOCK] = word | start.astype(np.uint64)
    seeds.sort()
    return seeds, bits
