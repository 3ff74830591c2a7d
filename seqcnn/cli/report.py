"""``seqcnn report``: the page of a run, rendered again."""

from pathlib import Path

import rich_click as click

from seqcnn.cli.options import common


@click.command(name="report", no_args_is_help=True, epilog="Example: seqcnn report peaks_seqcnn")
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="File to write; by default report.html in RUN, which is replaced.",
)
@common
def command(run: Path, out: Path | None, *, seed: int, quiet: bool, debug: bool) -> None:
    """Render the page of RUN again, the output folder of a command that writes one.

    It is made from report.json.gz of the folder: by the version that wrote it, the page is the same
    to the byte. Without --out the record of the folder follows, so that `seqcnn verify` agrees.
    """
    from seqcnn.report.finish import render_page

    target = render_page(run, out)
    if not quiet:
        click.echo(f"Report: {target}", err=True)
