"""The main job on one page: from sequences to motifs with hold-out statistics.

1. Check the sequences; near-duplicates form groups, and one of each group is analysed.
2. Deal the groups out to two folds, then shuffle: every sequence stays with its shuffles.
3. For each fold, on the *other* one: train a network, take seeds from its kernels and from enriched
   words, refine them, and choose candidates with their thresholds.
4. Test the candidates on the fold itself, which none of them has seen.
5. Gather like candidates into motifs, estimate their matrices anew on all data, find their sites.
"""

import logging
from collections.abc import Callable
from dataclasses import replace

import jax
import numpy as np

from seqcnn.data.split import grouped_folds
from seqcnn.discovery.candidates import Candidate, Search, find_candidates
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.groups import Groups, group_sequences
from seqcnn.discovery.holdout import score_holdout
from seqcnn.discovery.inputs import check_control, check_positives, contrast_of
from seqcnn.discovery.network import kernel_frames, train_fold
from seqcnn.discovery.result import DiscoveredMotif, Discovery, FoldRow
from seqcnn.discovery.settings import Settings
from seqcnn.discovery.significance import families, test_fold
from seqcnn.discovery.sites import find_sites, finish_motifs
from seqcnn.motifs.data import load_database
from seqcnn.networks.weights import Member, Model
from seqcnn.seq.record import SequenceSet
from seqcnn.training.loop import Fit, Round

logger = logging.getLogger(__name__)

FOLDS = 2


Progress = Callable[[str, float], None]
"""Is told what is being done, and the share of the whole that is done."""


def discover(
    positives: SequenceSet,
    control: SequenceSet | None = None,
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Discovery:
    """Find the motifs that tell sequences from their control.

    Parameters
    ----------
    positives
        Sequences that share something: peaks, bound RNAs, binding peptides.
    control
        Sequences that do not; None to shuffle the positives.
    settings
        How to search.
    progress
        Is told how far the work is.

    Returns
    -------
    Discovery
        With no motif, if there is none.

    Raises
    ------
    SeqcnnError
        There are too few sequences, they are too short, or they cannot be shuffled.
    """
    settings = settings or Settings()
    tell = progress or (lambda what, share: None)
    tell("checking sequences", 0.0)
    positives, notes = check_positives(positives, settings.min_width)
    both = settings.reads_both_strands(positives.alphabet)
    groups = group_sequences(positives, both_strands=both, notes=notes)
    control = check_control(control, positives, both, notes)
    representatives = positives.select(groups.representatives)
    fold = grouped_folds(np.arange(len(representatives)), FOLDS, seed=settings.seed)

    tell("making the control", 0.05)
    data, control_fold, facts = contrast_of(
        representatives, control, settings, both_strands=both, notes=notes
    )
    search = Search(
        positives.alphabet,
        both,
        facts.pop("background"),
        motifs=settings.motifs,
        min_width=settings.min_width,
        max_width=settings.max_width,
    )
    tests, members, fits = [], [], []
    for number in range(FOLDS):
        start, span = 0.1 + 0.4 * number, 0.4
        learnt = _learn_fold(data, fold, control_fold, number, search, settings, tell, start, span)
        candidates, member, fitted = learnt
        tell(f"fold {number + 1}: testing {len(candidates)} candidates", start + 0.9 * span)
        held = data.select(np.flatnonzero(fold == number), np.flatnonzero(control_fold == number))
        tests += test_fold(number, candidates, held, search)
        members.append(member)
        fits.append(fitted)

    tell("gathering motifs", 0.9)
    model = Model(tuple(members), positives.alphabet, {"kind": "discover"})
    found = finish_motifs(
        families(tests, search, FOLDS),
        data,
        search,
        limit=settings.e_value,
        database=load_database() if search.alphabet.name in ("dna", "rna") else [],
    )
    tell("finding sites", 0.95)
    motifs = tuple(m for m in found if m.log10_e <= np.log10(settings.e_value))
    return Discovery(
        motifs,
        tuple(_numbered(found[len(motifs) :], "c")),
        tuple(tests),
        find_sites(motifs, positives, search),
        positives,
        model,
        tuple(f.history for f in fits),
        score_holdout(data, fold, control_fold, members, search),
        _fold_rows(groups, fold),
        {**facts, "strand": "both" if both else "one", "groups": len(representatives)},
        tuple(notes),
    )


def _learn_fold(
    data: Contrast,
    fold: np.ndarray,
    control_fold: np.ndarray,
    number: int,
    search: Search,
    settings: Settings,
    tell: Progress,
    start: float,
    span: float,
) -> tuple[list[Candidate], Member, Fit]:
    """Learn all that the test of one fold needs, from the other folds alone."""
    rng = np.random.default_rng([settings.seed, number, 1])
    rows = rng.permutation(np.flatnonzero(fold != number))
    control_rows = rng.permutation(np.flatnonzero(control_fold != number))
    training = data.select(rows, control_rows)

    device = jax.devices()[0].device_kind

    def told(done: Round) -> None:
        share = (done.round + 1) / settings.schedule.rounds
        what = f"fold {number + 1}: training on {device}, AUROC {done.validation_auroc:.3f}"
        tell(what, start + 0.4 * span * share)

    tell(f"fold {number + 1}: training", start)
    member, fitted = train_fold(
        training,
        search,
        schedule=settings.schedule,
        dims=settings.dims,
        seed=settings.seed * FOLDS + number,
        extra={"fold": number},
        on_round=told,
    )
    tell(f"fold {number + 1}: searching motifs", start + 0.4 * span)
    kernels = kernel_frames(member, training.foreground, search)
    fit, judge = _split(training, settings)
    return find_candidates(fit, judge, search, kernels), member, fitted


def _split(training: Contrast, settings: Settings) -> tuple[Contrast, Contrast]:
    """Two thirds to refine seeds on, the rest to judge them."""
    n, m = len(training), len(training.control)
    fit = min(settings.fit, n * 2 // 3)
    judge = min(settings.judge, n - fit)
    rows, control_rows = np.arange(n), np.arange(m)
    cut = m * 2 // 3
    parts = (
        training.select(rows[:fit], control_rows[:cut]),
        training.select(rows[fit : fit + judge], control_rows[cut:]),
    )
    first, second = (part.thinned(settings.control_copies) for part in parts)
    return first, second


def _numbered(found: tuple[DiscoveredMotif, ...], letter: str) -> list[DiscoveredMotif]:
    return [replace(m, motif=replace(m.motif, name=f"{letter}{i}")) for i, m in enumerate(found, 1)]


def _fold_rows(groups: Groups, fold: np.ndarray) -> tuple[FoldRow, ...]:
    fold_of_group = np.empty(len(fold), np.int64)
    fold_of_group[groups.labels[groups.representatives]] = fold
    chosen = set(groups.representatives.tolist())
    return tuple(
        FoldRow(i, int(fold_of_group[g]), int(g), "analysed" if i in chosen else "duplicate")
        for i, g in enumerate(groups.labels)
    )
