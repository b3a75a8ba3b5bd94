"""What all plots share: colours that colour-blind readers can tell apart, and axes to draw on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from course_utils.arrays import is_whole
from course_utils.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito, Color Universal Design (2008), without the yellow, which is too pale for lines.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")

NAMES = {
    "loss": "loss (cross-entropy, nats)",
    "accuracy": "accuracy (%)",
    "learning_rate": "learning rate",
    "seconds": "time (s)",
    "inference_ms": "inference per batch (ms)",
    "epochs": "epochs",
}
PARTS = {"train": "training", "val": "validation", "test": "test"}


def new_axes(ax: Axes | None, width: float = 7.0, height: float = 4.5) -> Axes:
    """Return `ax`, or the axes of a new figure whose layout leaves room for every text."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    _, made = plt.subplots(figsize=(width, height), layout="constrained")
    return made


def colour(place: int) -> str:
    """Return the colour of the line at `place`, counted from 0; they repeat."""
    return COLOURS[place % len(COLOURS)]


def marker(place: int) -> str:
    """Return the marker at `place`; with the colours, 63 lines differ."""
    return MARKERS[(place + place // len(COLOURS)) % len(MARKERS)]


def metric_text(metric: str) -> str:
    """Return what an axis says about a metric.

    Examples
    --------
    >>> metric_text("val_accuracy")
    'validation accuracy (%)'
    >>> metric_text("train_seconds")
    'training time (s)'
    """
    part, _, rest = metric.partition("_")
    if part in PARTS:
        return f"{PARTS[part]} {NAMES.get(rest, rest.replace('_', ' '))}"
    return NAMES.get(metric, metric.replace("_", " "))


def is_accuracy(metric: str) -> bool:
    """Return whether a metric is a share in 0..1, drawn in per cent."""
    return metric.endswith("accuracy")


def grid(count: int, columns: int) -> tuple[int, int]:
    """Return rows and columns for `count` pictures: full rows where that can be had.

    Raises
    ------
    ArgumentError
        Where `columns`, or the number of pictures, is less than 1 or not whole.

    Examples
    --------
    >>> grid(10, 8)
    (2, 5)
    """
    for name, value in (("columns", columns), ("most", count)):
        if not is_whole(value) or value < 1:
            raise ArgumentError(
                f"{name} must count pictures",
                expected="a whole number of at least 1",
                found=repr(value),
                mend=f"write {name}=8, for instance",
            )
    rows = math.ceil(count / columns)
    return rows, math.ceil(count / rows)


def tidy(ax: Axes, grid: Any = "both") -> None:
    """Draw a light grid behind the data, and no frame above and at the right."""
    ax.set_axisbelow(True)
    ax.grid(axis=grid, color="0.9", linewidth=0.8)
    ax.spines[["top", "right"]].set_visible(False)
