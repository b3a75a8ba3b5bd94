"""The confusion matrix: which digit is taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_numbers
from course_utils.errors import ShapeError
from course_utils.plots.style import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_confusion_matrix(
    matrix: npt.ArrayLike,
    *,
    names: Sequence[str] | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw a confusion matrix so that the mistakes can be seen.

    The right answers on the diagonal are so many that on one scale of colours no mistake would
    show. So they are grey, and the colour of the other cells grows with the share of the true
    class that was mistaken. Every cell that is not empty shows its count.

    Parameters
    ----------
    matrix : array_like of int, shape (classes, classes)
        Row: the true class. Column: the model's answer.
    names : sequence of str, optional
        Of the classes; 0, 1, 2 ... where they are left out.
    title : str
        Goes in front of the accuracy.
    ax : Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ShapeError
        Where the matrix is not square, or holds no answer, or the names do not fit it.
    """
    counts = as_numbers(matrix, "matrix")
    square = counts.ndim == 2 and counts.shape[0] == counts.shape[1]
    if not square or not (counts >= 0).all() or not 0 < counts.sum() < np.inf:
        raise ShapeError(
            "this is no confusion matrix",
            expected="shape (classes, classes) with counts from 0, not all zero",
            found=f"shape {counts.shape}" + (" with other values" if square else ""),
            mend="use sklearn.metrics.confusion_matrix(true, answered)",
        )
    shown = [str(place) for place in range(len(counts))] if names is None else list(names)
    if len(shown) != len(counts):
        raise ShapeError(
            "the names do not fit the matrix",
            expected=f"{len(counts)} names",
            found=f"{len(shown)}",
            mend="give each class one name, in the order of the rows",
        )
    ax = new_axes(ax, 6.6, 5.8)
    diagonal = np.eye(len(counts), dtype=bool)
    share = 100 * counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    mistakes = np.ma.masked_array(share, diagonal)
    highest = max(float(mistakes.max()) if len(counts) > 1 else 0.0, 1e-9)
    ax.imshow(np.where(diagonal, 0.0, np.nan), cmap="Greys", vmin=-1, vmax=5)
    image = ax.imshow(mistakes, cmap="Blues", vmin=0, vmax=highest)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            dark = not diagonal[row, column] and share[row, column] > 0.55 * highest
            ax.text(
                column, row, f"{count:,}", ha="center", va="center",
                fontsize=9 if len(counts) <= 12 else 6, color="white" if dark else "black",
            )  # fmt: skip
    ax.set_xticks(range(len(counts)), shown)
    ax.set_yticks(range(len(counts)), shown)
    ax.tick_params(length=0)
    ax.set_xlabel("answer of the model")
    ax.set_ylabel("true class")
    ax.spines[:].set_visible(False)
    accuracy = 100 * np.trace(counts) / counts.sum()
    ax.set_title(f"{title + ': ' if title else ''}{accuracy:.2f} % of {counts.sum():,} right")
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.85)
    bar.set_label("mistakes (% of the true class)")
    bar.outline.set_visible(False)
    return ax
