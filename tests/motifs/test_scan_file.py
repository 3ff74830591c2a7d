"""Files: sites, chunks, q-values, what is kept, and how it is written."""

import csv
import gzip
import io
import logging
import sys

import numpy as np
import pytest

from seqcnn.errors import SeqcnnError
from seqcnn.motifs import passes
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.motifs.scan import scan
from seqcnn.motifs.scan_file import scan_file
from seqcnn.seq.alphabet import DNA, PROTEIN
from seqcnn.seq.io.fasta import write_fasta
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.logspace import parse_log10


def make_motifs(alphabet=DNA, widths=(4, 7, 10, 13), seed=0):
    rng = np.random.default_rng(seed)
    return [
        Motif(f"m{w}", ProbabilityMatrix(rng.dirichlet(np.full(alphabet.size, 0.3), w), alphabet))
        for w in widths
    ]


def make_sequences(alphabet=DNA, lengths=(700, 0, 3, 12, 2000, 1, 40), ambiguous=0.02, seed=1):
    rng = np.random.default_rng(seed)
    arrays = [
        np.where(rng.random(n) < ambiguous, alphabet.size, rng.integers(0, alphabet.size, n))
        for n in lengths
    ]
    ids = [f"s{i}" for i in range(len(arrays))]
    return SequenceSet.from_arrays(arrays, alphabet=alphabet, ids=ids)


@pytest.fixture
def fasta(tmp_path):
    sequences = make_sequences()
    write_fasta(tmp_path / "x.fa", sequences.select(sequences.lengths > 0), width=50)
    return tmp_path / "x.fa"


@pytest.fixture
def pieces_of(monkeypatch):
    """Let a file be read in pieces of some size."""

    def set_size(letters):
        monkeypatch.setattr(passes, "LETTERS", letters)
        monkeypatch.setattr(passes, "SMALLEST", 1)
        monkeypatch.setattr(passes.Source.pieces, "__defaults__", (letters,))

    return set_size


