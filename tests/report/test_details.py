"""What stands behind a motif: against counts by hand."""

from dataclasses import replace
from math import log10

import numpy as np
import pytest
from scipy.stats import binomtest, fisher_exact

from seqcnn.discovery.attributions import contributions
from seqcnn.discovery.contrast import Contrast
from seqcnn.discovery.settings import Settings
from seqcnn.discovery.sites import SCORED, best_site_scores
from seqcnn.networks.weights import Model, create_member
from seqcnn.report import details, examples
from seqcnn.report.examples import attribution_examples, picture_of_sequence, site_map
from seqcnn.report.input_facts import gc_shares, input_facts, input_warnings
from seqcnn.report.model_figures import _calibration
from seqcnn.seq.alphabet import DNA
from seqcnn.stats.logspace import parse_log10
from tests.discovery.planted import random_rows
from tests.report.results import WORD, empty_result, with_networks, with_sites

OTHER = "m2"


@pytest.fixture(scope="module")
def found():
    places = [(i, 5 + i) for i in range(30)] + [(0, 45)]
    return with_networks(with_sites(empty_result(), places, [60] * 40), 0.6, 0.7, 0.8)


def with_second(found, rows):
    """A second motif whose sites are in other sequences, at the same places otherwise."""
    first = found.motifs[0]
    motifs = (first, replace(first, motif=replace(first.motif, name=OTHER)))
    n = len(rows)
    parts = {
        "motif": np.ones(n, np.int64),
        "sequence": np.asarray(rows, np.int64),
        "start": np.full(n, 20),
        "reverse": np.zeros(n, bool),
        "score": np.ones(n),
        "log10_p_value": np.full(n, -5.0),
        "log10_q_value": np.full(n, -4.0),
    }
    both = {k: np.concatenate([getattr(found.sites, k), v]) for k, v in parts.items()}
    sites = replace(found.sites, motifs=[m.motif for m in motifs], **both)
    return replace(found, motifs=motifs, sites=sites)


@pytest.mark.parametrize("rows", [range(20, 40), range(5), range(30, 40)])
def test_company_is_that_of_a_table_by_hand(found, rows):
    has = {"m1": set(range(30)), OTHER: set(rows)}
    ((of_first,), (of_second,)) = details.company(with_second(found, rows))
    both = len(has["m1"] & has[OTHER])
    table = [[both, 30 - both], [len(rows) - both, 10 - len(rows) + both]]
    tails = [fisher_exact(table, alternative=side).pvalue for side in ("greater", "less")]
    more = both >= 30 * len(rows) / 40
    p = min(1.0, 2 * tails[0 if more else 1])
    for row, own in ((of_first, 30), (of_second, len(rows))):
        assert (row["both"], row["own"], row["more"]) == (both, own, more)
        assert float(row["expected"]) == pytest.approx(30 * len(rows) / 40, abs=0.05)
        assert parse_log10(row["q_value"]) == pytest.approx(log10(p), abs=0.022)
    assert of_first["motif"] == OTHER and of_second["motif"] == "m1"


def test_sites_are_shown_with_the_letters_around_them(found):
    rows = details.site_rows_of(found, 0)
    assert len(rows) == details.SHOWN_SITES
    for row in rows:
        sequence = found.sequences.text(found.sequences.ids.index(row["sequence"]))
        around = sequence[max(0, row["start"] - 12) : row["end"] + 12]
        shown = row["before"] + row["matched"] + row["after"]
        assert row["matched"] == WORD and row["strand"] == "+" and shown == around


def test_a_site_on_the_other_strand_is_read_backwards(found):
    turned = replace(found, sites=replace(found.sites, reverse=np.ones(len(found.sites), bool)))
    row = details.site_rows_of(turned, 0)[0]
    forward = details.site_rows_of(found, 0)[0]
    assert row["matched"] == "GCTGAGTCA" and len(row["after"]) == len(forward["before"])
    pairs = str.maketrans("ACGT", "TGCA")
    assert row["before"] == forward["after"].translate(pairs)[::-1]


def test_scores_are_those_of_the_best_windows(found):
    search = Settings().search(DNA, np.full(4, 0.25))
    rows = found.sequences.padded()
    control = np.array(random_rows(40, 60, 3))
    scores = best_site_scores(found.motifs, Contrast(rows, control, 1), search)
    matrix = found.motifs[0].motif.matrix.to_scores(background=search.background).values
    for codes, got in ((rows, scores.foreground[0]), (control, scores.control[0])):
        for sequence, score in zip(codes, got, strict=True):
            best = max(
                matrix[np.arange(9), word[k : k + 9]].sum()
                for word in (sequence, DNA.reverse_complement(sequence))
                for k in range(len(word) - 8)
            )
            assert score == pytest.approx(best, abs=0.1)
    assert best_site_scores((), Contrast(rows, control, 1), search) is None
    assert SCORED >= 1000
    figure = details.score_figure(replace(found, scores=scores), 0)
    assert f"median {np.median(scores.foreground[0]):.1f} bits" in figure
    assert details.score_figure(found, 0) is None


