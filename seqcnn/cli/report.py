"""``seqcnn report``: the page of a run, rendered again."""

from pathlib import Path

import rich_click as click

from seqcnn.cli.options import common

EXAMPLES = (
    "Examples:",
    "seqcnn report peaks_seqcnn",
    "seqcnn report first_seqcnn second_seqcnn -o both.html",
)


@click.command(name="report", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("runs", metavar="RUN...", nargs=-1, required=True,
                type=click.Path(path_type=Path))  # fmt: skip
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    help="File to write; by default report.html in RUN, which is replaced, and of several RUNs "
    "runs_compared.html.",
)
@common
def command(
    runs: tuple[Path, ...], out: Path | None, *, seed: int, quiet: bool, debug: bool
) -> None:
    """Render the page of RUN again, a folder of a command that writes one; or compare runs.

    It is made from report.json.gz of the folder: by the version that wrote it, the page is the same
    to the byte. Without --out the record of the folder follows, so that `seqcnn verify` agrees.
    Of several RUNs of discover, a page sets their motifs side by side: like ones share a row.
    """
    from seqcnn.report.finish import render_page

    if len(runs) > 1:
        target = _compare(runs, out or Path("runs_compared.html"))
    else:
        target = render_page(Path(*runs), out)
    if not quiet:
        click.echo(f"Report: {target}", err=True)


def _compare(runs: tuple[Path, ...], target: Path) -> Path:
    from seqcnn.report.runs import render_comparison
    from seqcnn.seq.io.files import atomic_write

    page = render_comparison(runs)
    with atomic_write(target) as handle:
        handle.write(page)
    return target
