"""The main job on one page: from sequences to motifs with hold-out statistics.

1. Check the sequences; near-duplicates form groups, and one of each group is analysed.
2. Deal the groups out to two folds, then shuffle: every sequence stays with its shuffles.
3. For each fold, on the *other* one: train a network, take seeds from its kernels, from what it
   goes by, and from enriched words, refine them, and choose candidates with their thresholds.
4. Test the candidates on the fold itself, which none of them has seen.
5. Gather like candidates into motifs, estimate their matrices anew on all data, find their sites.
6. Test every known motif of a database on the same folds, and name motifs after those.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import jax
import numpy as np

from seqcnn.discovery.attributions import attribution_frames
from seqcnn.discovery.candidate import Search
from seqcnn.discovery.candidates import find_candidates
from seqcnn.discovery.contrast import FoldedContrast
from seqcnn.discovery.groups import Groups
from seqcnn.discovery.holdout import score_holdout
from seqcnn.discovery.inputs import Inputs, prepare
from seqcnn.discovery.known import known_motifs
from seqcnn.discovery.names import load_known, with_matches
from seqcnn.discovery.network import kernel_frames, train_fold
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.result import DiscoveredMotif, Discovery, FoldRow
from seqcnn.discovery.settings import Settings
from seqcnn.discovery.significance import FoldTest, families, fold_tests
from seqcnn.discovery.sites import (
    best_site_scores,
    find_sites,
    finish_motifs,
    note_composition,
)
from seqcnn.errors import SeqcnnError
from seqcnn.motifs.motif import Motif
from seqcnn.networks.weights import Member, Model
from seqcnn.seq.alphabet import Alphabet
from seqcnn.seq.sources import Sequences, as_sequences
from seqcnn.training.loop import Round

FOLDS = 2
"""Halves of the data: each is tested by what the other one taught."""

LEARNING, TESTING = 0.8, 0.9
"""Share of the whole time that is over when folds are learnt, and when known motifs are tested."""

TRAINING = 0.4
"""Share of a fold's time that its network takes; the rest is the search for motifs."""

Progress = Callable[[str, float], None]
"""Is told what is being done, and the share of the whole that is done."""


def discover(
    positives: Sequences,
    control: Sequences | None = None,
    *,
    alphabet: Alphabet | str | None = None,
    settings: Settings | None = None,
    database: str | Sequence[Motif] | None = None,
    progress: Progress | None = None,
) -> Discovery:
    """Find the motifs that tell sequences from their control.

    Parameters
    ----------
    positives
        Sequences that share something: peaks, bound RNAs, binding peptides. A `SequenceSet`, the
        path of a file, strings, records of Biopython, a pandas Series: see
        `seqcnn.seq.sources.as_sequences`.
    control
        Sequences that do not; None to shuffle the positives.
    alphabet
        Of the letters, where `positives` are not encoded yet; None to guess it.
    settings
        How to search.
    database
        Known motifs to test beside those that are found, and to name those after: motifs, or a name
        or file as `seqcnn.motifs.data.load_motifs` takes it; ``"none"`` for none. By default
        ``"jaspar"`` for DNA, and none for other letters.
    progress
        Is told how far the work is.

    Returns
    -------
    Discovery
        With no motif, if there is none.

    Raises
    ------
    SeqcnnError
        There are too few sequences, they are too short, or they cannot be shuffled; there is no
        such database, or none to test although nothing else is to be done.

    Notes
    -----
    What a reader has to know is logged as it is noticed (`seqcnn` is the name of the logger) and
    kept in `Discovery.notes`.
    """
    settings, notes = settings or Settings(), Notes()
    tell = progress or (lambda what, share: None)
    positives = as_sequences(positives, alphabet=alphabet, argument="positives")
    if control is not None:
        control = as_sequences(control, alphabet=positives.alphabet, argument="control")
    tell("checking sequences and making the control", 0.0)
    known, name = load_known(database, positives.alphabet)
    if settings.known_only and not known:
        raise SeqcnnError(
            f"there are no known motifs of {positives.alphabet.name} to test: name a motif file "
            f"with --db, or leave --known-only out"
        )
    inputs = prepare(positives, control, settings, folds=FOLDS, notes=notes)
    found = _found_with_networks(inputs, settings, notes, tell)

    def tested(share: float) -> None:
        tell(f"testing {len(known):,} known motifs", TESTING + (1 - TESTING) * share)

    tell(f"testing {len(known):,} known motifs", TESTING)
    tested_known = known_motifs(known, inputs.data, inputs.search, notes=notes, on_share=tested)
    motifs, matches = with_matches(found.motifs, known, inputs.search)
    return replace(
        found,
        motifs=motifs,
        candidates=with_matches(found.candidates, known, inputs.search)[0],
        known=tested_known,
        matches=matches,
        facts=inputs.facts | {"e_value": settings.e_value, "database": name, "known": len(known)},
        notes=tuple(notes.sentences),
    )


