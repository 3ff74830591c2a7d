"""Peaks and a genome on the command line."""

import csv
import gzip
import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.cli.places import Places
from seqcnn.errors import SeqcnnWarning
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.intervals import intervals_of

WORD, LENGTH, WINDOW, PEAKS = "TGACTCAGC", 40_000, 60, 240


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Make two chromosomes with a word on either strand at half of the peaks on ``1`` and ``2``."""
    path, rng = tmp_path_factory.mktemp("genome"), np.random.default_rng(0)
    letters = {name: rng.choice(list("ACGT"), LENGTH) for name in ("chr1", "chr2")}
    lines = []
    for i in range(PEAKS):
        name, centre = f"chr{1 + i % 2}", 150 + 300 * (i // 2)
        if i % 4 < 2:
            word = list(WORD if i % 8 < 4 else DNA.decode(DNA.reverse_complement(DNA.encode(WORD))))
            letters[name][centre - 4 : centre + 5] = word
        place = f"{name[3:]}\t{centre - 90}\t{centre + 60}"
        lines.append(f"{place}\tp{i}\t0\t{'+-'[i // 4 % 2]}\t{i}\t-1\t-1\t90\n")
    text = "".join(f">{name}\n{''.join(row)}\n" for name, row in letters.items())
    (path / "genome.fa.gz").write_bytes(gzip.compress(text.encode()))
    (path / "peaks.narrowPeak").write_text("track name=peaks\n" + "".join(lines))
    records = []
    for line in lines:
        name, start = "chr" + line.split("\t")[0], int(line.split("\t")[1]) + 90 - WINDOW // 2
        sequence = "".join(letters[name][start : start + WINDOW])
        records.append(f">{name}:{start}-{start + WINDOW}\n{sequence}\n")
    (path / "peaks.fa").write_text("".join(records))
    (path / "m.meme").write_text(
        "MEME version 4\n\nALPHABET= ACGT\n\nMOTIF AP1\nletter-probability matrix: w= 9\n"
        + "".join(" ".join("0.97" if c == d else "0.01" for d in "ACGT") + "\n" for c in WORD)
    )
    genome = {name: "".join(row) for name, row in letters.items()}
    (path / "genome.json").write_text(json.dumps(genome))
    return path


def options(folder, *more):
    return [
        *map(str, more),
        "--genome",
        str(folder / "genome.fa.gz"),
        "--window",
        str(WINDOW),
        "-q",
    ]


def run(folder, command, *arguments):
    assert main([command, *options(folder, *arguments)]) == 0


def rows_of(path):
    with path.open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


@pytest.fixture(scope="module")
def runs(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    peaks = folder / "peaks.narrowPeak"
    no_database = ["--db", "none"]
    run(folder, "discover", peaks, "-o", out / "shuffled", *no_database)
    run(folder, "discover", peaks, "-o", out / "matched", "--control", "genome", *no_database)
    arguments = ["discover", str(folder / "peaks.fa"), "-o", str(out / "fasta"), "-q"]
    assert main([*arguments, *no_database]) == 0
    return out


@pytest.mark.parametrize("name", ["shuffled", "matched"])
def test_sites_spell_themselves_in_the_genome(folder, runs, name):
    genome = json.loads((folder / "genome.json").read_text())
    spelled = set()
    for line in (runs / name / "sites.bed").read_text().splitlines():
        chromosome, start, end, motif, _, strand = line.split("\t")
        word = genome[chromosome][int(start) : int(end)]
        if strand == "-":
            word = DNA.decode(DNA.reverse_complement(DNA.encode(word)))
        spelled.add((motif, word))
    assert spelled == {(r["motif"], r["matched"]) for r in rows_of(runs / name / "sites.tsv")}
    best = rows_of(runs / name / "motifs.tsv")[0]
    other = DNA.decode(DNA.reverse_complement(DNA.encode(best["consensus"].replace("N", ""))))
    assert "TGACTCA" in best["consensus"] + other or "TGAGTCA" in best["consensus"] + other


def test_peaks_are_what_their_sequences_are(runs):
    for name in ("motifs.tsv", "sites.tsv", "sites.bed", "significance.tsv", "motifs.meme"):
        assert (runs / "shuffled" / name).read_bytes() == (runs / "fasta" / name).read_bytes()


def test_a_run_records_the_genome(folder, runs):
    record = json.loads((runs / "matched" / "run.json").read_text())
    assert [one["path"] for one in record["inputs"]] == [
        str(folder / "peaks.narrowPeak"),
        str(folder / "genome.fa.gz"),
    ]
    assert record["arguments"]["window"] == WINDOW
    assert record["arguments"]["control"] == "genome"
    assert record["facts"]["control"] == "given"


@pytest.mark.parametrize("command", ["scan", "enrich", "shuffle", "predict"])
def test_other_commands_read_peaks_like_their_sequences(folder, runs, tmp_path, command):
    before = {"scan": [folder / "m.meme"], "enrich": [folder / "m.meme"], "shuffle": [],
              "predict": [runs / "shuffled"]}[command]  # fmt: skip
    run(folder, command, *before, folder / "peaks.narrowPeak", "-o", tmp_path / "a")
    plain = [command, *map(str, before), str(folder / "peaks.fa"), "-o", str(tmp_path / "b"), "-q"]
    assert main(plain) == 0
    one, other = ((tmp_path / name).read_text() for name in "ab")
    assert one == other
    assert len(one.splitlines()) > 1


def test_the_best_peaks_only(folder, tmp_path):
    run(folder, "shuffle", folder / "peaks.narrowPeak", "-o", tmp_path / "x.fa", "--top-peaks", 30)
    best = (folder / "peaks.fa").read_text().splitlines()[-60::2]
    names = [x for x in (tmp_path / "x.fa").read_text().splitlines() if x[0] == ">"]
    assert len(names) == 30
    assert all(name.startswith(place) for name, place in zip(names, best, strict=True))


def test_strands_of_peaks_are_honoured_on_one_strand(folder, tmp_path):
    run(
        folder, "scan", folder / "m.meme", folder / "peaks.narrowPeak", "-o", tmp_path / "x.tsv",
        "--strand", "one", "--p-value", "1e-5",
    )  # fmt: skip
    genome = json.loads((folder / "genome.json").read_text())
    rows = rows_of(tmp_path / "x.tsv")
    assert rows
    for row in rows:
        assert row["sequence"].endswith(("(+)", "(-)"))
        name, _, place = row["sequence"].partition(":")
        start, end = map(int, place.partition("(")[0].split("-"))
        text = genome[name][start:end]
        if place.endswith("(-)"):
            text = DNA.decode(DNA.reverse_complement(DNA.encode(text)))
        assert text[int(row["start"]) : int(row["end"])] == row["matched"]


def test_a_control_may_be_intervals_too(folder, tmp_path):
    lines = (folder / "peaks.narrowPeak").read_text().splitlines()[1:]
    (tmp_path / "other.bed").write_text(
        "".join(
            f"{x.split()[0]}\t{int(x.split()[1]) + 180}\t{int(x.split()[1]) + 181}\n" for x in lines
        )
    )
    run(
        folder, "enrich", folder / "m.meme", folder / "peaks.narrowPeak", "--control",
        tmp_path / "other.bed", "-o", tmp_path / "x.tsv",
    )  # fmt: skip
    row = rows_of(tmp_path / "x.tsv")[0]
    assert int(row["pos_hits"]) > 10 * int(row["neg_hits"])
    assert int(row["neg_total"]) > 200


MISTAKES = {
    "no genome": (["peaks.narrowPeak"], "say which genome it belongs to (--genome)"),
    "window": (["peaks.fa", "--window", "50"], "`--window` 50 is for intervals on a genome"),
    "top": (["peaks.fa", "--top", "50"], "`--top-peaks` 50 is for intervals on a genome"),
    "matched": (["peaks.fa", "--control", "genome"], "name it with --genome"),
    "missing genome": (["peaks.narrowPeak", "--genome", "no.fa"], "no.fa: no such file"),
    "other genome": (["other.bed", "--genome", "genome.fa.gz"], "no interval lies in the genome"),
    "past the end": (["past.bed", "--genome", "genome.fa.gz"], "is it the right genome?"),
    "line": (["bad.bed", "--genome", "genome.fa.gz"], "bad.bed, line 2: start 9 lies behind end 5"),
    "no scores": (["past.bed", "--genome", "genome.fa.gz", "--top", "2"], "right genome"),
    "genome is bed": (["peaks.narrowPeak", "--genome", "other.bed"], "BED"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistakes_are_one_line_and_exit_2(folder, tmp_path, capsys, monkeypatch, kind):
    for name in ("peaks.narrowPeak", "peaks.fa", "genome.fa.gz"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "other.bed").write_text("chrI\t5\t90\nchrII\t5\t90\n")
    (tmp_path / "past.bed").write_text("chr1\t5\t99999\n")
    (tmp_path / "bad.bed").write_text("chr1\t5\t90\nchr1\t9\t5\n")
    monkeypatch.chdir(tmp_path)
    arguments, says = MISTAKES[kind]
    assert main(["discover", *arguments, "-o", "out", "-q"]) == 2
    errors = [x for x in capsys.readouterr().err.splitlines() if not x.startswith("warning")]
    assert len(errors) == 1 and says in errors[0]
    assert not (tmp_path / "out").exists()


def test_the_output_is_never_the_genome(folder, tmp_path, capsys):
    genome = tmp_path / "g.fa"
    genome.write_text(">1\nACGT\n")
    peaks = str(folder / "peaks.narrowPeak")
    assert main(["shuffle", peaks, "--genome", str(genome), "-o", str(genome), "-q"]) == 2
    assert "the output is the input" in capsys.readouterr().err
    assert genome.read_text() == ">1\nACGT\n"


@pytest.mark.parametrize("top", [None, 30])
def test_matched_windows_keep_away_from_all_peaks_of_the_file(folder, top):
    places = Places(str(folder / "genome.fa.gz"), WINDOW, top)
    path = str(folder / "peaks.narrowPeak")
    foreground = places.read(path, alphabet=None, mask="none")
    assert len(foreground) == (top or PEAKS)
    with warnings.catch_warnings():  # the peaks take half of this genome
        warnings.simplefilter("ignore", SeqcnnWarning)
        control = places.read_control("genome", path, foreground, mask="none")
    assert control is not None
    peaks = [line.split("\t")[:3] for line in Path(path).read_text().splitlines()[1:]]
    for home in intervals_of(control):
        assert home is not None and len(home) == WINDOW
        assert all(
            home.chromosome != f"chr{name}" or home.end <= int(start) or int(end) <= home.start
            for name, start, end in peaks
        )
