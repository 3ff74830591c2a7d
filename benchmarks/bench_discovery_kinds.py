"""Search sets of many kinds, one motif or pair planted in each, and judge what was found.

    python benchmarks/bench_discovery_kinds.py
    python benchmarks/bench_discovery_kinds.py --table kinds.tsv --seeds 3
    python benchmarks/bench_discovery_kinds.py --kind palindrome gapped

Words are planted letter by letter, N and X being any letter; all else is random. The table is
written line by line, and a run that it holds already is not run again.
"""

import argparse
import csv
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from bench_discovery_grid import measured, motifs_of, read_table

from seqcnn.motifs.compare import similarity
from seqcnn.motifs.matrix import ProbabilityMatrix
from seqcnn.motifs.motif import Motif
from seqcnn.seq.alphabet import DNA, PROTEIN, RNA, Alphabet
from seqcnn.seq.io.fasta import write_fasta
from seqcnn.seq.record import SequenceSet
from seqcnn.stats.logspace import parse_log10

COLUMNS = ("kind", "seed", "cpu_s", "motifs", "verdict", "seen")

LENGTHS = (20, 30, 41, 60, 200, 400)


@dataclass(frozen=True, eq=False)
class Made:
    """Sequences, the site that was planted, and where.

    Parameters
    ----------
    rows
        uint8 (n, length).
    alphabet
        What the codes mean.
    word
        The site; N and X stand for any letter.
    starts
        Sequence and start of each site.
    """

    rows: np.ndarray
    alphabet: Alphabet
    word: str
    starts: list[tuple[int, int]] = field(default_factory=list)

    @property
    def truth(self) -> Motif:
        """The site as a motif."""
        values = np.full((len(self.word), self.alphabet.size), 1 / self.alphabet.size)
        for row, letter in zip(values, self.word, strict=True):
            if letter not in "NX":
                row[:] = np.arange(self.alphabet.size) == self.alphabet.letters.index(letter)
        return Motif("truth", ProbabilityMatrix(values, self.alphabet))


@dataclass(frozen=True)
class Found:
    """The output of a run."""

    motifs: list[Motif]
    sites: list[dict[str, str]]
    pairs: list[dict[str, str]]
    table: list[dict[str, str]]


@dataclass(frozen=True)
class Kind:
    """How to make a set, with what options it is searched, and what must be found."""

    make: Callable[[np.random.Generator], Made]
    judge: Callable[[Found, Made], tuple[bool, str]]
    options: tuple[str, ...] = ()


def planted(
    rng: np.random.Generator,
    word: str,
    share: float,
    *,
    number: int = 2000,
    length: int = 100,
    alphabet: Alphabet = DNA,
    sites: int = 1,
) -> Made:
    """Draw random sequences and write a word into a share of them, on either strand of DNA."""
    rows = rng.integers(0, alphabet.size, (number, length)).astype(np.uint8)
    made = Made(rows, alphabet, word)
    room = length // sites  # sites of one sequence lie in stretches of their own
    for row in rng.permutation(number)[: round(share * number)].tolist():
        for site in range(sites):
            start = site * room + int(rng.integers(0, room - len(word) + 1))
            write(rows[row], start, word, alphabet, alphabet == DNA and rng.random() < 0.5)
            made.starts.append((row, start))
    return made


def write(row: np.ndarray, start: int, word: str, alphabet: Alphabet, reverse: bool) -> None:
    """Write the letters of a word; what N and X stand on stays as it is."""
    window = row[start : start + len(word)]
    letters = alphabet.reverse_complement(window) if reverse else window.copy()
    for i, letter in enumerate(word):
        if letter not in "NX":
            letters[i] = alphabet.letters.index(letter)
    window[:] = alphabet.reverse_complement(letters) if reverse else letters


