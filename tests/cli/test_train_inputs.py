"""What train, predict and evaluate take: tables, intervals, chromosomes, profiles, searches."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from seqcnn.cli.main import main
from seqcnn.networks.weights import load_model
from seqcnn.networks.zoo import names
from seqcnn.seq.alphabet import DNA
from seqcnn.seq.record import SequenceSet
from seqcnn.training.predict import predict
from tests.discovery.planted import plant, random_rows

QUICK = ["-q", "--rounds", "8", "--steps", "20", "--ensemble", "1", "--network", "motifcnn",
         "--set", "kernels=8", "--set", "width=9", "--set", "hidden=16",
         "--learning-rate", "0.01"]  # fmt: skip
WORD, SIZE, WINDOW = "TGACTCAGC", 60_000, 80


def rows_of(path):
    with Path(path).open() as handle:
        return list(csv.DictReader(handle, delimiter="\t"))


def facts_of(folder, name="metrics.json"):
    return json.loads((Path(folder) / name).read_text())


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Sequences with a word in every second one, two labels, a weight and a family."""
    rows = random_rows(300, 40, 0)
    rows[1::2] = plant(rows[1::2], WORD, 1.0, 1)
    path = tmp_path_factory.mktemp("table") / "t.tsv"
    lines = ["name\tbound\tSequence\tsignal\tweight\tfamily"]
    rng = np.random.default_rng(0)
    for i, row in enumerate(rows):
        signal = 5 * (i % 2) + rng.normal()
        lines.append(f"s{i}\t{i % 2}\t{DNA.decode(row)}\t{signal:.4f}\t1\tf{i // 10}")
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_a_table_holds_sequences_and_labels(table, tmp_path):
    out = str(tmp_path / "m")
    options = ["--columns", "bound", "--weights", "weight", "--group-by", "family", "--folds", "3"]
    assert main(["train", table, "-o", out, *QUICK, *options]) == 0
    facts = facts_of(out)
    assert facts["target"] == "binary" and facts["held_out"]["bound"]["auroc"]["value"] > 0.9
    held = rows_of(tmp_path / "m" / "predictions.tsv")
    assert list(held[0]) == ["id", "fold", "label:bound", "bound"]
    assert sorted(row["id"] for row in held) == sorted(f"s{i}" for i in range(300))
    folds = {}
    for row in held:
        number = int(row["id"][1:])
        assert int(row["label:bound"]) == number % 2
        folds.setdefault(number // 10, set()).add(row["fold"])
    assert all(len(found) == 1 for found in folds.values())
    assert {f for found in folds.values() for f in found} == {"1", "2", "3"}
    # the area is that of these predictions
    p = np.array([float(row["bound"]) for row in held])
    y = np.array([int(row["label:bound"]) for row in held])
    pairs = p[y == 1][:, None] - p[y == 0]
    area = ((pairs > 0) + 0.5 * (pairs == 0)).mean()
    assert facts["held_out"]["bound"]["auroc"]["value"] == pytest.approx(area, abs=1e-4)

    assert main(["predict", out, table, "-o", str(tmp_path / "p.tsv"), "-q"]) == 0
    assert [row["id"] for row in rows_of(tmp_path / "p.tsv")] == [f"s{i}" for i in range(300)]
    assert main(["evaluate", out, table, "-o", str(tmp_path / "e"), "-q"]) == 0
    assert facts_of(tmp_path / "e")["metrics"]["bound"]["auroc"]["value"] > 0.9


@pytest.fixture(scope="module")
def bound(table, tmp_path_factory):
    """A model of one column of the table."""
    out = str(tmp_path_factory.mktemp("bound") / "m")
    assert main(["train", table, "-o", out, *QUICK, "--columns", "bound"]) == 0
    return out


def evaluated(model, path, out, *options):
    assert main(["evaluate", model, str(path), "-o", str(out), *options]) == 0
    return facts_of(out)


def test_evaluate_knows_the_column_and_takes_another(bound, table, tmp_path, capsys):
    first = evaluated(bound, table, tmp_path / "a", "-q")
    named = evaluated(bound, table, tmp_path / "b", "-q", "--columns", "bound")
    assert first == named and 290 <= first["groups"] <= 300
    renamed = tmp_path / "r.tsv"
    renamed.write_text(Path(table).read_text().replace("bound", "seen", 1))
    assert evaluated(bound, renamed, tmp_path / "c", "-q", "--columns", "seen") == first
    capsys.readouterr()
    assert main(["evaluate", bound, str(renamed), "-o", str(tmp_path / "d")]) == 2
    assert "the model has learnt (bound): say with --columns" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


def test_evaluate_counts_weights_and_families(bound, table, tmp_path):
    header, *rows = Path(table).read_text().splitlines()
    cells = [row.split("\t") for row in rows]
    for i, row in enumerate(cells):
        row[4] = str(int(i < 100))  # the weight
    (tmp_path / "w.tsv").write_text("\n".join([header, *map("\t".join, cells)]) + "\n")
    (tmp_path / "h.tsv").write_text("\n".join([header, *rows[:100]]) + "\n")
    weighted = evaluated(bound, tmp_path / "w.tsv", tmp_path / "a", "-q", "--weights", "weight")
    half = evaluated(bound, tmp_path / "h.tsv", tmp_path / "b", "-q")
    for name in ("auroc", "brier", "calibration_slope"):
        values = [f["metrics"]["bound"][name]["value"] for f in (weighted, half)]
        assert values[0] == pytest.approx(values[1], rel=1e-6)
    grouped = evaluated(bound, table, tmp_path / "c", "-q", "--group-by", "family")
    assert 20 <= grouped["groups"] <= 30


def test_evaluate_says_when_shares_differ_and_rescales(bound, table, tmp_path, capsys):
    header, *rows = Path(table).read_text().splitlines()
    few = [row for i, row in enumerate(rows) if i % 2 == 0 or i % 30 == 1]
    (tmp_path / "few.tsv").write_text("\n".join([header, *few]) + "\n")
    plain = evaluated(bound, tmp_path / "few.tsv", tmp_path / "a")
    told = capsys.readouterr().err
    assert "0.0625 of the sequences are positive" in told and "--prevalence 0.0625" in told
    fitted = evaluated(bound, tmp_path / "few.tsv", tmp_path / "b", "--prevalence", "0.0625")
    assert "--prevalence" not in capsys.readouterr().err
    brier = [f["metrics"]["bound"]["brier"]["value"] for f in (plain, fitted)]
    assert brier[1] < brier[0]
    ones = [row for i, row in enumerate(rows) if i % 2]
    (tmp_path / "ones.tsv").write_text("\n".join([header, *ones]) + "\n")
    evaluated(bound, tmp_path / "ones.tsv", tmp_path / "c")
    assert "all labels of 'bound' are 1: areas and calibration" in capsys.readouterr().err


def test_classes_may_stand_among_other_columns(table, tmp_path):
    out = str(tmp_path / "m")
    lines = Path(table).read_text().splitlines()
    kinds = ["kind", *(("no", "yes")[i % 2] for i in range(300))]
    path = tmp_path / "t.tsv"
    path.write_text("\n".join(f"{a}\t{b}" for a, b in zip(lines, kinds, strict=True)) + "\n")
    assert main(["train", str(path), "-o", out, *QUICK, "--columns", "kind"]) == 0
    facts = evaluated(out, path, tmp_path / "e", "-q")
    assert facts["target"] == "multiclass" and facts["metrics"]["mean"]["auroc"]["value"] > 0.9


@pytest.mark.parametrize("balance", ["batches", "weights", "none"])
def test_classes_are_balanced_as_told(tmp_path, balance):
    """One in nine is positive: without balance, logits are low by the logarithm of eight or so."""
    rows = random_rows(450, 40, 0)
    rows[::9] = plant(rows[::9], WORD, 1.0, 1)
    lines = [f"s{i}\t{int(i % 9 == 0)}\t{DNA.decode(row)}" for i, row in enumerate(rows)]
    (tmp_path / "t.tsv").write_text("id\tbound\tsequence\n" + "\n".join(lines) + "\n")
    out, more = str(tmp_path / "m"), ["--balance", balance]
    assert main(["train", str(tmp_path / "t.tsv"), "-o", out, *QUICK, *more]) == 0
    offset = load_model(out).members[0].extra["calibrator"]["offset"][0]
    assert (offset < -1) == (balance != "none")


def test_the_other_strand_is_shown_in_training(table, tmp_path):
    """A network of one strand scores both alike only if it has seen both."""
    apart = []
    for more in ([], ["--augment-strand"]):
        out = str(tmp_path / f"m{len(more)}")
        options = ["--columns", "bound", "--strand", "one", *more]
        assert main(["train", table, "-o", out, *QUICK, *options]) == 0
        model, rows = load_model(out), random_rows(200, 40, 9)
        rows[:] = plant(rows, WORD, 1.0, 3)
        sides = [
            predict(model, SequenceSet.from_arrays(list(r), alphabet=DNA))
            for r in (rows, DNA.reverse_complement(rows))
        ]
        apart.append(np.abs(sides[0] - sides[1]).mean())
    assert apart[1] < apart[0]


def test_weights_that_are_all_nothing_are_refused(table, bound, tmp_path, capsys):
    text = Path(table).read_text().replace("\t1\tf", "\t0\tf")
    (tmp_path / "w.tsv").write_text(text)
    capsys.readouterr()
    arguments = [str(tmp_path / "w.tsv"), "-q", "--weights", "weight", "--columns", "bound"]
    for command in (["train"], ["evaluate", bound]):
        assert main([*command, *arguments, "-o", str(tmp_path / "o")]) == 2
        assert "all weights in 'weight' are 0" in capsys.readouterr().err


def test_several_columns_are_several_tasks(table, tmp_path):
    out = str(tmp_path / "m")
    options = ["--columns", "signal", "--task", "regression"]
    assert main(["train", table, "-o", out, *QUICK, *options]) == 0
    assert facts_of(out)["held_out"]["signal"]["pearson"]["value"] > 0.7


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    """Peaks on six chromosomes with a word in the middle, and a bump of reads where it is."""
    folder, rng = tmp_path_factory.mktemp("genome"), np.random.default_rng(0)
    letters = {f"chr{i}": rng.choice(list("ACGT"), SIZE // 6) for i in range(1, 7)}
    peaks, other, reads = [], [], []
    for number, (name, row) in enumerate(letters.items()):
        for i, centre in enumerate(range(100, SIZE // 6 - 200, 140)):
            shift = int(rng.integers(-12, 13))
            start = centre + shift - 4
            height = int(rng.integers(20, 60))
            if (i + number) % 2:
                row[start : start + 9] = list(WORD)
                peaks.append(f"{name}\t{centre - 30}\t{centre + 30}\tp{name}_{i}\t{height}\n")
                reads.append(f"{name}\t{start + 2}\t{start + 7}\t{height}\n")
            else:
                other.append(f"{name}\t{centre - 30}\t{centre + 30}\n")
            for place in rng.choice(60, 6, replace=False):
                low = centre - 30 + int(place)
                if not start + 2 <= low < start + 7:
                    reads.append(f"{name}\t{low}\t{low + 1}\t1\n")
    text = "".join(f">{name}\n{''.join(row)}\n" for name, row in letters.items())
    (folder / "genome.fa").write_text(text)
    (folder / "peaks.bed").write_text("".join(peaks))
    (folder / "other.bed").write_text("".join(other))
    (folder / "reads.bedgraph").write_text("".join(reads))
    return folder


def on_genome(folder, *more):
    return [*map(str, more), "--genome", str(folder / "genome.fa"), "--window", str(WINDOW)]


def test_chromosomes_are_held_out(genome, tmp_path):
    out = tmp_path / "m"
    arguments = ["train", genome / "peaks.bed", "--control", genome / "other.bed",
                 "--hold-out", "4,chr5", "-o", out, *QUICK]  # fmt: skip
    assert main(on_genome(genome, *arguments)) == 0
    held = rows_of(out / "predictions.tsv")
    assert {row["id"].partition(":")[0] for row in held} == {"chr4", "chr5"}
    on_both = sum(line.startswith(("chr4", "chr5")) for name in ("peaks.bed", "other.bed")
                  for line in (genome / name).read_text().splitlines())  # fmt: skip
    assert len(held) == on_both
    assert facts_of(out)["held_out"]["probability"]["auroc"]["value"] > 0.9
    evaluated = ["evaluate", out, genome / "peaks.bed", "--control", genome / "other.bed",
                 "-o", tmp_path / "e", "-q"]  # fmt: skip
    assert main(on_genome(genome, *evaluated)) == 0
    assert facts_of(tmp_path / "e")["positives"] == len(
        (genome / "peaks.bed").read_text().splitlines()
    )


def test_chromosomes_stay_in_one_fold(genome, tmp_path):
    arguments = ["train", genome / "peaks.bed", "--group-by", "chromosome", "--folds", "2",
                 "-o", tmp_path / "m", *QUICK]  # fmt: skip
    assert main(on_genome(genome, *arguments)) == 0
    folds = {}
    for row in rows_of(tmp_path / "m" / "predictions.tsv"):
        folds.setdefault(row["id"].partition(":")[0], set()).add(row["fold"])
    assert len(folds) == 6 and all(len(found) == 1 for found in folds.values())


def test_labels_may_name_intervals(genome, tmp_path):
    lines = [line.split("\t") for line in (genome / "peaks.bed").read_text().splitlines()]
    labels = tmp_path / "l.tsv"
    labels.write_text("id\theight\n" + "".join(f"{x[3]}\t{x[4]}\n" for x in lines))
    arguments = ["train", genome / "peaks.bed", "--labels", labels, "-o", tmp_path / "m", *QUICK]
    assert main(on_genome(genome, *arguments)) == 0
    held = rows_of(tmp_path / "m" / "predictions.tsv")
    heights = {f"{x[0]}:{int(x[1]) - 10}-{int(x[2]) + 10}": float(x[4]) for x in lines}
    assert all(float(row["label:height"]) == heights[row["id"]] for row in held)


def test_a_planted_bump_is_learnt(genome, tmp_path, capsys):
    """The profile follows the word, which the mean profile cannot."""
    out = tmp_path / "m"
    arguments = ["train", genome / "peaks.bed", "--profile", genome / "reads.bedgraph",
                 "--profile-width", "50", "-o", out, "-q", "--ensemble", "1", "--rounds", "10",
                 "--steps", "30", "--set", "channels=16", "--set", "layers=3", "--set", "width=9",
                 "--set", "profile_width=7", "--learning-rate", "0.01"]  # fmt: skip
    assert main(on_genome(genome, *arguments)) == 0
    said = capsys.readouterr().out
    assert "profile_pearson" in said and "the mean profile alone" in said
    facts = facts_of(out)
    found = facts["held_out"]["reads"]
    assert found["profile_pearson"]["value"] > 0.8 > 0.6 > facts["composition"]["reads"]
    assert found["profile_jsd"]["value"] < 0.3
    assert load_model(out).extra["target"]["width"] == 50

    peaks = genome / "peaks.bed"
    predicted = ["predict", out, peaks, "-o", tmp_path / "p.tsv", "-q",
                 "--profiles", tmp_path / "p.npz"]  # fmt: skip
    assert main(on_genome(genome, *predicted)) == 0
    with np.load(tmp_path / "p.npz") as saved:
        shares, ids = saved["shares"], saved["ids"]
    assert shares.shape == (len(ids), 50, 1)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=1e-4)
    letters = dict(
        part.split("\n")[:2] for part in (genome / "genome.fa").read_text()[1:].split("\n>")
    )
    near = 0
    for name, share in zip(ids.tolist(), shares[..., 0], strict=True):
        chromosome, _, place = name.partition(":")
        start, end = map(int, place.split("-"))
        at = letters[chromosome][start:end].find(WORD) + 4 - 15
        near += abs(int(share.argmax()) - at) <= 3
    assert near > 0.9 * len(ids)
    assert list(rows_of(tmp_path / "p.tsv")[0]) == ["id", "reads"]

    evaluated = ["evaluate", out, peaks, "--profile", genome / "reads.bedgraph",
                 "-o", tmp_path / "e", "-q"]  # fmt: skip
    assert main(on_genome(genome, *evaluated)) == 0
    assert facts_of(tmp_path / "e")["metrics"]["reads"]["profile_pearson"]["value"] > 0.8
    for folder in (out, tmp_path / "e"):
        assert "Measured by predicted values, totals" in (Path(folder) / "report.html").read_text()


def test_a_search_takes_the_best_and_resumes(table, tmp_path):
    out = tmp_path / "m"
    arguments = ["train", table, "--columns", "bound", "-o", str(out), "--search", "3",
                 "--tensorboard", *QUICK]  # fmt: skip
    assert main(arguments) == 0
    trials = rows_of(out / "search.tsv")
    assert [row["trial"] for row in trials] == ["0", "1", "2"] and trials[0]["options"] == "{}"
    losses = [float(row["loss"] or "inf") for row in trials]
    chosen = json.loads(trials[int(np.argmin(losses))]["options"])
    config = json.loads((out / "config.json").read_text())["members"][0]["options"]
    assert config["kernels"] == 8 and config["width"] == 9  # told, so not tried
    assert all(config[name] == chosen[name] for name in ("dropout",) if name in chosen)
    assert not any("kernels" in row["options"] for row in trials)
    curves = sorted(path.name for path in (out / "tensorboard").iterdir())
    assert curves == ["network-1", "trial-1", "trial-2", "trial-3"]
    assert main([*arguments, "--resume"]) == 0


def test_the_network_is_chosen_and_said_why(table, tmp_path, capsys):
    arguments = ["train", table, "--columns", "bound", "-o", str(tmp_path / "m"), "--rounds", "1",
                 "--steps", "2", "--ensemble", "1"]  # fmt: skip
    assert main(arguments) == 0
    assert "note: network motifcnn: 300 dna sequences of 40 letters" in capsys.readouterr().err


def test_half_precision_is_saved_in_full(table, tmp_path, capsys):
    arguments = ["train", table, "--columns", "bound", "-o", str(tmp_path / "m"), *QUICK]
    assert main([*arguments, "--precision", "bfloat16"]) == 0
    assert facts_of(tmp_path / "m")["held_out"]["bound"]["auroc"]["value"] > 0.9
    assert load_model(tmp_path / "m").members[0].network.dtype == "float32"  # type: ignore[attr-defined]


def test_the_help_names_all_networks(capsys):
    assert main(["train", "--help"]) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in names("sequence"))


MISTAKES = {
    "two ways": (["--control", "x", "--labels", "y"], "`--control` and --labels say both"),
    "profile and control": (["--control", "x", "--profile", "y"], "leave one of the two out"),
    "width alone": (["--profile-width", "9"], "`--profile-width` 9 goes with --profile"),
    "augmented": (["--profile", "x", "--augment"], "`--augment` moves letters"),
    "folds and held out": (["--folds", "2", "--hold-out", "chr1"], "leave --hold-out out"),
    "folds and search": (["--folds", "2", "--search", "3"], "leave --folds 2 out"),
    "no coordinates": (
        ["--columns", "bound", "--hold-out", "chr1"],
        "does not say on which chromosome",
    ),
    "chromosomes": (
        ["--columns", "bound", "--group-by", "chromosome"],
        "does not say on which chromosome",
    ),
    "no column": (["--group-by", "clan"], "there is no column 'clan'"),
    "columns": (["--columns", "bound,glow"], "there is no column 'glow'"),
    "empty column": (["--columns", "bound,,"], "names that differ"),
    "dtype": (["--set", "dtype=bfloat16"], "say --precision instead"),
    "no signal": (["--profile", "none.bw"], "does not say where it lies"),
    "few trials": (["--search", "1"], "1 is not in the range x>=2"),
    "precision": (["--precision", "float64"], "'float64' is not one of"),
    "weights": (["--weights", "signal", "--columns", "bound"], "is below 0"),
    "balance": (["--columns", "signal", "--balance", "weights"], "is for classes"),
    "strands": (["--columns", "bound", "--augment-strand"], "it goes with --strand one"),
    "text": (["--columns", "family,bound"], "or say by --columns which columns are labels"),
}


@pytest.mark.parametrize("kind", MISTAKES)
def test_mistakes_are_one_line_and_exit_2(table, tmp_path, capsys, kind):
    options, message = MISTAKES[kind]
    assert main(["train", table, "-o", str(tmp_path / "m"), "-q", *options]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not (tmp_path / "m").exists()


GENOMIC = {
    "no such chromosome": (["--hold-out", "chr9"], "no sequence lies on 'chr9': there are chr1"),
    "all held out": (["--hold-out", "1,2,3,4,5,6"], "none is left to learn from"),
    "group": (["--group-by", "family"], "without a table of labels it can be 'chromosome'"),
    "network": (["--profile", "reads.bedgraph", "--network", "basset"], "scores no positions"),
    "wide": (["--profile", "reads.bedgraph", "--profile-width", "81"], "from 1 to 80, the window"),
    "turned": (
        ["--profile", "reads.bedgraph", "--strand", "one", "--augment-strand"],
        "no profile",
    ),
    "task": (["--profile", "reads.bedgraph", "--task", "counts"], "is for tables of --labels"),
    "twice": (["--profile", "reads.bedgraph", "--profile", "./reads.bedgraph"], "rename files"),
    "columns": (["--columns", "x"], "`--columns` x is for tables of --labels"),
}


@pytest.mark.parametrize("kind", GENOMIC)
def test_mistakes_with_intervals(genome, tmp_path, capsys, monkeypatch, kind):
    options, message = GENOMIC[kind]
    monkeypatch.chdir(genome)
    out = str(tmp_path / "m")
    assert main(on_genome(genome, "train", "peaks.bed", "-o", out, "-q", *options)) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1 and message in said[0], said
    assert not (tmp_path / "m").exists()
