import re
import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from matplotlib.image import imread

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.logo import attribution_logo, logo_svg, make_logo, write_sheet
from seqcnn.motifs.logo.sheet import A4, arrange
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, get_alphabet

SVG = "{http://www.w3.org/2000/svg}"


def random_motifs(number, seed=0, widths=(1, 30)):
    rng = np.random.default_rng(seed)
    return [
        Motif(
            f"M{i}",
            ProbabilityMatrix(rng.dirichlet([0.3] * 4, rng.integers(*widths)), DNA),
            sites=20,
        )
        for i in range(number)
    ]


def corners(page):
    return [
        (p.x, p.y, p.x + p.drawing.width, p.y + p.drawing.height) for p in page.placed
    ]  # fmt: skip


@pytest.mark.parametrize("paged", [False, True])
@pytest.mark.parametrize("columns", [None, 1, 3, 50])
@pytest.mark.parametrize("number", [1, 2, 20, 61])
def test_nothing_is_cut_and_nothing_overlaps(number, columns, paged):
    logos = [make_logo(motif) for motif in random_motifs(number, number)]
    pages = arrange(logos, columns=columns, paged=paged)
    assert sum(len(drawing.glyphs) > 0 for p in pages for _, _, drawing in p.placed) == number
    for page in pages:
        boxes = np.array(corners(page))
        assert boxes[:, :2].min() >= 15
        assert boxes[:, 2].max() <= page.width
        assert boxes[:, 3].max() <= page.height
        for i, a in enumerate(boxes):
            for b in boxes[:i]:
                assert min(a[2], b[2]) - max(a[0], b[0]) <= 0 or min(a[3], b[3]) <= max(a[1], b[1])
        if paged:
            assert (page.width * page.scale, page.height * page.scale) == pytest.approx(A4)
    if columns == 1:
        assert len({x for page in pages for x, _, d in page.placed if d.glyphs}) == 1
    if number == 61 and columns != 50:
        assert (len(pages) > 1) == paged


def test_sheet_of_many_shows_names_and_facts(tmp_path):
    motifs = random_motifs(20)
    motifs[3] = Motif("N" * 300, motifs[3].matrix, "<b>", sites=7, log10_e_value=-4321.0)
    write_sheet(tmp_path / "x.svg", motifs)
    root = ET.parse(tmp_path / "x.svg").getroot()
    texts = [text.text for text in root.iter(SVG + "text")]
    assert {"M0", "M19", "20 sites", "E = 1.0e-4321, 7 sites"} <= set(texts)
    assert any(re.fullmatch("N+…", text) for text in texts)
    titles = [title.text for title in root.iter(SVG + "title")]
    assert "N" * 300 + " <b>" in titles  # the whole name is there to be read
    used = {use.get("href")[1:] for use in root.iter(SVG + "use")}
    assert used == {symbol.get("id") for symbol in root.iter(SVG + "symbol")}


def test_svg_can_be_wider_or_dark(tmp_path):
    for paper, behind in (("white", "#ffffff"), ("dark", "#1e1e1e"), ("clear", None)):
        write_sheet(tmp_path / "x.svg", random_motifs(3), paper=paper, width=500)
        root = ET.parse(tmp_path / "x.svg").getroot()
        rectangles = [r.get("fill") for r in root.findall(SVG + "rect")]
        assert rectangles == ([behind] if behind else [])
        assert root.get("width") == "500"
        assert (root.get("color") is None) == (behind is None)


