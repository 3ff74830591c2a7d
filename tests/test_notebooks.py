"""The notebooks run as they stand, offline, and find what is planted in them."""

import importlib.util
import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "docs" / "notebooks"
NAMES = ("cells", "chip_seq", "mhc_peptides")
MOST_BYTES = 300_000


def cells_of(name, kind="code"):
    content = json.loads((FOLDER / f"{name}.ipynb").read_text())
    return ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == kind]


def test_these_notebooks_are_there():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_short_and_holds_its_results_without_errors(name):
    path = FOLDER / f"{name}.ipynb"
    assert path.stat().st_size < MOST_BYTES
    outputs = [
        output
        for cell in json.loads(path.read_text())["cells"]
        for output in cell.get("outputs", ())
    ]
    assert outputs, "run it before it is committed"
    assert not [one for one in outputs if one["output_type"] == "error"]
    assert cells_of(name, "markdown")[0].startswith("# ")


@pytest.fixture(scope="module")
def ran():
    """The names that each notebook ends with; each runs once, as plain Python."""
    import matplotlib

    matplotlib.use("Agg")
    names = {}

    def run(name):
        if name not in names:
            space = {}
            for cell in cells_of(name):
                exec(compile(cell, f"{name}.ipynb", "exec"), space)
            names[name] = space
        return names[name]

    return run


@pytest.mark.slow
def test_chip_seq_finds_what_is_planted(ran):
    space = ran("chip_seq")
    matches = " ".join(str(m) for m in space["frame"]["best_match"])
    assert "CTCF" in matches and ("Nrf1" in matches or "NRF1" in matches)
    assert space["inside"].mean() > space["outside"].mean() + 0.1


@pytest.mark.slow
def test_mhc_peptides_finds_both_anchors(ran):
    space = ran("mhc_peptides")
    assert space["run"].motifs[0].motif.width == 8
    assert space["held_out"]["value"] > 0.75


@pytest.mark.slow
def test_cells_are_outlined_better_than_by_a_threshold(ran):
    dice = ran("cells")["dice"]
    assert dice["U-Net"] > 0.8 and dice["U-Net"] > dice["threshold"]


@pytest.mark.slow
@pytest.mark.skipif(
    not (importlib.util.find_spec("nbclient") and importlib.util.find_spec("ipykernel")),
    reason="nbclient and ipykernel are not installed",
)
@pytest.mark.parametrize("name", NAMES)
def test_jupyter_runs_a_notebook(name):
    import nbclient
    import nbformat

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbclient.NotebookClient(notebook, timeout=600).execute()
