"""Pages made of sections: headings, texts, tables, figures and pictures, as plain data.

Everything is text until the template places it, which escapes all of it; figures are SVG texts that
were made here, pictures are PNG files in base64.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import jax

from seqcnn import __version__
from seqcnn.report.again import citation
from seqcnn.report.content import SCHEMA
from seqcnn.report.record import RunRecord, package_versions

Block = dict[str, Any]


def content_of_page(
    title: str,
    summary: Sequence[str],
    sections: Sequence[Mapping[str, Any]],
    record: RunRecord,
    *,
    notes: Sequence[str] = (),
    made: Iterable[tuple[str, Any]] = (),
    helps: Mapping[str, tuple[str, str]] | None = None,
    glyphs: str = "",
) -> dict[str, Any]:
    """Put a page together.

    Parameters
    ----------
    title
        What it is about.
    summary
        Up to three sentences.
    sections
        From `section`.
    record
        How the run was called; its argument ``again`` is the command that makes the same run.
    notes
        Warnings.
    made
        How it was made: what and how, beside versions and inputs.
    helps
        Words behind the ``?`` of columns: title and text of each.
    glyphs
        Outlines of the letters of logos, from `glyph_defs`; none without logos.
    """
    return {
        "schema": SCHEMA,
        "page": "sections",
        "title": title,
        "version": __version__,
        "summary": list(summary),
        "notes": list(notes),
        "sections": [dict(part) for part in sections],
        "helps": {name: list(words) for name, words in (helps or {}).items()},
        "glyphs": f'<svg class="defs" aria-hidden="true">{glyphs}</svg>' if glyphs else "",
        "made_rows": [[name, str(value)] for name, value in (*made, *_arguments(record))],
        "command": record.arguments.get("again"),
        "packages": package_versions(),
        "device": jax.devices()[0].device_kind,
        "inputs": [dict(each) for each in record.inputs],
        "citation": citation(__version__, None),
    }


def _arguments(record: RunRecord) -> list[tuple[str, Any]]:
    """List what was said, or was so by default."""
    return [
        (name.replace("_", " "), "yes" if value is True else value)
        for name, value in record.arguments.items()
        if name != "again"
    ]


def section(name: str, title: str, *blocks: Block | None) -> dict[str, Any]:
    """Give a section; blocks that are None are left out."""
    return {"id": name, "title": title, "blocks": [b for b in blocks if b is not None]}


def text(words: str, *, soft: bool = False) -> Block:
    """Give a paragraph."""
    return {"kind": "text", "text": words, "soft": soft}


def heading(words: str) -> Block:
    """Give a heading within a section."""
    return {"kind": "heading", "text": words}


def facts(rows: Iterable[tuple[str, Any]], *, files: bool = False) -> Block:
    """Give a list of names and what they are; `files` for names of files."""
    return {"kind": "facts", "rows": [[n, str(v)] for n, v in rows], "files": files}


def figures(*given: tuple[str, str] | None, wide: bool = False) -> Block | None:
    """Give figures beside each other: SVG text and caption of each."""
    shown = [{"svg": str(f[0]), "caption": f[1]} for f in given if f is not None]
    return {"kind": "figures", "figures": shown, "wide": wide} if shown else None


def logos(given: Iterable[tuple[str, str]]) -> Block:
    """Give wide logos below each other: SVG text and caption of each."""
    return {"kind": "logos", "figures": [{"svg": str(s), "caption": c} for s, c in given]}


def pictures(given: Iterable[tuple[bytes, str, str]], *, wide: bool = False) -> Block:
    """Give pictures beside each other: PNG file, caption, and words for those who do not see it."""
    shown = [
        {"png": base64.b64encode(png).decode(), "caption": caption, "alt": alt}
        for png, caption, alt in given
    ]
    return {"kind": "pictures", "pictures": shown, "wide": wide}


def column(label: str, *, words: bool = False, help: str = "") -> dict[str, Any]:
    """Give the head of a column; `words` stand on the left, `help` names an entry of the helps."""
    return {"label": label, "text": words, "help": help}


def cell(shown: Any, value: Any = None, *, more: str = "", svg: str = "") -> dict[str, Any]:
    """Give a cell: what is shown, what it is sorted by, small words below, and a logo."""
    sort = shown if value is None else value
    return {"text": str(shown), "value": sort, "more": more, "svg": str(svg)}


def number(value: float | None, form: str = "{:.3f}", *, more: str = "") -> dict[str, Any]:
    """Give a cell with a number; one that is missing stands last."""
    missing = value is None or value != value  # NaN
    shown = "" if missing else form.format(value)
    shown = shown.removeprefix("-") if shown and not float(shown) else shown  # no -0.000
    return cell("not defined" if missing else shown, "" if missing else value,
                more=more)  # fmt: skip


def table(
    caption: str, columns: Sequence[Mapping[str, Any]], rows: Iterable[Sequence[Mapping[str, Any]]]
) -> Block:
    """Give a table that is sorted by its heads; the first cell of a row is its head."""
    return {"kind": "table", "caption": caption, "columns": [dict(c) for c in columns],
            "rows": [[dict(c) for c in row] for row in rows]}  # fmt: skip
