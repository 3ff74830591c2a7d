"""Random trails: sequences with the same words, each as likely as any other.

A sequence is a trail through the graph whose vertices are its (k - 1)-lets and whose edges are its
k-lets; every other trail over the same edges is a sequence with the same k-let counts. A trail is
given by the order in which each vertex spends its exits. The last exits are drawn first (`trees`
tells why), then the order of all others; then many runs of letters take their steps together.

References
----------
Altschul & Erickson (1985), Mol Biol Evol 2:526 (trails); Kandel, Matias, Unger & Winkler (1996),
Discrete Appl Math 71:171 (uniform).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from seqcnn.seq.trees import draw_trees, mixed

FEW_RUNS = 24
"""Fewer runs than this walk faster one by one than in step."""


@dataclass(eq=False)
class TrailGraph:
    """The graphs of many runs in one: vertex v of run r has the number r * `vertices` + v.

    Parameters
    ----------
    letters
        Letters of the alphabet.
    vertices
        Vertices of each run, those that do not occur included.
    letter
        uint8 (edges,): the letter that each edge appends; edges are ordered by the vertex that they
        leave, and at random within it.
    head, tail
        int64 (edges,): the vertex to which each edge leads, and the one that it leaves.
    first, degree
        int64 (runs * vertices,): the first exit of each vertex, and the number of its exits.
    """

    letters: int
    vertices: int
    letter: np.ndarray
    head: np.ndarray
    tail: np.ndarray
    first: np.ndarray
    degree: np.ndarray

    @classmethod
    def of_runs(
        cls,
        codes: np.ndarray,
        start: np.ndarray,
        length: np.ndarray,
        *,
        letters: int,
        k: int,
        key: np.uint64,
    ) -> "TrailGraph":
        """Collect the k-lets of each run, the exits of each vertex in random order."""
        vertices = letters ** (k - 1)
        edges = length - k + 1
        ends = np.cumsum(edges)
        base = np.repeat(np.arange(len(edges)) * vertices, edges)
        position = np.arange(ends[-1]) + np.repeat(start - ends + edges, edges)
        # one number to sort by: vertex, random bits, letter
        letter_bits = (letters - 1).bit_length()
        vertex_shift = np.uint64(64 - (len(edges) * vertices - 1).bit_length())
        packed = mixed(position.astype(np.uint64) + key)
        packed >>= np.uint64(64 + letter_bits) - vertex_shift
        packed <<= np.uint64(letter_bits)
        packed |= codes[position + k - 1]
        tail = base + word_numbers(codes, position, k - 1, letters)
        packed |= tail.astype(np.uint64) << vertex_shift
        packed.sort()
        letter = (packed & np.uint64((1 << letter_bits) - 1)).astype(np.uint8)
        tail = (packed >> vertex_shift).astype(np.int64)
        head = base + letter if k <= 2 else base + (tail % letters) * letters + letter
        degree = np.bincount(tail, minlength=len(edges) * vertices)
        return cls(letters, vertices, letter, head, tail, np.cumsum(degree) - degree, degree)

    def place_last_exits(self, root: np.ndarray, state: np.ndarray) -> None:
        """Draw a tree of exits towards the root of each run and make them the last of their vertex.

        Parameters
        ----------
        root
            int64 (runs,): the last vertex of each run.
        state
            uint64 (runs * vertices,): where the random numbers of each vertex begin.
        """
        onward = np.flatnonzero(self.head != self.tail)
        choices = np.bincount(self.tail[onward], minlength=len(state))
        first_choice = np.cumsum(choices) - choices
        exits = np.zeros(len(state), np.int64)

        def draw(places: np.ndarray, bits: np.ndarray) -> np.ndarray:
            share = (bits >> np.uint64(11)) * 2.0**-53
            drawn = first_choice[places] + (share * choices[places]).astype(np.int64)
            exits[places] = onward[drawn]
            return self.head[exits[places]]

        needs_exit = self.degree > 0
        needs_exit[root] = False
        vertices = np.flatnonzero(needs_exit)
        draw_trees(vertices, root, draw, state)
        # the exits of a vertex are in random order, so that swapping leaves the others in one
        last, drawn = (self.first + self.degree - 1)[vertices], exits[vertices]
        for edges in (self.letter, self.head):
            edges[last], edges[drawn] = edges[drawn], edges[last]

    def walk(
        self, source: np.ndarray, steps: np.ndarray, result: np.ndarray, target: np.ndarray
    ) -> None:
        """Follow the exits of each run in order and write down the letters.

        Parameters
        ----------
        source
            int64 (runs,): the first vertex of each run.
        steps
            int64 (runs,): edges of each run, not increasing.
        result
            uint8: receives the letters of run r from position ``target[r]`` on.
        target
            int64 (runs,).
        """
        # a run that lasts longer than most others is finished alone
        together = int(steps[FEW_RUNS]) if len(steps) > FEW_RUNS else 0
        walking = np.searchsorted(-steps, -np.arange(together), side="left")
        place, following = source.copy(), self.first.copy()
        for step, count in enumerate(walking.tolist()):
            here = place[:count]
            edge = following[here]
            following[here] = edge + 1
            result[target[:count] + step] = self.letter[edge]
            place[:count] = self.head[edge]
        for run in np.flatnonzero(steps > together).tolist():
            rest = int(steps[run]) - together
            begin = int(target[run]) + together
            letters = self._walk_alone(run, int(place[run]), following, rest)
            result[begin : begin + rest] = letters

    def _walk_alone(self, run: int, place: int, following: np.ndarray, steps: int) -> np.ndarray:
        """Take the next steps of one run, and return their letters."""
        base = run * self.vertices
        own = slice(base, base + self.vertices)
        ends = self.first[own] + self.degree[own]
        exits = [
            iter((self.head[low:high] - base).astype(np.uint16).data)
            for low, high in zip(following[own].tolist(), ends.tolist(), strict=True)
        ]

        def vertices() -> Iterator[int]:
            vertex = place - base
            for _ in range(steps):
                vertex = next(exits[vertex])
                yield vertex

        return np.fromiter(vertices(), np.uint16, steps) % self.letters


def word_numbers(codes: np.ndarray, position: np.ndarray, length: int, letters: int) -> np.ndarray:
    """Compute the number of the word of `length` letters at each position: int64, 0 for none."""
    word = np.zeros(len(position), np.int64)
    for ahead in range(length):
        word = word * letters + codes[position + ahead]
    return word
