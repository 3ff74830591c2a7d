"""Attributions in files: NPZ, HDF5 and TSV, and bedGraph and bigWig for browsers."""

import importlib
import io
import os
from collections.abc import Collection, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.attributions import Attributions
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.intervals import Interval, parse_interval
from seqcnn.seq.io.files import atomic_write
from seqcnn.seq.record import SequenceSet

WITHOUT = ("saliency", "smoothgrad")
"""Methods that say nothing of what absent letters would contribute."""


def check_formats(formats: Collection[str], method: str, sequences: SequenceSet) -> None:
    """Refuse what could not be written, before any work is done.

    Parameters
    ----------
    formats
        ``"tsv"``, ``"hdf5"``, ``"bedgraph"``, ``"bigwig"``, ``"modisco"``.
    method
        By which attributions will be found.
    sequences
        Of which.

    Raises
    ------
    SeqcnnError
        As for the functions that write.
    """
    if "modisco" in formats and method in WITHOUT:
        raise _no_hypothetical(method)
    if "hdf5" in formats:
        _package("h5py")
    if "bigwig" in formats:
        _package("pyBigWig")
    if "bedgraph" in formats or "bigwig" in formats:
        for name, length in zip(sequences.ids, sequences.lengths.tolist(), strict=True):
            _place(name, length)


def write_npz(attributions: Attributions, path: str | Path) -> None:
    """Write arrays as NumPy's NPZ.

    ``ohe`` and ``hypothetical`` (or ``values`` where a method has none) are (n, letters, length),
    the layout of TF-MoDISco; ``contributions`` is (n, length), ``output``, ``difference`` and
    ``lengths`` are (n,), ``ids`` texts, ``letters``, ``method`` and ``task`` a text each.
    """
    with atomic_write(path, "wb") as handle:
        np.savez_compressed(handle, **_arrays(attributions))


def write_modisco(attributions: Attributions, ohe: str | Path, hypothetical: str | Path) -> None:
    """Write the two files that ``modisco motifs -s OHE -a HYPOTHETICAL`` reads.

    Each is an NPZ of one array ``arr_0``, float32 (n, letters, length).

    Raises
    ------
    SeqcnnError
        The method says nothing of absent letters.
    """
    if attributions.hypothetical is None:
        raise _no_hypothetical(attributions.method)
    arrays = {ohe: attributions.one_hot, hypothetical: attributions.hypothetical}
    for path, array in arrays.items():
        with atomic_write(path, "wb") as handle:
            np.savez_compressed(handle, _letters_first(array))


def write_hdf5(attributions: Attributions, path: str | Path) -> None:
    """Write the arrays of `write_npz` as data sets of HDF5, for ``modisco motifs -i`` too.

    Raises
    ------
    SeqcnnError
        h5py is not installed.
    """
    h5py = _package("h5py")
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        for name, array in _arrays(attributions).items():
            text = array.dtype.kind == "U"
            file.create_dataset(name, data=array.astype(object) if text else array)
        if attributions.hypothetical is not None:
            # where `modisco motifs -i` looks for them
            file["raw/seq"], file["shap/seq"] = file["ohe"], file["hypothetical"]
    with atomic_write(path, "wb") as handle:
        handle.write(buffer.getvalue())


def write_tsv(attributions: Attributions, path: str | Path) -> None:
    """Write a line for each letter: ``id position letter contribution``, then one a letter.

    Positions count from 0; the last columns are hypothetical contributions, or values.
    """
    alphabet = attributions.alphabet
    said, own = _said(attributions), attributions.contributions()
    with atomic_write(path) as handle:
        print("id", "position", "letter", "contribution", *alphabet.letters, sep="\t", file=handle)
        for row, (name, length) in enumerate(_named(attributions)):
            letters = alphabet.decode(attributions.codes[row, :length])
            for place, letter in enumerate(letters):
                numbers = [f"{x:.6g}" for x in (own[row, place], *said[row, place])]
                print(name, place, letter, *numbers, sep="\t", file=handle)


def write_bedgraph(attributions: Attributions, path: str | Path) -> None:
    """Write the contribution of each letter along the genome, as bedGraph, in order of place.

    Where sequences overlap, a position has the mean, for a browser shows one number.

    Raises
    ------
    SeqcnnError
        A sequence is not named by its place in the genome.
    """
    tracks = _along_genome(attributions)
    with atomic_write(path) as handle:
        for chromosome, where, means in tracks:
            for start, mean in zip(where.tolist(), means.tolist(), strict=True):
                print(chromosome, start, start + 1, f"{mean:.6g}", sep="\t", file=handle)


