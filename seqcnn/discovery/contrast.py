"""What a motif is found and tested on: a foreground and its control.

A control is either shuffled (every foreground sequence has the same number of copies, which belong
to it) or given (a set of its own, in strata of like composition).
"""

from dataclasses import dataclass, field, replace

import numpy as np

from seqcnn.stats.tests import (
    paired_detail,
    paired_log10_p,
    stratified_detail,
    stratified_log10_p,
)


@dataclass(frozen=True)
class ExactTest:
    """An exact one-sided test, with all that is needed to compute its p-value again.

    Parameters
    ----------
    test
        ``"paired"`` (shuffled control) or ``"cmh"`` (given control, by strata).
    detail
        For `paired` the originals hit and not hit by the number of hits among a sequence and its
        shuffles, ``hit/not`` for 0, 1, ...; for `cmh` ``a/b/c/d`` of each stratum.
    hits, total, control_hits, control_total
        Sequences with a site, and all.
    log10_p
        log10 of the p-value.
    """

    test: str
    detail: str
    hits: int
    total: int
    control_hits: int
    control_total: int
    log10_p: float


@dataclass(frozen=True, eq=False)
class Contrast:
    """Foreground and control as rows of codes.

    Parameters
    ----------
    foreground
        uint8 (n, length).
    control
        uint8 (n * copies, length) if shuffled, the copies of a sequence together; else (m, length).
    copies
        Shuffles of each foreground sequence; 0 for a given control.
    strata, control_strata
        int (n,) and (m,): sequences of like composition, for a given control only.
    """

    foreground: np.ndarray
    control: np.ndarray
    copies: int = 0
    strata: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    control_strata: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    def __len__(self) -> int:
        return len(self.foreground)

    def select(self, rows: np.ndarray, control_rows: np.ndarray | None = None) -> "Contrast":
        """Take foreground sequences by position, with their shuffles or the given control rows."""
        if self.copies:
            steps = np.arange(self.copies)
            control = self.control[(rows[:, None] * self.copies + steps).ravel()]
            return replace(self, foreground=self.foreground[rows], control=control)
        if control_rows is None:
            raise ValueError("`control_rows` are needed with a given control")
        return Contrast(
            self.foreground[rows],
            self.control[control_rows],
            0,
            self.strata[rows],
            self.control_strata[control_rows],
        )

    def head(self, size: int) -> "Contrast":
        """Take the first sequences, and as large a share of a given control.

        Of a control that is smaller than the foreground so many are kept if there are: a share of
        few may be none.
        """
        size = min(size, len(self))
        share = len(self.control) * size // max(len(self), 1)
        control_size = min(max(share, size), len(self.control))
        return self.select(np.arange(size), np.arange(control_size))

    def thinned(self, copies: int) -> "Contrast":
        """Keep a few shuffles of each sequence (or as many given controls), to save time."""
        if not self.copies:
            return replace(
                self,
                control=self.control[: copies * len(self)],
                control_strata=self.control_strata[: copies * len(self)],
            )
        kept = min(copies, self.copies)
        rows = np.arange(len(self.control)) % self.copies < kept
        return replace(self, control=self.control[rows], copies=kept)

    def with_about(self, controls: int) -> "Contrast":
        """Thin shuffles to about so many, one of each sequence at least; keep a given control."""
        return self.thinned(max(1, round(controls / len(self)))) if self.copies else self

    def masked(self, foreground: np.ndarray, control: np.ndarray) -> "Contrast":
        """Put sequences with hidden letters in place of the same ones."""
        return replace(self, foreground=foreground, control=control)

    def test(self, hits: np.ndarray, control_hits: np.ndarray) -> ExactTest:
        """Ask whether the foreground has more hits than its control, in one-sided exact tests.

        Parameters
        ----------
        hits, control_hits
            bool (n,) and (m,).
        """
        if self.copies:
            test, detail, log10_p = "paired", *_paired(hits, control_hits, self.copies)
        else:
            test, detail, log10_p = (
                "cmh",
                *_stratified(hits, control_hits, self.strata, self.control_strata),
            )
        return ExactTest(
            test,
            detail,
            int(hits.sum()),
            len(hits),
            int(control_hits.sum()),
            len(control_hits),
            log10_p,
        )

    def joined(self, other: "Contrast") -> "Contrast":
        """Put two parts with the same kind of control together."""
        return Contrast(
            np.concatenate([self.foreground, other.foreground]),
            np.concatenate([self.control, other.control]),
            self.copies,
            np.concatenate([self.strata, other.strata]),
            np.concatenate([self.control_strata, other.control_strata]),
        )


@dataclass(frozen=True, eq=False)
class FoldedContrast:
    """A contrast whose sequences are dealt out to folds.

    Parameters
    ----------
    whole
        All sequences.
    fold, control_fold
        int64 (n,) and (m,): the fold of each foreground and of each given control sequence;
        shuffles are where their originals are, so `control_fold` is empty then.
    """

    whole: Contrast
    fold: np.ndarray
    control_fold: np.ndarray

    def held(self, number: int) -> Contrast:
        """Take the sequences of one fold."""
        rows = np.flatnonzero(self.fold == number)
        return self.whole.select(rows, np.flatnonzero(self.control_fold == number))

    def training(self, number: int, rng: np.random.Generator) -> Contrast:
        """Take the sequences of all other folds, in random order."""
        rows = rng.permutation(np.flatnonzero(self.fold != number))
        return self.whole.select(rows, rng.permutation(np.flatnonzero(self.control_fold != number)))


def _paired(hits: np.ndarray, control_hits: np.ndarray, copies: int) -> tuple[str, float]:
    """Test a shuffled control: a sequence and its shuffles are exchangeable under the null."""
    total = hits + control_hits.reshape(len(hits), copies).sum(1)
    by_total = np.bincount(total, minlength=copies + 2)
    hit = np.bincount(total[hits], minlength=copies + 2)
    return paired_detail(hit, by_total - hit), paired_log10_p(by_total, int(hits.sum()))


def _stratified(
    hits: np.ndarray, control_hits: np.ndarray, strata: np.ndarray, control_strata: np.ndarray
) -> tuple[str, float]:
    """Test a given control, each stratum against its own margins."""
    number = 1 + max(int(strata.max(initial=0)), int(control_strata.max(initial=0)))
    tables = np.stack(
        [
            np.bincount(stratum[kept], minlength=number)
            for kept, stratum in (
                (hits, strata),
                (~hits, strata),
                (control_hits, control_strata),
                (~control_hits, control_strata),
            )
        ],
        axis=1,
    ).reshape(-1, 2, 2)
    return stratified_detail(tables), stratified_log10_p(tables)
