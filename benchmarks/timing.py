"""What benchmarks share: contenders in turn, medians, and a line that says on what."""

import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

TUNED = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=8589934592:glibc.malloc.arena_max=1"
"""Settings of glibc that keep large pieces of memory, as `seqcnn.nn.memory.keep_memory` does.

Results that name `mmap_threshold=4294967296` were measured without one heap for all threads, which
left XLA without the gain that PyTorch had.
"""


def is_tuned() -> bool:
    """Tell whether this process runs with `TUNED`."""
    return os.environ.get("GLIBC_TUNABLES") == TUNED


def start_again_tuned() -> None:
    """Restart this process with `TUNED`, which glibc reads only at the start."""
    if not is_tuned():
        os.environ["GLIBC_TUNABLES"] = TUNED
        os.execv(sys.executable, [sys.executable, *sys.argv])


def use_cores(number: int) -> None:
    """Bind this process to some cores; must come before jax is imported."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:number])


class Times(NamedTuple):
    """How long one contender took.

    Parameters
    ----------
    first
        Seconds of the first call, with compilation.
    wall, cores
        Seconds (rounds,) by the clock and summed over the cores. Where others use the machine, the
        latter say more.
    returned
        What the calls gave (1 + rounds,), to check them against each other.
    """

    first: float
    wall: np.ndarray
    cores: np.ndarray
    returned: np.ndarray


def in_turn(steps: dict[str, Callable[[], float]], rounds: int) -> dict[str, Times]:
    """Call every step once, then time them in turn, so often as there are rounds."""
    records = {name: [] for name in steps}
    for _ in range(1 + rounds):
        for name, step in steps.items():
            began, busy = time.perf_counter(), time.process_time()
            returned = step()
            spent = time.perf_counter() - began, time.process_time() - busy
            records[name].append((*spent, returned))
    columns = {name: np.array(rows).T for name, rows in records.items()}
    return {n: Times(w[0], w[1:], c[1:], returned) for n, (w, c, returned) in columns.items()}


def processor() -> str:
    """Name the processor."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    named = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor()