def rows_of(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def as_tuples(rows):
    return [(r["sequence"], int(r["start"]), r["motif"], r["strand"]) for r in rows]


def expected_rows(motifs, sequences, **options):
    """The sites of the scan in memory, in the order of the file."""
    hits = scan(motifs, sequences, **options)
    order = np.lexsort((hits.reverse, hits.motif, hits.start, hits.sequence))
    return [hits[i] for i in order]


@pytest.mark.parametrize("size", [5, 64, 500, 1 << 20])
@pytest.mark.parametrize("threads", [1, 3])
def test_pieces_change_nothing(fasta, tmp_path, pieces_of, size, threads):
    motifs, sequences = make_motifs(), make_sequences()
    pieces_of(size)
    options = {"p_value": 0.02, "background": "uniform"}
    scan_file(motifs, fasta, tmp_path / "out.tsv", threads=threads, **options)
    rows = rows_of(tmp_path / "out.tsv")
    hits = expected_rows(motifs, sequences, **options)
    assert len(hits) > 100
    assert as_tuples(rows) == [(h.sequence, h.start, h.motif, h.strand) for h in hits]
    for row, hit in zip(rows, hits, strict=True):
        assert int(row["end"]) == hit.end
        assert row["matched"] == hit.matched
        assert float(row["score"]) == pytest.approx(hit.score, abs=0.006)
        assert 10 ** parse_log10(row["p_value"]) == pytest.approx(hit.p_value, rel=6e-3)
        assert 10 ** parse_log10(row["q_value"]) == pytest.approx(hit.q_value, rel=6e-3)


@pytest.mark.parametrize("size", [17, 1 << 20])
def test_background_of_the_input_is_counted_in_a_first_pass(fasta, tmp_path, pieces_of, size):
    motifs, sequences = make_motifs(), make_sequences()
    pieces_of(size)
    scan_file(motifs, fasta, tmp_path / "out.tsv", p_value=0.02)
    hits = expected_rows(motifs, sequences, p_value=0.02)
    expected = [(h.sequence, h.start, h.motif, h.strand) for h in hits]
    assert as_tuples(rows_of(tmp_path / "out.tsv")) == expected


@pytest.mark.parametrize("size", [23, 1 << 20])
def test_best_site_of_each_motif_in_each_sequence(fasta, tmp_path, pieces_of, size):
    motifs, sequences = make_motifs(), make_sequences()
    pieces_of(size)
    scan_file(motifs, fasta, tmp_path / "out.tsv", p_value=0.05, best=True)
    best = {}
    for hit in expected_rows(motifs, sequences, p_value=0.05):
        key = (hit.sequence, hit.motif)
        if key not in best or hit.score > best[key].score:
            best[key] = hit
    found = as_tuples(rows_of(tmp_path / "out.tsv"))
    assert sorted(found) == sorted((h.sequence, h.start, h.motif, h.strand) for h in best.values())
    order = [(int(s[1:]), start, motifs_at(motifs, m)) for s, start, m, _ in found]
    assert order == sorted(order)


def motifs_at(motifs, name):
    return [m.name for m in motifs].index(name)


@pytest.mark.parametrize("q_value", [0.01, 0.1, 0.5])
def test_q_alone_misses_no_site(tmp_path, q_value):
    """Many sites of one motif lower the q-value of weak ones far beyond p = 1e-4."""
    rng = np.random.default_rng(5)
    (motif,) = make_motifs(widths=(8,))
    sites = [motif.matrix.values.argmax(1) for _ in range(60)]
    for site in sites:
        site[rng.integers(8)] = rng.integers(4)
    arrays = [np.concatenate([rng.integers(0, 4, 40), site]) for site in sites]
    sequences = SequenceSet.from_arrays(arrays, alphabet=DNA)
    write_fasta(tmp_path / "x.fa", sequences)
    scan_file([motif], tmp_path / "x.fa", tmp_path / "q.tsv", q_value=q_value)
    every = expected_rows([motif], sequences, p_value=1.0)
    expected = [h for h in every if h.q_value <= q_value]
    found = rows_of(tmp_path / "q.tsv")
    assert as_tuples(found) == [(h.sequence, h.start, h.motif, h.strand) for h in expected]
    for row, hit in zip(found, expected, strict=True):
        assert 10 ** parse_log10(row["q_value"]) == pytest.approx(hit.q_value, rel=6e-3)
    if q_value == 0.5:
        assert max(h.p_value for h in expected) > 1e-4
    # with a limit of p, only sites that pass both are left
    scan_file([motif], tmp_path / "x.fa", tmp_path / "pq.tsv", q_value=q_value, p_value=1e-4)
    both = [h for h in expected_rows([motif], sequences) if h.q_value <= q_value]
    assert len(rows_of(tmp_path / "pq.tsv")) == len(both)


def test_score_alone_is_a_limit_of_scores(fasta, tmp_path):
    motifs = make_motifs()
    scan_file(motifs, fasta, tmp_path / "s.tsv", score=4.0, background="uniform")
    hits = scan(motifs, make_sequences(), p_value=1.0, score=4.0, background="uniform")
    assert len(rows_of(tmp_path / "s.tsv")) == len(hits)
    assert hits.log10_p_value.max() > -4


def test_protein_and_masked_letters(tmp_path):
    motifs, sequences = make_motifs(PROTEIN, (3, 5)), make_sequences(PROTEIN)
    write_fasta(tmp_path / "p.fa", sequences.select(sequences.lengths > 0))
    scan_file(motifs, tmp_path / "p.fa", tmp_path / "p.tsv", p_value=0.01)
    hits = expected_rows(motifs, sequences, p_value=0.01)
    assert [r["strand"] for r in rows_of(tmp_path / "p.tsv")] == ["+"] * len(hits)
    (tmp_path / "low.fa").write_text(">a\nACGTACGTnnnnacgtacgt\n")
    word = Motif("w", ProbabilityMatrix(np.eye(4), DNA))
    for mask, sites in (("none", 8), ("lower", 4)):
        summary = scan_file(
            [word], tmp_path / "low.fa", tmp_path / "l.tsv", p_value=0.01, background="uniform",
            mask=mask,
        )  # fmt: skip
        assert summary.sites == sites
        assert summary.windows + summary.skipped == 2 * 17
        assert summary.windows == {"none": 20, "lower": 10}[mask]


def test_notes_say_what_was_left_out(fasta, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    summary = scan_file(make_motifs(), fasta, tmp_path / "out.tsv", background="uniform")
    assert "without any word that reaches the threshold, skipped: 1 of 4, first m4" in caplog.text
    assert f"ambiguous letters skipped: {summary.skipped:,} of" in caplog.text
    assert summary.unattainable == 1
    assert summary.skipped > 0
    assert (summary.sequences, summary.letters) == (6, 2756)


def test_standard_input_is_kept_for_the_second_pass(fasta, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(fasta.read_bytes())))
    scan_file(make_motifs(), "-", tmp_path / "a.tsv", p_value=0.01)
    scan_file(make_motifs(), fasta, tmp_path / "b.tsv", p_value=0.01)
    assert (tmp_path / "a.tsv").read_bytes() == (tmp_path / "b.tsv").read_bytes()


def test_engines_write_the_same_bytes(fasta, tmp_path):
    for engine in ("words", "lookup", "convolution"):
        scan_file(make_motifs(), fasta, tmp_path / engine, p_value=0.02, engine=engine)
    assert len({(tmp_path / e).read_bytes() for e in ("words", "lookup", "convolution")}) == 1


def test_formats(tmp_path):
    (tmp_path / "x.fa").write_text(">chr7:100-112(-)\nTTAACGTTGGGG\n>plain name\nAACGTT\n")
    word = Motif("my word", ProbabilityMatrix(np.eye(4)[[0, 0, 1, 2]], DNA), "a;b=c")
    options = {"p_value": 1e-2, "background": "uniform", "pseudocount": 0.0}
    for name in ("x.bed", "x.gff3", "x.gff.gz", "x.tsv", "x.bed.gz"):
        scan_file([word], tmp_path / "x.fa", tmp_path / name, **options)
    scan_file([word], tmp_path / "x.fa", tmp_path / "fimo", format="fimo", **options)
    # on the minus strand, letters 2 to 6 of the sequence are 106 to 110 of the chromosome
    assert (tmp_path / "x.bed").read_text().splitlines()[:2] == [
        "chr7\t106\t110\tmy_word\t241\t-\t8.00\t0.00391\t0.0234",
        "chr7\t104\t108\tmy_word\t241\t+\t8.00\t0.00391\t0.0234",
    ]
    assert gzip.open(tmp_path / "x.bed.gz", "rt").read() == (tmp_path / "x.bed").read_text()
    gff = (tmp_path / "x.gff3").read_text().splitlines()
    assert gff[0] == "##gff-version 3"
    assert gff[1] == (
        "chr7\tseqcnn\tnucleotide_motif\t107\t110\t8.00\t-\t.\tName=my word;Alias=a%3Bb%3Dc;"
        "p_value=0.00391;q_value=0.0234;sequence=AACG"
    )
    assert gzip.open(tmp_path / "x.gff.gz", "rt").read().splitlines() == gff
    assert (tmp_path / "x.tsv").read_text().splitlines()[:2] == [
        "sequence\tstart\tend\tstrand\tmotif\tscore\tp_value\tq_value\tmatched",
        "chr7:100-112(-)\t2\t6\t+\tmy word\t8.00\t0.00391\t0.0234\tAACG",
    ]
    assert (tmp_path / "fimo").read_text().splitlines()[:2] == [
        "motif_id\tmotif_alt_id\tsequence_name\tstart\tstop\tstrand\tscore\tp-value\tq-value\t"
        "matched_sequence",
        "my word\ta;b=c\tchr7:100-112(-)\t3\t6\t+\t8\t0.00391\t0.0234\tAACG",
    ]
    assert (tmp_path / "x.tsv").read_text().splitlines()[3].startswith("plain\t0\t4\t+")


def test_tiny_p_values_are_written_as_they_are(tmp_path):
    letters = np.zeros(110, int)
    motif = Motif("wide", ProbabilityMatrix(np.eye(4)[letters], DNA))
    write_fasta(tmp_path / "x.fa", SequenceSet.from_arrays([letters], alphabet=DNA))
    scan_file(
        [motif], tmp_path / "x.fa", tmp_path / "x.tsv", background=np.array([0.001, *[0.333] * 3]),
        strand="one", pseudocount=0,
    )  # fmt: skip
    (row,) = rows_of(tmp_path / "x.tsv")
    assert row["p_value"] == row["q_value"] == "1.00e-330"


def test_many_small_sequences_and_nothing_at_all(tmp_path):
    rng = np.random.default_rng(0)
    sequences = SequenceSet.from_arrays(list(rng.integers(0, 4, (3000, 9))), alphabet=DNA)
    write_fasta(tmp_path / "x.fa", sequences)
    motifs = make_motifs(widths=(4, 9, 10))
    scan_file(motifs, tmp_path / "x.fa", tmp_path / "x.tsv", p_value=0.01)
    hits = expected_rows(motifs, sequences, p_value=0.01)
    assert len(rows_of(tmp_path / "x.tsv")) == len(hits) > 300
    (tmp_path / "empty.fa").write_text("")
    with pytest.raises(SeqcnnError, match="the file is empty"):
        scan_file(motifs, tmp_path / "empty.fa", tmp_path / "none.tsv")
    assert not (tmp_path / "none.tsv").exists()
    with pytest.raises(SeqcnnError, match="no motifs"):
        scan_file([], tmp_path / "x.fa", tmp_path / "none.tsv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p_value": 0}, "p_value"),
        ({"q_value": 2}, "q_value"),
        ({"format": "wig"}, "format"),
        ({"mask": "upper"}, "mask"),
        ({"alphabet": PROTEIN}, "over ACGT"),
        ({"strand": "minus"}, "strand"),
    ],
)
def test_bad_arguments_are_refused(fasta, tmp_path, options, message):
    with pytest.raises(SeqcnnError, match=message):
        scan_file(make_motifs(), fasta, tmp_path / "out.tsv", **options)
    assert not (tmp_path / "out.tsv").exists()


