"""lightmotif and memelite, called so that they do what `seqcnn.motifs.scan` does."""

from collections.abc import Callable, Sequence

import numpy as np

from seqcnn.motifs.motif import Motif
from seqcnn.motifs.prepare import ReadyMotif


def lightmotif_contender(ready: Sequence[ReadyMotif], text: str) -> Callable[[], float]:
    """Scan with the same scores and thresholds; the sequence is prepared beforehand."""
    import lightmotif

    striped = lightmotif.stripe(text)
    searches = []
    for motif in ready:
        for scores, least in motif.patterns:
            columns = {letter: scores[:, i].tolist() for i, letter in enumerate("ACGT")}
            columns["N"] = scores.min(1).tolist()
            searches.append((lightmotif.ScoringMatrix(columns), least - 0.5))

    def run() -> float:
        return sum(
            1.0
            for matrix, least in searches
            for _ in lightmotif.scan(matrix, striped, threshold=least)
        )

    return run


def memelite_contender(motifs: Sequence[Motif], codes: np.ndarray) -> Callable[[], float]:
    """Scan with its own thresholds: its background is uniform, and cannot be set."""
    from memelite import fimo

    matrices = {motif.name: motif.matrix.values.T for motif in motifs}
    image = np.zeros((1, 4, len(codes)), np.int8)
    image[0, codes, np.arange(len(codes))] = 1

    def run() -> float:
        return float(sum(len(hits) for hits in fimo(matrices, image)))

    return run
