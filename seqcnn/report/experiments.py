"""Files of experiments in silico: a table and a picture each, equal bytes for equal results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seqcnn.explain.experiments import Ablation, ContextSwap, Marginalization
from seqcnn.explain.interactions import Epistasis, Spacing
from seqcnn.report.tables import write_table

Experiment = Marginalization | Ablation | ContextSwap | Spacing

INCHES, DOTS = 4.2, 150
"""Size of a picture, and dots per inch."""

MOST_BARS = 40
"""The largest bars are drawn, in their order."""

MOST_CURVES = 8
"""Motifs with the largest effects are drawn."""

STYLES = ("-", "--", "-.", ":")
"""Of curves, so that one that lies on another is seen."""

MOST_MAPS = 12
"""Maps of epistasis that are drawn."""

SHARE_COLUMNS = ("moves_with", "share")


def write_experiment(found: Experiment | Sequence[Epistasis], folder: Path) -> None:
    """Write the table and the picture of an experiment.

    Parameters
    ----------
    found
        A result; of epistasis those of one sequence or more.
    folder
        Is there. ``marginalization``, ``ablation``, ``spacing``, ``context_swap`` or ``epistasis``
        ``.tsv`` and ``.png`` come into it; maps of several sequences are numbered, and
        ``context_swap_shares.tsv`` says what share of the variance moves with what.
    """
    if isinstance(found, Marginalization):
        write_table(folder / "marginalization.tsv", found.columns, found.rows())
        several = len(set(found.strands)) > 1
        names = [
            f"{name} {strand}" if several else name
            for name, strand in zip(found.motifs, found.strands, strict=True)
        ]
        label = _score("effect on the score", found.task)
        if len(set(found.starts.tolist())) > 1 and len(found.starts) > len(set(names)):
            _marginal_curves(folder / "marginalization.png", found, names, label)
        else:
            interval = found.low, found.high
            _bars(folder / "marginalization.png", names, found.effect, interval, label)
    elif isinstance(found, Ablation):
        write_table(folder / "ablation.tsv", found.columns, found.rows())
        places = zip(found.ids, found.spans.tolist(), found.names, strict=True)
        names = [f"{i}:{s}-{e}{'' if n == '.' else ' ' + n}" for i, (_, s, e), n in places]
        _bars(folder / "ablation.png", names, found.lost, (found.low, found.high),
              _score("loss of score", found.task))  # fmt: skip
    elif isinstance(found, Spacing):
        write_table(folder / "spacing.tsv", found.columns, found.rows())
        _spacing_curves(folder / "spacing.png", found)
    elif isinstance(found, ContextSwap):
        write_table(folder / "context_swap.tsv", found.columns, found.rows())
        shares = zip(("stretch", "context", "both"), found.shares, strict=True)
        rows = [[name, None if np.isnan(s) else f"{s:.6g}"] for name, s in shares]
        write_table(folder / "context_swap_shares.tsv", SHARE_COLUMNS, rows)
        names = "sequence of the context", "sequence of the stretch"
        path, label = folder / "context_swap.png", _score("score", found.task)
        _heat_map(path, found.scores, label, names, from_zero=False)
    else:
        rows = (row for one in found for row in one.rows())
        write_table(folder / "epistasis.tsv", Epistasis.columns, rows)
        for i, one in enumerate(found[:MOST_MAPS]):
            path = folder / (f"epistasis_{i + 1}.png" if len(found) > 1 else "epistasis.png")
            ticks = [f"{p}{letter}" for p, letter in zip(
                one.positions.tolist(), one.alphabet.decode(one.codes), strict=True)]  # fmt: skip
            label = _score("size of the largest excess", one.task)
            names = f"{one.name}, positions from 0", ""
            _heat_map(path, one.map(), label, names, ticks=ticks)


def _score(what: str, task: str) -> str:
    """Label an axis; what one network of two classes gives is log-odds, not its probability."""
    return f"{what} (log-odds)" if task == "probability" else f"{what}, {task}"


def _bars(
    path: Path,
    names: Sequence[str],
    values: np.ndarray,
    interval: tuple[np.ndarray, np.ndarray],
    label: str,
) -> None:
    """Draw lying bars with whiskers, one below the other."""
    chosen = np.sort(np.argsort(-np.abs(values), kind="stable")[:MOST_BARS])
    height = max(1.6, 0.22 * len(chosen) + 0.9)
    figure, axes = _figure((INCHES, height))
    place = np.arange(len(chosen))
    axes.barh(place, values[chosen], color="#0072b2", height=0.7)
    low, high = (side[chosen] for side in interval)
    known = np.isfinite(low)
    axes.hlines(place[known], low[known], high[known], color="0.2", linewidth=1)
    axes.axvline(0, color="0.6", linewidth=1)
    axes.set_yticks(place, [names[i] for i in chosen], fontsize="x-small", parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel(label, parse_math=False)
    _save(figure, path)


def _marginal_curves(path: Path, found: Marginalization, names: Sequence[str], label: str) -> None:
    """Draw the effect of each motif over the position where it is planted."""
    rows: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        rows.setdefault(name, []).append(i)
    largest = sorted(rows, key=lambda name: -np.abs(found.effect[rows[name]]).max())[:MOST_CURVES]
    curves = [
        (name, found.starts[i], found.effect[i], found.low[i], found.high[i])
        for name, i in rows.items()
        if name in largest
    ]
    _curves(path, curves, "start of the motif, from 0", label)


def _spacing_curves(path: Path, found: Spacing) -> None:
    """Draw the excess of each orientation over the distance."""
    order = np.argsort(found.distances, kind="stable")
    curves = [
        (
            name,
            found.distances[order],
            found.excess[o, order],
            found.low[o, order],
            found.high[o, order],
        )
        for o, name in enumerate(found.orientations)
    ]
    x_label = f"letters between {found.first} and {found.second}"
    _curves(path, curves, x_label, _score("excess over additivity", found.task))


def _curves(
    path: Path,
    curves: Sequence[tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
    x_label: str,
    y_label: str,
) -> None:
    """Draw named curves (name, x, y, low, high) with their intervals."""
    figure, axes = _figure((INCHES, INCHES))
    lines = []
    for i, (_, x, y, low, high) in enumerate(curves):
        style = STYLES[i % len(STYLES)]
        (line,) = axes.plot(x, y, marker=".", linestyle=style)
        lines.append(line)
        if np.isfinite(low).all():
            axes.fill_between(x, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
    axes.axhline(0, color="0.6", linestyle=":", linewidth=1)
    axes.set_xlabel(x_label, parse_math=False)
    axes.set_ylabel(y_label, parse_math=False)
    if len(curves) > 1:
        legend = axes.legend(lines, [curve[0] for curve in curves], frameon=False, fontsize="small")
        for text in legend.get_texts():
            text.set_parse_math(False)
    _save(figure, path)


def _heat_map(
    path: Path,
    values: np.ndarray,
    label: str,
    names: tuple[str, str],
    *,
    ticks: Sequence[str] | None = None,
    from_zero: bool = True,
) -> None:
    figure, axes = _figure((INCHES + 0.8, INCHES))
    lowest = {"vmin": 0.0} if from_zero else {}
    image = axes.imshow(values, cmap="viridis", interpolation="nearest", **lowest)
    figure.colorbar(image, ax=axes, shrink=0.8).set_label(label, parse_math=False)
    if ticks is not None:
        step = -(-len(ticks) // 20)
        place = np.arange(0, len(ticks), step)
        axes.set_xticks(place, ticks[::step], rotation=90, fontsize="x-small", parse_math=False)
        axes.set_yticks(place, ticks[::step], fontsize="x-small", parse_math=False)
    axes.set_xlabel(names[0], parse_math=False)
    axes.set_ylabel(names[1], parse_math=False)
    _save(figure, path)


def _figure(size: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, dpi=DOTS, layout="constrained")
    return figure, figure.subplots()


def _save(figure: Any, path: Path) -> None:
    # without the version of matplotlib, so that equal results are equal bytes
    figure.savefig(path, metadata={"Software": None})
