"""Models that are named on the command line: which command each of them is for."""

from pathlib import Path
from typing import TYPE_CHECKING

from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.networks.weights import Model

UPRIGHT, SEGMENT, GENERATE, CLASSIFY = (
    "image upright apply",
    "image segment predict",
    "image generate sample",
    "image predict",
)
"""Commands for models that read or make pictures."""


def command_of(model: "Model") -> str:
    """Tell which command uses a model: one of the four above, or ``"predict"``."""
    from seqcnn.training.predict import target_of
    from seqcnn.training.targets import SEGMENTATION
    from seqcnn.training.upright import UPRIGHT as SINE_AND_COSINE

    if model.extra.get("generates"):
        return GENERATE
    target = target_of(model)
    if target.kind == SEGMENTATION:
        return SEGMENT
    # numbers of that name from a table belong to a fold
    if target.names == SINE_AND_COSINE.names and "fold" not in model.members[0].extra:
        return UPRIGHT
    return CLASSIFY if "shape" in model.extra else "predict"


def check_command(model: "Model", path: str | Path, command: str) -> None:
    """Refuse a model of another command.

    Raises
    ------
    SeqcnnError
        It says which command the model is for.
    """
    known = command_of(model)
    if known != command:
        raise SeqcnnError(f"this model is for `seqcnn {known}`, not for `{command}`", path=path)


def check_reads_sequences(model: "Model", path: str | Path) -> None:
    """Refuse a model that reads, or makes, pictures only.

    Raises
    ------
    SeqcnnError
        It says which command the model is for.
    """
    if model.alphabet is None and (known := command_of(model)) != "predict":
        raise SeqcnnError(
            f"this model knows pictures, not sequences: it is for `seqcnn {known}`", path=path
        )