@pytest.mark.slow
def test_memory_stays_small_whatever_the_genome(tmp_path):
    import resource
    import subprocess

    letters = np.frombuffer(b"ACGT", np.uint8)[np.random.default_rng(0).integers(0, 4, 10_000_000)]
    with (tmp_path / "genome.fa").open("wb") as handle:
        for i in range(6):
            handle.write(b">chr%d\n%s\n" % (i, np.roll(letters, i).tobytes()))
    line = [sys.executable, "-m", "seqcnn", "scan", "jaspar:fungi", str(tmp_path / "genome.fa")]
    subprocess.run([*line, "-o", str(tmp_path / "x.tsv"), "--p-value", "1e-6"], check=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 500_000


def test_sequences_that_are_too_short_are_told(tmp_path, caplog):
    (tmp_path / "x.fa").write_text(">a\nACG\n>b\nAC\n")
    word = Motif("w", ProbabilityMatrix(np.eye(4), DNA))
    with caplog.at_level("INFO"):
        scan_file(word, tmp_path / "x.fa", tmp_path / "x.tsv", p_value=0.5)
    assert "no sequence is as long as the motifs" in caplog.text
    caplog.clear()
    for long_enough in ("ACGT", "ACNT"):
        (tmp_path / "x.fa").write_text(f">a\n{long_enough}\n")
        with caplog.at_level("INFO"):
            scan_file(word, tmp_path / "x.fa", tmp_path / "x.tsv", p_value=0.5)
        assert "as long as" not in caplog.text
    with pytest.raises(SeqcnnError, match="`motifs` holds"):
        scan_file("a.meme", tmp_path / "x.fa", tmp_path / "y.tsv")
    with pytest.raises(SeqcnnError, match="`threads` is 0"):
        scan_file(word, tmp_path / "x.fa", tmp_path / "y.tsv", threads=0)
    assert not (tmp_path / "y.tsv").exists()
