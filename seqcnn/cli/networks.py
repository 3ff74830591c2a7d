"""``seqcnn networks``: the zoo as a table."""

from typing import TYPE_CHECKING, Any

import rich_click as click

from seqcnn.cli.options import common, prepare_jax
from seqcnn.errors import SeqcnnError

if TYPE_CHECKING:
    from seqcnn.networks.table import NetworkFacts

COLUMNS = ("name", "reads", "parameters", "MB", "layers", "paper", "summary")
LECTURE = ("lecture_depth", "lecture_parameters", "lecture_size", "remark")

EXAMPLES = (
    "Examples:",
    "seqcnn networks",
    "seqcnn networks 'resnet*'",
    "seqcnn networks --lecture",
)


@click.command(name="networks", epilog="\n\n".join(EXAMPLES))
@click.argument("pattern", default="*")
@click.option(
    "--lecture",
    is_flag=True,
    help="Only the 18 networks of the lecture's table, with its figures and why they differ.",
)
@click.option(
    "--measure",
    is_flag=True,
    help="Time a picture on this machine, relative to the fastest network; takes a while.",
)
@click.option("-o", "--out", default="-", help="TSV file to write; standard output by default.")
@common
def command(pattern: str, out: str, *, lecture: bool, measure: bool, **_: Any) -> None:
    """List the networks whose names match PATTERN, such as 'resnet*', with their sizes.

    Parameters are those that training fits, for 1,000 classes (sequence networks: DNA, one task);
    layers are convolutions and dense layers. All networks that read arrays also read sequences:
    seqcnn train --network resnet18.
    """
    prepare_jax()
    from seqcnn.networks.table import LECTURE as KNOWN
    from seqcnn.networks.table import network_table
    from seqcnn.report.tables import write_table

    facts = [f for f in network_table(pattern) if not lecture or f.name in KNOWN]
    if not facts:
        raise SeqcnnError(f"no network is called like {pattern!r}: see seqcnn networks")
    columns = [*COLUMNS, *(LECTURE if lecture else ()), *(["relative_time"] if measure else [])]
    rows = [[*_row(f), *(_lecture(f) if lecture else [])] for f in facts]
    if measure:
        rows = [[*row, value] for row, value in zip(rows, _times(facts), strict=True)]
    write_table(out, columns, rows)


def _row(f: "NetworkFacts") -> list[str]:
    reads = "sequences" if f.size is None else "x".join(map(str, f.size))
    return [
        f.name,
        reads,
        str(f.parameters),
        f"{f.megabytes:.1f}",
        str(f.layers),
        f.paper,
        f.summary,
    ]


def _lecture(f: "NetworkFacts") -> list[str]:
    said = f.lecture
    if said is None:
        return ["", "", "", ""]
    depth = "*" if said.depth is None else str(said.depth)
    return [depth, f"{said.parameters:g}M", f"{said.size}x{said.size}", said.remark]


def _times(facts: "list[NetworkFacts]") -> list[str]:
    """Time the prediction of one picture by each network, relative to the fastest."""
    import time

    import jax
    import jax.numpy as jnp
    from flax import nnx

    from seqcnn.networks.zoo import create

    best: list[float | None] = []
    for f in facts:
        if f.size is None:
            best.append(None)
            continue
        graph, state = nnx.split(create(f.name))
        run = jax.jit(lambda state, x, graph=graph: nnx.merge(graph, state)(x))
        x = jnp.zeros((1, *f.size))
        jax.block_until_ready(run(state, x))
        times = []
        for _ in range(5):
            start = time.perf_counter()
            jax.block_until_ready(run(state, x))
            times.append(time.perf_counter() - start)
        best.append(min(times))
    fastest = min((t for t in best if t is not None), default=1.0)
    return ["" if t is None else f"{t / fastest:.1f}" for t in best]
