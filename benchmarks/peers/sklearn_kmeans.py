"""k-means of scikit-learn."""

import numpy as np
import sklearn
from sklearn.cluster import KMeans

VERSION = f"scikit-learn {sklearn.__version__}"


def fit(
    values: np.ndarray, start: np.ndarray, *, rounds: int, tolerance: float
) -> tuple[float, np.ndarray, int]:
    """Cluster from given centres.

    Parameters
    ----------
    values
        float (n, features).
    start
        float (k, features).
    rounds, tolerance
        When to stop.

    Returns
    -------
    tuple
        Inertia, labels (n,), and the number of rounds.
    """
    model = KMeans(
        len(start), init=start, n_init=1, max_iter=rounds, tol=tolerance, algorithm="lloyd"
    ).fit(values)
    return float(model.inertia_), model.labels_, int(model.n_iter_)
