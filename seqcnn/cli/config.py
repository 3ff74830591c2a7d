"""``--config FILE.toml``: options from a file; those on the command line win over it."""

import difflib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import rich_click as click
from click.types import IntParamType

from seqcnn.errors import SeqcnnError

SPOKEN = frozenset({"config", "dry-run", "quiet", "json", "debug", "help"})
"""Options that are about one call, not about what is computed: for the command line only."""

TABLES = ("discover", "train")
"""Commands that take a file; a file may have a table for each."""


def configurable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add ``--config`` and ``--dry-run``; the latter arrives as `dry_run`."""
    for option in (
        click.option(
            "--dry-run", is_flag=True,
            help="Read and check everything, say what would be done, and write nothing.",
        ),
        click.option(
            "--config", metavar="FILE", is_eager=True, expose_value=False, callback=_apply,
            type=click.Path(path_type=Path),
            help='TOML file of options, such as window = 100, and sequences = "peaks.fa"; those on '
            "the command line win. A table [discover] or [train] holds the options of one command.",
        ),
    ):  # fmt: skip
        function = option(function)
    return function


def read_config(path: Path, command: click.Command) -> dict[str, Any]:
    """Read the options of a command from a file.

    Parameters
    ----------
    path
        TOML: names of options without their dashes, ``-`` or ``_`` between words.
    command
        Whose options they are; a table of that name goes before the top of the file.

    Returns
    -------
    dict
        Values by the names that click has for the parameters.

    Raises
    ------
    SeqcnnError
        The file cannot be read, is no TOML, or has a key that is no option, or a value of the
        wrong kind.
    """
    known = {name: parameter for parameter in command.params for name in _names_of(parameter)}
    found = {}
    for key, value in _content(path, str(command.name)).items():
        name = key.replace("_", "-")
        if name in SPOKEN:
            raise SeqcnnError(f"`{key}` is for the command line only: leave it out", path=path)
        if name not in known:
            raise SeqcnnError(
                f"`{key}` is no option of {command.name}{_near(name, known)}", path=path
            )
        target = str(known[name].name)
        if target in found:
            raise SeqcnnError(f"`{key}` is there twice, under two spellings", path=path)
        found[target] = _checked(key, value, known[name], path)
    return found


def _apply(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> None:
    if value is not None:
        ctx.default_map = read_config(value, ctx.command)


def _content(path: Path, command: str) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SeqcnnError(f"cannot read it: {error.strerror}", path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SeqcnnError(f"is no TOML file: {error}", path=path) from error
    tables = {key for key, value in content.items() if isinstance(value, dict)}
    if not tables:
        return content
    strange = sorted(tables - set(TABLES)) or sorted(set(content) - tables)
    if strange:
        raise SeqcnnError(
            f"`{strange[0]}` is no table of a command: options stand all at the top, or all in "
            f"tables called {' and '.join(f'[{name}]' for name in TABLES)}",
            path=path,
        )
    return content.get(command, {})


def _names_of(parameter: click.Parameter) -> list[str]:
    if isinstance(parameter, click.Argument):
        return ["sequences"]
    return [option.lstrip("-") for option in parameter.opts if option.startswith("--")]


def _near(name: str, known: dict[str, Any]) -> str:
    near = difflib.get_close_matches(name, [key for key in known if key not in SPOKEN], 1)
    return f": is {near[0]} meant?" if near else ": seqcnn COMMAND --help lists them"


def _checked(key: str, value: Any, parameter: click.Parameter, path: Path) -> Any:
    """Refuse what click would read as something else."""
    several = parameter.multiple if isinstance(parameter, click.Option) else parameter.nargs == -1
    if isinstance(parameter, click.Option) and parameter.is_flag:
        wanted, right = "true or false", isinstance(value, bool)
    elif several:
        value = [value] if isinstance(value, str) else value
        wanted = "a text or a list of texts"
        right = isinstance(value, list) and all(isinstance(one, str) for one in value)
    else:
        wanted = "a number or a text"
        right = isinstance(value, str | int | float) and not isinstance(value, bool)
        if isinstance(value, float) and isinstance(parameter.type, IntParamType):
            # click would cut off what is behind the point
            wanted, right = "a whole number", value.is_integer()
    if not right:
        raise SeqcnnError(f"`{key}` is {value!r}, it must be {wanted}", path=path)
    return value
