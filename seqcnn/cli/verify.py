"""``seqcnn verify``: the files of a run against their checksums."""

from pathlib import Path

import rich_click as click

from seqcnn.cli.options import common
from seqcnn.errors import SeqcnnError

EXAMPLES = ("Example:", "seqcnn verify peaks_seqcnn")


@click.command(name="verify", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@common
def command(run: Path, *, seed: int, quiet: bool, debug: bool) -> None:
    """Check the files of RUN, a folder with a report, against the checksums in its run.json.

    Exit code 0 if all are as they were written, 2 if one is changed, missing or new; each such file
    is a line on stdout.
    """
    from seqcnn.report.checksums import verify

    found = verify(run)
    for line in found:
        click.echo("".join(c if c.isprintable() else "?" for c in line))
    if found:
        raise SeqcnnError(f"{len(found)} of the files are not as the run wrote them", path=run)
    if not quiet:
        click.echo("All files are as the run wrote them.", err=True)
