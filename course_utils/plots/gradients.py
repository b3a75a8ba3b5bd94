"""How large the gradients of each layer are: where they vanish, and where they explode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.arrays import as_floats
from course_utils.errors import ArgumentError
from course_utils.plots.style import colour, new_axes, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_gradient_flow(gradients: Any, *, ax: Axes | None = None) -> Axes:
    """Draw the size of the gradients of each layer, from the input to the output.

    Parameters
    ----------
    gradients : nn.Module, or mapping of str to array_like
        A model after ``backward()``: its weights (parameters with two or more axes) are taken. Or
        gradients by name, in the order of the layers.
    ax : Axes, optional

    Returns
    -------
    Axes
        Bars show the mean of the absolute values, points the largest one, on a logarithmic scale.
        A layer without a bar has its value written there: 0, inf or nan.

    Raises
    ------
    ArgumentError
        Where there is no gradient.
    """
    found = _gradients(gradients)
    if not found:
        raise ArgumentError(
            "there is no gradient to show",
            expected="a model after loss.backward(), or gradients by name",
            found="parameters whose grad is None"
            if hasattr(gradients, "parameters")
            else f"a {type(gradients).__name__} without any",
            mend="call backward() first, and zero_grad() only after the plot",
        )
    sizes = [np.abs(values) for values in found.values()]
    means = np.array([size.mean() for size in sizes])
    largest = np.array([size.max() for size in sizes])
    ax = new_axes(ax, max(5.0, 1.6 + 0.75 * len(found)), 4.2)
    places = np.arange(len(found))
    ax.bar(places, means, width=0.6, color=colour(4), label="mean of |gradient|")
    ax.plot(places, largest, "D", color=colour(1), markersize=5, label="largest |gradient|")
    positive = means[np.isfinite(largest) & (means > 0)]
    if len(positive):
        ax.set_yscale("log")
        # A bar has no natural foot on a logarithmic scale: a decade below the smallest mean.
        ax.set_ylim(positive.min() / 10, largest[np.isfinite(largest)].max() * 3)
    for place, mean in zip(places, means, strict=True):
        if mean == 0 or not np.isfinite(mean):
            ax.annotate(f"{mean:g}", (place, 0), xycoords=("data", "axes fraction"), xytext=(0, 4),
                        textcoords="offset points", ha="center")  # fmt: skip
    long = len(found) > 4 or max(map(len, found)) > 12
    ax.set_xticks(places, list(found), rotation=35 if long else 0, ha="right" if long else "center")
    ax.set_xlabel("layer, from the input to the output")
    ax.set_ylabel("size of the gradient")
    tidy(ax, "y")
    ax.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2)
    return ax


def _gradients(source: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if isinstance(source, Mapping):
        found = {str(name): values for name, values in source.items()}
    elif hasattr(source, "named_parameters"):
        found = {
            name: parameter.grad
            for name, parameter in source.named_parameters()
            if np.ndim(parameter.data) >= 2
        }
    arrays = {
        name: as_floats(
            values if isinstance(values, np.ndarray) else getattr(values, "data", values), name
        )
        for name, values in found.items()
        if values is not None
    }
    return {name: array for name, array in arrays.items() if array.size}