def write_bigwig(
    attributions: Attributions, path: str | Path, *, sizes: Mapping[str, int] | None = None
) -> None:
    """Write the contribution of each letter along the genome as bigWig, as `write_bedgraph` does.

    Parameters
    ----------
    attributions
        Of sequences that are named by their places.
    path
        Replaced if it exists.
    sizes
        Letters of each chromosome; None takes the end of its last sequence, which browsers do with.

    Raises
    ------
    SeqcnnError
        A sequence is not named by its place, or lies on no chromosome of `sizes`; or pyBigWig is
        not installed.
    """
    package = _package("pyBigWig")
    tracks = _along_genome(attributions)
    known = {name: int(where[-1]) + 1 for name, where, _ in tracks}
    for name, end in known.items():
        if sizes is not None and end > sizes.get(name, 0):
            raise SeqcnnError(f"{name}:{end:,} does not lie on the genome")
    part = Path(path).with_name(f".{Path(path).name}.{os.getpid()}.tmp")
    try:
        with closing(package.open(str(part), "w")) as file:
            file.addHeader([(n, end if sizes is None else sizes[n]) for n, end in known.items()])
            for name, where, means in tracks:
                starts = where.tolist()
                ends = (where + 1).tolist()
                file.addEntries([name] * len(starts), starts, ends=ends, values=means.tolist())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _along_genome(attributions: Attributions) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Lay contributions along the genome: chromosome, positions and means, in order of place."""
    places: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    own = attributions.contributions()
    for row, (name, length) in enumerate(_named(attributions)):
        interval = _place(name, length)
        numbers = own[row, :length]
        numbers = numbers[::-1] if interval.strand == "-" else numbers
        stretch = np.arange(interval.start, interval.end), numbers
        places.setdefault(interval.chromosome, []).append(stretch)
    tracks = []
    for chromosome in sorted(places):
        where, numbers = (np.concatenate(part) for part in zip(*places[chromosome], strict=True))
        unique, index, counts = np.unique(where, return_inverse=True, return_counts=True)
        means = np.bincount(index, weights=numbers, minlength=len(unique)) / counts
        tracks.append((chromosome, unique, means))
    return tracks


def write_completeness(attributions: Attributions, path: str | Path) -> None:
    """Write ``id output difference total`` of each sequence as TSV; NaN is empty."""
    columns = attributions.output, attributions.difference, attributions.total
    with atomic_write(path) as handle:
        print("id", "output", "difference", "total", sep="\t", file=handle)
        for row, (name, _) in enumerate(_named(attributions)):
            numbers = ["" if np.isnan(c[row]) else f"{c[row]:.9g}" for c in columns]
            print(name, *numbers, sep="\t", file=handle)


def _place(name: str, length: int) -> Interval:
    interval = parse_interval(name, length)
    if interval is None:
        raise SeqcnnError(f"{name!r} names no place in a genome, as chr1:100-200 does: write TSV")
    return interval


def _no_hypothetical(method: str) -> SeqcnnError:
    return SeqcnnError(f"{method} gives no hypothetical contributions: take the method 'deepshap'")


def _package(name: str) -> Any:
    """Import a package that not everybody has."""
    what, extra, other = {
        "h5py": ("HDF5", "hdf5", "NPZ"), "pyBigWig": ("bigWig", "bigwig", "bedGraph"),
    }[name]  # fmt: skip
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise SeqcnnError(
            f"to write {what} takes {name}: pip install 'seqcnn[{extra}]', or write {other}"
        ) from error


def _named(attributions: Attributions) -> list[tuple[str, int]]:
    return list(zip(attributions.ids, attributions.lengths.tolist(), strict=True))


def _said(attributions: Attributions) -> np.ndarray:
    return attributions.values if attributions.hypothetical is None else attributions.hypothetical


def _letters_first(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array.transpose(0, 2, 1))


def _arrays(attributions: Attributions) -> dict[str, Any]:
    said = {"values": _letters_first(attributions.values)}
    if attributions.hypothetical is not None:
        said["hypothetical"] = _letters_first(attributions.hypothetical)
    return {
        "ohe": _letters_first(attributions.one_hot),
        **said,
        "contributions": attributions.contributions(),
        "output": attributions.output,
        "difference": attributions.difference,
        "lengths": (attributions.codes != PAD).sum(axis=1),
        "ids": np.array(list(attributions.ids), dtype=str),
        "letters": np.array(attributions.alphabet.letters),
        "method": np.array(attributions.method),
        "task": np.array(attributions.task),
    }
