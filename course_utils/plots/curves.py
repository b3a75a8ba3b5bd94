"""Training curves: a metric against the epoch, one line or one pair of lines for each run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.arrays import as_floats
from course_utils.errors import ArgumentError, ShapeError
from course_utils.plots.style import colour, is_accuracy, marker, metric_text, new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_training_curves(
    runs: Mapping[str, Any], metric: str = "loss", *, ax: Axes | None = None, log: bool = False
) -> Axes:
    """Draw a metric against the epoch for one or more runs.

    Parameters
    ----------
    runs : mapping of str to DataFrame or to mapping of str to list
        Columns by name for each run: ``tracker.get_experiment_df(name)``, or a history such as
        ``{"train_loss": [...], "val_loss": [...]}``. Epochs count from 1 where there is no column
        ``epoch``.
    metric : str
        A column; or ``"loss"`` or ``"accuracy"``, which draws ``train_...`` (dashed) and
        ``val_...`` (solid) where there are such columns.
    ax : Axes, optional
        Where to draw; a new figure where it is left out.
    log : bool
        Whether the vertical axis is logarithmic.

    Returns
    -------
    Axes
        Accuracies are drawn in per cent. A value that is NaN leaves a gap.

    Raises
    ------
    ArgumentError
        Where no run has the metric, or `runs` is no mapping.
    ShapeError
        Where a run has more or fewer values than epochs.
    """
    from matplotlib.ticker import MaxNLocator

    if not isinstance(runs, Mapping):
        raise ArgumentError(
            "these are no runs",
            expected="a dict of runs by name, each with columns by name",
            found=f"a {type(runs).__name__}",
            mend='write {"softmax": tracker.get_experiment_df("softmax")}',
        )
    drawn = {name: _columns(run, metric) for name, run in runs.items()}
    drawn = {name: columns for name, columns in drawn.items() if columns}
    if not drawn:
        known = sorted({str(key) for run in runs.values() for key in run} - {"epoch"})
        raise ArgumentError(
            f"no run has the metric {metric!r}",
            expected="one of " + (", ".join(known) or "(there is no run with epochs)"),
            found=repr(metric),
            mend="choose one of these; loss and accuracy draw the training's and the validation's",
        )
    ax = new_axes(ax, width=7.0 if len(drawn) == 1 else 9.0)
    pairs = any(len(columns) > 1 for columns in drawn.values())
    for place, (name, columns) in enumerate(drawn.items()):
        for column in columns:
            _draw(ax, runs[name], column, name, place, dashed=pairs and column.startswith("train"))
    if log:
        _plain_log_axis(ax)
    ax.set_xlabel("epoch")
    ax.set_ylabel(metric_text(metric))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10]))
    tidy(ax)
    _legend(ax, drawn, pairs)
    return ax


def _columns(run: Any, metric: str) -> list[str]:
    """Return the columns that `metric` stands for; a column of that name comes first."""
    if metric in run:
        return [metric] if len(run[metric]) else []
    return [name for name in (f"train_{metric}", f"val_{metric}") if name in run and len(run[name])]


def _draw(ax: Axes, run: Any, column: str, name: str, place: int, *, dashed: bool) -> None:
    values = as_floats(run[column], column) * (100 if is_accuracy(column) else 1)
    epochs = np.asarray(run["epoch"]) if "epoch" in run else np.arange(1, len(values) + 1)
    if values.ndim != 1 or epochs.shape != values.shape:
        raise ShapeError(
            f"the values of {column} and the epochs of {name} do not fit each other",
            expected="one value for each epoch",
            found=f"{column} of shape {values.shape}, epoch of shape {epochs.shape}",
            mend="leave epoch out, and epochs are counted from 1",
        )
    ax.plot(
        epochs,
        values,
        color=colour(place),
        linestyle="--" if dashed else "-",
        linewidth=1.2 if dashed else 1.8,
        marker=None if dashed else marker(place),
        markevery=(place % 3, max(1, len(values) // 10)) if len(values) > 12 else 1,
        markersize=4.5,
        label="_" if dashed else name,
        gid=f"{name}/{column}",
    )


def _plain_log_axis(ax: Axes) -> None:
    """Make the vertical axis logarithmic, with numbers such as 0.2 and not 2 x 10^-1."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    ax.set_yscale("log")
    low, high = ax.get_ylim()
    ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if high / low < 1e4 else (1,)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(NullFormatter())


def _legend(ax: Axes, drawn: Mapping[str, list[str]], pairs: bool) -> None:
    from matplotlib.lines import Line2D

    handles: list[Any] = [line for line in ax.get_lines() if str(line.get_label())[0] != "_"]
    if pairs:
        handles += [
            Line2D([], [], color="0.3", linestyle="--", linewidth=1.2, label="training"),
            Line2D([], [], color="0.3", linewidth=1.8, label="validation"),
        ]
    if len(drawn) == 1:
        ax.set_title(next(iter(drawn)))
        if pairs:
            ax.legend(handles=handles[-2:], frameon=False)
        return
    ax.legend(handles=handles, frameon=False, loc="upper left", bbox_to_anchor=(1.01, 1.02))
