"""Dinucleotide shuffles by tangermeme, compiled by numba."""

from importlib.metadata import version

import numpy as np
import torch
from tangermeme.ersatz import dinucleotide_shuffle

VERSION = f"tangermeme {version('tangermeme')}, torch {torch.__version__}"


def one_hot(codes: np.ndarray, *, dtype: str) -> torch.Tensor:
    """Expand codes uint8 (n, length) as tangermeme wants them: (n, 4, length)."""
    images = np.eye(4, dtype=dtype)[codes].transpose(0, 2, 1)
    return torch.tensor(np.ascontiguousarray(images))


def shuffle(images: torch.Tensor, seed: int, *, threads: int, packed: bool) -> object:
    """Shuffle once, on so many threads; `packed` leaves out the expansion of the result."""
    torch.set_num_threads(threads)
    return dinucleotide_shuffle(
        images, n=1, random_state=seed, n_jobs=threads, return_packed=packed or None
    )


def codes_of(shuffled: object) -> np.ndarray:
    """Turn a result that is not packed into codes uint8 (n, length)."""
    return np.asarray(shuffled)[:, 0].argmax(axis=1).astype(np.uint8)
