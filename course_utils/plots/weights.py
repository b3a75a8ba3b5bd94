"""What the first layer looks for: its weights as pictures."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_numbers, is_whole
from course_utils.errors import ArgumentError, ShapeError
from course_utils.plots.style import grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_first_layer_weights(
    weights: Any, *, columns: int = 8, most: int = 32, side: int | None = None
) -> Figure:
    """Draw the weights of the first layer, one picture for each unit.

    Parameters
    ----------
    weights : nn.Module, or array_like of shape (units, pixels)
        A model's first parameter with two axes is taken. Both orders of the axes are understood
        where one of them is a square of `side`.
    columns, most : int
        Pictures in a row, and in all.
    side : int, optional
        Width of the images; 28 where an axis has 784 entries.

    Returns
    -------
    Figure
        Red pixels speak for the unit, blue ones against it, white ones do not matter. All pictures
        share one scale, the same to both sides of zero.

    Raises
    ------
    ArgumentError
        Where `columns`, `most` or `side` is less than 1, or the weights are no numbers.
    ShapeError
        Where neither axis holds square images.
    """
    import matplotlib.pyplot as plt

    pictures = _pictures(_matrix(weights), side)
    shown = min(len(pictures), most)
    rows, columns = grid(shown, columns)
    figure, axes = plt.subplots(
        rows, columns, squeeze=False, layout="constrained",
        figsize=(max(1.1 * columns + 1.0, 4.0), 1.25 * rows + 0.5),
    )  # fmt: skip
    # One extreme weight must not make all others pale.
    limit = float(np.percentile(np.abs(pictures[:shown]), 99.5)) or 1.0
    image: Any = None
    for place, ax in enumerate(axes.flat):
        ax.axis("off")
        if place < shown:
            image = ax.imshow(pictures[place], cmap="RdBu_r", vmin=-limit, vmax=limit)
            ax.set_title(f"unit {place}", fontsize=8)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=25, extend="both")
    bar.set_label("weight")
    more = f", the first {shown} of {len(pictures):,} units" if shown < len(pictures) else ""
    figure.suptitle(f"weights of the first layer{more}", fontsize=11)
    return figure


def _matrix(weights: Any) -> npt.NDArray[Any]:
    if hasattr(weights, "parameters"):
        for parameter in weights.parameters():
            if np.ndim(parameter.data) == 2:
                return np.asarray(parameter.data)
    return as_numbers(weights, "weights")


def _pictures(matrix: npt.NDArray[Any], side: int | None) -> npt.NDArray[Any]:
    """Return the weights as (units, side, side)."""
    if side is not None and (not is_whole(side) or side < 1):
        raise ArgumentError(
            "side is not the width of an image",
            expected="a whole number of pixels, or None",
            found=repr(side),
            mend="write side=28",
        )
    if matrix.ndim == 2:
        wanted = 784 if side is None else side * side
        if matrix.shape[1] != wanted and matrix.shape[0] == wanted:
            matrix = matrix.T
        edge = math.isqrt(matrix.shape[1])
        if edge * edge == matrix.shape[1] and (side is None or edge == side) and matrix.size:
            return matrix.reshape(len(matrix), edge, edge)
    raise ShapeError(
        "these weights cannot be shown as images",
        expected="shape (units, 784), or another square number of pixels",
        found=f"shape {matrix.shape}",
        mend="hand over the model, or the weights of its first layer",
    )
