"""A progress bar on stderr, on a terminal only; with --json lines instead."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from seqcnn.cli import stop
from seqcnn.cli.speech import ProgressLines, speech


@contextmanager
def progress_bar(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Give a function that is told what is being done and which share is done.

    It raises where a signal has asked the run to end.
    """
    if speech().as_json and not quiet:
        lines = ProgressLines()

        def tell(what: str, share: float) -> None:
            stop.check()
            lines.tell(what, share)

        yield tell
        return
    if quiet or not sys.stderr.isatty():
        yield lambda what, share: stop.check()
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)

        def show(what: str, share: float) -> None:
            stop.check()
            bar.update(task, description=what, completed=share)

        yield show
