import subprocess
import sys

import pytest

STEP = """
import resource, sys
from seqcnn.nn.memory import keep_memory

print(keep_memory() if sys.argv[1] == "keep" else "as it is")

import numpy as np
from concurrent.futures import ThreadPoolExecutor

def step():
    return float(np.ones(2**24, np.uint8)[-1])

with ThreadPoolExecutor(1) as pool:  # XLA computes in threads of its own
    pool.submit(step).result()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        pool.submit(step).result()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(how: str) -> tuple[str, int]:
    run = [sys.executable, "-c", STEP, how]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    told, pages = done.stdout.splitlines()
    return told, int(pages)


def test_the_system_clears_no_page_twice():
    """Ten arrays of 16 MB: 40,000 pages of 4 kB, or few of 2 MB where the system has those."""
    told, pages = faults("keep")
    if told == "False":
        pytest.skip("no glibc: nothing is promised")
    assert pages < 100 < faults("leave")[1]


def test_elsewhere_nothing_happens(monkeypatch):
    from seqcnn.nn import memory

    monkeypatch.setattr(sys, "platform", "darwin")
    assert not memory.keep_memory()
    monkeypatch.undo()
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    assert not memory.keep_memory()