def _found_with_networks(
    inputs: Inputs, settings: Settings, notes: Notes, tell: Progress
) -> Discovery:
    """Find motifs, from training to sites; none of either if known ones are all that is wanted."""
    search, data = inputs.search, inputs.data
    folds = range(0 if settings.known_only else FOLDS)
    learnt = [_learn_fold(data, number, search, settings, tell) for number in folds]
    tests = tuple(test for fold in learnt for test in fold.tests)
    tell("gathering motifs", 0.85)
    gathered = families(tests, search, FOLDS)
    found = finish_motifs(gathered, data.whole, search, limit=settings.e_value)
    significant = [m.log10_e <= np.log10(settings.e_value) for m in found]
    note_composition(found[: sum(significant)], notes)
    motifs, sites = find_sites(
        found[: sum(significant)],
        inputs.sequences,
        search,
        one_a_sequence=settings.sites == "zoops",
    )
    members = [fold.member for fold in learnt]
    return Discovery(
        motifs=motifs,
        candidates=tuple(_numbered(found[len(motifs) :], "c")),
        tests=tests,
        sites=sites,
        sequences=inputs.sequences,
        model=Model(tuple(members), search.alphabet, {"kind": "discover"}) if members else None,
        histories=tuple(fold.history for fold in learnt),
        holdout=score_holdout(data, members, search) if members else None,
        folds=_fold_rows(inputs.groups, data.fold),
        scores=best_site_scores(motifs, data.whole, search),
    )


@dataclass(frozen=True, eq=False)
class _LearntFold:
    """What came of one fold: its tests, and the network that never saw it."""

    tests: list[FoldTest]
    member: Member
    history: tuple[Round, ...]


def _learn_fold(
    data: FoldedContrast, number: int, search: Search, settings: Settings, tell: Progress
) -> _LearntFold:
    """Learn from the other folds alone, then test what was learnt on this one."""
    name, span = f"fold {number + 1}", (LEARNING - 0.05) / FOLDS
    start = 0.05 + span * number
    training = data.training(number, np.random.default_rng([settings.seed, number, 1]))
    device = jax.devices()[0].device_kind

    def trained(done: Round) -> None:
        share = (done.round + 1) / settings.schedule.rounds
        what = f"{name}: training on {device}, AUROC {done.validation_auroc:.3f}"
        tell(what, start + TRAINING * span * share)

    def searched(share: float) -> None:
        tell(f"{name}: searching motifs", start + span * (TRAINING + (0.95 - TRAINING) * share))

    tell(f"{name}: training on {device}", start)
    member, fitted = train_fold(
        training,
        search,
        schedule=settings.schedule,
        dims=settings.dims,
        seed=settings.seed * FOLDS + number,
        extra={"fold": number + 1},
        on_round=trained,
    )
    if fitted.interrupted:
        raise KeyboardInterrupt
    read = {
        "kernel": kernel_frames(member, training, search, settings.kernels),
        "attribution": attribution_frames(member, training, search, settings.kernels),
    }
    some = training.head(settings.searched)
    candidates = find_candidates(some, search, read, on_turn=searched)
    tell(f"{name}: testing {len(candidates)} candidates", start + 0.95 * span)
    tests = fold_tests(number, candidates, data.held(number), search)
    return _LearntFold(tests, member, fitted.history)


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
