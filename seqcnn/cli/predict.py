"""``seqcnn predict``: score sequences with a model."""

from typing import Any

import rich_click as click

from seqcnn.cli.options import common, not_the_input, prepare_jax, sequences
from seqcnn.cli.places import Places


@click.command(name="predict", no_args_is_help=True)
@click.argument("model", metavar="MODEL")
@click.argument("fasta", metavar="SEQUENCES")
@click.option("-o", "--out", default="-", help="TSV file to write; standard output by default.")
@sequences
@common
def command(
    model: str,
    fasta: str,
    out: str,
    *,
    alphabet: str | None,
    mask: str,
    places: Places,
    **_: Any,
) -> None:
    """Write the probability that each of SEQUENCES belongs to the foreground of MODEL.

    MODEL is the folder `model` of a run of `seqcnn discover`.
    """
    not_the_input(out, *places.files(fasta))
    prepare_jax()
    from seqcnn.networks.weights import load_model
    from seqcnn.report.tables import write_table
    from seqcnn.training.predict import predict

    loaded = load_model(model)
    # intervals are read as those were that the networks have seen
    strand = loaded.members[0].options.get("strand")
    scored = places.read(fasta, alphabet=alphabet or loaded.alphabet, mask=mask, strand=strand)
    probabilities = predict(loaded, scored)
    rows = ([name, f"{p:.6g}"] for name, p in zip(scored.ids, probabilities, strict=True))
    write_table(out, ["id", "probability"], rows)
