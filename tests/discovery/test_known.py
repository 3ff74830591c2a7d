"""Known motifs are tested as candidates are; every number is computed again in another way."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from seqcnn.discovery.candidate import Search
from seqcnn.discovery.contrast import Contrast, FoldedContrast
from seqcnn.discovery.known import known_groups, known_motifs
from seqcnn.discovery.names import load_known, with_matches
from seqcnn.discovery.notes import Notes
from seqcnn.discovery.pipeline import discover
from seqcnn.discovery.settings import Settings
from seqcnn.errors import SeqcnnError
from seqcnn.motifs.data import load_database
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.report.run import write
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA
from seqcnn.stats.tests import log10_p_of_detail
from tests.discovery.planted import as_set, plant, random_rows

SEARCH = Search(DNA, True, np.full(4, 0.25))


def motif_of(word, name, alphabet=DNA):
    values = np.full((len(word), alphabet.size), 0.1 / (alphabet.size - 1))
    values[np.arange(len(word)), alphabet.encode(word)] = 0.9
    return Motif(name, ProbabilityMatrix(values, alphabet), name.upper())


MOTIFS = [
    motif_of("TGACTCAGC", "ap1"),
    motif_of("GCTGAGTCA", "turned"),
    motif_of("AACCAGGA", "other"),
    motif_of("TTACGTTA", "none"),
]


def shuffled_contrast(number=120, copies=3, seed=0, share=0.5):
    foreground = plant(random_rows(number, 40, seed), "TGACTCAGC", share, seed + 1)
    control = random_rows(number * copies, 40, seed + 2)
    fold = np.random.default_rng(seed).permutation(np.arange(number) % 2)
    return FoldedContrast(Contrast(foreground, control, copies), fold, np.zeros(0, np.int64))


def given_contrast(number=120, seed=0):
    foreground = plant(random_rows(number, 40, seed), "TGACTCAGC", 0.5, seed + 1)
    control = random_rows(2 * number, 40, seed + 2)
    rng = np.random.default_rng(seed)
    whole = Contrast(foreground, control, 0, np.zeros(number, int), np.zeros(2 * number, int))
    fold, control_fold = (rng.permutation(np.arange(n) % 2) for n in (number, 2 * number))
    return FoldedContrast(whole, fold, control_fold)


def best_by_hand(motif, rows):
    """Best log-odds score of each row, over both strands."""
    scores = motif.to_scores(background=SEARCH.background).values
    width = len(scores)
    best = []
    for row in rows:
        windows = [
            strand[i : i + width]
            for strand in (row, DNA.reverse_complement(row))
            for i in range(len(row) - width + 1)
        ]
        best.append(max(scores[np.arange(width), w].sum() for w in windows))
    return np.array(best)


def known_of(data, motifs=MOTIFS):
    return {m.motif.name: m for m in known_motifs(motifs, data, SEARCH, notes=Notes())}


def test_hits_of_a_fold_are_those_above_the_threshold_of_the_test():
    data = given_contrast()
    for name in ("ap1", "none"):
        motif = next(m for m in MOTIFS if m.name == name)
        for test in known_of(data)[name].family.tests:
            held = data.held(test.fold)
            own, control = (best_by_hand(motif, r) for r in (held.foreground, held.control))
            limit = test.candidate.threshold - 0.03  # scores of the grid are rounded
            hits, control_hits = int((own >= limit).sum()), int((control >= limit).sum())
            assert (test.result.hits, test.result.control_hits) == (hits, control_hits)
            table = [[hits, len(own) - hits], [control_hits, len(control) - control_hits]]
            p = stats.fisher_exact(table, alternative="greater").pvalue
            assert test.result.log10_p == pytest.approx(math.log10(p), abs=1e-6)
            u = stats.mannwhitneyu(own.round(6), control.round(6)).statistic
            assert test.auroc == pytest.approx(u / (len(own) * len(control)), abs=0.01)


def test_thresholds_come_from_the_other_fold():
    data = shuffled_contrast()
    before = known_of(data)["ap1"].family.tests
    # whatever stands in fold 0 does not move the threshold that fold 0 is tested with
    foreground, control = data.whole.foreground.copy(), data.whole.control.copy()
    foreground[data.fold == 0] = 0
    control[np.repeat(data.fold, data.whole.copies) == 0] = 1
    changed = replace(data, whole=data.whole.masked(foreground, control))
    after = known_of(changed)["ap1"].family.tests
    thresholds = [
        {t.fold: t.candidate.threshold for t in tests}[fold]
        for tests in (before, after)
        for fold in (0, 1)
    ]
    assert thresholds[0] == thresholds[2]
    assert thresholds[1] != thresholds[3]


def test_e_pays_for_all_motifs_and_both_folds():
    found = known_of(shuffled_contrast())
    for one in found.values():
        tests = one.family.tests
        assert [t.tests for t in tests] == [len(MOTIFS)] * 2
        least = min(log10_p_of_detail(t.result.test, t.result.detail) for t in tests)
        assert one.log10_e == pytest.approx(least + math.log10(2 * len(MOTIFS)), abs=1e-9)
        assert one.family.best.candidate.source == "known"
    assert found["ap1"].log10_e < -15
    assert found["ap1"].log10_e == pytest.approx(found["turned"].log10_e, abs=1e-9)
    assert found["other"].log10_e > -1.5 and found["none"].log10_e > -1.5


def test_motifs_are_ranked_and_like_ones_are_one_group():
    known = known_motifs(MOTIFS, shuffled_contrast(), SEARCH, notes=Notes())
    assert [m.log10_e for m in known] == sorted(m.log10_e for m in known)
    groups = known_groups(known, both_strands=True)
    assert [m.motif.name for m in groups[0].members] == ["ap1", "turned"]
    assert len(groups) == 3
    other = replace(known[0], motif=MOTIFS[2].reverse_complement())
    for both_strands, number in ((True, 3), (False, 4)):
        assert len(known_groups([*known, other], both_strands=both_strands)) == number


def test_what_is_rarer_in_the_foreground_is_not_put_down_to_composition():
    known = known_motifs(MOTIFS, shuffled_contrast(), SEARCH, notes=Notes())
    assert any(m.family.crude_odds_ratio.value < 1 for m in known)
    assert all(m.flags == () for m in known)


def test_time_is_saved_by_fewer_shuffles_and_then_by_fewer_sequences(monkeypatch):
    data, notes = shuffled_contrast(), Notes()
    letters = len(MOTIFS) * data.whole.foreground.size
    monkeypatch.setattr("seqcnn.discovery.known.SPENT", 2 * letters)
    monkeypatch.setattr("seqcnn.discovery.known.MOST_SPENT", letters)
    known = known_motifs(MOTIFS, data, SEARCH, notes=notes)
    assert known[0].family.table[1::2] == (60, 60)
    assert notes.sentences[0].startswith("known motifs are tested on 60 of 120 sequences")


def test_random_sequences_have_no_more_known_motifs_than_chance_allows():
    insects = load_database(group="insects")
    runs = [
        known_motifs(insects, shuffled_contrast(60, seed=seed, share=0), SEARCH, notes=Notes())
        for seed in range(10)
    ]
    assert sum(run[0].log10_e <= math.log10(0.05) for run in runs) <= 2


@pytest.fixture(scope="module")
def found():
    rows = plant(random_rows(300, 50, 3), "TGACTCAGC", 0.5, 4)
    settings = Settings(known_only=True, sites="zoops")
    return discover(as_set(rows), settings=settings, database=MOTIFS)


def test_known_motifs_alone_need_no_network(found):
    assert found.model is None and found.holdout is None and found.motifs == ()
    assert found.known[0].motif.name in ("ap1", "turned")
    assert found.known[0].log10_e < -20


def test_a_run_of_known_motifs_alone_is_written(found, tmp_path):
    page = write(found, tmp_path / "out").read_text()
    assert "no network was trained" in page and "AP1" in page
    assert not (tmp_path / "out" / "model").exists()
    lines = (tmp_path / "out" / "known.tsv").read_text().splitlines()
    assert len(lines) == 1 + len(MOTIFS)
    assert "leading of 4 known motifs is" in page


def test_a_motif_is_named_after_the_known_one_that_it_is(found):
    own = replace(found.known[0], motif=motif_of("GTGACTCAGC", "m1"))
    database = [*load_database(group="insects"), *MOTIFS]
    (named,), matches = with_matches([own], database, SEARCH)
    assert named.best_match is not None and named.best_match.target.name in ("ap1", "turned")
    assert named.best_match.r > 0.95
    assert matches is not None
    assert named.match_log10_q == matches[0].log10_q < -3
    assert [q.name for q in matches.queries] == ["m1"]
    assert with_matches([own], [], SEARCH) == ((own,), None)


def test_the_default_database_is_that_of_dna():
    assert len(load_known(None, DNA)[0]) == len(load_database())
    assert load_known(None, PROTEIN) == ([], "none")
    assert load_known(None, RNA) == ([], "none")
    assert load_known("none", DNA) == ([], "none")
    assert load_known("jaspar:insects", RNA)[0][0].alphabet == RNA


def test_wrong_databases_are_refused(tmp_path):
    with pytest.raises(SeqcnnError, match="is needed"):
        load_known("jaspar", PROTEIN)
    with pytest.raises(SeqcnnError, match="neither a motif file nor a database"):
        load_known("jasper", DNA)
    rows = random_rows(40, 30, 0, letters=20)
    with pytest.raises(SeqcnnError, match="no known motifs of protein"):
        discover(as_set(rows, PROTEIN), settings=Settings(known_only=True))
