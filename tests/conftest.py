"""What all tests share: JAX's settings, made before anything imports it, and patience."""

import gc
import os
import sys
from collections.abc import Iterator
from importlib.metadata import version
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
# thousands of programs run once: to compile them is most of the time (`make test-slow` resets it).
# Level 0 is faster still, but gives wrong numbers. Flags that another jaxlib lacks would end it.
if version("jaxlib").startswith("0.10."):
    os.environ.setdefault(
        "XLA_FLAGS",
        "--xla_cpu_use_fusion_emitters=false --xla_backend_optimization_level=1"
        " --xla_cpu_parallel_codegen_split_count=1",
    )

# a slow or busy machine is no failure
settings.register_profile("seqcnn", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("seqcnn")


def pytest_configure(config: pytest.Config) -> None:
    """Forgive the cache of compiled programs: several processes write it, without locks."""
    for verb in ("reading", "writing"):
        config.addinivalue_line(
            "filterwarnings", f"ignore:Error {verb} persistent compilation cache:UserWarning"
        )


_MAPS = Path("/proc/self/maps")
_MOST_MAPS = 20_000
"""Of 65,530 pieces of memory that Linux lets a process have; each compiled program takes some."""


@pytest.fixture(autouse=True, scope="module")
def _forget_compiled_programs() -> Iterator[None]:
    """Let go of programs before there are too many: the process would die of a segmentation fault.

    They are still on disk, so that those that come again are only read.
    """
    yield
    if "jax" in sys.modules and _number_of_maps() > _MOST_MAPS:
        sys.modules["jax"].clear_caches()
        gc.collect()


def _number_of_maps() -> int:
    """Count the pieces of this process's memory; 0 where the system does not tell."""
    return _MAPS.read_bytes().count(b"\n") if _MAPS.exists() else 0
