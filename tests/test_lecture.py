"""The table of the lecture's programs points at code, tests and examples that are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "lecture.md"
LINK = re.compile(r"\[`?([^\]`]+)`?\]\(([^)]+)\)")
ROWS = {
    int(line.split("|")[1]): line
    for line in PAGE.read_text().splitlines()
    if re.match(r"\| \d+ \|", line)
}


def broken(line: str) -> list[str]:
    """Everything in a row that is not there."""
    links = LINK.findall("|".join(line.split("|")[3:6]))
    faults = [] if len(links) == 3 else [f"{len(links)} links, not code, test and example"]
    for name, target in links:
        path = (PAGE.parent / target).resolve()
        if not path.is_file():
            faults.append(f"no file {target}")
        elif not path.is_relative_to(ROOT / "examples") and not re.search(
            rf"^(def|class) {re.escape(name)}\b", path.read_text(), re.MULTILINE
        ):
            faults.append(f"no {name} in {target}")
    return faults


def test_all_35_rows_are_there():
    assert sorted(ROWS) == list(range(1, 36))


@pytest.mark.parametrize("number", range(1, 36))
def test_a_row_is_live(number):
    assert not broken(ROWS[number])


def test_a_dead_link_would_be_seen():
    row = ROWS[1]
    assert broken(row.replace("table.py", "tables.py"))
    assert broken(row.replace("`image_to_table`", "`image_to_tables`"))
    assert broken("| 1 | something | | | | |")
