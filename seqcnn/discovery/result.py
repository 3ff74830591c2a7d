"""What `discover` gives back: plain data, of which the report and the tables are drawn."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from seqcnn.discovery import show
from seqcnn.discovery.significance import Family, FoldTest
from seqcnn.motifs.compare import Comparisons, Match
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.scan import Hits
from seqcnn.networks.weights import Model
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.intervals import Estimate
from seqcnn.training.loop import Round

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class DiscoveredMotif:
    """A motif with its statistics.

    Parameters
    ----------
    motif
        Matrix re-estimated on all folds; its name is the rank, ``m1``, ``m2``, ...
    family
        The tests behind its E-value.
    threshold_log10_p
        log10 of the p-value from which a window counts as a site; NaN for a known motif, whose
        sites are not listed.
    best_match
        The most similar motif of the database; None without one.
    flags
        ``"low_complexity"``, ``"repeat"`` or ``"composition"``: reasons for doubt.
    match_log10_q
        log10 of the q-value of the best match.
    """

    motif: Motif
    family: Family
    threshold_log10_p: float
    best_match: Match | None = None
    flags: tuple[str, ...] = ()
    match_log10_q: float | None = None

    @property
    def log10_e(self) -> float:
        """log10 of the E-value."""
        return self.family.log10_e

    def __repr__(self) -> str:
        return f"<{show.motif_line(self)}>"

    def _repr_html_(self) -> str:
        """Show the logo in a notebook."""
        return show.motif_html(self)


@dataclass(frozen=True, eq=False)
class FoldRow:
    """Where one sequence was used: `folds.tsv`."""

    sequence: int
    fold: int
    group: int
    role: str


@dataclass(frozen=True, eq=False)
class Holdout:
    """How well networks score sequences that they never saw.

    Parameters
    ----------
    positives, negatives
        float (n,): probabilities, each of the network that did not train on the sequence.
    auroc, auprc
        With 95 % intervals.
    ece
        Expected calibration error.
    composition_auroc
        Of a model that knows counts of letters and pairs of letters alone.
    """

    positives: np.ndarray
    negatives: np.ndarray
    auroc: Estimate
    auprc: Estimate
    ece: float
    composition_auroc: float


@dataclass(frozen=True, eq=False)
class SiteScores:
    """Scores of the best site of each motif in some sequences, and in as many of the control.

    Parameters
    ----------
    foreground, control
        float32 (motifs, n) and (motifs, m), in bits; minus infinity where no window can be scored.
    """

    foreground: np.ndarray
    control: np.ndarray


@dataclass(frozen=True, eq=False)
class Discovery:
    """Everything that a run of `discover` found.

    Parameters
    ----------
    motifs, candidates
        Motifs with an E-value up to the limit, and the weaker ones; either in rank order.
    tests
        All tests of all folds.
    sites
        Sites of `motifs` in all foreground sequences.
    sequences
        The foreground.
    model
        The networks of all folds; None if none were trained.
    histories
        The rounds of training of each fold.
    holdout
        Scores of sequences by the network that never saw them; None without networks.
    folds
        Where each sequence was used.
    facts
        Numbers and words for `run.json` and the report: `strand`, `groups`, `control`, and for a
        shuffled control `kmer` and `copies`, for a given one `strata`.
    notes
        Sentences that a reader has to know: duplicates, composition, small sets.
    known
        All motifs of the database, tested like candidates, the most significant first.
    matches
        The motifs of the database that `motifs` are like; None if there is nothing to compare.
    scores
        How the best sites of `motifs` score in foreground and control; None if there are none.
    """

    motifs: tuple[DiscoveredMotif, ...]
    candidates: tuple[DiscoveredMotif, ...]
    tests: tuple[FoldTest, ...]
    sites: Hits
    sequences: SequenceSet
    model: Model | None
    histories: tuple[tuple[Round, ...], ...]
    holdout: Holdout | None
    folds: tuple[FoldRow, ...]
    facts: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    known: tuple[DiscoveredMotif, ...] = ()
    matches: Comparisons | None = None
    scores: SiteScores | None = None

    def __repr__(self) -> str:
        return f"<Discovery: {show.run_line(self)}>"

    def _repr_html_(self) -> str:
        """Show a table of the motifs in a notebook."""
        return show.run_html(self)

    def to_frame(self) -> "pd.DataFrame":
        """Put the motifs with their statistics into a data frame, one row each, the best first.

        Columns are those of ``motifs.tsv``, with log10 of p-, E- and q-values, which may be too
        small for a float.
        """
        return show.motif_frame(self.motifs, self.sites)

    def known_to_frame(self) -> "pd.DataFrame":
        """Put the known motifs into a data frame like that of `to_frame`."""
        return show.motif_frame(self.known)

    def distinct_sites(self) -> Hits:
        """Take the sites in one sequence of each group of near-duplicates, for all counts."""
        analysed = [row.sequence for row in self.folds if row.role == "analysed"]
        return self.sites.select(np.isin(self.sites.sequence, analysed))
