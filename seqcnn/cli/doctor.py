"""``seqcnn doctor``: what is installed, which devices there are, what is missing for what."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import re
import shutil
from pathlib import Path
from typing import Any

import rich_click as click

from seqcnn import __version__
from seqcnn.cli.options import GPU_FILES, prepare_jax

EXAMPLES = ("Examples:", "seqcnn doctor", "seqcnn doctor --json")

FEATURES = {
    "bigWig files": ("pyBigWig", "bigwig"),
    "HDF5: modisco, Keras weights": ("h5py", "hdf5"),
    "zstandard-compressed files": ("zstandard", "zstd"),
    "weights from the Hugging Face Hub": ("huggingface_hub", "hub"),
    "lightmotif's engine for scans": ("lightmotif", "lightmotif"),
    "the documentation": ("mkdocs", "docs"),
}
"""What needs a package that does not come along: its module, and the extra that brings it."""

PROGRAMS = {"multiqc": "shows many runs on one page", "tensorboard": "shows --tensorboard"}
"""Programs that read what seqcnn writes."""


@click.command(name="doctor", epilog="\n\n".join(EXAMPLES))
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(*, as_json: bool) -> int:
    """Say what is installed, which devices there are, and what is missing for which feature.

    Nothing is changed, and nothing is sent anywhere: paste it into a report of a fault. Ends with 1
    if something is missing or broken that seqcnn needs.
    """
    facts = diagnosis()
    click.echo(json.dumps(facts, indent=2) if as_json else as_text(facts))
    return 1 if facts["problems"] else 0


def diagnosis() -> dict[str, Any]:
    """Look at everything; what hinders work stands under `problems`."""
    packages, problems = _packages()
    devices, hindered = _devices()
    cache, unwritable = _cache()
    return {
        "seqcnn": __version__,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "cores": _cores(),
        "memory_gib": _memory(),
        "devices": devices,
        "packages": packages,
        "features": {
            what: {
                "there": importlib.util.find_spec(module) is not None,
                "install": f"pip install 'seqcnn[{extra}]'",
            }
            for what, (module, extra) in FEATURES.items()
        },
        "programs": {name: shutil.which(name) for name in PROGRAMS},
        "cache": cache,
        "problems": [*problems, *hindered, *unwritable],
    }


def as_text(facts: dict[str, Any]) -> str:
    """Write what was found in lines for people."""
    memory = f", {facts['memory_gib']} GiB of memory" if facts["memory_gib"] else ""
    lines = [
        f"seqcnn {facts['seqcnn']}, Python {facts['python']}, {facts['system']}",
        f"{facts['cores']} cores{memory}",
        f"devices: {', '.join(facts['devices']) or 'none'}",
        "packages: " + ", ".join(f"{k} {v or 'MISSING'}" for k, v in facts["packages"].items()),
        "cache of compiled programs: {path}, {files} files, {mib} MiB".format(**facts["cache"]),
        "",
    ]
    for what, state in facts["features"].items():
        lines.append(f"[{'x' if state['there'] else ' '}] {what}" + _hint(state))
    for name, place in facts["programs"].items():
        lines.append(f"[{'x' if place else ' '}] {name}, which {PROGRAMS[name]}")
    lines.append("")
    lines += [f"problem: {problem}" for problem in facts["problems"]] or ["No problem was found."]
    return "\n".join(lines)


def _hint(state: dict[str, Any]) -> str:
    return "" if state["there"] else f": {state['install']}"


def _packages() -> tuple[dict[str, str | None], list[str]]:
    """Versions of all that seqcnn needs, and what is missing."""
    try:
        needed = importlib.metadata.requires("seqcnn") or []
    except importlib.metadata.PackageNotFoundError:
        needed = []
    names = [re.split(r"[^\w.-]", line)[0] for line in needed if "extra ==" not in line]
    found = {name: _version(name) for name in names}
    return found, [
        f"{name} is not installed: pip install {name}" for name, v in found.items() if not v
    ]


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices() -> tuple[list[str], list[str]]:
    prepare_jax()
    try:
        import jax

        devices = [f"{device.device_kind} ({device.platform})" for device in jax.devices()]
    except Exception as error:  # whatever is broken is what the user wants to know
        return [], [f"jax does not start: {' '.join(str(error).split())}"]
    idle = jax.default_backend() == "cpu" and any(Path(path).exists() for path in GPU_FILES)
    if idle:
        return devices, ["a GPU is there, but jax cannot use it: pip install 'seqcnn[cuda]'"]
    return devices, []


def _cache() -> tuple[dict[str, Any], list[str]]:
    place = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    if place is None:
        return {"path": None, "files": 0, "mib": 0}, ["there is no home for the cache: set HOME"]
    folder = Path(place)
    try:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except OSError:
        sizes = []
    facts = {"path": place, "files": len(sizes), "mib": round(sum(sizes) / 2**20)}
    above = next(p for p in (folder, *folder.parents) if p.exists())
    if not os.access(above, os.W_OK):
        return facts, [
            f"{above} cannot be written, so that each run compiles anew: set XDG_CACHE_HOME"
        ]
    return facts, []


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _memory() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1)
    except (ValueError, OSError, AttributeError):
        return None
