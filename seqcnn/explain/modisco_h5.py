"""The HDF5 layout of modisco-lite, written and read.

`pos_patterns` and `neg_patterns` hold groups `pattern_0`, `pattern_1`, ... with the matrices
`sequence`, `contrib_scores` and `hypothetical_contribs`, each (width, letters), and `seqlets` with
`n_seqlets` (1,), `start`, `end`, `example_idx`, `is_revcomp` (n,) and the matrices of each seqlet,
(n, width, letters). Groups `subpattern_0`, ... look the same. The attributes `window_size` (columns
of the sequences) and `alphabet` belong to the file; old ones lack them. h5py is imported when
needed.
"""

from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.errors import SeqcnnError
from seqcnn.explain.patterns.pattern import Members, Pattern
from seqcnn.explain.tracks import checked
from seqcnn.seq.alphabet import PAD, Alphabet

GROUPS = {"pos_patterns": 1, "neg_patterns": -1}


def write_modisco_h5(
    patterns: list[Pattern],
    path: str | Path,
    *,
    contributions: np.ndarray,
    codes: np.ndarray,
) -> None:
    """Write patterns as modisco-lite does.

    Parameters
    ----------
    patterns
        Those of `find_patterns`.
    path
        The file; one that is there is overwritten.
    contributions, codes
        What they were found in: float32 (n, length, letters) and uint8 (n, length). Where letters
        are padding or ambiguous, seqlets hold zeros.

    Raises
    ------
    SeqcnnError
        h5py is missing, or a pattern lies outside of what was given.
    """
    h5py = _h5py()
    for pattern in patterns:
        if pattern.members.row.max(initial=-1) >= len(codes):
            raise SeqcnnError(
                f"pattern {pattern.name!r} has a seqlet in sequence "
                f"{int(pattern.members.row.max()) + 1}, `codes` has {len(codes)}"
            )
    with h5py.File(path, "w") as file:
        # what positions of seqlets are counted in: programs turn them into places in a genome
        file.attrs["window_size"] = codes.shape[1]
        if patterns:
            file.attrs["alphabet"] = patterns[0].alphabet.letters
        for group, sign in GROUPS.items():
            mine = [p for p in patterns if p.sign == sign]
            for rank, pattern in enumerate(mine):
                parent = file.create_group(f"{group}/pattern_{rank}")
                _write(parent, pattern, contributions, codes)


def read_modisco_h5(path: str | Path, alphabet: Alphabet) -> list[Pattern]:
    """Read patterns that modisco-lite or `write_modisco_h5` wrote.

    Parameters
    ----------
    path
        The file.
    alphabet
        What the columns mean; an old file does not say.

    Returns
    -------
    list of Pattern
        Positive ones first. Likeness is not in the file: it is NaN. `counts` are shares times the
        number of seqlets, and the background uniform.

    Raises
    ------
    SeqcnnError
        h5py is missing, the file cannot be read, or is over other letters.
    """
    h5py = _h5py()
    try:
        with h5py.File(path, "r") as file:
            _check_letters(file.attrs.get("alphabet"), alphabet, path)
            patterns = [
                _read(file[group][f"pattern_{rank}"], sign, rank + 1, alphabet, path)
                for group, sign in GROUPS.items()
                if group in file
                for rank in range(len(file[group]))
            ]
    except (OSError, KeyError) as error:
        raise SeqcnnError(f"this is no file of modisco-lite: {error}", path=path) from error
    return patterns


def _check_letters(given: str | bytes | None, alphabet: Alphabet, path: str | Path) -> None:
    letters = given.decode() if isinstance(given, bytes) else given
    # programs that know no other alphabet say ACGT of RNA too
    if letters is not None and letters.replace("T", "U") != alphabet.letters.replace("T", "U"):
        raise SeqcnnError(
            f"is over {letters}, the alphabet {alphabet.name!r} is {alphabet.letters}", path=path
        )


def _h5py() -> Any:
    try:
        import h5py  # pyright: ignore[reportMissingImports]
    except ImportError as error:
        raise SeqcnnError(
            "HDF5 files need h5py, which is not installed: pip install 'seqcnn[hdf5]'"
        ) from error
    return h5py


def _write(group: Any, pattern: Pattern, contributions: np.ndarray, codes: np.ndarray) -> None:
    alphabet, members = pattern.alphabet, pattern.members
    contributions, codes = checked(contributions, codes, alphabet)
    column = members.start[:, None] + np.arange(pattern.width)
    known = (column >= 0) & (column < codes.shape[1])
    place = members.row[:, None], np.where(known, column, 0)
    letters = np.where(known, codes[place], np.uint8(PAD))
    there = alphabet.shares[letters] * (letters < alphabet.size)[..., None]
    given = contributions[place] * known[..., None]
    if members.reverse.any():
        paired = alphabet.complement_of_code[: alphabet.size]
        for values in (there, given):
            values[members.reverse] = values[members.reverse][:, ::-1, paired]
    totals = np.maximum(pattern.counts.sum(1, keepdims=True), 1e-9)
    group["sequence"] = pattern.counts / totals
    group["contrib_scores"] = pattern.projected
    group["hypothetical_contribs"] = pattern.contributions
    seqlets = group.create_group("seqlets")
    seqlets["n_seqlets"] = np.array([len(members)])
    seqlets["start"], seqlets["end"] = members.start, members.end
    seqlets["example_idx"], seqlets["is_revcomp"] = members.row, members.reverse
    seqlets["sequence"], seqlets["contrib_scores"] = there, given * there
    seqlets["hypothetical_contribs"] = given
    for rank, part in enumerate(pattern.subpatterns):
        _write(group.create_group(f"subpattern_{rank}"), part, contributions, codes)


def _read(group: Any, sign: int, rank: int, alphabet: Alphabet, path: str | Path) -> Pattern:
    names = ("sequence", "contrib_scores", "hypothetical_contribs")
    shares, projected, given = (np.asarray(group[name]) for name in names)
    if shares.ndim != 2 or shares.shape[1] != alphabet.size:
        raise SeqcnnError(
            f"{group.name} has shape {shares.shape}, alphabet {alphabet.name!r} has "
            f"{alphabet.size} letters",
            path=path,
        )
    seqlets = group["seqlets"]
    number = int(np.asarray(seqlets["n_seqlets"])[0])
    if "start" in seqlets:
        columns = (np.asarray(seqlets[n]) for n in ("example_idx", "start", "end", "is_revcomp"))
        row, start, end, reverse = columns
    else:  # subpatterns of files that were converted from the old format
        row = start = end = np.zeros(0, np.int64)
        reverse = np.zeros(0, bool)
    members = Members(
        row.astype(np.int64),
        start.astype(np.int64),
        end.astype(np.int64),
        reverse.astype(bool),
        np.full(len(row), np.nan),
    )
    parts = sorted((k for k in group if k.startswith("subpattern_")), key=lambda k: int(k[11:]))
    return Pattern(
        f"{'positive' if sign > 0 else 'negative'}{rank}",
        sign,
        alphabet,
        shares * number,
        projected.astype(np.float32),
        given.astype(np.float32),
        members,
        np.full(alphabet.size, 1 / alphabet.size),
        tuple(_read(group[k], sign, i, alphabet, path) for i, k in enumerate(parts, 1)),
    )
