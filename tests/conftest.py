"""What all tests share: JAX's settings, made before anything imports it, and patience."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_COMPILED = Path(__file__).parents[1] / ".pytest_cache" / "jax"

# environment variables, not jax.config: most tests never import jax, and subprocesses inherit them
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_NUMPY_RANK_PROMOTION", "raise")
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_COMPILED))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# a slow or busy machine is no failure
settings.register_profile("seqcnn", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seqcnn")


def pytest_configure(config: pytest.Config) -> None:
    """Forgive the cache of compiled programs: several processes write it, without locks."""
    for verb in ("reading", "writing"):
        config.addinivalue_line(
            "filterwarnings", f"ignore:Error {verb} persistent compilation cache:UserWarning"
        )
