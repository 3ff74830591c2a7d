"""The door of the package: its names, and what opening it costs."""

import resource
import subprocess
import sys

import pytest

import seqcnn

PUBLIC = [
    "compare",
    "create",
    "discover",
    "load_model",
    "predict",
    "read_motifs",
    "read_sequences",
    "scan",
    "shuffle",
    "train",
    "write_motifs",
]
HEAVY = {"jax", "jaxlib", "flax", "optax", "numpy", "scipy", "pandas", "matplotlib"}


def loaded_by(statements):
    """Heavy packages that are loaded after some statements in a fresh interpreter."""
    show = "import sys; print('\\nloaded', *sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", f"{statements}\n{show}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return HEAVY & set(done.stdout.splitlines()[-1].split())


def test_the_public_names_are_these():
    assert sorted(seqcnn.__all__) == PUBLIC
    assert set(PUBLIC) <= set(dir(seqcnn))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_a_function_with_help(name):
    function = getattr(seqcnn, name)
    assert callable(function)
    assert function.__doc__, "help(seqcnn.NAME) is the manual of many users"


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="discovr"):
        _ = seqcnn.discovr


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import seqcnn; seqcnn.__version__; dir(seqcnn)") == set()


def test_heavy_packages_would_be_seen():
    assert loaded_by("import numpy") == {"numpy"}


def test_file_formats_never_load_jax():
    heavy = loaded_by("import seqcnn; seqcnn.read_sequences; seqcnn.read_motifs")
    assert not heavy & {"jax", "jaxlib", "flax", "optax"}


def test_help_loads_nothing_heavy(record_property):
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ask_for_help = (
        "import sys; sys.argv = ['seqcnn', '--help']\n"
        "from seqcnn.__main__ import main\n"
        "try:\n    code = main()\nexcept SystemExit as end:\n    code = end.code\n"
        "assert not code, code"
    )
    heavy = loaded_by(ask_for_help)
    # a number to look at (`pytest --junit-xml`), not to fail on: machines differ
    spent = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    record_property("user_cpu_seconds", round(spent, 2))
    assert heavy == set()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_the_command_answers(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "seqcnn", *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    if arguments == ["--version"]:
        assert seqcnn.__version__ in done.stdout and len(done.stdout.splitlines()) == 1
    else:
        assert "discover" in done.stdout
