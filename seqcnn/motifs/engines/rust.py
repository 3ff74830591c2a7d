"""The engine of lightmotif (Larralde, https://pypi.org/project/lightmotif), written in Rust."""

import importlib
from collections.abc import Sequence

import numpy as np

from seqcnn.motifs.engines.base import Found, Pattern, Rescoring

LETTERS = "ACGT"


class RustEngine:
    """See `base.Engine`; DNA and RNA only.

    Scores are whole numbers below 2 ** 24, and sums of those are exact in its 32-bit floats too;
    half a step of slack and a second scoring make sure.

    Parameters
    ----------
    patterns
        What to look for.
    letters
        Size of the alphabet: 4.

    Raises
    ------
    ImportError
        lightmotif is not installed.
    """

    def __init__(self, patterns: Sequence[Pattern], letters: int) -> None:
        # imported here, as the package can do without it
        self.lightmotif = importlib.import_module("lightmotif")
        self.rescoring = Rescoring(patterns, letters)
        self.searches = [
            (number, self.lightmotif.ScoringMatrix(_columns(pattern.scores)), pattern.least - 0.5)
            for number, pattern in enumerate(patterns)
            # another threshold than an attainable one would be rounded by its bytes
            if pattern.scores.min(1).sum() < pattern.least <= pattern.scores.max(1).sum()
        ]
        self.always = [
            number
            for number, pattern in enumerate(patterns)
            if pattern.least <= pattern.scores.min(1).sum()
        ]

    def find(self, codes: np.ndarray) -> Found:
        """Find all sites; see `base.Engine`."""
        if not len(codes):
            return Found.none()
        text = np.frombuffer(b"ACGTN", np.uint8)[np.minimum(codes, len(LETTERS))]
        striped = self.lightmotif.stripe(text.tobytes().decode())
        starts = {number: np.arange(len(codes)) for number in self.always}
        for number, matrix, threshold in self.searches:
            if len(codes) >= len(matrix):
                hits = self.lightmotif.scan(matrix, striped, threshold=threshold)
                starts[number] = np.array([hit.position for hit in hits], np.int64)
        pattern = np.repeat(list(starts), [len(s) for s in starts.values()]).astype(np.int64)
        start = np.concatenate([np.zeros(0, np.int64), *starts.values()])
        return self.rescoring.sites(codes, pattern, start).in_order()


def _columns(scores: np.ndarray) -> dict[str, list[float]]:
    columns = {letter: scores[:, i].tolist() for i, letter in enumerate(LETTERS)}
    # a much lower score would coarsen the bytes that lightmotif looks at first
    return columns | {"N": scores.min(1).tolist()}
