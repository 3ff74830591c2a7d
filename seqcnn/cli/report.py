"""``seqcnn report``: the page of a run, rendered again."""

from pathlib import Path

import rich_click as click

from seqcnn.cli.options import common

EXAMPLES = ("Example:", "seqcnn report peaks_seqcnn")


@click.command(name="report", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="File to write; by default report.html in RUN, which is replaced.",
)
@common
def command(run: Path, out: Path | None, *, seed: int, quiet: bool, debug: bool) -> None:
    """Render the report of RUN again, the output folder of discover.

    It is made from report.json.gz of the folder: by the version that wrote it, the page is the same
    to the byte.
    """
    from seqcnn.report.html import CONTENT, read_content, render_content
    from seqcnn.seq.io.files import atomic_write

    target = out or run / "report.html"
    page = render_content(read_content(run / CONTENT))
    with atomic_write(target) as handle:
        handle.write(page)
    if not quiet:
        click.echo(f"Report: {target}", err=True)
