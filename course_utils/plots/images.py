"""Pictures of digits: a batch, and those that a model got wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_numbers
from course_utils.errors import ArgumentError, ShapeError
from course_utils.plots.style import grid

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def plot_images(
    images: npt.ArrayLike,
    labels: npt.ArrayLike | None = None,
    *,
    titles: Sequence[str] | None = None,
    columns: int = 8,
    most: int = 64,
    title: str = "",
) -> Figure:
    """Draw a batch of images in a grid, dark ink on white.

    Parameters
    ----------
    images : array_like, shape (batch, pixels) or (batch, height, width)
        Rows of pixels must make squares. Any range of values: all images share one scale.
    labels : array_like, shape (batch,) or (batch, classes), optional
        Shown above each image, one-hot rows as the digit. Class numbers or names.
    titles : sequence of str, optional
        Shown instead of labels.
    columns : int
        Images in a row.
    most : int
        Only so many are drawn, and the figure says so.
    title : str
        Above the whole.

    Returns
    -------
    Figure

    Raises
    ------
    ShapeError
        Where the shapes are others, or there is no image.
    ArgumentError
        Where `columns` or `most` is less than 1.
    """
    import matplotlib.pyplot as plt

    pixels = _squares(images)
    texts = _texts(len(pixels), labels, titles)
    shown = min(len(pixels), most)
    if shown < len(pixels):
        title = f"{title + ', ' if title else ''}the first {shown} of {len(pixels):,}"
    rows, columns = grid(shown, columns)
    above = 0.32 * bool(texts) * max((text.count("\n") + 1 for text in texts), default=1) ** 0.7
    figure, axes = plt.subplots(
        rows, columns, squeeze=False, layout="constrained",
        figsize=(
            max(1.05 * columns, 0.085 * len(title) + 0.5),
            (1.05 + above) * rows + 0.4 * bool(title),
        ),
    )  # fmt: skip
    for ax in axes.flat:
        ax.axis("off")
    drawn = pixels[:shown][np.isfinite(pixels[:shown])]
    low, high = (float(drawn.min()), float(drawn.max())) if drawn.size else (0.0, 1.0)
    for place, ax in enumerate(axes.flat[:shown]):
        ax.imshow(pixels[place], cmap="Greys", vmin=low, vmax=high if high > low else low + 1)
        if texts:
            ax.set_title(texts[place], fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11)
    return figure


def plot_misclassified(
    images: npt.ArrayLike,
    labels: npt.ArrayLike,
    predictions: npt.ArrayLike,
    probabilities: npt.ArrayLike | None = None,
    *,
    columns: int = 8,
    most: int = 32,
) -> Figure:
    """Draw the images that a model got wrong, the most certain mistakes first.

    Parameters
    ----------
    images : array_like, shape (batch, pixels) or (batch, height, width)
    labels, predictions : array_like of int, shape (batch,)
        As in the result of `evaluate`.
    probabilities : array_like, shape (batch, classes), optional
        Of the model. With them the mistakes are sorted, and the model's certainty is shown.
    columns, most : int
        As in `plot_images`.

    Returns
    -------
    Figure

    Raises
    ------
    ShapeError, ArgumentError
        Where the shapes do not fit each other, or nothing is wrong.
    """
    pixels, truth, answers = _squares(images), np.asarray(labels), np.asarray(predictions)
    if not truth.shape == answers.shape == (len(pixels),):
        raise ShapeError(
            "images, labels and predictions do not fit each other",
            expected=f"{len(pixels)} class numbers each",
            found=f"labels {truth.shape}, predictions {answers.shape}",
            mend="hand over class numbers in the order of the images, and a loader not shuffled",
        )
    wrong = np.flatnonzero(truth != answers)
    if not len(wrong):
        raise ArgumentError(
            "there is no mistake to show",
            expected="at least one image with another prediction than its label",
            found=f"{len(truth)} right answers",
            mend="look at more images",
        )
    certainty: Any = None
    if probabilities is not None:
        certainty = _certainty(as_numbers(probabilities, "probabilities"), answers)
        wrong = wrong[np.argsort(-certainty[wrong], kind="stable")]
    titles = [
        f"{truth[place]} taken for {answers[place]}"
        + (f"\n{100 * certainty[place]:.0f} % sure" if certainty is not None else "")
        for place in wrong
    ]
    share = f"{len(wrong):,} of {len(truth):,} wrong"
    return plot_images(pixels[wrong], titles=titles, columns=columns, most=most, title=share)


def _certainty(probabilities: npt.NDArray[Any], answers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the probability of each answer."""
    whole = answers.dtype.kind in "iu" and answers.min() >= 0
    fits = probabilities.ndim == 2 and len(probabilities) == len(answers)
    if not whole or not fits or answers.max() >= probabilities.shape[1]:
        raise ShapeError(
            "predictions and probabilities do not fit each other",
            expected=f"{len(answers)} class numbers, and a row of probabilities for each",
            found=f"predictions of dtype {answers.dtype}, probabilities {probabilities.shape}",
            mend="hand over what the softmax returns, and its argmax over the last axis",
        )
    chosen: npt.NDArray[Any] = probabilities[np.arange(len(answers)), answers]
    return chosen


def _squares(images: npt.ArrayLike) -> npt.NDArray[Any]:
    pixels = as_numbers(images, "images")
    side = math.isqrt(pixels.shape[1]) if pixels.ndim == 2 else 0
    if pixels.ndim == 2 and side * side == pixels.shape[1]:
        pixels = pixels.reshape(len(pixels), side, side)
    if pixels.ndim != 3 or not pixels.size:
        raise ShapeError(
            "these are not images",
            expected="shape (batch, 784), or (batch, height, width), with at least one image",
            found=f"shape {pixels.shape}",
            mend="use x[np.newaxis] for a single image",
        )
    return pixels


def _texts(count: int, labels: npt.ArrayLike | None, titles: Sequence[str] | None) -> list[str]:
    if titles is None and labels is None:
        return []
    if titles is not None:
        texts = [str(text) for text in titles]
    else:
        numbers = np.asarray(labels)
        numbers = numbers.argmax(axis=1) if numbers.ndim == 2 else numbers
        texts = [f"{n:g}" if numbers.dtype.kind in "fiub" else str(n) for n in numbers.ravel()]
    if len(texts) != count:
        raise ShapeError(
            "the labels do not fit the images",
            expected=f"{count} of them",
            found=f"{len(texts)}",
            mend="hand over one for each image",
        )
    return texts
