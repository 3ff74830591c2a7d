"""The report: one self-contained page, which loads nothing and runs one script of its own."""

import base64
import gzip
import hashlib
import io
import json
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from seqcnn.discovery.result import Discovery
from seqcnn.errors import SeqcnnError
from seqcnn.motifs.pairs import Pair
from seqcnn.report.content import SCHEMA, content_of
from seqcnn.report.record import RunRecord
from seqcnn.report.visible import visible

CONTENT = "report.json.gz"
"""File of a run folder that holds all that the page says."""

TEMPLATES = {"motifs": "report.html", "sections": "page.html"}
"""Template of each kind of page, by ``page`` of its content."""


def render(found: Discovery, record: RunRecord, pairs: Sequence[Pair]) -> str:
    """Draw the page of a run; arguments as for `content.content_of`."""
    return render_content(plain(content_of(found, record, pairs)))


def plain(content: dict[str, Any]) -> dict[str, Any]:
    """Turn content into what JSON gives back, so that a page is the same whenever it is drawn."""
    return json.loads(json.dumps(content))


def render_content(content: dict[str, Any]) -> str:
    """Draw the page; all text from outside is escaped.

    Parameters
    ----------
    content
        As `content.content_of` or `sections.content_of_page` gives it.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("seqcnn.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"visible": visible, "svg": _svg, "png": _png}
    style, script = (_own(name) for name in ("report.css", "report.js"))
    template = TEMPLATES[content.get("page", "motifs")]
    return environment.get_template(template).render(
        **content,
        style=Markup(style),
        style_hash=_hash(style),
        script=Markup(script),
        script_hash=_hash(script),
    )


def write_content(path: Path, content: dict[str, Any]) -> None:
    """Write content as compressed JSON; the same content gives the same bytes."""
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as handle:
        handle.write(json.dumps(content, indent=1).encode())
    part = path.with_name(f".{path.name}.tmp")
    try:
        part.write_bytes(packed.getvalue())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_content(path: Path) -> dict[str, Any]:
    """Read what `write_content` wrote.

    Raises
    ------
    SeqcnnError
        There is no such file, it is damaged, or another version of the package wrote it.
    """
    try:
        content = json.loads(gzip.decompress(path.read_bytes()))
    except FileNotFoundError:
        raise SeqcnnError(
            "this is no folder of a run with a page: the file is missing", path=path
        ) from None
    except (OSError, EOFError, ValueError) as error:
        raise SeqcnnError(f"the file is damaged: {error}", path=path) from error
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        raise SeqcnnError(
            f"the file has not the schema {SCHEMA}: use the version of seqcnn that wrote it",
            path=path,
        )
    if content.get("page", "motifs") not in TEMPLATES:
        raise SeqcnnError("the file is of a kind of page that is not known here", path=path)
    return content


def _svg(text: str) -> Markup:
    """Take a picture of the content as one."""
    if not text.startswith("<svg") or "<script" in text.lower():
        raise SeqcnnError("the content of the report holds something else in place of a picture")
    return Markup(text)


def _png(text: str) -> Markup:
    """Take base64 of a PNG file as the address of a picture."""
    if not re.fullmatch(r"iVBOR[A-Za-z0-9+/]+=*", text):
        raise SeqcnnError("the content of the report holds something else in place of a picture")
    return Markup("data:image/png;base64," + text)


def _own(name: str) -> str:
    return files("seqcnn.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Name the content of an element, as a content security policy does."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
