"""Pages of the documentation that are made of the package itself: a hook of mkdocs.

Commands are read from the command line's own options, API pages from docstrings, measurements from
`benchmarks/results`, examples and notebooks from their files, so that no page can fall behind.
Links of pages to files of the repository lead to the page that was made of the file.
"""

import importlib
import json
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

ROOMS = {
    "discovery": "FASTA to motifs.",
    "explain": "What a network goes by.",
    "networks": "Networks, and weights for them.",
    "motifs": "Matrices, scans, comparison, files.",
    "training": "Losses, the loop, calibration.",
    "seq": "Letters become arrays.",
    "image": "Pixels become arrays.",
    "nn": "Layers.",
    "data": "Data sets and splits.",
    "stats": "Tests, intervals, log-space numbers.",
    "reference": "The layers again, in plain NumPy.",
    "report": "Results become files that people read.",
}
"""Rooms with a page, and what lives there."""

WHOLE = {"changelog.md": "CHANGELOG.md", "contributing.md": "CONTRIBUTING.md",
         "pipelines.md": "integrations/README.md"}  # fmt: skip
"""Pages that are a file of the repository."""

LINK = re.compile(r"(!?)\[([^\]\n]*)\]\(([^)\s]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made."""
    for path, content in made_pages():
        files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to files of the repository to the pages that are made of them."""
    folder = home_of(page.file.src_uri)
    return LINK.sub(lambda m: _linked(m, folder, page.file.src_uri, files), markdown)


def home_of(page: str) -> str:
    """Say in which folder of the repository the source of a page lies."""
    if page in WHOLE:
        return posixpath.dirname(WHOLE[page])
    if page.startswith("benchmarks/"):
        return "benchmarks/results"
    return posixpath.join("docs", posixpath.dirname(page))


def page_of(path: str) -> str | None:
    """Name the page that is made of a file of the repository; None if none is.

    Examples
    --------
    >>> page_of("seqcnn/nn/pool.py")
    'api/nn.md#seqcnn.nn.pool'
    >>> page_of("benchmarks/results/discovery.md")
    'benchmarks/discovery.md'
    """
    whole = {source: page for page, source in WHOLE.items()}
    parts = path.split("/")
    if path in whole:
        return whole[path]
    if path == "benchmarks/results":
        return "benchmarks/index.md"
    if path.startswith("benchmarks/results/"):
        return f"benchmarks/{parts[-1]}"
    if parts[0] == "examples" and path.endswith(".py"):
        return f"examples/{parts[-1][:-3]}.md"
    if path.endswith(".ipynb"):
        return f"notebooks/{parts[-1][:-6]}.md"
    if parts[0] == "docs":
        return "/".join(parts[1:])
    if parts[0] == "seqcnn" and len(parts) > 2 and parts[1] in ROOMS and path.endswith(".py"):
        module = ".".join(parts)[:-3].removesuffix(".__init__")
        return f"api/{parts[1]}.md#{module}"
    return None


def made_pages() -> Iterator[tuple[str, str]]:
    """Give the path and the Markdown of each page that is made."""
    for page, source in WHOLE.items():
        yield page, (ROOT / source).read_text()
    yield "commands.md", commands_page()
    yield "api/index.md", facade_page()
    for room in ROOMS:
        yield f"api/{room}.md", room_page(room)
    results = sorted((ROOT / "benchmarks" / "results").glob("*.md"))
    yield "benchmarks/index.md", results_page(results)
    for path in results:
        text = path.read_text()
        title = "" if text.startswith("# ") else f"# {_words(path.stem)}\n\n"
        yield f"benchmarks/{path.name}", title + text
    for path in sorted((ROOT / "examples").glob("*.py")):
        yield f"examples/{path.stem}.md", example_page(path)
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        yield f"notebooks/{path.stem}.md", notebook_page(path)


def commands_page() -> str:
    """Write the manual of all commands, from their own options."""
    from seqcnn.cli.main import COMMANDS

    pieces = ["# Commands", "Made of what `seqcnn COMMAND --help` says.", ""]
    for name in COMMANDS:
        module = importlib.import_module(f"seqcnn.cli.{name.replace('-', '_')}")
        pieces += _command(module.command, f"seqcnn {name}", getattr(module, "EXAMPLES", ()), 2)
    return "\n".join(pieces)


def _command(command: Any, path: str, examples: tuple[str, ...], level: int) -> list[str]:
    lines = [f"{'#' * level} {path}", ""]
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    names = " ".join(p.make_metavar(_context(command)) for p in arguments)
    lines += ["```text", f"{path} [OPTIONS] {names}".rstrip(), "```", ""]
    lines += [_plain(command.help or ""), ""]
    shown = [line for line in examples if line.startswith("seqcnn")]
    if shown:
        lines += ["```sh", *shown, "```", ""]
    if options:
        lines += ["| option | what it does |", "|---|---|"]
        lines += [f"| {_names(p)} | {_cell(_explained(p))} |" for p in options]
        lines.append("")
    children = getattr(command, "list_commands", None)
    if children is not None:
        for name in children(_context(command)):
            child = _child(command, name)
            lines += _command(child, f"{path} {name}", (), level + 1)
    return lines


def _context(command: Any) -> Any:
    import click

    return click.Context(command)


def _child(group: Any, name: str) -> Any:
    if getattr(group, "package", ""):
        return importlib.import_module(f"{group.package}.{name.replace('-', '_')}").command
    return group.get_command(_context(group), name)


def _names(option: Any) -> str:
    return ", ".join(f"`{name}`" for name in option.opts)


def _explained(option: Any) -> str:
    import click

    text = option.help or ""
    if isinstance(option.type, click.Choice):
        text += f" One of {', '.join(f'`{c}`' for c in option.type.choices)}."
    if option.show_default and option.default is not None and not option.is_flag:
        text += f" Default: `{option.default}`."
    return text


def _cell(text: str) -> str:
    return _plain(text).replace("|", "\\|").replace("\n", " ")


def _plain(text: str) -> str:
    """Markdown of a help text: its angle brackets are no HTML."""
    return text.replace("<", "&lt;").replace("\f", "")


def facade_page() -> str:
    """Write the page of the public names."""
    import seqcnn

    names = sorted(seqcnn.__all__)
    table = "\n".join(f"- [`seqcnn.{n}`](#{_home(n)})" for n in names)
    rooms = "\n".join(f"- [`seqcnn.{room}`]({room}.md): {what}" for room, what in ROOMS.items())
    docs = "\n\n".join(f"::: {_home(n)}\n    options:\n      heading_level: 3" for n in names)
    return (
        f"# Python\n\n`import seqcnn` gives these names; they are loaded when first used.\n\n"
        f"{table}\n\nEverything else lives in rooms, one page each:\n\n{rooms}\n\n"
        f"## The public names\n\n{docs}\n"
    )


def _home(name: str) -> str:
    import seqcnn

    thing = getattr(seqcnn, name)
    return f"{thing.__module__}.{thing.__name__}"


def room_page(room: str) -> str:
    """Write the page of a room: each of its modules, in alphabetical order."""
    folder = ROOT / "seqcnn" / room
    pieces = [f"# seqcnn.{room}\n\n{ROOMS[room]}\n"]
    for path in sorted(folder.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] == "__init__":
            parts = parts[:-1]
        if len(parts) > 2:
            pieces.append(f"::: {'.'.join(parts)}\n")
    return "\n".join(pieces)


def results_page(paths: list[Path]) -> str:
    """List the files of measurements."""
    rows = []
    for path in paths:
        first = path.read_text().splitlines()[0]
        title = first.removeprefix("# ") if first.startswith("# ") else _words(path.stem)
        rows.append(f"- [{title}]({path.name})")
    return (
        "# Measurements\n\nEach page is what a script in `benchmarks/` printed, with the command "
        "that makes it again and the machine that it ran on.\n\n" + "\n".join(rows) + "\n"
    )


def example_page(path: Path) -> str:
    """Show an example."""
    return (
        f"# {_words(path.stem)}\n\n`python examples/{path.name} out` writes to `out/`.\n\n"
        f"```python\n{path.read_text()}```\n"
    )


def notebook_page(path: Path) -> str:
    """Write a notebook as Markdown, with what its cells gave."""
    pieces = []
    for cell in json.loads(path.read_text())["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            pieces.append(source)
            continue
        pieces.append(f"```python\n{source}\n```")
        pieces += [_output(output) for output in cell.get("outputs", ())]
    note = f"*The notebook is `docs/notebooks/{path.name}`.*"
    return "\n\n".join([*pieces[:1], note, *pieces[1:]]) + "\n"


def _output(output: dict[str, Any]) -> str:
    data = output.get("data", {})
    for kind in ("text/html", "image/svg+xml"):
        if kind in data:
            content = "".join(data[kind])
            return f'<div class="output">{" ".join(content.split(chr(10)))}</div>'
    if "image/png" in data:
        encoded = "".join(data["image/png"]).replace("\n", "")
        return f'<img alt="what the cell drew" src="data:image/png;base64,{encoded}">'
    text = "".join(output.get("text", data.get("text/plain", "")))
    return f"```text\n{text.rstrip()}\n```" if text else ""


def _words(stem: str) -> str:
    words = stem.replace("_", " ")
    return words[0].upper() + words[1:]


def _linked(match: re.Match[str], folder: str, page: str, files: Files) -> str:
    image, text, target = match.groups()
    if "://" in target or target.startswith(("#", "mailto:", "data:")):
        return match[0]
    path, _, anchor = target.partition("#")
    inside = posixpath.normpath(posixpath.join(folder, path))
    made = page_of(inside)
    if made is not None and files.get_file_from_path(made.partition("#")[0]) is not None:
        relative = posixpath.relpath(made, posixpath.dirname(page) or ".")
        return f"{image}[{text}]({relative}{'#' + anchor if anchor else ''})"
    if made is None and (ROOT / inside).exists():
        return text if text.startswith("`") else f"`{text}`"
    return match[0]
