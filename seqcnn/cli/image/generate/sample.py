"""``seqcnn image generate sample``: draw pictures."""

import logging
from typing import Any

import rich_click as click

from seqcnn.cli.folder import check_folder, filled_folder
from seqcnn.cli.models import GENERATE, check_command
from seqcnn.cli.options import common, prepare_jax
from seqcnn.errors import SeqcnnError

logger = logging.getLogger(__name__)


@click.command(name="sample", no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.option("-o", "--out", required=True, metavar="DIR", help="Folder to write.")
@click.option("-n", "number", type=click.IntRange(1, 10_000), default=8, show_default=True,
              help="Pictures of each class.")  # fmt: skip
@click.option("--class", "wanted", multiple=True, metavar="NAME", help="Draw this class only. May "
              "be given several times.")  # fmt: skip
@click.option("--force", is_flag=True, help="Write into a folder that is not empty.")
@common
def command(
    model: str, out: str, *, number: int, wanted: tuple[str, ...], force: bool, seed: int, **_: Any
) -> None:
    """Draw pictures with MODEL, a folder that `seqcnn image generate train` wrote.

    DIR receives each picture (CLASS_NUMBER.png), samples.tsv with the class of each, and sheet.png,
    a row for each class.
    """
    check_folder(out, force=force)
    prepare_jax()
    import numpy as np

    from seqcnn.image.files import write_image
    from seqcnn.image.gallery import sample_sheet
    from seqcnn.networks.generate.draw import draw
    from seqcnn.networks.weights import load_model
    from seqcnn.report.tables import write_table

    loaded = load_model(model)
    check_command(loaded, model, GENERATE)
    classes = loaded.extra["classes"]
    unknown = [name for name in wanted if name not in classes]
    if unknown:
        raise SeqcnnError(f"there is no class {unknown[0]!r}: choose from {', '.join(classes)}")
    numbers = [i for i, name in enumerate(classes) if not wanted or name in wanted]
    labels = np.repeat(numbers, number)
    pictures = draw(loaded.members[0].network, labels, seed)
    rows = []
    with filled_folder(out, force=force) as folder:
        for place, (label, picture) in enumerate(zip(labels.tolist(), pictures, strict=True)):
            name = f"{_file_name(classes[label])}_{place % number + 1:04d}.png"
            write_image(folder / name, picture)
            rows.append([name, classes[label]])
        write_table(folder / "samples.tsv", ["file", "class"], rows)
        write_image(folder / "sheet.png", sample_sheet(pictures, columns=min(number, 20)))
    logger.info("drew %d pictures into %s", len(pictures), out)


def _file_name(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_." else "_" for c in name)
