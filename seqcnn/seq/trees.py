"""Random trees of last exits: for each vertex of a graph, one exit, and all lead to the root.

A trail over all edges is given by the order in which each vertex spends its exits, and by the BEST
theorem an order is a trail exactly if the last exits form a tree towards the last vertex. Such a
tree is drawn as likely as it has edges to choose from.

References
----------
Propp & Wilson (1998), J Algorithms 27:170.
"""

from collections.abc import Callable

import numpy as np


def draw_trees(
    pending: np.ndarray,
    root: np.ndarray,
    draw: Callable[[np.ndarray, np.ndarray], np.ndarray],
    state: np.ndarray,
) -> None:
    """Draw an exit for each vertex of many graphs, until no exits form cycles.

    Every vertex has a stack of random exits. As long as the exits on top form cycles, the vertices
    on them take their next: what remains is a tree, drawn fairly. An exit back to the vertex itself
    would be a cycle, and need not even be drawn.

    Parameters
    ----------
    pending
        int64 (m,): the vertices that need an exit, increasing; vertex v of graph r has the number
        r * vertices + v.
    root
        int64 (graphs,): the root of each graph.
    draw
        Called with vertices and as many random uint64: takes an exit for each, in place of the
        former, and returns the vertices to which these lead.
    state
        uint64 (graphs * vertices,): where the random numbers of each vertex begin; used up.
    """
    vertices = len(state) // max(len(root), 1)
    following = np.zeros(len(state), np.int64)
    number = np.empty(len(state), np.int64)
    is_root = np.zeros(len(state), bool)
    is_root[root] = True
    members = pending
    while len(pending):
        state[pending] = bits = mixed(state[pending])
        following[pending] = draw(pending, bits)
        end = len(members)
        number[members] = np.arange(end)
        # the place of the next vertex among the members; the root is behind them, and stays there
        step = np.append(number[following[members]], end)
        step[:end][is_root[following[members]]] = end
        # after at least as many steps as a graph has vertices: at the root, or on a cycle
        for _ in range(vertices.bit_length()):
            step = step[step]
        reached = np.zeros(end + 1, bool)
        reached[step] = True
        pending = members[reached[:end]]
        unfinished = np.zeros(len(root), bool)
        unfinished[pending // vertices] = True
        members = members[unfinished[members // vertices]]


def mixed(numbers: np.ndarray) -> np.ndarray:
    """Turn uint64 numbers into random ones (SplitMix64: Steele, Lea & Flood 2014, OOPSLA 453)."""
    numbers = numbers * np.uint64(0x9E3779B97F4A7C15)
    numbers ^= numbers >> np.uint64(30)
    numbers *= np.uint64(0xBF58476D1CE4E5B9)
    numbers ^= numbers >> np.uint64(27)
    numbers *= np.uint64(0x94D049BB133111EB)
    numbers ^= numbers >> np.uint64(31)
    return numbers
