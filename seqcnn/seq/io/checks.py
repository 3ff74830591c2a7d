"""Judge sequences that were read: refuse what teaches nothing, remark on what is odd."""

import logging
from pathlib import Path

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.seq.io.headers import shown
from seqcnn.seq.names import Names
from seqcnn.seq.record import SequenceSet

_log = logging.getLogger(__name__)

_SHORTEST_USEFUL = 3
_SHORT = 4


def check_sequences(sequences: SequenceSet, path: str | Path, remarks: list[str]) -> None:
    """Look at ids, lengths and ambiguity codes.

    Parameters
    ----------
    sequences
        One or more sequences, none empty.
    path
        Where they come from, for messages.
    remarks
        Gets one sentence for each kind of oddity found.

    Raises
    ------
    SeqcnnError
        No sequence has three letters, or none has a letter that tells anything.
    """
    _check_repeats(sequences, remarks)
    alphabet, lengths = sequences.alphabet, sequences.lengths
    if lengths.max() < _SHORTEST_USEFUL:
        raise SeqcnnError(
            f"too short: no sequence has {_SHORTEST_USEFUL} or more letters", path=path
        )
    short = np.count_nonzero(lengths < _SHORT)
    if short and lengths.min() < lengths.max():
        remarks.append(
            f"sequences with fewer than {_SHORT} letters: {short:,} of {len(lengths):,} "
            f"(lengths {lengths.min():,} to {lengths.max():,})"
        )
    if sequences.codes.max() >= alphabet.size:
        count = np.count_nonzero(sequences.codes >= alphabet.size)
        _log.info("ambiguity codes read as equal shares: %s letters", f"{count:,}")
        _check_unknown(sequences, path, remarks)


def _check_repeats(sequences: SequenceSet, remarks: list[str]) -> None:
    """Remark on ids that name several sequences; whole records that repeat are only logged."""
    ids = sequences.ids
    # much less time than a set, and two ids that share a hash by chance do no harm below
    if isinstance(ids, Names):
        hashes = np.sort(ids.hashes())
    else:
        hashes = np.sort(np.fromiter(map(hash, ids), np.int64, len(ids)))
    if (hashes[1:] != hashes[:-1]).all():
        return
    first_of: dict[str, int] = {}
    earlier = [first_of.setdefault(name, i) for i, name in enumerate(ids)]
    repeats = [(i, j) for i, j in enumerate(earlier) if i != j]
    unlike = [i for i, j in repeats if not np.array_equal(sequences[i], sequences[j])]
    if unlike:
        remarks.append(
            f"records with an earlier record's id, but other letters: {len(unlike):,}, "
            f"first {shown(ids[unlike[0]])}; all kept"
        )
    if len(repeats) > len(unlike):
        _log.info("records that repeat an earlier one: %s", f"{len(repeats) - len(unlike):,}")


def _check_unknown(sequences: SequenceSet, path: str | Path, remarks: list[str]) -> None:
    """Count letters that tell nothing: those that stand for all letters, and stops for none."""
    alphabet = sequences.alphabet
    is_silent = np.zeros(len(sequences.codes), bool)
    for code in range(alphabet.size, len(alphabet.symbols)):
        if np.ptp(alphabet.shares[code]) == 0:
            is_silent |= sequences.codes == code
    unknown = np.add.reduceat(is_silent, sequences.offsets[:-1], dtype=np.int64)
    if (unknown == sequences.lengths).all():
        raise SeqcnnError(
            f"no informative letter: every sequence is all {alphabet.unknown}", path=path
        )
    poor = np.count_nonzero(2 * unknown > sequences.lengths)
    if poor:
        remarks.append(
            f"sequences with more than half unknown letters ({alphabet.unknown}): "
            f"{poor:,} of {len(sequences):,}"
        )
