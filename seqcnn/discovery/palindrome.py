"""Palindromes: motifs that are their own reverse complement."""

from dataclasses import replace

import numpy as np

from seqcnn.discovery.candidate import Candidate, Search, used_columns
from seqcnn.discovery.frames import WIDTH

OFF_CENTRE = 2
"""The centre may lie so many half columns beside the middle of the used columns."""

ONE_PAIR = 2.5
"""No pair of columns may be so many times more asymmetric than its parameters allow: asymmetry that
guesses made is spread over all pairs, that of an outer letter on one side is not."""


def as_palindrome(candidate: Candidate, search: Search) -> Candidate:
    """Make a motif its own reverse complement if that explains its sites as well.

    Which way round a site of a palindrome lies is anyone's guess, and guesses that favour the
    matrix make it asymmetric. So the asymmetric matrix has to be better by more than its parameters
    cost (Schwarz 1978, Estimating the dimension of a model, doi:10.1214/aos/1176344136).

    Parameters
    ----------
    candidate
        With the number of its sites.
    search
        Alphabet, which has complements, and background.

    Returns
    -------
    Candidate
        The same, if it is no palindrome.
    """
    first, last = (int(column) for column in np.flatnonzero(candidate.used)[[0, -1]])
    paired = search.alphabet.complement_of_code[: search.alphabet.size]
    sites, frame = max(candidate.sites, 2.0), candidate.frame
    best, gain = frame, 0.0
    cost = (search.alphabet.size - 1) * np.log(sites)  # of one more column
    # the columns w and ends - w are each other's mirror
    for ends in range(first + last - OFF_CENTRE, first + last + OFF_CENTRE + 1):
        columns = np.arange(max(0, ends - WIDTH + 1), min(WIDTH, ends + 1))
        symmetric = frame.copy()
        symmetric[columns] = (frame[columns] + frame[ends - columns][:, paired]) / 2
        low, high = min(first, ends - last), max(last, ends - first)
        looked = columns[(columns >= low) & (columns <= high)]
        ratio = np.maximum(frame[looked], 1e-9) / np.maximum(symmetric[looked], 1e-9)
        by_column = 2 * sites * (frame[looked] * np.log(ratio)).sum(1)
        pairs = by_column + by_column[::-1]
        saved = len(looked) / 2 * cost - float(by_column.sum())
        if saved > gain and pairs.max() < ONE_PAIR * cost:
            best, gain = symmetric, saved
    if best is frame:
        return candidate
    used = used_columns(best, search, sites)
    if not search.min_width <= used.sum() <= search.max_width:
        used = candidate.used
    return replace(candidate, frame=best, used=used)
