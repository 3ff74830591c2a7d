"""``seqcnn image predict``: classify pictures, or predict their numbers."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.models import CLASSIFY, check_command
from seqcnn.cli.options import common, not_the_input, prepare_jax

if TYPE_CHECKING:
    from seqcnn.image.record import PictureSet


@click.command(name="predict", no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.argument("sources", metavar="PICTURES...", nargs=-1, required=True)
@click.option("-o", "--out", default="-", help="TSV file to write; standard output by default.")
@click.option(
    "--fit", type=click.Choice(["stretch", "crop", "pad"]), default="stretch", show_default=True,
    help="How pictures come to the size that MODEL reads.",
)  # fmt: skip
@common
def command(model: str, sources: tuple[str, ...], out: str, *, fit: str, **_: Any) -> None:
    """Write the class of each of PICTURES, and the probability of every class.

    MODEL is a folder that `seqcnn image train` wrote. PICTURES are files, or one folder, NPZ, NPY
    or IDX; they are resized to what MODEL reads. The table has the columns file, label, and one for
    each class. Of yes and no (labels 0 and 1, --task binary) it has the columns file and the
    probability, under the name of the label; of numbers file and one for each number.
    """
    not_the_input(out, *sources)
    prepare_jax()
    from seqcnn.networks.weights import load_model
    from seqcnn.report.tables import write_table
    from seqcnn.training.pictures import predict_pictures
    from seqcnn.training.predict import target_of

    loaded = load_model(model)
    target = target_of(loaded)
    check_command(loaded, model, CLASSIFY)
    read = read_as(sources, tuple(loaded.extra["shape"]), fit)
    scores = predict_pictures(loaded, read.x)
    several = target.kind == "multiclass"
    rows = (
        [name, *([target.names[int(values.argmax())]] if several else []), *map(_shown, values)]
        for name, values in zip(read.ids, scores, strict=True)
    )
    write_table(out, ["file", *(["label"] if several else []), *target.names], rows)


def read_as(sources: tuple[str, ...], shape: tuple[int, ...], fit: Any) -> "PictureSet":
    """Read pictures in the extents and channels that a model takes."""
    from seqcnn.image.sources import read_pictures

    size = (shape[0], shape[1]) if len(shape) == 3 else None
    source = sources[0] if len(sources) == 1 else sources
    channels = shape[-1] if shape[-1] in (1, 3) else None
    return read_pictures(source, size=size, fit=fit, channels=channels)


def _shown(value: float) -> str:
    return f"{value:.6g}"
