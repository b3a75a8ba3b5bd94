"""How well a model does on a data set, and how long it takes to answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.autograd import Tensor, no_grad
from course_utils.errors import ArgumentError, DataError, ShapeError

Batch = tuple[Any, Any]
IntArray = npt.NDArray[np.int64]


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
        Where the loader yields nothing.
    ShapeError
        Where logits and labels do not fit each other.

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

    labels: list[IntArray] = []
    predictions: list[IntArray] = []
    seconds: list[float] = []
    total_loss = 0.0
    width = 0
    was_training = getattr(model, "training", False)
    _set_mode(model, training=False)
    try:
        with no_grad(), np.errstate(over="ignore", invalid="ignore"):
            for x, y in loader:
                images = Tensor(x)
                if not seconds:
                    model(images)
                start = time.perf_counter()
                logits = model(images)
                seconds.append(time.perf_counter() - start)
                scores = _checked_logits(logits, len(x))
                batch_labels = class_numbers(y, len(x))
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


def class_numbers(y: Any, images: int | None = None) -> IntArray:
    """Return labels as class numbers, from class numbers or from one-hot rows.

    Parameters
    ----------
    y : array_like, shape (batch,) or (batch, classes)
    images : int, optional
        How many there must be.

    Returns
    -------
    ndarray of int64, shape (batch,)

    Raises
    ------
    ShapeError
        Where the shape is another, or the number of labels is not `images`.
    ArgumentError
        Where class numbers are not whole.

    Examples
    --------
    >>> class_numbers([[0, 1], [1, 0]])
    array([1, 0])
    """
    array = np.asarray(y)
    if array.ndim not in (1, 2) or (images is not None and len(array) != images):
        raise ShapeError(
            "the labels do not fit the images",
            expected=f"shape ({'batch' if images is None else images},), or one-hot rows",
            found=f"shape {array.shape}",
            mend="hand over one class number, or one one-hot row, for each image",
        )
    if array.ndim == 2:
        return np.asarray(array.argmax(axis=1), dtype=np.int64)
    with np.errstate(invalid="ignore"):  # NaN becomes some number, which the next line refuses
        numbers = array.astype(np.int64)
    if not np.array_equal(numbers, array):
        raise ArgumentError(
            "these are not class numbers",
            expected="whole numbers from 0",
            found=f"dtype {array.dtype}, such as {array.ravel()[:3].tolist()}",
            mend="hand over the digits themselves, not probabilities or scaled values",
        )
    return numbers


def _set_mode(model: Any, *, training: bool) -> None:
    change = getattr(model, "train" if training else "eval", None)
    if change is not None:
        change()


def _checked_logits(logits: Any, images: int) -> npt.NDArray[Any]:
    scores = np.asarray(logits)
    if scores.ndim != 2 or len(scores) != images:
        raise ShapeError(
            "the model's output does not fit its input",
            expected=f"logits of shape ({images}, classes)",
            found=f"shape {scores.shape}",
            mend="return one row of class scores for each image, without a mean over the batch",
        )
    return scores
