"""Attributions in files: NPZ and HDF5 for programs, TSV, bedGraph, bigWig for people, browsers."""

import importlib
import io
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.attributions import Attributions
from seqcnn.seq.alphabet import PAD
from seqcnn.seq.intervals import parse_interval
from seqcnn.seq.io.files import atomic_write


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
        raise SeqcnnError(
            f"{attributions.method} gives no hypothetical contributions: take the method 'deepshap'"
        )
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
    try:
        import h5py  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise SeqcnnError(
            "to write HDF5 takes h5py: pip install 'seqcnn[hdf5]', or write NPZ"
        ) from error
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
        for chromosome, (where, means) in tracks.items():
            for start, mean in zip(where.tolist(), means.tolist(), strict=True):
                print(chromosome, start, start + 1, f"{mean:.6g}", sep="\t", file=handle)


def write_bigwig(
    attributions: Attributions, path: str | Path, *, lengths: Mapping[str, int] | None = None
) -> None:
    """Write the contribution of each letter along the genome, as bigWig.

    Where sequences overlap, a position has the mean, as in bedGraph.

    Parameters
    ----------
    attributions
        Of sequences that are named by their places in a genome.
    path
        The file.
    lengths
        Letters of each chromosome; None for chromosomes that end where the last sequence does.

    Raises
    ------
    SeqcnnError
        pyBigWig is not installed, a sequence is not named by its place in the genome, or lies
        beyond the end of its chromosome.
    """
    try:
        package: Any = importlib.import_module("pyBigWig")
    except ImportError as error:
        raise SeqcnnError(
            "to write bigWig takes pyBigWig: pip install 'seqcnn[bigwig]', or write bedGraph"
        ) from error
    tracks = _along_genome(attributions)
    ends = {name: int(where[-1]) + 1 for name, (where, _) in tracks.items()}
    sizes = ends if lengths is None else {name: int(lengths.get(name, 0)) for name in tracks}
    beyond = next((name for name in tracks if sizes[name] < ends[name]), None)
    if beyond is not None:
        raise SeqcnnError(
            f"a sequence ends at {ends[beyond]:,} on {beyond!r} of {sizes[beyond]:,} letters: is "
            f"it of the same genome?"
        )
    with tempfile.TemporaryDirectory(prefix="seqcnn-") as folder:
        made = Path(folder) / "made.bw"
        file = package.open(str(made), "w")
        file.addHeader(list(sizes.items()))
        for name, (where, means) in tracks.items():
            # one entry for each stretch without a gap
            for part in np.split(np.arange(len(where)), np.flatnonzero(np.diff(where) > 1) + 1):
                numbers = means[part].tolist()
                file.addEntries(name, int(where[part[0]]), values=numbers, span=1, step=1)
        file.close()
        with atomic_write(path, "wb") as handle:
            handle.write(made.read_bytes())


def _along_genome(attributions: Attributions) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Lay contributions on chromosomes, in the order of names: positions, and their means."""
    places: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {}
    own = attributions.contributions()
    for row, (name, length) in enumerate(_named(attributions)):
        interval = parse_interval(name, length)
        if interval is None:
            raise unplaced(name)
        numbers = own[row, :length]
        numbers = numbers[::-1] if interval.strand == "-" else numbers
        if length:
            stretch = np.arange(interval.start, interval.end), numbers
            places.setdefault(interval.chromosome, []).append(stretch)
    tracks = {}
    for chromosome in sorted(places):
        where, numbers = (np.concatenate(part) for part in zip(*places[chromosome], strict=True))
        unique, index, counts = np.unique(where, return_inverse=True, return_counts=True)
        means = np.bincount(index, weights=numbers, minlength=len(unique)) / counts
        tracks[chromosome] = unique, means
    return tracks


def unplaced(name: str) -> SeqcnnError:
    """Say that a sequence has no place in a genome."""
    return SeqcnnError(f"{name!r} names no place in a genome, as chr1:100-200 does: write TSV")


def write_completeness(attributions: Attributions, path: str | Path) -> None:
    """Write ``id output difference total`` of each sequence as TSV; NaN is empty."""
    columns = attributions.output, attributions.difference, attributions.total
    with atomic_write(path) as handle:
        print("id", "output", "difference", "total", sep="\t", file=handle)
        for row, (name, _) in enumerate(_named(attributions)):
            numbers = ["" if np.isnan(c[row]) else f"{c[row]:.9g}" for c in columns]
            print(name, *numbers, sep="\t", file=handle)


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
