"""The places where pipelines live: versions, files and commands there are those of the package.

Tests that need another program (Snakemake, Galaxy's own schema) are skipped where it is missing.
"""

import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import seqcnn

ROOT = Path(__file__).parents[1]
HOME = ROOT / "integrations"
MODULE = HOME / "nf-core" / "seqcnn" / "discover"
PEAKS = MODULE / "tests" / "peaks.fa"

VERSIONED = {
    "nf-core/seqcnn/discover/environment.yml": r"seqcnn=(\S+)",
    "nf-core/seqcnn/discover/main.nf": r"seqcnn:([\d.]+)--",
    "snakemake/wrapper/environment.yaml": r"seqcnn =(\S+)",
    "galaxy/seqcnn_discover.xml": r'name="@TOOL_VERSION@">([^<]+)<',
    "bioconda/meta.yaml": r'set version = "([^"]+)"',
    "docker/Dockerfile": r'image.version="([^"]+)"',
}
CONDA = {"matplotlib-base": "matplotlib"}
"""Names of packages that Conda calls differently."""


@pytest.fixture(scope="module")
def path_with_seqcnn(tmp_path_factory):
    """Put a `seqcnn` first on the path that is the one under test, installed or not."""
    folder = tmp_path_factory.mktemp("bin")
    script = folder / "seqcnn"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m seqcnn "$@"\n')
    script.chmod(0o755)
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def run(command, path, cwd, **options):
    env = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=600, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", VERSIONED)
def test_versions_are_those_of_the_package(name):
    found = re.findall(VERSIONED[name], (HOME / name).read_text())
    assert found and set(found) == {seqcnn.__version__}


def test_the_recipe_needs_what_the_package_needs():
    text = (HOME / "bioconda" / "meta.yaml").read_text()
    plain = re.sub(r"{%.*?%}", "", text)
    recipe = yaml.safe_load(re.sub(r"{{.*?}}", "x", plain))
    wanted = {}
    for line in recipe["requirements"]["run"]:
        name, _, bounds = line.partition(" ")
        wanted[CONDA.get(name, name)] = bounds
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = dict(re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in project["dependencies"])
    assert wanted == {**needed, "python": project["requires-python"]}
    assert sorted(recipe["about"]["license_file"]) == sorted(project["license-files"])


def block(name):
    """The shell text of one block of the module, its Groovy variables filled in."""
    text = (MODULE / "main.nf").read_text()
    shell = re.search(rf'^    {name}:.*?"""\n(.*?)"""', text, re.DOTALL | re.MULTILINE)[1]
    values = {
        "sequences": str(PEAKS), "prefix": "peaks", "task.cpus": "1", "device": "cpu",
        "against": "", "intervals": "", "known": "",
        "args": "--known-only --db jaspar:diatoms --quick",
    }  # fmt: skip
    shell = re.sub(r"(?<!\\)\$\{([\w.]+)\}", lambda m: values[m[1]], shell)
    return shell.replace("\\\\\n", "\\\n").replace("\\$", "$")


@pytest.mark.parametrize("name", ["script", "stub"])
def test_the_blocks_of_the_nf_core_module_make_its_outputs(name, path_with_seqcnn, tmp_path):
    run(["bash", "-euo", "pipefail", "-c", block(name)], path_with_seqcnn, tmp_path)
    text = (MODULE / "main.nf").read_text()
    promised = re.findall(r'path\("\$\{prefix\}/?([^"]*)"\)([^\n]*)', text)
    made = [str(path.relative_to(tmp_path / "peaks")) for path in tmp_path.glob("peaks/*")]
    assert len(promised) >= 9
    for pattern, rest in promised:
        if pattern and "optional" not in rest:
            assert fnmatch.filter(made, pattern), pattern
    assert len(fnmatch.filter(made, "*_mqc.json")) == 2


def test_the_module_says_what_its_outputs_are():
    meta = yaml.safe_load((MODULE / "meta.yml").read_text())
    text = (MODULE / "main.nf").read_text()
    assert list(meta["output"]) == re.findall(r"emit: (\w+)", text)
    inputs = [list(part) for entry in meta["input"] for part in entry]
    section = re.search(r"input:\n(.*?)output:", text, re.DOTALL)[1]
    assert [name for (name,) in inputs] == re.findall(r"(?:val|path)\((\w+)\)", section)


def test_the_version_is_one_word_for_pipelines(path_with_seqcnn, tmp_path):
    expression = re.search(r'eval\("(.*?)"\)', (MODULE / "main.nf").read_text())[1]
    assert run(["bash", "-c", expression], path_with_seqcnn, tmp_path).split() == [
        seqcnn.__version__
    ]


@pytest.mark.skipif(shutil.which("snakemake") is None, reason="snakemake is not installed")
def test_snakemake_runs_the_workflow(path_with_seqcnn, tmp_path):
    targets = ["all", *(["multiqc_report.html"] if shutil.which("multiqc") else [])]
    odd = tmp_path / "odd name's.fa"
    shutil.copy(PEAKS, odd)
    config = tmp_path / "samples.yaml"
    extra = "--known-only --db jaspar:diatoms --quick"
    config.write_text(yaml.safe_dump({"samples": {"peaks": odd.name}, "extra": extra}))
    workflow = HOME / "snakemake" / "workflow" / "Snakefile"
    command = ["snakemake", *targets, "--snakefile", str(workflow), "--cores", "1"]
    run([*command, "--configfile", str(config)], path_with_seqcnn, tmp_path)
    for name in ("report.html", "known.tsv", "run.json"):
        assert (tmp_path / "motifs" / "peaks" / name).is_file()
    assert all((tmp_path / name).is_file() for name in targets[1:])


GALAXY = """
import sys
from pathlib import Path
import galaxy.tool_util
from galaxy.tool_util.lint import LintLevel, lint_tool_source
from galaxy.tool_util.parser import get_tool_source
from lxml import etree
schema = Path(galaxy.tool_util.__file__).parent / "xsd" / "galaxy.xsd"
etree.XMLSchema(etree.parse(str(schema))).assertValid(etree.parse(sys.argv[1]))
source = get_tool_source(sys.argv[1])
assert lint_tool_source(source, level=LintLevel.WARN, fail_level=LintLevel.WARN, name="seqcnn")
"""


@pytest.mark.skipif(
    shutil.which("galaxy-tool-test") is None, reason="galaxy-tool-util[edam] is not installed"
)
def test_galaxy_takes_the_tool(tmp_path):
    python = Path(shutil.which("galaxy-tool-test")).with_name("python")
    tool = HOME / "galaxy" / "seqcnn_discover.xml"
    run([str(python), "-c", GALAXY, str(tool)], os.environ["PATH"], tmp_path)


def test_galaxy_knows_every_option_that_it_gives():
    from seqcnn.cli.discover import command

    text = (HOME / "galaxy" / "seqcnn_discover.xml").read_text()
    given = set(re.findall(r"--[a-z][a-z-]+", text.partition("<help>")[0])) - {"--version"}
    assert given <= {name for option in command.params for name in option.opts}