def test_examples_come_from_the_network_that_never_saw_the_sequence(found, monkeypatch):
    members = tuple(
        create_member("motifcnn", alphabet=DNA, seed=seed, strand="both", kernels=4, pool="max")
        for seed in (0, 1)
    )
    folds = tuple(replace(row, fold=row.sequence % 2) for row in found.folds)
    made = replace(found, model=Model(members, DNA, {}), folds=folds)
    asked = []

    def contributions_of(network, codes):
        asked.extend((network, row.tolist()) for row in codes)
        return contributions(network, codes)

    monkeypatch.setattr(examples, "contributions", contributions_of)
    ((first, second),) = attribution_examples(made)
    rows = made.sequences.padded().tolist()
    assert len(asked) == 2
    assert all(network is members[rows.index(row) % 2].network for network, row in asked)
    for example in (first, second):
        number = made.sequences.ids.index(example["sequence"])
        assert example["fold"] == number % 2 + 1
        assert example["from"] <= example["site_from"] < example["site_to"] <= example["to"]
        assert example["logo"].startswith("<svg")
    picture = picture_of_sequence(made)
    assert picture["motif"] == "m1" and picture["picture"].count("<rect") == 5
    text = made.sequences.text(made.sequences.ids.index(picture["sequence"]))
    paths = picture["picture"].split("<path")[1:]
    # its own size, so that a peptide of nine letters does not fill the page
    assert f'width="{9 * len(text) + 24}"' in picture["picture"]
    white = next(path for path in paths if "rgb(255,255,255)" in path)
    assert white.count("M") == len(text)
    assert attribution_examples(found) == [[]] and picture_of_sequence(found) is None


def test_the_map_speaks_of_strands_where_there_are_two(found):
    for strand in ("both", "one"):
        drawn = site_map(replace(found, facts=found.facts | {"strand": strand}), 0)
        assert ("below it on the other" in drawn) == (strand == "both")


def test_the_map_has_a_box_for_each_site(found):
    drawn = site_map(found, 0)
    assert drawn.count('class="site"') == 13  # 12 sequences, of which one has two sites
    assert drawn.count("<path") == 12


def test_facts_on_the_sequences(found):
    expected = [
        sum(c in "GC" for c in found.sequences.text(i)) / 60 for i in range(len(found.sequences))
    ]
    np.testing.assert_allclose(gc_shares(found.sequences), expected)
    rows = dict(input_facts(found)["rows"])
    assert rows["letters"].startswith("2,400") and rows["length"] == "median 60, from 60 to 60"


def test_warnings_on_the_sequences(found):
    facts = found.facts
    assert len(input_warnings(replace(found, facts=facts | {"groups": 40}))) == 1  # few
    many = with_sites(found, [(0, 5)], [60] * 200)
    assert input_warnings(replace(many, facts=facts | {"groups": 181})) == []
    (told,) = input_warnings(replace(many, facts=facts | {"groups": 179}))
    assert "near-duplicates" in told
    (told,) = input_warnings(
        replace(with_sites(found, [(0, 5)], [60] * 199 + [241]), facts=facts | {"groups": 200})
    )
    assert "largest 241" in told
    codes = many.sequences.codes.copy()
    codes[: len(codes) // 10] = DNA.encode("N")[0]
    hidden = replace(many, sequences=replace(many.sequences, codes=codes))
    (told,) = input_warnings(replace(hidden, facts=facts | {"groups": 200}))
    assert told.startswith("10%")


def test_calibration_weighs_both_classes_alike(found):
    rng = np.random.default_rng(0)
    held = replace(found.holdout, positives=rng.random(100), negatives=rng.random(900))
    mean, shares = _calibration(held)
    # what is predicted at random says nothing: half of both, however many there are of each
    assert np.mean([s.value for s in shares]) == pytest.approx(0.5, abs=0.1)
    assert np.all(np.diff(mean) > 0)


@pytest.mark.parametrize(("n", "m"), [(100, 100), (50, 1000), (1000, 50), (700, 2000)])
def test_intervals_of_calibration_are_those_of_what_was_counted(found, n, m):
    # well apart: each of the highest parts holds one class alone, some ten or hundred sequences
    rng = np.random.default_rng(n)
    scores = {"positives": 0.6 + 0.4 * rng.random(n), "negatives": 0.5 * rng.random(m)}
    _, shares = _calibration(replace(found.holdout, **scores))
    for share, counted in ((shares[0], 0), (shares[-1], 1)):
        size = (n + m) / 10
        if (m if counted == 0 else n) >= np.ceil(size):
            bounds = proportion_of(round(counted * size), size)
            assert (share.low, share.high) == pytest.approx(bounds, abs=0.005)


def proportion_of(hits, total):
    """The interval of Wilson by scipy."""
    found = binomtest(hits, round(total)).proportion_ci(method="wilson")
    return found.low, found.high
