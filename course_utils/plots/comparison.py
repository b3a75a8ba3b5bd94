"""One number of each experiment, side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.errors import ArgumentError
from course_utils.plots.style import COLOURS, is_accuracy, metric_text, new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SMALL_IS_GOOD = ("loss", "seconds", "_ms", "error")


def plot_experiment_comparison(
    summaries: Mapping[str, Mapping[str, Any]],
    metric: str = "test_accuracy",
    *,
    ax: Axes | None = None,
) -> Axes:
    """Draw a metric of each experiment as a point, the best on top.

    Parameters
    ----------
    summaries : mapping of str to mapping
        The summary of each experiment by its name, as ``tracker.get_summary(name)`` gives it.
    metric : str
        Such as ``"test_accuracy"`` or ``"train_seconds"``. Times and losses are best when small.
    ax : Axes, optional

    Returns
    -------
    Axes
        Accuracies are in per cent. Where a summary has ``test_images`` too, a bar shows the
        sampling error sqrt(p (1 - p) / n) of the test accuracy to both sides.

    Raises
    ------
    ArgumentError
        Where no summary has the metric as a number.
    """
    if not isinstance(summaries, Mapping):
        raise ArgumentError(
            "these are no summaries",
            expected="a dict of summaries by the name of the experiment",
            found=f"a {type(summaries).__name__}",
            mend="write {name: tracker.get_summary(name) for name in tracker.experiments}",
        )
    values = {
        name: float(summary[metric])
        for name, summary in summaries.items()
        if isinstance(summary.get(metric), int | float) and math.isfinite(summary[metric])
    }
    if not values:
        known = {key for summary in summaries.values() for key, value in summary.items()
                 if isinstance(value, int | float) and not isinstance(value, bool)}  # fmt: skip
        raise ArgumentError(
            f"no experiment has the metric {metric!r}",
            expected="one of " + (", ".join(sorted(known)) or "(no experiment has ended yet)"),
            found=repr(metric),
            mend="choose one of these, or train the experiments to their end",
        )
    small_is_good = metric.endswith(SMALL_IS_GOOD)
    names = sorted(values, key=lambda name: values[name], reverse=small_is_good)
    factor = 100 if is_accuracy(metric) else 1
    numbers = factor * np.array([values[name] for name in names])
    errors = factor * np.array([_error(summaries[name], metric, values[name]) for name in names])
    ax = new_axes(ax, 7.5, 1.2 + 0.36 * len(names))
    places = np.arange(len(names))
    ax.errorbar(
        numbers, places, xerr=errors if errors.any() else None,
        fmt="o", color=COLOURS[0], ecolor="0.45", markersize=6, capsize=3,
    )  # fmt: skip
    _write_numbers(ax, numbers, errors, places, decimals=2 if is_accuracy(metric) else None)
    ax.set_yticks(places, names)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.set_xlabel(metric_text(metric) + (", ± sampling error" if errors.any() else ""))
    tidy(ax)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def _error(summary: Mapping[str, Any], metric: str, value: float) -> float:
    images = summary.get("test_images")
    if metric != "test_accuracy" or not images or not 0 <= value <= 1:
        return 0.0
    return math.sqrt(value * (1 - value) / images)


def _write_numbers(ax: Axes, numbers: Any, errors: Any, places: Any, decimals: int | None) -> None:
    for number, error, place in zip(numbers, errors, places, strict=True):
        text = f"{number:.{decimals}f}" if decimals is not None else f"{number:,.4g}"
        ax.annotate(
            text, (number + error, place), xytext=(8, 0), textcoords="offset points",
            va="center", fontsize=9, color="0.2",
        )  # fmt: skip
    low, high = float((numbers - errors).min()), float((numbers + errors).max())
    room = (high - low) or abs(high) or 1.0
    ax.set_xlim(low - 0.05 * room, high + 0.18 * room)
