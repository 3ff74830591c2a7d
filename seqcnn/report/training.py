"""How training went, as a picture: the losses of both parts after each round."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

INCHES, DOTS = 4.2, 150
"""Size of each half, and dots per inch."""

MOST_NAMED = 10
"""Networks that have a name in the legend."""


class EpochLike(Protocol):
    """A round; `seqcnn.training.fitting.Epoch` is one."""

    @property
    def round(self) -> int:
        """Give its number, from 0."""
        ...

    @property
    def loss(self) -> float:
        """Give the mean loss of the training steps."""
        ...

    @property
    def validation_loss(self) -> float:
        """Give the loss on the stopping part."""
        ...

    @property
    def metric(self) -> float | None:
        """Give the main metric on the stopping part."""
        ...


def draw_history(
    path: Path,
    histories: Sequence[Sequence[EpochLike]],
    *,
    metric: str,
    names: Sequence[str] = (),
) -> None:
    """Draw the losses of training (dashed) and evaluation (solid), and the metric of the latter.

    Parameters
    ----------
    path
        PNG, SVG or PDF file to write.
    histories
        Rounds of each network.
    metric
        Its name.
    names
        Of the networks; none to number them.
    """
    from matplotlib.figure import Figure

    names = names or [f"network {i + 1}" for i in range(len(histories))]
    figure = Figure(figsize=(2 * INCHES, INCHES), dpi=DOTS, layout="constrained")
    losses, metrics = figure.subplots(1, 2)
    for i, (name, history) in enumerate(zip(names, histories, strict=True)):
        rounds = [epoch.round + 1 for epoch in history]
        colour = f"C{i % 10}"
        losses.plot(rounds, [e.loss for e in history], color=colour, linestyle="--")
        losses.plot(rounds, [e.validation_loss for e in history], color=colour, label=name)
        known = [(e.round + 1, e.metric) for e in history if e.metric is not None]
        if known:
            metrics.plot(*zip(*known, strict=True), color=colour, label=name)
    losses.set(xlabel="round", ylabel="loss: training (dashed), evaluation (solid)")
    metrics.set(xlabel="round", ylabel=f"{metric}, evaluation")
    if len(histories) <= MOST_NAMED:
        losses.legend(frameon=False, fontsize="small")
    metadata = {"Software": None} if path.suffix == ".png" else None
    figure.savefig(path, metadata=metadata)
