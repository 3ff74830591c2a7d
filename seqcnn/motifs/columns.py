"""How alike two columns of motifs are: the terms that a comparison of motifs adds up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seqcnn.motifs.matrix import USUAL_SITES
from seqcnn.motifs.motif import Motif

PSEUDOCOUNT = 0.25
"""Sites added to a target's column before its logarithm is taken."""

ONE_THREAD = 1 << 18
"""Multiplications up to which OpenBLAS keeps to one thread. Threads share queries out; more threads
inside of so small a product would mostly wait for each other."""

FLAT = 1e-9
"""A column that is no further than this from equal probabilities has no direction."""

MOST_SITES = 100.0
"""A target's column is trusted as if it were counted from so many sites at most: matrices of tens
of thousands of sites differ between experiments by more than their sampling error."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The columns of many motifs, one behind the other.

    Parameters
    ----------
    values
        float64 (columns, letters): probabilities.
    sites
        float64 (columns,): number of sites that each was counted from.
    """

    values: np.ndarray
    sites: np.ndarray

    @classmethod
    def of(cls, motifs: Sequence[Motif]) -> "Columns":
        """Take the columns of motifs; a number of sites that is not known is `USUAL_SITES`."""
        return cls(
            np.concatenate([motif.matrix.values for motif in motifs]),
            np.repeat([m.sites or USUAL_SITES for m in motifs], [m.width for m in motifs]),
        )


@dataclass(frozen=True)
class Similarity:
    """A way to compare columns: a product of features, so that one call compares thousands.

    Parameters
    ----------
    query, target
        Give the features, float64 (columns, features), of columns.
    of_product
        Turns products of features into similarities, in place; larger for more alike.
    """

    query: Callable[[Columns], np.ndarray]
    target: Callable[[Columns], np.ndarray]
    of_product: Callable[[np.ndarray], np.ndarray] = lambda product: product

    def prepare(self, targets: Columns) -> np.ndarray:
        """Compute the features of targets, float32 (features, columns)."""
        return np.ascontiguousarray(self.target(targets).T, np.float32)

    def __call__(self, queries: Columns, prepared: np.ndarray) -> np.ndarray:
        """Compare all columns of queries with all of prepared targets, float32."""
        features = self.query(queries).astype(np.float32)
        product = np.empty((len(features), prepared.shape[1]), np.float32)
        block = max(1, ONE_THREAD // features.size)
        for start in range(0, prepared.shape[1], block):
            here = slice(start, start + block)
            np.matmul(features, prepared[:, here], out=product[:, here])
        return self.of_product(product)


def _probabilities(columns: Columns) -> np.ndarray:
    return columns.values


def _log_probabilities(columns: Columns) -> np.ndarray:
    """Natural logarithms of the probabilities with `PSEUDOCOUNT`, none of them -inf."""
    sites = np.minimum(columns.sites, MOST_SITES)[:, None]
    prior = PSEUDOCOUNT / columns.values.shape[1]
    return np.log((columns.values * sites + prior) / (sites + PSEUDOCOUNT))


def _standardised(columns: Columns) -> np.ndarray:
    """Probabilities less their mean, scaled to length 1; zeros for a flat column."""
    centred = columns.values - 1 / columns.values.shape[1]
    length = np.sqrt((centred**2).sum(1, keepdims=True))
    return np.where(length > FLAT, centred / np.maximum(length, FLAT), 0)


def _with_squares(columns: Columns) -> np.ndarray:
    squares = (columns.values**2).sum(1, keepdims=True)
    return np.hstack([columns.values, squares, np.ones_like(squares)])


def _for_squared_distance(columns: Columns) -> np.ndarray:
    """Features whose product with `_with_squares` is 2 - (p - q)^2."""
    squares = (columns.values**2).sum(1, keepdims=True)
    return np.hstack([2 * columns.values, -np.ones_like(squares), 2 - squares])


def _negative_root(product: np.ndarray) -> np.ndarray:
    """Turn 2 - d^2 into -d."""
    np.subtract(2, product, out=product)
    np.maximum(product, 0, out=product)
    np.sqrt(product, out=product)
    return np.negative(product, out=product)


SIMILARITIES = {
    "llr": Similarity(_probabilities, _log_probabilities),
    "pearson": Similarity(_standardised, _standardised),
    "euclidean": Similarity(_for_squared_distance, _with_squares, _negative_root),
    "sandelin": Similarity(_for_squared_distance, _with_squares),
}
"""By name. ``llr``: the log-likelihood, per site, of the query's letters under the target's
probabilities; their likelihood under a background depends on the query alone and falls out when
scores count from the median of the column (`offsets`), which makes it a ratio. ``pearson``: the
correlation of the probabilities. ``euclidean``: their distance, negative. ``sandelin``: 2 less the
squared distance (Sandelin & Wasserman 2004, doi:10.1016/j.jmb.2004.02.048)."""
