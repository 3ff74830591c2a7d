"""The page where nothing was found: reasons from the numbers of the run."""

from dataclasses import replace

import numpy as np
import pytest

from seqcnn.report.nothing import FEW, LONG, why_nothing
from tests.report.results import empty_result, with_networks, with_sites
from tests.report.test_html import page_of


@pytest.fixture(scope="module")
def found():
    made = with_sites(empty_result(), [(i, 5) for i in range(5)], [60] * 40)
    made = with_networks(made, 0.4, 0.5, 0.6)
    sites = made.sites.select(np.zeros(len(made.sites), bool))
    tests = made.known[0].family.tests
    return replace(made, motifs=(), sites=sites, candidates=made.motifs, tests=tests)


def words(found):
    return " ".join(reason["why"] + reason["try"] for reason in why_nothing(found))


def test_nothing_to_say_where_motifs_were_found_or_none_were_sought(found):
    assert why_nothing(replace(found, motifs=found.candidates)) == []
    assert why_nothing(replace(found, holdout=None)) == []


def test_networks_that_tell_speak_of_a_signal(found):
    assert "do not tell" in words(found)
    told = with_networks(found, 0.51, 0.6, 0.7)
    assert "there may be a signal" in words(told)
    # shuffles have the composition of their originals
    assert "composition" not in words(told)
    given = replace(told, facts=told.facts | {"control": "given"})
    assert "composition may be what differs" in words(given)


def test_few_and_long_sequences_are_named(found):
    facts = found.facts
    assert f"{facts['groups']:,} distinct sequences are few" in words(found)
    assert "are few" not in words(replace(found, facts=facts | {"groups": FEW}))
    assert "--window" not in words(found)
    long = with_sites(found, [(0, 5)], [LONG + 1] * 40)
    assert "--window" in words(replace(long, motifs=()))


def test_tests_control_and_strand(found):
    assert "No candidate" in words(replace(found, tests=(), candidates=()))
    assert "best of" in words(found)
    given = replace(found, facts=found.facts | {"control": "given", "strand": "one"})
    assert "Leave --control out" in words(given) and "--strand both" in words(given)


def test_the_page_says_it(found):
    text = page_of(found).text
    assert (
        "Why, and what to try" in text and "are few" in text and "No motif is significant" in text
    )