def pair_of_words(rng: np.random.Generator, *, together: bool) -> Made:
    """Write two words into 15 % of sequences, ten letters apart or anywhere."""
    first, second = "TGACTCAGC", "CCGGAAGTG"
    if together:
        return planted(rng, first + 10 * "N" + second, 0.15)
    made = planted(rng, first, 0.15)
    for row in rng.permutation(len(made.rows))[:300].tolist():
        taken = dict(made.starts).get(row, -100)
        starts = [s for s in range(92) if s + 9 <= taken or s >= taken + 9]
        write(made.rows[row], int(rng.choice(starts)), second, DNA, rng.random() < 0.5)
    return made


def peptides(rng: np.random.Generator) -> Made:
    """Draw peptides of nine letters with L at 2 and V at 9."""
    rows = rng.integers(0, 20, (1500, 9)).astype(np.uint8)
    for row in rows:
        write(row, 0, "XLXXXXXXV", PROTEIN, False)
    return Made(rows, PROTEIN, "XLXXXXXXV")


def one_motif(least_r: float, *, alone: bool = True) -> Callable[[Found, Made], tuple[bool, str]]:
    """Ask for the planted motif at rank 1, and for no other if `alone`."""

    def judge(found: Found, made: Made) -> tuple[bool, str]:
        if not found.motifs:
            return False, "no motif"
        match = similarity(found.motifs[0], made.truth, both_strands=made.alphabet == DNA)
        strands = {row["strand"] for row in found.table}
        good = match.r >= least_r and match.coverage >= 0.9
        good &= strands == {"both" if made.alphabet == DNA else "one"}
        good &= len(found.motifs) == 1 or not alone
        return good, f"{_named(found)}; r {match.r:.3f}, coverage {match.coverage:.2f}"

    return judge


def every_site(found: Found, made: Made) -> tuple[bool, str]:
    """Ask for one motif that has 95 % of the planted sites, none of them twice."""
    good, seen = one_motif(0.95)(found, made)
    middles: dict[int, list[float]] = {}
    for row in found.sites:
        if row["motif"] == "m1":
            middle = (int(row["start"]) + int(row["end"])) / 2
            middles.setdefault(int(row["sequence"][1:]), []).append(middle)
    width = len(made.word)
    hit = sum(
        any(abs(start + width / 2 - m) <= width / 2 for m in middles.get(row, ()))
        for row, start in made.starts
    )
    twice = sum(bool(np.any(np.diff(sorted(places)) < width / 2)) for places in middles.values())
    share = hit / len(made.starts)
    number = sum(map(len, middles.values()))
    seen += f"; {share:.1%} of {len(made.starts)} sites among {number}, {twice} lie on others"
    return bool(good and share >= 0.95 and not twice), seen


def one_pair(spacing: int | None) -> Callable[[Found, Made], tuple[bool, str]]:
    """Ask for one pair at a spacing, or for none."""

    def judge(found: Found, made: Made) -> tuple[bool, str]:
        sure = [p for p in found.pairs if parse_log10(p["q_value"]) < np.log10(0.05)]
        seen = ", ".join(
            f"{p['motif_a']} {p['motif_b']} {p['orientation']} {p['spacing']} q {p['q_value']}"
            for p in sure
        )
        if spacing is None:
            good = not sure
        else:
            good = len(sure) == 1 and abs(_distance(sure[0], found, made) - spacing) == 0
        return good and len(found.motifs) == 2, f"{_named(found)}; pairs: {seen or 'none'}"

    return judge


def _distance(pair: dict[str, str], found: Found, made: Made) -> int:
    """Letters between the two planted words, whatever columns the motifs have beside them."""
    first, second = (made.word[:9], made.word[-9:])
    widths = {m.name: m.width for m in found.motifs}
    total = sum(widths[pair[name]] for name in ("motif_a", "motif_b")) + int(pair["spacing"])
    wanted = len(first) + 10 + len(second)
    return 10 if abs(total - wanted) <= 2 else total - len(first) - len(second)


def two_anchors(found: Found, made: Made) -> tuple[bool, str]:
    """Ask for one motif with L and V seven apart, eight or nine wide."""
    if not found.motifs:
        return False, "no motif"
    values, letters = found.motifs[0].matrix.values, PROTEIN.letters
    places = [np.flatnonzero(values[:, letters.index(a)] >= 0.5).tolist() for a in "LV"]
    good = any(v - a == 7 for a in places[0] for v in places[1])
    good &= len(found.motifs) == 1 and len(values) in (8, 9)
    return bool(good), f"{_named(found)}; L at {places[0]}, V at {places[1]}"


