"""Sentences of the report: who leads, and what numbers allow to be said."""

from dataclasses import replace

import numpy as np
import pytest

from seqcnn.report.text import control_advice, null_hypothesis, summary_sentences
from seqcnn.seq.alphabet import RNA
from tests.report.results import changed, empty_result, with_networks, with_sites


@pytest.fixture(scope="module")
def found():
    places = [(i, 10) for i in range(30)]
    found = with_networks(with_sites(empty_result(), places, [60] * 40), 0.6, 0.7, 0.8)
    # what was tested was random: any E-value will do
    return replace(found, facts=found.facts | {"e_value": 1e9})


def two(found, *flags):
    """Two motifs with these flags."""
    first = found.motifs[0]
    return replace(found, motifs=tuple(replace(first, flags=f) for f in flags))


def test_a_motif_without_a_flag_leads(found):
    other = replace(found.motifs[0].motif, name="m2")
    flagged = replace(found.motifs[0], flags=("repeat",))
    clean = replace(found.motifs[0], motif=replace(other, matrix=other.matrix.reverse_complement()))
    first, second, _ = summary_sentences(replace(found, motifs=(flagged, clean)))
    assert f"the leading motif is {clean.motif.consensus}," in first
    assert "2 motifs are significant" in second and "1 likely artefact" in second


def test_what_composition_alone_reaches_is_quoted_with_a_given_control(found):
    *_, shuffled = summary_sentences(found)
    given = replace(found, facts=found.facts | {"control": "given"})
    *_, sentence = summary_sentences(given)
    assert found.facts["control"] == "shuffled" and "composition" not in shuffled
    alone = found.holdout.composition_auroc
    assert sentence == f"{shuffled[:-1]}, where composition alone reaches {alone:.3f}."


def test_no_motif_leads_where_all_are_flagged(found):
    first, second, _ = summary_sentences(two(found, ("repeat",), ("composition", "repeat")))
    assert "(2 likely artefact)" in second
    assert "leading" not in first and found.motifs[0].motif.consensus not in first
    assert "2 motifs are significant, and all are flagged (repeat, composition)" in first
    first, *_ = summary_sentences(two(found, ("low_complexity",)))
    assert "one motif is significant, and it is flagged (low complexity)" in first


def test_no_known_motif_leads_where_all_are_flagged(found):
    known = replace(found.known[0], flags=("repeat",))
    facts = found.facts | {"e_value": 1e9}
    (only,) = summary_sentences(replace(found, holdout=None, known=(known,), facts=facts))
    assert "leading" not in only and "one known motif is significant" in only


@pytest.mark.parametrize(
    ("low", "value", "high", "tells"),
    [
        (0.51, 0.6, 0.7, True),
        (0.5, 0.6, 0.7, False),
        (0.4, 0.5, 0.6, False),
        (0.2, 0.3, 0.4, False),
    ],
)
def test_networks_tell_only_if_the_whole_interval_lies_above_a_half(found, low, value, high, tells):
    for motifs in (found.motifs, ()):
        last = summary_sentences(replace(with_networks(found, low, value, high), motifs=motifs))[-1]
        assert ("networks tell" in last) is tells and ("do not tell" in last) is not tells


def test_a_name_is_given_where_the_likeness_is_no_chance(found):
    assert "most like m1" in summary_sentences(changed(found, log10_q=np.log10(0.049)))[0]
    assert "most like" not in summary_sentences(changed(found, log10_q=np.log10(0.051)))[0]
    assert "most like" not in summary_sentences(found)[0]


def test_the_null_hypothesis_is_a_plain_sentence(found):
    def said(**facts):
        return null_hypothesis(replace(found, facts=found.facts | facts))

    assert "the counts of its 2-letter words." in said(control="shuffled", kmer=2)
    assert "the counts of its letters." in said(control="shuffled", kmer=1)
    assert "like composition" in said(control="given", kmer=None)
    for sentence in (said(control="shuffled", kmer=2), said(control="given")):
        assert not {"not", "no", "nothing"} & set(sentence.split())


def test_shuffles_of_dna_come_with_advice(found):
    assert "--control genome" in (control_advice(found) or "")
    assert control_advice(replace(found, facts=found.facts | {"control": "given"})) is None
    rna = replace(found, sequences=replace(found.sequences, alphabet=RNA))
    assert control_advice(rna) is None
