"""How a layer is held against its twin: values in both widths, and gradients."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np


def assert_equals_the_loops(
    function: Callable[..., Any], twin: Callable[..., np.ndarray], *arguments: np.ndarray
) -> None:
    """Compare values in float64 and float32, and gradients with finite differences of the twin."""
    rng = np.random.default_rng(1)
    expected = twin(*arguments)
    upstream, along = rng.normal(size=expected.shape), [rng.normal(size=a.shape) for a in arguments]
    step = 1e-5
    ahead, behind = (
        twin(*(a + s * step * d for a, d in zip(arguments, along, strict=True))) for s in (1, -1)
    )
    slope = ((ahead - behind) * upstream).sum() / (2 * step)
    with jax.enable_x64(True):
        found, back = jax.vjp(jax.jit(function), *map(jnp.asarray, arguments))
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
        gradients = [np.asarray(g) for g in back(jnp.asarray(upstream))]
    total = sum((g * d).sum() for g, d in zip(gradients, along, strict=True))
    np.testing.assert_allclose(total, slope, rtol=1e-6)
    single = function(*(jnp.asarray(a, jnp.float32) for a in arguments))
    assert single.dtype == jnp.float32
    np.testing.assert_allclose(single, expected, rtol=1e-5, atol=1e-5)
