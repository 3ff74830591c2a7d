"""The import contract of the house: a room imports only rooms below it.

All imports count: relative ones, those inside functions, those by `importlib.import_module`, and
those under `if TYPE_CHECKING`, since a type that is needed from above lives too high.
"""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

import seqcnn
from seqcnn import __all__ as public_names

ROWS = [
    "cli",
    "report",
    "discovery",
    "explain",
    "networks motifs training",
    "seq image parallel",
    "nn data stats",
    "reference",
    "errors",
]
"""From the roof down; rooms of one row never import each other."""

HEIGHT = {room: height for height, row in enumerate(reversed(ROWS)) for room in row.split()}
NEVER_JAX = ("seqcnn.seq.io", "seqcnn.motifs.io")
ENGINES = {"jax", "jaxlib", "flax", "optax", "orbax"}
FACADE = {"seqcnn", "seqcnn.__main__"}


def find_modules(root: Path) -> dict[str, Path]:
    """Every module of a package by its dotted name."""
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return modules


def find_imports(module: str, modules: dict[str, Path]) -> set[str]:
    """Everything that a module imports, by absolute name, modules rather than what is in them."""
    path = modules[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return {
        target
        for node in ast.walk(ast.parse(path.read_text()))
        for target in _targets(node, package, modules)
    }


def _targets(node: ast.AST, package: str, modules: dict[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.rsplit(".", node.level - 1)[0] if node.level else ""
        base = ".".join(filter(None, [above, node.module]))
        for alias in node.names:
            name = f"{base}.{alias.name}"
            yield name if name in modules or name == "seqcnn.__version__" else base
    elif isinstance(node, ast.Call) and node.args:
        called = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        first = node.args[0]
        if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
            yield str(first.value)


def room_of(module: str) -> str:
    return module.split(".")[1]


def misnamed_rooms(modules: dict[str, Path], names: list[str]) -> Iterator[str]:
    for room in sorted({room_of(module) for module in modules if module not in FACADE}):
        if room not in HEIGHT:
            yield f"{room} is in no row of the house"
        if room in names:
            yield f"{room} bears the name of a public function, which importing it would overwrite"


def steps_up(imports: dict[str, set[str]]) -> Iterator[str]:
    for module, targets in imports.items():
        if module in FACADE:
            continue
        for target in sorted(targets - {"seqcnn.__version__"}):
            if target in FACADE:
                yield f"{module} imports the facade {target}"
            elif target.startswith("seqcnn."):
                own, other = room_of(module), room_of(target)
                if own != other and HEIGHT.get(own, -1) <= HEIGHT.get(other, 99):
                    yield f"{module} imports {target}, which is not below it"


def cycles(imports: dict[str, set[str]]) -> Iterator[str]:
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        yield "cycle: " + " -> ".join(reversed(error.args[1]))


def roads_to_jax(imports: dict[str, set[str]]) -> Iterator[str]:
    for start in imports:
        if not f"{start}.".startswith(tuple(f"{name}." for name in NEVER_JAX)):
            continue
        roads, seen = [[start]], {start}
        while roads:
            road = roads.pop()
            engines = ENGINES & {target.split(".")[0] for target in imports.get(road[-1], ())}
            if engines:
                yield f"{' -> '.join(road)} -> {min(engines)}"
                break
            # to import a module is to run the packages that it lies in
            ahead = imports.get(road[-1], set()) | {road[-1].rpartition(".")[0]}
            fresh = sorted(target for target in ahead - seen if target in imports)
            seen.update(fresh)
            roads += [[*road, target] for target in fresh]


def violations(root: Path, names: list[str]) -> list[str]:
    """Everything in a package that breaks the contract, one line each."""
    modules = find_modules(root)
    imports = {module: find_imports(module, modules) for module in modules}
    return [
        *misnamed_rooms(modules, names),
        *steps_up(imports),
        *cycles(imports),
        *roads_to_jax(imports),
    ]


def test_the_house_stands():
    assert violations(Path(seqcnn.__file__).parent, list(public_names)) == []


SOUND = {
    "__init__": "import lazy_loader",
    "__main__": "from seqcnn.cli import app",
    "errors": "",
    "cli.__init__": "",
    "cli.app": "from seqcnn import __version__\nfrom seqcnn.discovery import pipeline",
    "discovery.__init__": "",
    "discovery.pipeline": "from ..motifs.io import meme\nfrom ..training.loop import fit",
    "training.__init__": "",
    "training.loop": "import jax\nfrom seqcnn.nn.conv import conv\nfrom . import losses",
    "training.losses": "import jax",
    "motifs.__init__": "",
    "motifs.motif": "import numpy",
    "motifs.scan": "import jax",
    "motifs.io.__init__": "from seqcnn.motifs.io import meme",
    "motifs.io.meme": "from seqcnn.motifs.motif import Motif\nfrom seqcnn.seq.record import codes",
    "seq.__init__": "",
    "seq.record": "import numpy",
    "seq.encode": "from jax import numpy",
    "seq.io.__init__": "",
    "seq.io.fasta": "from .. import record\nfrom ...errors import SeqcnnError",
    "image.__init__": "",
    "nn.__init__": "",
    "nn.conv": "import jax.numpy as jnp",
    "data.__init__": "",
    "stats.__init__": "",
}

BROKEN = [
    ("nn.conv", "from seqcnn.seq.record import codes", "seqcnn.seq.record, which is not below"),
    ("nn.conv", "import seqcnn.networks.zoo as zoo", "seqcnn.networks.zoo, which is not below"),
    ("nn.conv", "from ..seq import record", "seqcnn.seq.record, which is not below"),
    ("nn.conv", "from .. import seq", "seqcnn.seq, which is not below"),
    ("nn.__init__", "from ..data import batches", "seqcnn.data, which is not below"),
    ("nn.conv", "def f():\n    from seqcnn.cli import app", "seqcnn.cli.app, which is not below"),
    (
        "nn.conv",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from seqcnn.seq.record import x",
        "seqcnn.seq.record, which is not below",
    ),
    (
        "nn.conv",
        "import importlib\nimportlib.import_module('seqcnn.seq.record')",
        "seqcnn.seq.record, which is not below",
    ),
    ("errors", "from seqcnn.stats import tests", "seqcnn.stats, which is not below"),
    ("discovery.pipeline", "from seqcnn.report import html", "seqcnn.report, which is not below"),
    ("training.loop", "from seqcnn.motifs import scan", "seqcnn.motifs.scan, which is not below"),
    ("motifs.scan", "from seqcnn.training import loop", "seqcnn.training.loop, which is not below"),
    ("seq.encode", "from seqcnn.image import files", "seqcnn.image, which is not below"),
    ("image.files", "from seqcnn.seq import encode", "seqcnn.seq.encode, which is not below"),
    ("stats.fdr", "from seqcnn.data import split", "seqcnn.data, which is not below"),
    ("stats.fdr", "from seqcnn import discover", "imports the facade seqcnn"),
    ("stats.fdr", "import seqcnn", "imports the facade seqcnn"),
    ("cli.app", "from seqcnn.__main__ import main", "imports the facade seqcnn.__main__"),
    ("training.losses", "from seqcnn.training import loop", "cycle: "),
    ("training.losses", "def f():\n    from .loop import fit", "cycle: "),
    ("nn.conv", "from seqcnn.nn.conv import conv", "cycle: "),
    ("seq.io.fasta", "import jax", "seqcnn.seq.io.fasta -> jax"),
    ("seq.io.fasta", "from flax import nnx", "seqcnn.seq.io.fasta -> flax"),
    ("seq.io.fasta", "def f():\n    import optax.losses", "seqcnn.seq.io.fasta -> optax"),
    ("seq.io.fasta", "from ..encode import one_hot", "seqcnn.seq.encode -> jax"),
    ("seq.record", "from seqcnn.nn import conv", "seqcnn.seq.record -> seqcnn.nn.conv -> jax"),
    ("seq.__init__", "from seqcnn.seq import encode", "seqcnn.seq -> seqcnn.seq.encode -> jax"),
    ("motifs.motif", "from seqcnn.motifs import scan", "seqcnn.motifs.scan -> jax"),
    ("__init__", "from seqcnn.training import loop", "seqcnn -> seqcnn.training.loop -> jax"),
    ("train", "", "train bears the name of a public function"),
    ("scan.__init__", "", "scan bears the name of a public function"),
    ("utils.__init__", "", "utils is in no row"),
]


def build(root: Path, sources: dict[str, str]) -> Path:
    for name, source in sources.items():
        path = root.joinpath("seqcnn", *name.split(".")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source + "\n")
    return root / "seqcnn"


def test_a_sound_house_is_found_sound(tmp_path):
    assert violations(build(tmp_path, SOUND), ["train", "scan"]) == []


@pytest.mark.parametrize(("module", "line", "complaint"), BROKEN)
def test_every_kind_of_violation_is_found(tmp_path, module, line, complaint):
    broken = {**SOUND, module: f"{SOUND.get(module, '')}\n{line}"}
    found = violations(build(tmp_path, broken), ["train", "scan"])
    assert any(complaint in text for text in found), found
