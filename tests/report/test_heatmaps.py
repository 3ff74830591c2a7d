"""Heat maps of mutagenesis: every cell has the colour of its change, and the letter its dot."""

import re
import xml.etree.ElementTree as ET

import numpy as np

from seqcnn.explain.attributions import Attributions
from seqcnn.report.heatmaps import CELL, LEVELS, colour, write_heat_maps
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.record import SequenceSet

SVG = "{http://www.w3.org/2000/svg}"


def made(texts, alphabet=DNA, seed=0):
    given = SequenceSet.from_strings(texts, alphabet=alphabet)
    codes = given.padded()
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 1, (*codes.shape, alphabet.size)).astype(np.float32)
    there = np.arange(alphabet.size) == codes[..., None]
    values[there | (codes == 255)[..., None]] = 0
    ids = [f"<{i}&>" for i in range(len(texts))]
    nan = np.full(len(texts), np.nan)
    return Attributions(
        values, codes, ids, alphabet, "ism", "t", nan + 1, nan, hypothetical=-values
    )


def cells(path):
    """Give the colour of each (map, position, row), and the places of dots, as they are drawn."""
    colours, dots, number = {}, set(), -1
    for element in ET.parse(path).getroot().iter():
        if element.tag == f"{SVG}rect" and element.get("stroke"):
            number += 1
        data = element.get("d", "")
        fill = element.get("fill", "")
        if element.tag == f"{SVG}path" and re.fullmatch(r"(M\S+ \d+h20v14h-20z)+", data):
            for x, y in re.findall(r"M(\S+) (\d+)h", data):
                colours[number, int(x) // 20, int(y) // CELL] = fill
        if element.get("stroke-linecap") == "round":
            for x, y in re.findall(r"M(\S+) (\S+)h0", data):
                dots.add((number, int(float(x) // 20), int(float(y) // CELL)))
    return colours, dots


def test_each_change_has_its_colour(tmp_path):
    found = made(["ACGTNAC", "GGATC", "AC"])
    write_heat_maps(tmp_path / "m.svg", found, [1, 0], longest=6)
    colours, dots = cells(tmp_path / "m.svg")
    shown = {0: (1, 5), 1: (0, 6)}
    largest = max(np.abs(found.values[row, :n]).max() for row, n in shown.values())
    for number, (row, length) in shown.items():
        for place in range(length):
            for letter in range(4):
                level = round(float(found.values[row, place, letter]) / float(largest) * LEVELS)
                drawn = colours.get((number, place, letter), colour(0))
                assert drawn == colour(level), (number, place, letter)
            code = int(found.codes[row, place])
            assert ((number, place, code) in dots) == (code < 4)
    assert len(dots) == 5 + 5 and max(key[1] for key in colours) <= 5


def test_names_are_escaped_and_the_scale_is_said(tmp_path):
    found = made(["MKLV"], PROTEIN)
    write_heat_maps(tmp_path / "m.svg", found, [0], longest=100)
    words = [e.text for e in ET.parse(tmp_path / "m.svg").getroot().iter(f"{SVG}text")]
    largest = f"{np.abs(found.values).max():.3g}"
    assert "<0&>" in words and largest in words and f"-{largest}" in words
    assert [w for w in words if w in set(PROTEIN.letters)] == list(PROTEIN.letters)


def test_a_network_that_says_nothing_is_drawn_too(tmp_path):
    found = made(["ACG"])
    found.values[:] = 0
    write_heat_maps(tmp_path / "m.svg", found, [0], longest=100)
    assert cells(tmp_path / "m.svg")[0] == {}
