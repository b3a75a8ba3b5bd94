"""How well a model does on a data set, and how long it takes to answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import check_finite, is_whole
from course_utils.autograd import Tensor, no_grad
from course_utils.errors import ArgumentError, DataError, ShapeError
from course_utils.training.batches import Batch, IntArray, batches, class_numbers


@dataclass(frozen=True)
class Evaluation:
    """What `evaluate` found.

    Attributes
    ----------
    accuracy : float
        Right answers divided by all answers, 0..1.
    loss : float or None
        Mean over the images; None where no loss function was given.
    confusion_matrix : ndarray of int, shape (classes, classes)
        Row: the true class. Column: the model's answer.
    labels, predictions : ndarray of int, shape (images,)
        In the order of the loader.
    inference_ms, inference_ms_std : float
        Mean and standard deviation of the time for one batch, in milliseconds.
    """

    accuracy: float
    loss: float | None
    confusion_matrix: IntArray
    labels: IntArray
    predictions: IntArray
    inference_ms: float
    inference_ms_std: float

    @property
    def sampling_error(self) -> float:
        """Standard error of the accuracy: sqrt(p (1 - p) / n), as of n independent draws."""
        p = self.accuracy
        return float(np.sqrt(p * (1 - p) / len(self.labels)))


def evaluate(
    model: Any,
    loader: Iterable[Batch],
    loss_fn: Callable[[Any, Any], Any] | None = None,
    *,
    classes: int | None = None,
) -> Evaluation:
    """Run a model over a data set without training it.

    Every image counts once, however the batches divide them: the mean of the batches' accuracies
    would count the images of a short last batch for more.

    Parameters
    ----------
    model : callable
        Takes a Tensor (batch, features) and returns logits (batch, classes). Put into evaluation
        mode for the time of this call, where it has ``eval()`` and ``train()``.
    loader : iterable of (x, y)
        ndarrays; y holds class numbers (batch,) or one-hot rows (batch, classes).
    loss_fn : callable, optional
        ``loss_fn(logits, y)`` returns the mean loss of a batch.
    classes : int, optional
        Rows of the confusion matrix; as many as the model has outputs where it is left out.

    Returns
    -------
    Evaluation

    Raises
    ------
    DataError
        Where the loader yields nothing, or something else than pairs of images and labels.
    ShapeError
        Where logits and labels do not fit each other.
    ArgumentError
        Where a label is no class number or the model has no output for it; where the images hold
        NaN.

    Notes
    -----
    The clock runs for the call of the model alone. The first batch is answered once before, so
    that the price of a first call is not counted. The confusion matrix is scikit-learn's.

    Examples
    --------
    >>> answers = np.eye(3)[[0, 1, 1, 2]]
    >>> loader = [(answers[:3], np.array([0, 1, 2])), (answers[3:], np.array([2]))]
    >>> result = evaluate(lambda x: x, loader)
    >>> result.accuracy
    0.75
    >>> result.confusion_matrix
    array([[1, 0, 0],
           [0, 1, 0],
           [0, 1, 1]])
    """
    from sklearn.metrics import confusion_matrix

    if classes is not None and (not is_whole(classes) or classes < 1):
        raise ArgumentError(
            "classes must count something",
            expected="a whole number of at least 1, or None",
            found=repr(classes),
            mend="leave it out: the model's outputs are counted",
        )
    labels: list[IntArray] = []
    predictions: list[IntArray] = []
    seconds: list[float] = []
    total_loss = 0.0
    width = 0
    was_training = getattr(model, "training", False)
    _set_mode(model, training=False)
    try:
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            for x, y in batches(loader):
                images = Tensor(x)
                if not seconds:
                    model(images)
                start = time.perf_counter()
                logits = model(images)
                seconds.append(time.perf_counter() - start)
                scores = _checked_logits(logits, len(x))
                if np.isnan(scores).any():
                    check_finite(images.data, "x")
                batch_labels = class_numbers(y, len(x))
                _check_classes(batch_labels, classes or scores.shape[1])
                labels.append(batch_labels)
                predictions.append(scores.argmax(axis=1))
                width = scores.shape[1]
                if loss_fn is not None:
                    total_loss += float(loss_fn(logits, batch_labels).item()) * len(batch_labels)
    finally:
        _set_mode(model, training=was_training)
    if not labels:
        raise DataError(
            "there is nothing to evaluate on",
            expected="a loader with at least one batch",
            found="a loader that yields none",
            mend="check the data set's size; a generator can be used only once, a DataLoader often",
        )
    truth, answers = np.concatenate(labels), np.concatenate(predictions)
    times = 1000 * np.array(seconds)
    return Evaluation(
        accuracy=float(np.mean(truth == answers)),
        loss=total_loss / len(truth) if loss_fn is not None else None,
        confusion_matrix=confusion_matrix(truth, answers, labels=np.arange(classes or width)),
        labels=truth,
        predictions=answers,
        inference_ms=float(times.mean()),
        inference_ms_std=float(times.std(ddof=1)) if len(times) > 1 else 0.0,
    )


def _check_classes(labels: IntArray, classes: int) -> None:
    if labels.max() >= classes:
        raise ArgumentError(
            "there is a label for which the model has no output",
            expected=f"class numbers from 0 to {classes - 1}",
            found=str(labels.max()),
            mend="count classes from 0, and give the model an output for each class",
        )


def _set_mode(model: Any, *, training: bool) -> None:
    change = getattr(model, "train" if training else "eval", None)
    if change is not None:
        change()


def _checked_logits(logits: Any, images: int) -> npt.NDArray[Any]:
    scores = np.asarray(logits)
    if scores.dtype == object:
        raise ArgumentError(
            "the model returned no logits",
            expected=f"a Tensor of shape ({images}, classes)",
            found=repr(logits)[:80],
            mend="look for a missing return in forward",
        )
    if scores.ndim != 2 or len(scores) != images:
        raise ShapeError(
            "the model's output does not fit its input",
            expected=f"logits of shape ({images}, classes)",
            found=f"shape {scores.shape}",
            mend="return one row of class scores for each image, without a mean over the batch",
        )
    return scores
