"""Several runs of `discover` side by side: which motifs are the same, and how strong each is."""

import csv
import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from seqcnn.errors import SeqcnnError
from seqcnn.motifs.cluster import cluster
from seqcnn.motifs.io import read_motifs
from seqcnn.motifs.logo import glyph_defs
from seqcnn.motifs.motif import Motif
from seqcnn.report import sections as page
from seqcnn.report.checksums import RECORD
from seqcnn.report.folder import input_record
from seqcnn.report.html import plain, render_content
from seqcnn.report.logos import row_logo
from seqcnn.report.record import RunRecord
from seqcnn.report.visible import visible
from seqcnn.stats.logspace import parse_log10

HELPS = {
    "alike": (
        "Alike",
        "Motifs of all runs are put into families as `seqcnn cluster` does it. The logo is that of "
        "the one with the least E-value.",
    ),
}


@dataclass(frozen=True, eq=False)
class Run:
    """What is compared of a run: its name, its motifs, the rows of their table, its record."""

    name: str
    motifs: Sequence[Motif]
    rows: dict[str, dict[str, str]]
    record: dict[str, Any]


def read_runs(folders: Sequence[Path]) -> list[Run]:
    """Read the motifs of run folders.

    Raises
    ------
    SeqcnnError
        One is no folder of a run of `discover`, or they have not the same letters.
    """
    runs = [_read_run(folder, i + 1) for i, folder in enumerate(folders)]
    letters = {m.alphabet.letters for run in runs for m in run.motifs}
    if len(letters) > 1:
        raise SeqcnnError(
            f"the runs have different letters ({', '.join(sorted(letters))}): compare runs on one "
            f"alphabet"
        )
    return runs


def _read_run(folder: Path, number: int) -> Run:
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
        with (folder / "motifs.tsv").open(encoding="utf-8", newline="") as handle:
            table = csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE)
            rows = {row["id"]: row for row in table}
    except (OSError, ValueError, KeyError) as error:
        raise SeqcnnError(f"this is no folder of a run of discover: {error}", path=folder) from None
    found = [m for m in read_motifs(folder / "motifs.meme") if m.name in rows] if rows else []
    return Run(f"{number}: {folder.resolve().name}", found, rows, record)


def comparison_content(folders: Sequence[Path]) -> dict[str, Any]:
    """Collect what the page on several runs says.

    Parameters
    ----------
    folders
        Two runs or more.
    """
    runs = read_runs(folders)
    groups = _groups(runs)
    everywhere = sum(all(each) for each in groups)
    words = f"{len(groups)} kinds of motifs were found in {len(runs)} runs, {everywhere} in each."
    if not groups:
        words = f"No motif was found in any of {len(runs)} runs."
    letters = next((m.alphabet.letters for run in runs for m in run.motifs), "")
    start = datetime.now(UTC)
    again = shlex.join(["seqcnn", "report", *map(str, folders)])
    read = [input_record(str(folder / "motifs.meme")) for folder in folders]
    return page.content_of_page(
        "Runs compared",
        [
            words,
            "E-values grow stronger with the number of sequences: compare shares and odds ratios "
            "where runs differ in size.",
        ],
        [
            page.section("motifs", "Motifs side by side", _table(runs, groups)),
            page.section("runs", "The runs", _runs(runs)),
        ],
        RunRecord("report", {"again": again}, read, start),
        helps=HELPS,
        glyphs=glyph_defs(letters) if letters else "",
    )


def render_comparison(folders: Sequence[Path]) -> str:
    """Draw the page on several runs."""
    return render_content(plain(comparison_content(folders)))


Group = list[list[Motif]]
"""Motifs of one kind, by run, in the order of the runs."""


def _groups(runs: Sequence[Run]) -> list[Group]:
    """Group motifs that are alike, the most significant group first."""
    every = [(i, m) for i, run in enumerate(runs) for m in run.motifs]
    if not every:
        return []
    families = cluster([replace(m, name=f"{i}|{m.name}") for i, m in every])
    groups = []
    for family in families:
        group: Group = [[] for _ in runs]
        for number in family.members.tolist():
            i, motif = every[number]
            group[i].append(motif)
        groups.append([sorted(own, key=lambda m, i=i: _e(runs[i], m))
                       for i, own in enumerate(group)])  # fmt: skip
    return sorted(groups, key=lambda group: _best(runs, group)[0])


def _e(run: Run, motif: Motif) -> float:
    return parse_log10(run.rows[motif.name]["e_value"])


def _best(runs: Sequence[Run], group: Group) -> tuple[float, int]:
    """Give the least log10 E-value of a group, and the run that has it."""
    return min((_e(runs[i], m), i) for i, own in enumerate(group) for m in own)


def _table(runs: Sequence[Run], groups: Sequence[Group]) -> page.Block:
    columns = [page.column("motif", words=True, help="alike")]
    columns += [page.column(visible(run.name, 40), words=True) for run in runs]
    rows = []
    for group in groups:
        _, at = _best(runs, group)
        first = group[at][0]
        match = runs[at].rows[first.name].get("best_match") or "no known motif is like it"
        cells = [page.cell(first.consensus, svg=row_logo(first), more=match)]
        rows.append([*cells, *(_cell(run, own) for run, own in zip(runs, group, strict=True))])
    caption = "E-value, and shares of sequences with a site in foreground and control"
    return page.table(caption, columns, rows)


def _cell(run: Run, own: Sequence[Motif]) -> dict[str, Any]:
    if not own:
        return page.cell("not found", "")
    row = run.rows[own[0].name]
    shares = [100 * int(row[f"{side}_hits"]) / max(int(row[f"{side}_total"]), 1)
              for side in ("pos", "neg")]  # fmt: skip
    others = f" and {', '.join(m.name for m in own[1:])}" if own[1:] else ""
    return page.cell(
        f"{own[0].name}{others}: E = {row['e_value']}",
        _e(run, own[0]),
        more=f"{shares[0]:.1f} % against {shares[1]:.1f} %, odds ratio {row['odds_ratio']}",
    )


def _runs(runs: Sequence[Run]) -> page.Block:
    columns = [page.column("run", words=True), page.column("sequences", words=True),
               page.column("groups"), page.column("motifs"),
               page.column("seqcnn", words=True)]  # fmt: skip
    rows = [
        [
            page.cell(run.name),
            page.cell((run.record.get("arguments") or {}).get("positives") or "given in Python"),
            page.cell((run.record.get("facts") or {}).get("groups", "")),
            page.cell(len(run.rows)),
            page.cell(run.record.get("seqcnn", "")),
        ]
        for run in runs
    ]
    return page.table("What was compared", columns, rows)
