"""What a process keeps of the memory that its arrays gave back."""

import ctypes
import sys

# names and values of glibc's malloc.h
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8
_MOST = 2**31 - 1


def keep_memory() -> bool:
    """Have this process keep memory that arrays gave back, for the arrays of the next step.

    XLA on CPU asks for all memory of a step anew. By default glibc takes large pieces from the
    system each time and returns them, and the system clears each page again: a third of the time of
    small networks (benchmarks/bench_image_speed.py). The process's memory does not shrink after
    that, and its highest may be more. Call it when data are read, before jax starts its threads.

    Returns
    -------
    bool
        Whether the C library took it: on Linux with glibc. Elsewhere nothing changes.

    Examples
    --------
    >>> kept = keep_memory()  # doctest: +SKIP
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # one heap for all threads, as those of other threads are too small for large arrays
    settings = {_ARENA_MAX: 1, _MMAP_MAX: 0, _TRIM_THRESHOLD: _MOST}
    return all(mallopt(name, value) == 1 for name, value in settings.items())
