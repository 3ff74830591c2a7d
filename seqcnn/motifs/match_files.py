"""Write comparisons of motifs to files: TSV, the columns of Tomtom, and pages of aligned logos."""

import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from seqcnn.motifs.choose import file_names
from seqcnn.motifs.compare import Comparison, Comparisons
from seqcnn.motifs.logo import aligned_logos_svg, glyph_defs
from seqcnn.motifs.motif import Motif
from seqcnn.seq.io.files import atomic_write
from seqcnn.stats.logspace import format_log10

TSV_COLUMNS = "query target name p_value e_value q_value offset overlap strand".split()
TOMTOM_COLUMNS = (
    "Query_ID Target_ID Optimal_offset p-value E-value q-value Overlap Query_consensus "
    "Target_consensus Orientation"
).split()

LOGOS = 10
"""Targets on the page of a query."""

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:15px/1.4 system-ui,sans-serif;margin:2em;color:#111;background:#fff}}
h2{{font-size:1em;margin:2em 0 .3em}}svg{{max-width:100%}}</style>
<h1>{title}</h1>
<svg width="0" height="0" aria-hidden="true" style="position:absolute">{glyphs}</svg>
{body}
</html>
"""

_MATCH = "<h2>{name}</h2>\n<p>p = {p}, E = {e}, q = {q}, strand {strand}</p>\n{logos}\n"


def write_comparisons(
    path: str | Path, found: Iterable[Comparison], *, format: str = "tsv"
) -> None:
    """Write a table of comparisons.

    Parameters
    ----------
    path
        The file; ``-`` is standard output, .gz compresses.
    found
        What `compare` returned, or some of it.
    format
        A key of `FORMATS`.
    """
    columns, row = FORMATS[format]
    with atomic_write(path) as handle:
        handle.write("\t".join(columns) + "\n")
        for comparison in found:
            handle.write("\t".join(row(comparison)) + "\n")


def _tsv_row(found: Comparison) -> list[str]:
    return [
        found.query.name,
        found.target.name,
        found.target.alternative_name,
        *_values(found, 3),
        str(found.offset),
        str(found.overlap),
        found.strand,
    ]


def _tomtom_row(found: Comparison) -> list[str]:
    """Tomtom leaves the query as it is and turns the target over."""
    query, target, offset = found.query, found.target, found.offset
    if found.strand == "-":
        target = target.reverse_complement()
        offset = target.width - offset - query.width
    return [
        query.name,
        target.name,
        str(offset),
        *_values(found, 6),
        str(found.overlap),
        _likeliest(query),
        _likeliest(target),
        found.strand,
    ]


FORMATS: dict[str, tuple[Sequence[str], Callable[[Comparison], list[str]]]] = {
    "tsv": (TSV_COLUMNS, _tsv_row),
    "tomtom": (TOMTOM_COLUMNS, _tomtom_row),
}
"""Columns and the row of one comparison."""


def logo_pages(found: Comparisons, *, limit: int = LOGOS) -> Iterator[tuple[str, str]]:
    """Draw each query above the targets that it is most like.

    Parameters
    ----------
    found
        What `compare` returned.
    limit
        Targets on a page.

    Yields
    ------
    name, page : str
        Name of a file, and its HTML; one for each query, whatever was found.
    """
    names = file_names([query.name for query in found.queries], ".html")
    for i, (name, query) in enumerate(zip(names, found.queries, strict=True)):
        yield name, _page(query, found.of(i)[:limit])


def _page(query: Motif, matches: Sequence[Comparison]) -> str:
    body = "".join(_match(match) for match in matches) or "<p>No target is alike.</p>"
    glyphs = glyph_defs(query.alphabet.letters)
    return _PAGE.format(title=html.escape(_title(query)), glyphs=glyphs, body=body)


def _match(found: Comparison) -> str:
    p, e, q = _values(found, 2)
    logos = aligned_logos_svg(found.query, found.target, found.offset, found.strand, defs=False)
    name = html.escape(_title(found.target))
    return _MATCH.format(name=name, p=p, e=e, q=q, strand=found.strand, logos=logos)


def _title(motif: Motif) -> str:
    return f"{motif.name} {motif.alternative_name}".strip()


def _values(found: Comparison, digits: int) -> list[str]:
    return [format_log10(x, digits) for x in (found.log10_p, found.log10_e, found.log10_q)]


def _likeliest(motif: Motif) -> str:
    return "".join(motif.alphabet.letters[i] for i in motif.matrix.values.argmax(1))
