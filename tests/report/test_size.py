"""The page of the largest usual run is small, and offers what fits."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.report.content import content_of
from seqcnn.report.downloads import unpack
from seqcnn.report.html import render_content
from seqcnn.report.record import RunRecord
from seqcnn.seq.alphabet import DNA
from tests.report.results import empty_result, with_networks, with_sites

SEQUENCES, LENGTH, MOTIFS, SITES = 50_000, 200, 20, 400_000


@pytest.mark.slow
def test_20_motifs_in_50_000_sequences_are_less_than_5_mb():
    rng = np.random.default_rng(0)
    made = with_sites(empty_result(), [(i, 7) for i in range(100)], [LENGTH] * SEQUENCES)
    made = with_networks(made, 0.8, 0.85, 0.9)
    starts = rng.integers(0, 200_000_000, SEQUENCES).tolist()
    names = tuple(f"chr{1 + s % 22}:{s}-{s + LENGTH}" for s in starts)
    sequences = replace(made.sequences, ids=names)
    matrices = (rng.dirichlet(np.full(4, 0.3), int(w)) for w in rng.integers(8, 22, MOTIFS))
    motifs = tuple(
        replace(made.motifs[0], motif=Motif(f"m{i}", ProbabilityMatrix(values, DNA)))
        for i, values in enumerate(matrices, 1)
    )
    order = np.sort(rng.integers(0, MOTIFS * SEQUENCES, SITES))
    sites = replace(
        made.sites,
        motifs=[m.motif for m in motifs],
        sequences=sequences,
        motif=order // SEQUENCES,
        sequence=order % SEQUENCES,
        start=rng.integers(0, LENGTH - 22, SITES),
        reverse=rng.random(SITES) < 0.5,
        score=rng.normal(12, 3, SITES),
        log10_p_value=-6 * rng.random(SITES),
        log10_q_value=np.zeros(SITES),
    )
    found = replace(made, motifs=motifs, sites=sites, sequences=sequences)
    found = replace(found, facts=found.facts | {"e_value": 1e9})
    record = RunRecord("discover", {"positives": "peaks.bed"}, [], datetime.now(UTC))
    content = content_of(found, record, ())
    page = render_content(content)
    assert len(page.encode()) < 5_000_000
    assert content["embedded_sites"] == 1000 and "the best 1,000" in " ".join(page.split())
    assert unpack(content["packed"])["sites.tsv"].count("\n") == 1 + 1000 * MOTIFS
