"""How to make a run again, and how to cite it."""

import shlex
from typing import Any

from seqcnn.report.record import RunRecord

USUAL: dict[str, Any] = {
    "mask": "none", "effort": "usual", "sites": "anr", "dims": 1, "min_width": 4, "max_width": 40,
    "e_value": 0.05,
}  # fmt: skip
"""Values that need not be said."""

EFFORT = "effort"

JASPAR = (
    "Ovek Baydar D, Rauluseviciute I, Aronsen DR, et al. JASPAR 2026: expansion of transcription "
    "factor binding profiles and integration of deep learning models. Nucleic Acids Research 2026; "
    "54(D1):D184-D193. doi:10.1093/nar/gkaf1209 (known motifs, CC BY 4.0)."
)


def command_line(record: RunRecord) -> str | None:
    """Write the command that makes the same run; None for one that was made in Python.

    Parameters
    ----------
    record
        How the run was called.

    Examples
    --------
    >>> from datetime import datetime
    >>> record = RunRecord("discover", {"positives": "a b.fa", "seed": 0}, [], datetime.now())
    >>> command_line(record)
    "seqcnn discover 'a b.fa' --seed 0"
    """
    arguments = dict(record.arguments)
    positives = arguments.pop("positives", None)
    if record.command != "discover" or positives is None:
        return None
    words = ["seqcnn", "discover", str(positives)]
    if arguments.get(EFFORT) in ("quick", "thorough"):
        words.append(f"--{arguments[EFFORT]}")
    for name, value in arguments.items():
        if value is None or value is False or name == EFFORT or USUAL.get(name) == value:
            continue
        option = {"database": "db"}.get(name, name).replace("_", "-")
        words += [f"--{option}"] if value is True else [f"--{option}", str(value)]
    if str(positives).startswith("-") and positives != "-":
        words = [*words[:2], *words[3:], "--", str(positives)]
    return shlex.join(words)


def citation(version: str, database: str | None) -> list[str]:
    """Say what to cite.

    Parameters
    ----------
    version
        Of this package.
    database
        Known motifs that were tested, if any.
    """
    lines = [
        f"The seqcnn developers. seqcnn: motif finding in DNA, RNA and protein with convolutional "
        f"networks, version {version} (CITATION.cff of the source)."
    ]
    if database is not None and database.startswith("jaspar"):
        lines.append(JASPAR)
    return lines
