"""Time shuffles that keep k-let counts against tangermeme's dinucleotide shuffle.

    python benchmarks/bench_seq_shuffle.py --full [--rounds 9]

10,000 sequences of 200 letters with words of two, where tangermeme can be compared, then other
words, lengths and alphabets by seqcnn alone. tangermeme is given its one-hot encoding ready made,
as int8, and asked for the same or for its packed codes, on one thread and on two; seqcnn runs on
one. All take turns in one process. Compilation by numba is in the first call, which is not timed.

Shows, too, what each makes of a short sequence: how many of its distinct shuffles are reached, how
often each comes, and the p-value of a chi-square test for equal shares. tangermeme leaves each
letter for the last time as in the original; in long sequences that matters little.

Without ``--full``, a few sequences, to see that the script runs.
"""

import argparse
import platform
import sys
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise, permutations

import numpy as np
from scipy.stats import chisquare
from timing import in_turn, processor, use_cores

from seqcnn.seq.alphabet import DNA, PROTEIN, Alphabet
from seqcnn.seq.record import SequenceSet
from seqcnn.seq.shuffle import shuffle

CHECKED = "ACACAGATC"
"""A sequence whose shuffles depend on the last exits."""

OTHERS = [
    ("DNA, 10,000 x 200", DNA, [200] * 10_000, 1),
    ("DNA, 10,000 x 200", DNA, [200] * 10_000, 3),
    ("DNA, 1,000 x 2,000", DNA, [2000] * 1000, 2),
    ("DNA, 50,000 x 36", DNA, [36] * 50_000, 2),
    ("DNA, 1 x 1,000,000", DNA, [1_000_000], 2),
    ("DNA, 5,000 x 50 to 600", DNA, list(range(50, 600)) * 9, 2),
    ("protein, 3,000 x 300", PROTEIN, [300] * 3000, 1),
    ("protein, 3,000 x 300", PROTEIN, [300] * 3000, 2),
]


def random_set(alphabet: Alphabet, lengths: list[int]) -> SequenceSet:
    """Draw letters that are all equally likely."""
    rng = np.random.default_rng(0)
    pieces = [rng.integers(0, alphabet.size, n).astype(np.uint8) for n in lengths]
    return SequenceSet.from_arrays(pieces, alphabet=alphabet)


def words_of(codes: np.ndarray) -> np.ndarray:
    """Count the 2-lets of each row: (n, 16)."""
    words = codes[:, :-1] * 4 + codes[:, 1:]
    return np.stack([(words == word).sum(axis=1) for word in range(16)], axis=1)


def by_tangermeme(codes: np.ndarray) -> dict[str, Callable[[int], object]]:
    """Build its shuffles, if it is installed, and check that they keep the words."""
    try:
        from peers import tangermeme_shuffle as peer
    except ImportError as error:
        print(f"tangermeme is left out: {error}", file=sys.stderr)
        return {}
    images = peer.one_hot(codes, dtype="int8")
    after = peer.codes_of(peer.shuffle(images, 0, threads=1, packed=False))
    np.testing.assert_array_equal(words_of(after), words_of(codes))
    return {
        f"tangermeme, {threads} thread{'s' * (threads > 1)}{', packed' * packed}": (
            lambda seed, threads=threads, packed=packed: peer.shuffle(
                images, seed, threads=threads, packed=packed
            )
        )
        for threads in (1, 2)
        for packed in (False, True)
    }


def counted(call: Callable[[int], object]) -> Callable[[], float]:
    """Let each call have a seed of its own."""
    seeds = iter(range(1_000_000))

    def step() -> float:
        call(next(seeds))
        return 0.0

    return step


def fairness(draws: int) -> list[str]:
    """Compare how often each shuffle of `CHECKED` comes with equal shares."""
    words = Counter(pairwise(CHECKED))
    possible = {"".join(p) for p in permutations(CHECKED) if p[0] == CHECKED[0]}
    possible = sorted(text for text in possible if Counter(pairwise(text)) == words)
    originals = SequenceSet.from_strings([CHECKED] * draws * len(possible), alphabet=DNA)
    shuffled = shuffle(originals)
    found = {"seqcnn": [shuffled.text(i) for i in range(len(shuffled))]}
    try:
        from peers import tangermeme_shuffle as peer

        images = peer.one_hot(originals.padded(), dtype="int8")
        rows = peer.codes_of(peer.shuffle(images, 0, threads=1, packed=False))
        found["tangermeme"] = [DNA.decode(row) for row in rows]
    except ImportError:
        pass
    lines = []
    for name, texts in found.items():
        seen = [Counter(texts)[text] for text in possible]
        lines.append(
            f"| {name} | {np.count_nonzero(seen)} of {len(possible)} | {min(seen)} to {max(seen)} "
            f"| {chisquare(seen).pvalue:.2g} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="the sizes of the tables")
    parser.add_argument("--rounds", type=int, help="9 with --full, else 1")
    options = parser.parse_args()
    rounds = options.rounds or (9 if options.full else 1)
    use_cores(2)
    originals = random_set(DNA, [200] * (10_000 if options.full else 20))
    calls = {"seqcnn, 1 thread": lambda seed: shuffle(originals, seed=seed)}
    calls |= by_tangermeme(originals.padded())
    times = in_turn({name: counted(call) for name, call in calls.items()}, rounds)
    versions = f"numpy {version('numpy')}"
    if len(calls) > 1:
        versions += f", tangermeme {version('tangermeme')}, numba {version('numba')}"
    print(f"{processor()}, Python {platform.python_version()}, {versions}; {rounds} rounds\n")
    print("| 2-lets of 10,000 x 200 | ms, median | fastest | Mb/s | x seqcnn | of CPU time "
          "| of fastest | first call, s |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|")
    ours = times["seqcnn, 1 thread"]
    for name, own in times.items():
        print(f"| {name} | {np.median(own.wall) * 1e3:.1f} | {own.wall.min() * 1e3:.1f} "
              f"| {len(originals.codes) / np.median(own.wall) / 1e6:.1f} "
              f"| {np.median(own.wall / ours.wall):.2f} | {np.median(own.cores / ours.cores):.2f} "
              f"| {own.wall.min() / ours.wall.min():.2f} | {own.first:.2f} |")  # fmt: skip

    print("\n| seqcnn, other shapes | k | ms, median | fastest | Mb/s |")
    print("|---|---|---|---|---|")
    for title, alphabet, lengths, k in OTHERS:
        some = random_set(
            alphabet, lengths if options.full else [min(n, 500) for n in lengths[:20]]
        )
        step = counted(lambda seed, some=some, k=k: shuffle(some, k=k, seed=seed))
        wall = in_turn({"seqcnn": step}, rounds)["seqcnn"].wall
        print(f"| {title} | {k} | {np.median(wall) * 1e3:.1f} | {wall.min() * 1e3:.1f} "
              f"| {len(some.codes) / np.median(wall) / 1e6:.1f} |")  # fmt: skip

    print(f"\n| shuffles of {CHECKED} | reached | times each | p of equal shares |")
    print("|---|---|---|---|")
    print("\n".join(fairness(2000 if options.full else 20)))


if __name__ == "__main__":
    main()
