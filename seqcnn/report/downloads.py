"""Files inside of the page: saved from it without a network and without the folder of the run."""

import base64
import json
import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from seqcnn.discovery.result import DiscoveredMotif, Discovery
from seqcnn.errors import SeqcnnError
from seqcnn.motifs.hits import Hits
from seqcnn.motifs.io import FORMATS
from seqcnn.motifs.io.homer import threshold_of
from seqcnn.motifs.logo import logo_svg
from seqcnn.motifs.motif import THRESHOLD, Motif
from seqcnn.report import tables
from seqcnn.seq.intervals import intervals_of

OFFERED = {"meme": ".meme", "jaspar": ".jaspar", "transfac": ".transfac", "homer": ".homer"}
"""Formats of motifs, and how the names of their files end."""

LARGEST = 2_000_000
"""Bytes that all embedded files together may have; above it sites are left out."""

MOST_SITES = 80_000
"""More sites than this are never small enough: they have some 25 bytes each in either file."""

BEST_SITES = (1_000, 100)
"""Sites of each motif that are embedded then, the best: the first number that is small enough."""

_FORMULA = "=+-@\t\r"
"""A spreadsheet takes a cell that begins with one of these for a formula."""

_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def files_of(found: Discovery) -> tuple[dict[str, str], int | None]:
    """Write the files that the page offers.

    Parameters
    ----------
    found
        A run.

    Returns
    -------
    dict
        The text of each file by its name.
    int or None
        The number of sites of each motif that are embedded, if they are not all.
    """
    motifs = [m.motif for m in found.motifs]
    files = _motif_files("motifs", found.motifs, found)
    for m, motif in zip(found.motifs, motifs, strict=True):
        stem = safe_name(motif.name)
        files |= _motif_files(stem, [m], found)
        files[f"{stem}.svg"] = logo_svg(motif)
        if motif.alphabet.complements is not None:
            files[f"{stem}_reverse.svg"] = logo_svg(motif, reverse=True)
    strand = found.facts["strand"]
    for name, rows in (
        ("motifs.tsv", tables.motif_rows(found.motifs, strand, found.sites)),
        ("candidates.tsv", tables.motif_rows(found.candidates, strand, None)),
    ):
        files[name] = tsv_text(tables.MOTIF_COLUMNS, rows)
    if len(found.sites) <= MOST_SITES:
        all_files = files | _site_files(found, found.sites)
        if len(pack(all_files)) <= LARGEST:
            return all_files, None
    for number in BEST_SITES:
        some = files | _site_files(found, _best_sites(found.sites, number))
        if len(pack(some)) <= LARGEST:
            return some, number
    return files, 0


def _motif_files(stem: str, motifs: Sequence[DiscoveredMotif], found: Discovery) -> dict[str, str]:
    files = {}
    for name, ending in OFFERED.items():
        if name == "jaspar" and found.sequences.alphabet.size != 4:
            continue  # it can be written, but what reads JASPAR's format knows four letters only
        written = [_for_homer(m) if name == "homer" else m.motif for m in motifs]
        try:
            text = FORMATS[name].write(written, alphabet=found.sequences.alphabet)
        except SeqcnnError:  # the format does not know the alphabet, as JASPAR and proteins
            continue
        files[stem + ending] = text
    return files


def _for_homer(m: DiscoveredMotif) -> Motif:
    """Note from which score on HOMER takes sites, so that they are as rare as those of the run."""
    if not math.isfinite(m.threshold_log10_p) or m.motif.alphabet.size not in (4, 20):
        return m.motif
    threshold = THRESHOLD, f"{threshold_of(m.motif, m.threshold_log10_p):.6f}"
    return replace(m.motif, annotations=(*m.motif.annotations, threshold))


def _site_files(found: Discovery, sites: Hits) -> dict[str, str]:
    """Write sites as TSV and BED; the page itself takes those of one motif from them."""
    has_places = any(intervals_of(found.sequences))
    rows = tables.bed_rows(sites) if has_places else _bed_of_sequences(sites)
    return {
        "sites.tsv": tsv_text(tables.SITE_COLUMNS, tables.site_rows(sites)),
        "sites.bed": "".join("\t".join(map(str, row)) + "\n" for row in rows),
    }


def _bed_of_sequences(hits: Hits) -> list[tuple[Any, ...]]:
    """One BED line a site where no coordinates are known: the sequence stands for a chromosome."""
    return [
        (
            re.sub(r"\s", "_", hit.sequence),
            hit.start,
            hit.end,
            hit.motif,
            min(1000, round(-100 * float(hits.log10_p_value[i]))),
            hit.strand,
        )
        for i, hit in enumerate(hits)
    ]


def _best_sites(sites: Hits, number: int) -> Hits:
    """Keep the best sites of each motif, in the order of the table."""
    kept = [
        rows[np.argsort(-sites.score[rows], kind="stable")[:number]]
        for rows in (np.flatnonzero(sites.motif == i) for i in range(len(sites.motifs)))
    ]
    return sites.select(np.sort(np.concatenate([*kept, np.zeros(0, int)]).astype(int)))


def tsv_text(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    r"""Write a table that a spreadsheet can open without harm.

    Cells have no tabs or ends of lines, and a text that would be a formula gets an apostrophe
    before it; a lone sign, which is a strand, and numbers stay what they are.

    Examples
    --------
    >>> tsv_text(["a", "b"], [["=cmd()", "-"], ["-1.5", None]]).splitlines()
    ['a\tb', "'=cmd()\t-", '-1.5\t']
    """
    lines = [columns, *([_cell(cell) for cell in row] for row in rows)]
    return "".join("\t".join(line) + "\n" for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else re.sub(r"[\t\r\n\x00]", " ", str(value))
    if len(text) < 2 or text[0] not in _FORMULA:
        return text
    try:
        float(text)
    except ValueError:
        return "'" + text
    return text


def safe_name(name: str) -> str:
    """Make a name of a file from any text: plain letters, not hidden, not reserved, not long.

    Examples
    --------
    >>> safe_name("../../x"), safe_name("m1"), safe_name("CON"), safe_name("😀")
    ('x', 'm1', '_CON', 'motif')
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-")[:60]
    return f"_{plain}" if _RESERVED.match(plain) else plain or "motif"


def pack(files: dict[str, str]) -> str:
    """Deflate files and write them in letters: base64 of the zlib stream of a JSON object."""
    return base64.b64encode(zlib.compress(json.dumps(files).encode(), 9)).decode()


def unpack(text: str) -> dict[str, str]:
    """Undo `pack`."""
    return json.loads(zlib.decompress(base64.b64decode(text)))
