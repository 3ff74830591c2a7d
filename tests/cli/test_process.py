"""The command in a process of its own: signals, cores, full disks, and what a shell sees."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seqcnn.cli.main import main
from seqcnn.seq.io.fasta import write_fasta
from tests.discovery.planted import as_set, plant, random_rows

SEQCNN = [sys.executable, "-m", "seqcnn"]


@pytest.fixture(scope="module")
def peaks(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "peaks.fa"
    write_fasta(path, as_set(plant(random_rows(240, 60, 0), "TGACTCAGC", 0.5, 1)))
    return path


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "many.fa"
    write_fasta(path, as_set(plant(random_rows(4000, 100, 0), "TGACTCAGC", 0.5, 1)))
    return path


def run(*arguments, **options):
    return subprocess.run(
        [*SEQCNN, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


def wait_until_jax_is_loaded(pid):
    """Come past the start of the interpreter, which takes no signals of ours."""
    maps, deadline = Path(f"/proc/{pid}/maps"), time.monotonic() + 60
    if not maps.exists():  # not Linux
        time.sleep(3)
        return
    while "jaxlib" not in maps.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("name", "code", "after"),
    [
        ("SIGINT", 130, 0.0),
        ("SIGINT", 130, 1.0),
        ("SIGINT", 130, 3.0),
        ("SIGTERM", 143, 1.0),
        ("SIGHUP", 129, 1.0),
    ],
)
def test_a_signal_ends_the_run_and_leaves_nothing(many, tmp_path, name, code, after):
    process = subprocess.Popen(
        [*SEQCNN, "discover", str(many), "-o", str(tmp_path / "out"), "-q"],
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_until_jax_is_loaded(process.pid)
    time.sleep(after)
    assert process.poll() is None, "the run was over before the signal came"
    process.send_signal(getattr(signal, name))
    _, said = process.communicate(timeout=60)
    assert process.returncode == code
    assert said.splitlines()[-1] == "error: interrupted"
    assert list(tmp_path.iterdir()) == []


def test_threads_bind_the_process(peaks, tmp_path):
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    known = ["--db", "jaspar:insects"]
    done = run("discover", peaks, "-o", tmp_path / "out", "-q", "--threads", 1, *known)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert done.returncode == 0, done.stderr
    assert cpu / wall <= 1.2
    assert json.loads((tmp_path / "out" / "run.json").read_text())["threads"] == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full disk to write to")
def test_a_full_disk_is_one_line(peaks):
    done = run("shuffle", peaks, "-o", "/dev/full", "-q")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "error: No space left on device"
    assert "Traceback" not in done.stderr


def test_a_reader_that_leaves_is_no_failure(peaks):
    line = f"{' '.join(SEQCNN)} shuffle {peaks} -q | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0
    assert "error" not in done.stderr


def test_a_closed_standard_output_is_one_line(peaks):
    line = f"{' '.join(SEQCNN)} shuffle {peaks} -q >&-"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "standard output is closed" in done.stderr


@pytest.mark.parametrize("command", ["shuffle", "predict"])
def test_the_output_is_never_the_input(peaks, tmp_path, capsys, command):
    before = peaks.read_bytes()
    model = [tmp_path] if command == "predict" else []
    assert main([command, *map(str, [*model, peaks, "-o", peaks])]) == 2
    assert "the output is the input" in capsys.readouterr().err
    assert peaks.read_bytes() == before


def test_a_gpu_that_is_not_there_is_one_line(peaks, tmp_path):
    done = run("discover", peaks, "-o", tmp_path / "out", "--device", "gpu")
    if done.returncode != 0:
        assert done.returncode == 2
        assert "no GPU" in done.stderr.splitlines()[-1]
        assert not (tmp_path / "out").exists()


def test_a_pipe_can_be_read(peaks, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    writer = subprocess.Popen(["bash", "-c", f"cat {peaks} > {tmp_path / 'pipe'}"])
    known = ["--db", "jaspar:insects", "--known-only"]
    done = run("discover", tmp_path / "pipe", "-o", tmp_path / "out", "-q", *known)
    writer.wait(10)
    assert done.returncode == 0, done.stderr
    inputs = json.loads((tmp_path / "out" / "run.json").read_text())["inputs"]
    assert inputs[0]["sha256"] is None
