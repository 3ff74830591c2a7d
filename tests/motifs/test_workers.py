"""Helpers: order, failures, errors, ends; and that a scan with them gives the same."""

import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest

from seqcnn.motifs import scan as scan_module
from seqcnn.motifs import workers
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.scan import scan
from seqcnn.motifs.scan_file import scan_file
from seqcnn.motifs.workers import Crew, Processes, Threads
from seqcnn.seq.alphabet import DNA, Alphabet
from seqcnn.seq.io.fasta import write_fasta
from seqcnn.seq.record import SequenceSet

LINUX = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc")


class Product:
    """Work with arrays of its own, one of them empty."""

    def __init__(self, seed):
        self.matrix = np.random.default_rng(seed).normal(size=(300, 7))
        self.none = np.zeros(0)

    def of(self, item):
        return os.getpid(), self.matrix @ item + self.none.sum(), self.matrix.ctypes.data % 64


def double(item):
    # long enough for others to take something too
    time.sleep(0.01)
    return os.getpid(), 2 * item


def refuse(item):
    raise ValueError(f"{item} is refused")


def leave(parent, item):
    if os.getpid() != parent:
        os._exit(1)
    return -item


def started(helpers):
    """Helpers that are there from the first item on."""
    crew = Processes(helpers)
    _wait_for(lambda: all(helper.alive for helper in crew.helpers))
    return crew


@pytest.mark.parametrize(
    "make", [Crew, lambda: Threads(3), lambda: started(1), lambda: Processes(2)]
)
def test_results_come_in_the_order_of_items(make):
    taken = []

    def items():
        for i in range(40):
            taken.append(i)
            yield i

    with make() as crew:
        for i, (item, (_, result)) in enumerate(crew.in_turn(double, items())):
            assert (item, result) == (i, 2 * i)
            # and no more are taken than may wait
            assert len(taken) <= i + crew.most + 1


def test_helpers_and_this_process_work():
    with started(2) as crew:
        pids = {pid for _, (pid, _) in crew.in_turn(double, range(60))}
    assert pids == {os.getpid(), *(helper.process.pid for helper in crew.helpers)}


def test_arrays_of_the_work_arrive_whole_and_aligned():
    items = list(np.random.default_rng(0).normal(size=(50, 7, 40)))
    with started(1) as crew:
        for seed in (0, 1):
            work = Product(seed)
            for item, (_, result, _) in crew.in_turn(work.of, items):
                np.testing.assert_array_equal(result, work.matrix @ item)
            # all helpers have it
            assert not crew.shipped.path.exists()
        shipped = workers._ship(work.of)
        assert crew.helpers[0].help(shipped, items[0])[2] == 0
        shipped.path.unlink()


def test_other_work_in_between_is_done_too():
    with started(1) as crew:
        triple = functools.partial(int.__mul__, 3)
        rounds = zip(crew.in_turn(double, range(30)), crew.in_turn(triple, range(30)), strict=True)
        for (i, (_, twice)), (j, thrice) in rounds:
            assert (twice, thrice) == (2 * i, 3 * j)


@pytest.mark.parametrize("when", [0, 5])
def test_a_helper_that_dies_costs_no_result(when):
    with started(2) as crew:
        for i, (item, (_, result)) in enumerate(crew.in_turn(double, range(30))):
            assert result == 2 * item
            if i == when:
                crew.helpers[0].process.kill()
        work = functools.partial(leave, os.getpid())
        assert [r for _, r in crew.in_turn(work, range(30))] == [-i for i in range(30)]
        assert [r for _, (_, r) in crew.in_turn(double, range(5))] == [0, 2, 4, 6, 8]


def test_a_helper_that_does_not_start_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(workers, "START", "import time; time.sleep(60); {path}")
    with Processes(2) as crew:
        assert {pid for _, (pid, _) in crew.in_turn(double, range(9))} == {os.getpid()}
    monkeypatch.setattr(workers, "START", "raise SystemExit({path})")
    with Processes(2) as crew:
        _wait_for(lambda: all(helper.process.poll() for helper in crew.helpers))
        assert {pid for _, (pid, _) in crew.in_turn(double, range(9))} == {os.getpid()}


@pytest.mark.parametrize(("name", "value"), [("executable", ""), ("frozen", True)])
def test_without_a_python_to_start_all_is_done_here(monkeypatch, name, value):
    monkeypatch.setattr(sys, name, value, raising=False)
    with Processes(2) as crew:
        assert {pid for _, (pid, _) in crew.in_turn(double, range(9))} == {os.getpid()}


