"""``seqcnn predict``: score sequences with a model."""

from functools import partial
from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.models import check_reads_sequences
from seqcnn.cli.options import common, not_the_input, prepare_jax, sequences
from seqcnn.cli.places import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from seqcnn.networks.weights import Model
    from seqcnn.seq.record import SequenceSet

EXAMPLES = (
    "Examples:",
    "seqcnn predict model new.fa -o predictions.tsv",
    "seqcnn predict peaks_seqcnn/model others.fa.gz --prevalence 0.01",
)


@click.command(name="predict", no_args_is_help=True, epilog="\n\n".join(EXAMPLES))
@click.argument("model", metavar="MODEL")
@click.argument("fasta", metavar="SEQUENCES")
@click.option("-o", "--out", default="-", help="TSV file to write; standard output by "
              "default. Of a model of positions bedGraph, or BED of the sites if it ends with "
              ".bed.")  # fmt: skip
@click.option(
    "--prevalence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    help="Share of positives among SEQUENCES; by default probabilities are for that of the data "
    "that MODEL was trained on.",
)
@click.option("--profiles", metavar="FILE.npz", help="Where to write the shares of positions, for "
              "a model of profiles: ids, and shares (sequences, positions, tracks).")  # fmt: skip
@partial(sequences, unsaid="by default those of MODEL.")
@common
def command(
    model: str,
    fasta: str,
    out: str,
    *,
    prevalence: float | None,
    profiles: str | None,
    alphabet: str | None,
    mask: str,
    places: Places,
    **_: Any,
) -> None:
    """Write the probability that each of SEQUENCES belongs to the foreground of MODEL.

    MODEL is a folder that `seqcnn train` wrote, or the folder `model` of a run of `seqcnn
    discover`. A model of several tasks or classes gives a column for each, one of numbers or counts
    gives these, one of profiles the expected total of each track. One of positions (--task
    per-base) gives the probability that each letter lies in a site.

    SEQUENCES are FASTA, FASTQ, a table with a column "sequence", or intervals with --genome.
    """
    not_the_input(out, *places.files(fasta))
    prepare_jax()
    from seqcnn.networks.weights import load_model
    from seqcnn.report.tables import write_table
    from seqcnn.training.predict import predict, predict_profiles, target_of

    loaded = load_model(model)
    check_reads_sequences(loaded, model)
    # intervals are read as those were that the networks have seen
    strand = loaded.members[0].options.get("strand")
    scored = places.read(fasta, alphabet=alphabet or loaded.alphabet, mask=mask, strand=strand)
    if target_of(loaded).kind == "per-base":
        return _write_positions(out, loaded, scored)
    if profiles is not None:
        predicted, shares = predict_profiles(loaded, scored)
        _write_profiles(profiles, scored.ids, shares)
    else:
        predicted = predict(loaded, scored, prevalence=prevalence).reshape(len(scored), -1)
    rows = (
        [name, *(f"{value:.6g}" for value in values)]
        for name, values in zip(scored.ids, predicted.tolist(), strict=True)
    )
    write_table(out, ["id", *target_of(loaded).names], rows)


def _write_positions(out: str, model: "Model", sequences: "SequenceSet") -> None:
    from seqcnn.seq.io.bedgraph import write_bedgraph, write_called
    from seqcnn.seq.site_masks import homes_of
    from seqcnn.training.predict import predict_positions

    write = write_called if out.endswith((".bed", ".bed.gz")) else write_bedgraph
    found = predict_positions(model, sequences)
    write(out, homes_of(sequences), [values[:, 0] for values in found])


def _write_profiles(path: str, ids: "Sequence[str]", shares: "np.ndarray") -> None:
    import numpy as np

    from seqcnn.seq.io.files import atomic_write

    with atomic_write(path, "wb") as handle:
        np.savez(handle, ids=np.array(ids, dtype=np.str_), shares=shares)