def rgb(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def test_png_shows_what_the_svg_says(tmp_path):
    """Each letter of a logo has its own solid box in alphabet 0, |: frames, read pixel by pixel."""
    framed = get_alphabet("|[]{")  # signs without an outline are frames that fill their box
    rng = np.random.default_rng(3)
    logo = attribution_logo(rng.normal(size=(7, 4)), framed)
    write_sheet(tmp_path / "x.png", [logo], dpi=4 * 96)
    pixels = imread(tmp_path / "x.png")[..., :3]
    (page,) = arrange([logo])
    (place,) = [p for p in page.placed if p.drawing.glyphs]
    assert pixels.shape[:2] == pytest.approx((4 * page.height, 4 * page.width), abs=1)
    seen = 0
    for glyph in place.drawing.glyphs:
        if glyph.height < 4:
            continue
        seen += 1
        x, y = place.x + glyph.x, place.y + glyph.y
        # the frame is a fifth of the box: look into its upper and its lower bar, and between
        for share, inside in ((0.1, True), (0.9, True), (0.5, False)):
            at = pixels[round(4 * (y + share * glyph.height)), round(4 * (x + 9.5))]
            distance = np.abs(at - rgb(place.drawing.colours[glyph.letter])).max()
            assert (distance < 0.05) == inside, (glyph, share)
        # neither above the stack's edge nor in the gap between two positions
        gap = pixels[round(4 * (y + glyph.height / 2)), round(4 * (x + 19.5))]
        assert gap.min() > 0.9
    assert seen > 15


def test_upside_down_letters_of_a_png_are_upside_down(tmp_path):
    values = np.array([[0, 0, 0, 1.0], [0, 0, 0, -1.0]])
    logo = attribution_logo(values, DNA)
    write_sheet(tmp_path / "x.png", [logo], dpi=96 * 2)
    pixels = imread(tmp_path / "x.png")[..., :3]
    (page,) = arrange([logo])
    (place,) = [p for p in page.placed if p.drawing.glyphs]
    red = np.abs(pixels - rgb(logo.colours["T"])).max(2) < 0.1
    for glyph in place.drawing.glyphs:
        x, y = place.x + glyph.x, place.y + glyph.y
        box = red[round(2 * y) : round(2 * (y + glyph.height)), round(2 * x) : round(2 * x + 38)]
        upper, lower = box[: len(box) // 4].mean(), box[-len(box) // 4 :].mean()
        assert (upper < lower) == glyph.upside_down
        assert abs(upper - lower) > 0.3


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_equal_motifs_give_equal_bytes(tmp_path, format):
    for name in "ab":
        write_sheet(tmp_path / name, random_motifs(4), format=format)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def pdf_pages(path):
    return [
        [float(number) for number in box.split()]
        for box in re.findall(rb"/MediaBox \[([^\]]*)\]", path.read_bytes())
    ]


def test_pdf_breaks_into_a4_pages_and_one_logo_has_a_page_of_its_size(tmp_path):
    write_sheet(tmp_path / "x.pdf", random_motifs(50, widths=(15, 16)), columns=2)
    pages = pdf_pages(tmp_path / "x.pdf")
    assert len(pages) > 2
    assert all(page[2:] == pytest.approx([595, 842], abs=1) for page in pages)
    write_sheet(tmp_path / "y.pdf", random_motifs(1, widths=(9, 10)))
    (page,) = pdf_pages(tmp_path / "y.pdf")
    assert page[2:] == pytest.approx([0.75 * (26 + 180 + 32), 0.75 * (120 + 26 + 32)], abs=1)


def test_pages_say_which_of_how_many_they_are():
    def words(pages):
        return [
            [t.text for p in page.placed for t in p.drawing.texts if t.text.startswith("page")]
            for page in pages
        ]

    logos = [make_logo(motif) for motif in random_motifs(61)]
    pages = arrange(logos, paged=True)
    assert words(pages) == [[f"page {n} of {len(pages)}"] for n in range(1, len(pages) + 1)]
    assert words(arrange(logos)) == words(arrange(logos[:2], paged=True)) == [[]]


def test_odd_motifs_are_drawn_without_a_warning(tmp_path):
    motifs = [
        Motif("$\\frac{$ x_1", ProbabilityMatrix([[0.9, 0.1, 0, 0]], DNA)),
        Motif("蛋白質 \x1b[2J\u202e", ProbabilityMatrix(np.eye(20), PROTEIN)),
        Motif("flat", ProbabilityMatrix([[0.25] * 4] * 60, DNA)),
        Motif("own", ProbabilityMatrix(np.eye(8), get_alphabet("*+?#|}^0"))),
        Motif("marks", ProbabilityMatrix(np.eye(4), get_alphabet('"<&%'))),
    ]
    for format in ("svg", "png", "pdf"):
        write_sheet(tmp_path / f"x.{format}", motifs)
        write_sheet(tmp_path / f"one.{format}", motifs[:1])
    sheet = ET.parse(tmp_path / "x.svg")
    outlines = [symbol.get("id") for symbol in sheet.iter(SVG + "symbol")]
    assert len(set(outlines)) == len(outlines)
    assert {use.get("href") for use in sheet.iter(SVG + "use")} == {f"#{x}" for x in outlines}
    assert all(re.fullmatch(r"[\w-]+", name) for name in outlines)
    assert "\x1b" not in (tmp_path / "x.svg").read_text()


def png_size(path):
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", data[16:24])


def test_size_of_a_png(tmp_path, caplog):
    motifs = random_motifs(5)
    write_sheet(tmp_path / "x.png", motifs, width=700)
    assert png_size(tmp_path / "x.png")[0] == pytest.approx(700, abs=1)
    write_sheet(tmp_path / "x.png", motifs, dpi=96)
    (page,) = arrange([make_logo(motif) for motif in motifs])
    assert png_size(tmp_path / "x.png") == pytest.approx((page.width, page.height), abs=1)
    for options in ({"dpi": 1e6}, {"width": float("nan")}, {"width": float("inf")}, {"dpi": 1e-9}):
        with pytest.raises(SeqcnnError, match="pixels: give another"):
            write_sheet(tmp_path / "y.png", motifs, **options)
    assert not (tmp_path / "y.png").exists()


def test_a_large_sheet_is_drawn_coarser(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("seqcnn.motifs.logo.sheet.MOST_PIXELS", (2**16 - 1, 100_000))
    with caplog.at_level("INFO", logger="seqcnn"):
        write_sheet(tmp_path / "x.png", random_motifs(5))
    wide, high = png_size(tmp_path / "x.png")
    assert 90_000 < wide * high < 102_000
    assert "dots per inch" in caplog.text


def test_wrong_arguments_are_refused(tmp_path):
    motifs = random_motifs(2)
    for arguments, message in (
        ({"path": tmp_path / "x.gif"}, "ending"),
        ({"path": tmp_path / "x.svg", "paper": "pink"}, "`paper`"),
        ({"path": tmp_path / "x.svg", "columns": 0}, "`columns` is 0"),
        ({"path": tmp_path / "x.png", "width": 100, "dpi": 100}, "one of them"),
    ):
        with pytest.raises(SeqcnnError, match=message):
            write_sheet(motifs=motifs, **arguments)
    with pytest.raises(SeqcnnError, match="no motifs"):
        write_sheet(tmp_path / "x.svg", [])
    assert list(tmp_path.iterdir()) == []


def test_a_sheet_of_one_shows_what_the_plain_logo_shows(tmp_path):
    (motif,) = random_motifs(1)
    write_sheet(tmp_path / "alone.svg", motif)
    write_sheet(tmp_path / "listed.svg", [motif])
    assert (tmp_path / "alone.svg").read_bytes() == (tmp_path / "listed.svg").read_bytes()
    write_sheet(tmp_path / "x.svg", [motif])
    sheet = ET.parse(tmp_path / "x.svg").getroot()
    plain = ET.fromstring(logo_svg(motif))
    assert [u.attrib for u in sheet.iter(SVG + "use")] == [
        u.attrib for u in plain.iter(SVG + "use")
    ]
