"""Attributions whose truth is known: motifs, noise, and amplitudes that vary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.seq.alphabet import DNA, Alphabet


@dataclass(frozen=True, eq=False)
class Planted:
    """Contributions, letters, and sites (row, start, 1 for the other strand) of each motif."""

    contributions: np.ndarray
    codes: np.ndarray
    sites: list[np.ndarray]
    shown: list[np.ndarray]


def random_motif(width: int, rng: np.random.Generator, *, bits: float = 1.4, letters: int = 4):
    """A matrix of so many bits a position on average, float64 (width, letters)."""
    low, high = 0.001, 50.0
    logits = rng.gumbel(size=(width, letters))
    for _ in range(40):
        heat = (low * high) ** 0.5
        values = np.exp((logits - logits.max(1, keepdims=True)) / heat)
        values /= values.sum(1, keepdims=True)
        found = (values * np.log2(np.maximum(values, 1e-12) * letters)).sum(1).mean()
        if found > bits:
            low = heat
        else:
            high = heat
    values = values + 0.002
    return values / values.sum(1, keepdims=True)


def word_motif(word: str, alphabet: Alphabet = DNA, strength: float = 0.9):
    """A matrix of a word; N is any letter."""
    rows = []
    for letter in word:
        row = np.full(alphabet.size, 1 / alphabet.size)
        if letter in alphabet.letters:
            row = np.full(alphabet.size, (1 - strength) / (alphabet.size - 1))
            row[alphabet.letters.index(letter)] = strength
        rows.append(row)
    return np.array(rows)


def plant(
    motifs: Sequence[np.ndarray],
    *,
    number: int,
    length: int,
    share: float | Sequence[float] = 1.0,
    signs: Sequence[int] | None = None,
    noise: float = 0.25,
    silent: float = 0.1,
    spread: float = 0.3,
    both_strands: bool = True,
    alphabet: Alphabet = DNA,
    exclusive: bool = False,
    seed: int = 0,
) -> Planted:
    """Draw sequences and what a network that knows the motifs would say of their letters.

    Contributions of a site are log-odds less their mean over letters, scaled so that the letters
    of a motif contribute 1 on average, times an amplitude of the site (lognormal) and noise of each
    letter (a third); noise of standard deviation `noise` lies on everything, and a share `silent`
    of the sites contributes nothing. `exclusive`: a sequence has one motif.
    """
    rng = np.random.default_rng(seed)
    letters = alphabet.size
    codes = rng.integers(0, letters, (number, length)).astype(np.uint8)
    given = rng.normal(0, noise, (number, length, letters))
    shares = np.broadcast_to(share, (len(motifs),))
    owner = rng.choice(len(motifs), number, p=shares / shares.sum()) if len(motifs) else []
    taken = np.zeros((number, length), bool)
    sites, shown = [], []
    for k, motif in enumerate(motifs):
        width = len(motif)
        odds = np.log2(motif * letters)
        odds -= odds.mean(1, keepdims=True)
        odds /= (motif * odds).sum() / max((np.ptp(motif, axis=1) > 0.05).sum(), 1)
        own = []
        seen = []
        for row in range(number):
            wanted = owner[row] == k if exclusive else rng.random() < shares[k]
            free = (
                [s for s in range(length - width + 1) if not taken[row, s : s + width].any()]
                if wanted
                else []
            )
            if not free:
                continue
            start = int(rng.choice(free))
            here = slice(start, start + width)
            taken[row, here] = True
            site = np.array([rng.choice(letters, p=p) for p in motif], np.uint8)
            reverse = both_strands and rng.random() < 0.5
            loud = rng.random() >= silent
            strength = rng.lognormal(0, spread) * loud * (signs[k] if signs is not None else 1)
            what = strength * odds * (1 + rng.normal(0, 0.33, (width, 1)))
            if reverse:
                site = alphabet.reverse_complement(site)
                what = what[::-1, alphabet.complement_of_code[:letters]]
            codes[row, here] = site
            given[row, here] += what
            own.append((row, start, int(reverse)))
            seen.append(loud)
        sites.append(np.array(own, np.int64).reshape(-1, 3))
        shown.append(np.array(seen, bool))
    return Planted(given.astype(np.float32), codes, sites, shown)


def as_matrix(values: np.ndarray, alphabet: Alphabet = DNA) -> ProbabilityMatrix:
    return ProbabilityMatrix(values, alphabet)