def test_an_error_of_the_work_is_raised_here_and_nothing_is_left(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(ValueError, match="0 is refused"), started(2) as crew:
        list(crew.in_turn(refuse, range(9)))
    assert all(helper.process.poll() is not None for helper in crew.helpers)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def helped(monkeypatch):
    """Let small inputs be worth a helper, and be cut into many pieces."""
    made = []

    class Counted(Processes):
        def __init__(self, helpers):
            super().__init__(helpers)
            made.append(helpers)
            _wait_for(lambda: all(helper.alive for helper in self.helpers))

    monkeypatch.setattr(scan_module, "HELPED", 1)
    monkeypatch.setattr(scan_module, "CHUNK", 3000)
    monkeypatch.setattr(scan_module, "Processes", Counted)
    monkeypatch.setattr("seqcnn.motifs.passes.LETTERS", 4000)
    return made


def some_motifs():
    rng = np.random.default_rng(4)
    return [
        Motif(f"m{w}", ProbabilityMatrix(rng.dirichlet(np.full(4, 0.3), w), DNA))
        for w in (6, 11, 19)
    ]


def some_sequences():
    rng = np.random.default_rng(5)
    return SequenceSet.from_arrays(
        [rng.integers(0, 4, n) for n in (9000, 17, 25_000, 4000)], alphabet=DNA
    )


@pytest.mark.parametrize("options", [{}, {"best": True}, {"q_value": 0.9, "p_value": None}])
def test_a_file_scanned_with_helpers_gives_the_same_bytes(tmp_path, helped, options):
    write_fasta(tmp_path / "x.fa", some_sequences(), width=70)
    options = {"p_value": 1e-3, **options}
    for threads in (1, 3):
        scan_file(
            some_motifs(), tmp_path / "x.fa", tmp_path / f"{threads}", threads=threads, **options
        )
    assert (tmp_path / "1").read_bytes() == (tmp_path / "3").read_bytes()
    assert (tmp_path / "1").read_bytes().count(b"\n") > 5
    assert helped == [2]


@pytest.mark.parametrize("options", [{}, {"engine": "lookup"}, {"ambiguous": "worst"}])
def test_a_scan_in_memory_with_helpers_gives_the_same(helped, options):
    alone, together = (
        scan(some_motifs(), some_sequences(), p_value=1e-3, threads=threads, **options)
        for threads in (1, 2)
    )
    assert list(alone) == list(together)
    assert len(alone) > 20
    assert helped == [1]


def test_letters_of_a_user_with_helpers(tmp_path, helped):
    letters, rng = Alphabet("own", "XYZ"), np.random.default_rng(6)
    word = Motif("w", ProbabilityMatrix(rng.dirichlet(np.full(3, 0.3), 7), letters))
    sequences = [rng.integers(0, 3, 20_000)]
    write_fasta(tmp_path / "x.fa", SequenceSet.from_arrays(sequences, alphabet=letters))
    for threads in (1, 2):
        scan_file([word], tmp_path / "x.fa", tmp_path / f"{threads}", threads=threads, p_value=0.01)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()
    assert (tmp_path / "1").read_bytes().count(b"\n") > 5


@LINUX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_helpers_end_with_the_command(tmp_path, number):
    sequences = [np.random.default_rng(0).integers(0, 4, 3_000_000)]
    write_fasta(tmp_path / "x.fa", SequenceSet.from_arrays(sequences, alphabet=DNA))
    mark = f"SEQCNN_TEST={tmp_path}"
    command = subprocess.Popen(
        [sys.executable, "-m", "seqcnn", "scan", "jaspar:vertebrates", "x.fa", "-o", "x.tsv", "-q"],
        cwd=tmp_path, env={**os.environ, "SEQCNN_TEST": str(tmp_path), "TMPDIR": str(tmp_path)},
        stderr=subprocess.PIPE, process_group=0,
    )  # fmt: skip
    with command:
        _wait_for(lambda: len(_processes(mark)) >= min(2, len(os.sched_getaffinity(0))))
        time.sleep(0.3)
        # as a terminal does
        os.killpg(command.pid, number)
        told = command.stderr.read()
    assert command.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143}.get(number, -number)
    assert told == (b"" if number == signal.SIGKILL else b"error: interrupted\n")
    _wait_for(lambda: not _processes(mark))
    assert not (tmp_path / "x.tsv").exists()


def _processes(mark):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found += [folder.name] if mark.encode() in (folder / "environ").read_bytes() else []
        except OSError:
            continue
    return found


def _wait_for(true):
    for _ in range(3000):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("waited in vain")
