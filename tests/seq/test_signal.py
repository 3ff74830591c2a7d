"""Signal along a genome: bigWig and bedGraph against an array of every position."""

import gzip
import sys

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.io.signal import read_profiles
from seqcnn.seq.record import SequenceSet

SIZE = 2000


@pytest.fixture(scope="module")
def signal(tmp_path_factory):
    """Make a bedGraph, a bigWig and every position of two chromosomes; some are not covered."""
    package = pytest.importorskip("pyBigWig")
    folder, rng = tmp_path_factory.mktemp("signal"), np.random.default_rng(0)
    whole, rows = {}, []
    for name in ("chr1", "chr2"):
        whole[name] = np.zeros(SIZE, np.float32)
        at = 0
        while at < SIZE - 60:
            start, end = at + rng.integers(0, 20), at + rng.integers(21, 60)
            value = float(rng.integers(0, 50)) / 4
            whole[name][start:end] = value
            rows.append((name, int(start), int(end), value))
            at = int(end)
    text = "track type=bedGraph\n" + "".join(f"{a}\t{b}\t{c}\t{d}\n" for a, b, c, d in rows)
    (folder / "a.bedgraph.gz").write_bytes(gzip.compress(text.encode()))
    order = rng.permutation(len(rows))
    (folder / "b.bedgraph").write_text("".join(" ".join(map(str, rows[i])) + "\n" for i in order))
    handle = package.open(str(folder / "a.bw"), "w")
    handle.addHeader([("chr1", SIZE), ("chr2", SIZE)])
    names, starts, ends, values = zip(*rows, strict=True)
    handle.addEntries(list(names), list(starts), ends=list(ends), values=list(values))
    handle.close()
    return folder, whole


def windows(length, number=40, seed=1):
    rng = np.random.default_rng(seed)
    ids = []
    for i in range(number):
        start = int(rng.integers(0, SIZE - length))
        sign = ("", "(+)", "(-)")[i % 3]
        ids.append(f"{('1', 'chr2')[i % 2]}:{start}-{start + length}{sign}")
    return SequenceSet.from_arrays([np.zeros(length)] * number, alphabet=DNA, ids=ids)


@pytest.mark.parametrize("length", [100, 101])
@pytest.mark.parametrize("width", [None, 100, 50, 51, 1])
def test_windows_are_cut_out_of_the_whole(signal, length, width):
    folder, whole = signal
    sequences = windows(length)
    paths = [folder / name for name in ("a.bw", "a.bedgraph.gz", "b.bedgraph")]
    found = read_profiles(paths, sequences, width=width)
    kept = width or length
    skipped = (length - kept) // 2
    for name, row in zip(sequences.ids, found, strict=True):
        chromosome, _, rest = name.partition(":")
        start, end = map(int, rest.partition("(")[0].split("-"))
        values = whole["chr" + chromosome.removeprefix("chr")][start:end]
        values = values[::-1] if rest.endswith("(-)") else values
        for track in row.T:
            np.testing.assert_array_equal(track, values[skipped : skipped + kept])


def write(path, text):
    path.write_text(text)
    return path


def test_what_cannot_be_read(signal, tmp_path, monkeypatch):
    folder, _ = signal
    good = windows(100)
    bad = SequenceSet.from_arrays([np.zeros(5)], alphabet=DNA, ids=["x"])
    two = SequenceSet.from_arrays([np.zeros(5), np.zeros(6)], alphabet=DNA)
    three = SequenceSet.from_arrays([np.zeros(5)], alphabet=DNA, ids=["chr7:10-15"])
    late = SequenceSet.from_arrays([np.zeros(5)], alphabet=DNA, ids=["chr1:1998-2003"])
    (tmp_path / "cut.bw").write_bytes((folder / "a.bw").read_bytes()[:200])
    for path, sequences, message in (
        (folder / "a.bw", bad, "'x' does not say where it lies"),
        (folder / "a.bw", two, "windows of one length, these have 5 to 6"),
        (folder / "a.bw", three, r"a\.bw: has no chromosome 'chr7'"),
        (folder / "b.bedgraph", three, r"b\.bedgraph: has no chromosome 'chr7'"),
        (folder / "a.bw", late, "ends before chr1:1998-2003"),
        (tmp_path / "cut.bw", good, "damaged or no bigWig"),
        (tmp_path / "none.bw", good, "no such file"),
        (write(tmp_path / "x", "chr1 5 9\n"), good, r"line 1: is neither bigWig nor bedGraph"),
        (write(tmp_path / "y", "# nothing\n"), good, "holds no signal"),
    ):
        with pytest.raises(SeqcnnError, match=message):
            read_profiles([path], sequences)
    path = write(tmp_path / "x", "chr1 0 2000 -1\nchr2 1 2 3\n")
    with pytest.raises(SeqcnnError, match="values below 0"):
        read_profiles([path], good)
    with pytest.raises(SeqcnnError, match="`width` is 101, it must be from 1 to 100"):
        read_profiles([path], good, width=101)
    monkeypatch.setitem(sys.modules, "pyBigWig", None)
    with pytest.raises(SeqcnnError, match=r"pip install 'seqcnn\[bigwig\]'"):
        read_profiles([folder / "a.bw"], good)
