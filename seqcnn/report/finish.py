"""The end of a run: its record once all results are written, and after that the page."""

import json
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from seqcnn.errors import SeqcnnWarning
from seqcnn.report.checksums import RECORD, add_to_record, checksums_of
from seqcnn.report.html import CONTENT, plain, read_content, render_content, write_content
from seqcnn.report.record import RunRecord, record_facts
from seqcnn.seq.io.files import atomic_write

PAGE = "report.html"
"""The page of a run folder."""

OF_PAGE = (CONTENT, PAGE)
"""Files of a run folder that can be made again."""


def remove_page(folder: Path) -> None:
    """Take away page and record of an earlier run, whose results are about to be replaced."""
    for name in (*OF_PAGE, RECORD):
        (folder / name).unlink(missing_ok=True)


def write_record(
    folder: Path, record: RunRecord, files: Iterable[str] | None = None, **facts: Any
) -> None:
    """Write `RECORD`: what made the run what it is, with the checksums of its results.

    Parameters
    ----------
    folder
        Where all results are.
    record
        How it was called.
    files
        What the run wrote, by path inside the folder, also whole folders; what is not there is left
        out. None for all that is there.
    **facts
        What else is remembered.
    """
    sums = checksums_of(folder)
    if files is not None:
        wanted = set(files)
        sums = {n: s for n, s in sums.items() if n in wanted or n.partition("/")[0] in wanted}
    write_json(folder / RECORD, record_facts(record) | facts | {"files": sums})


def add_page(folder: Path, make: Callable[[], dict[str, Any]]) -> bool:
    """Make the page of a run whose results are in place; what fails here costs the page only.

    Parameters
    ----------
    folder
        Of the run.
    make
        Collects what the page says.

    Returns
    -------
    bool
        Whether there is a page. If not, a `SeqcnnWarning` says why, and how to try again.
    """
    advice = "please report this error with its text"
    try:
        write_content(folder / CONTENT, plain(make()))
        advice = f"try again with `seqcnn report {folder}`"
        add_to_record(folder, [CONTENT])
        render_page(folder)
    except Exception as error:  # whatever it is, hours of results must not go with it
        warnings.warn(
            f"all results are in {folder}, but the page {PAGE} could not be made "
            f"({type(error).__name__}: {error}); {advice}",
            SeqcnnWarning,
            stacklevel=2,
        )
        return False
    return True


def render_page(folder: Path, target: Path | None = None) -> Path:
    """Render the page of a run folder from its content, and give its path.

    Parameters
    ----------
    folder
        Of the run.
    target
        Where the page is to be; None for its place in the folder, whose record is kept true.

    Raises
    ------
    SeqcnnError
        The folder has no content of a page.
    """
    page = render_content(read_content(folder / CONTENT))
    with atomic_write(target or folder / PAGE) as handle:
        handle.write(page)
    if target is None:
        add_to_record(folder, [PAGE])
    return target or folder / PAGE


def write_json(path: Path, content: Any) -> None:
    """Write JSON, whole or not at all."""
    with atomic_write(path) as handle:
        handle.write(json.dumps(content, indent=2) + "\n")