def _named(found: Found) -> str:
    return (
        ", ".join(
            f"{m.consensus} (E {row['e_value']})"
            for m, row in zip(found.motifs, found.table, strict=True)
        )
        or "no motif"
    )


KINDS = {
    "palindrome": Kind(lambda rng: planted(rng, "TCACGTGA", 0.2), every_site),
    "gapped": Kind(lambda rng: planted(rng, "CGG" + 11 * "N" + "CCG", 0.2), one_motif(0.95)),
    "wide": Kind(  # 30 of 100 letters that are all the same would make them near-duplicates
        lambda rng: planted(rng, "TGACTCAGCCATTGAACGTTAGGCATCCGA", 0.2, length=200),
        one_motif(0.97),
    ),
    "three sites": Kind(
        lambda rng: planted(rng, "TGACTCAGC", 0.2, sites=3), every_site, ("--sites", "anr")
    ),
    "pair": Kind(lambda rng: pair_of_words(rng, together=True), one_pair(10)),
    "no pair": Kind(lambda rng: pair_of_words(rng, together=False), one_pair(None)),
    "peptides": Kind(peptides, two_anchors),
    "protein": Kind(
        lambda rng: planted(rng, "RRXS", 0.4, number=1000, length=30, alphabet=PROTEIN),
        one_motif(0.97),
    ),
    "rna": Kind(lambda rng: planted(rng, "UGUANAUA", 0.2, alphabet=RNA), one_motif(0.97)),
    **{
        f"length {length}": Kind(
            lambda rng, length=length: planted(rng, "TGACTCAGC", 0.2, length=length),
            one_motif(0.95),
        )
        for length in LENGTHS
    },
}
"""Sets by name."""


def run(name: str, seed: int, options: Sequence[str]) -> list[str]:
    """Make a set, search it, and judge what was found: one row of the table."""
    kind = KINDS[name]
    made = kind.make(np.random.default_rng([seed, list(KINDS).index(name)]))
    with tempfile.TemporaryDirectory() as scratch:
        fasta, out = Path(scratch) / "planted.fa", Path(scratch) / "out"
        names = [f"s{i}" for i in range(len(made.rows))]
        sequences = SequenceSet.from_arrays(list(made.rows), alphabet=made.alphabet, ids=names)
        write_fasta(fasta, sequences)
        command = [sys.executable, "-m", "seqcnn", "discover", str(fasta), "-o", str(out), "-q"]
        chosen = ["--alphabet", made.alphabet.name, "--db", "none", *kind.options, *options]
        seconds = measured([*command, *chosen])[0]
        found = Found(motifs_of(out / "motifs.meme"), *map(read_table, _tables(out)))
    good, seen = kind.judge(found, made)
    verdict = "ok" if good else "FAILS"
    return [name, str(seed), f"{seconds:.1f}", str(len(found.motifs)), verdict, seen]


def _tables(out: Path) -> list[Path]:
    return [out / f"{name}.tsv" for name in ("sites", "pairs", "motifs")]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kind", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--table", type=Path, help="where rows are kept")
    parser.add_argument("--options", default="", help="more options for discover")
    given = parser.parse_args()
    known = {(row["kind"], row["seed"]) for row in read_table(given.table)} if given.table else ()
    print(*COLUMNS, sep="\t")
    for seed in range(given.seeds):
        for name in given.kind:
            if (name, str(seed)) in known:
                continue
            row = run(name, seed, given.options.split())
            print(*row, sep="\t", flush=True)
            if given.table:
                fresh = not given.table.exists()
                with given.table.open("a", newline="") as handle:
                    writer = csv.writer(handle, delimiter="\t", lineterminator="\n")
                    writer.writerows(([COLUMNS] if fresh else []) + [row])


if __name__ == "__main__":
    main()
