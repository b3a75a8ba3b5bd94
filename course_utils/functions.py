"""Activations and the cross-entropy, without overflow.

Every function here accepts any real input, infinities included, gives no warning, and leaves its
input as it was. A slice whose value is not defined (NaN among the inputs, several logits of
plus infinity, or nothing but minus infinity) gives NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from course_utils.arrays import Array, FloatArray, as_floats, as_numbers, is_whole
from course_utils.errors import ArgumentError, ShapeError


def sigmoid(x: npt.ArrayLike) -> FloatArray:
    r"""Logistic function, element by element.

    .. math:: \sigma(x) = 1 / (1 + e^{-x})

    Parameters
    ----------
    x : array_like, any shape

    Returns
    -------
    ndarray, same shape
        Values in 0..1, of the float type of `x` (float64 for whole numbers).

    Notes
    -----
    Only exponents of numbers below zero are taken, so nothing overflows, and small results keep
    their precision. Formula: Goodfellow, Bengio and Courville, *Deep Learning* (2016), 3.10.

    Examples
    --------
    >>> sigmoid([-1e6, 0.0, 1e6])
    array([0. , 0.5, 1. ])
    """
    x = as_floats(x)
    with np.errstate(under="ignore"):
        decay = np.exp(-np.abs(x))
        return np.asarray(np.where(x < 0, decay, 1) / (1 + decay), dtype=x.dtype)


def sigmoid_prime(x: npt.ArrayLike) -> FloatArray:
    r"""Take the derivative of the sigmoid, element by element.

    .. math:: \sigma'(x) = \sigma(x) (1 - \sigma(x)) = e^{-|x|} / (1 + e^{-|x|})^2

    Parameters
    ----------
    x : array_like, any shape
        The *input* of the sigmoid, not its output.

    Returns
    -------
    ndarray, same shape
        Values in 0..0.25, of the float type of `x`.

    Notes
    -----
    The second form keeps its precision where the sigmoid is so close to 1 that the difference
    ``1 - sigmoid(x)`` would be lost.

    Examples
    --------
    >>> sigmoid_prime([-1e6, 0.0, 1e6])
    array([0.  , 0.25, 0.  ])
    """
    x = as_floats(x)
    with np.errstate(under="ignore"):
        decay = np.exp(-np.abs(x))
        return np.asarray(decay / (1 + decay) ** 2, dtype=x.dtype)


def stable_softmax(x: npt.ArrayLike, axis: int = -1) -> FloatArray:
    r"""Softmax over one axis, with the largest exponent shifted to zero.

    .. math:: p_i = e^{x_i - m} / \sum_j e^{x_j - m}, \qquad m = \max_j x_j

    Parameters
    ----------
    x : array_like, any shape
        Logits. Minus infinity has probability 0; one single plus infinity has probability 1.
    axis : int
        The axis over which the probabilities sum to one.

    Returns
    -------
    ndarray, same shape
        Probabilities, of the float type of `x` (float64 for whole numbers).

    Raises
    ------
    ShapeError
        Where `axis` has no elements, or `x` has no such axis.

    Notes
    -----
    Shifting all logits by the same amount changes no probability: Goodfellow, Bengio and
    Courville, *Deep Learning* (2016), 4.1 and 6.2.2.3.

    Examples
    --------
    >>> stable_softmax([[1e6, 1e6], [0.0, np.log(3)]])
    array([[0.5 , 0.5 ],
           [0.25, 0.75]])
    """
    shifted = _shifted(as_floats(x), axis)
    with np.errstate(under="ignore"):
        exponents = np.exp(shifted)
        return np.asarray(exponents / exponents.sum(axis=axis, keepdims=True))


def log_softmax(x: npt.ArrayLike, axis: int = -1) -> FloatArray:
    """Logarithm of `stable_softmax`, exact where the probability itself would round to 0 or 1.

    Parameters, errors and special values are those of `stable_softmax`.

    Examples
    --------
    >>> log_softmax([0.0, 1000.0])
    array([-1000.,     0.])
    """
    shifted = _shifted(as_floats(x), axis)
    with np.errstate(under="ignore"):
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def cross_entropy(logits: npt.ArrayLike, targets: npt.ArrayLike) -> float:
    r"""Cross-entropy of the softmax of `logits`, averaged over the batch.

    .. math:: L = -\frac{1}{B} \sum_b \sum_c y_{bc} \log \mathrm{softmax}(z_b)_c

    Parameters
    ----------
    logits : array_like, shape (batch, classes)
        Scores *before* the softmax. More batch axes in front are allowed.
    targets : array_like, shape (batch, classes) or (batch,)
        A probability for each class (one-hot rows, for instance), or class numbers.

    Returns
    -------
    float
        The mean loss in nats. Infinite where a class of probability 0 was the target.

    Raises
    ------
    ShapeError
        Where the shapes do not fit each other, or the batch is empty.
    ArgumentError
        Where a class number is not a whole number in 0..classes-1, or a row of targets holds NaN,
        infinity or a number below 0.

    Notes
    -----
    Formula: Goodfellow, Bengio and Courville, *Deep Learning* (2016), 3.13 and 6.2.2.3. Working
    on logits is what keeps it finite: ``log(softmax(z))`` is minus infinity as soon as a
    probability rounds to 0.

    Examples
    --------
    The mean of log 2 and 1000, then a certain and right answer:

    >>> round(cross_entropy([[0.0, 0.0], [0.0, 1000.0]], [[1, 0], [1, 0]]), 4)
    500.3466
    >>> cross_entropy([[0.0, 1000.0]], [1])
    0.0
    """
    scores = as_floats(logits, "logits")
    wanted = as_numbers(targets, "targets")
    if scores.ndim == 0 or wanted.shape not in (scores.shape, scores.shape[:-1]):
        raise ShapeError(
            "logits and targets do not fit each other",
            expected="logits (batch, classes) and targets (batch, classes) or (batch,)",
            found=f"logits {scores.shape} and targets {wanted.shape}",
            mend="hand over one row of targets, or one class number, for each row of logits",
        )
    if scores.size == 0:
        raise ShapeError(
            "the cross-entropy of an empty batch is not defined",
            expected="at least one row of logits and one class",
            found=f"logits of shape {scores.shape}",
            mend="look for an empty selection before this call",
        )
    log_probabilities = log_softmax(scores)
    if wanted.shape == scores.shape:
        check_probabilities(wanted)
        # A target of 0 counts for nothing, even where the log probability is minus infinity.
        terms = np.multiply(
            wanted, log_probabilities, out=np.zeros_like(log_probabilities), where=wanted != 0
        )
        return 0.0 - float(terms.sum(axis=-1).mean())
    classes = class_numbers(wanted, scores.shape[-1])
    chosen = np.take_along_axis(log_probabilities, classes[..., np.newaxis], axis=-1)
    return 0.0 - float(chosen.mean())


def _shifted(x: FloatArray, axis: int) -> FloatArray:
    """Return x minus its largest value along `axis`; a new array."""
    axes = max(x.ndim, 1)
    if not is_whole(axis) or not -axes <= axis < axes or x.size == 0:
        raise ShapeError(
            "softmax needs an axis with at least one element",
            expected=f"an axis of x between {-x.ndim} and {x.ndim - 1}, and x not empty",
            found=f"axis {axis!r} and x of shape {x.shape}",
            mend="look at x.shape and choose the axis of the classes",
        )
    largest = x.max(axis=axis, keepdims=True)
    with np.errstate(invalid="ignore", over="ignore"):  # inf - inf is settled below
        shifted = np.asarray(x - largest)
    if np.isposinf(largest).any():
        winner = np.isposinf(x)
        alone = winner.sum(axis=axis, keepdims=True) == 1
        shifted = np.where(winner & alone, np.zeros_like(x), shifted)
    return shifted


def class_numbers(targets: Array, classes: int) -> npt.NDArray[np.intp]:
    """Return `targets` as whole numbers, or raise an ArgumentError where one is no class number."""
    kind = targets.dtype.kind
    if kind == "b":  # True and False are no numbers of classes
        valid = np.zeros(targets.shape, dtype=bool)
    else:
        valid = (targets >= 0) & (targets < classes)
        if kind == "f":
            valid &= targets == np.floor(targets)
    if not valid.all():
        raise ArgumentError(
            "the target holds a value that is not a class number",
            expected=f"whole numbers from 0 to {classes - 1}",
            found=f"{targets[~valid].flat[0]} of dtype {targets.dtype}",
            mend="count classes from 0, and look for NaN in the labels; "
            "or hand over one row of probabilities per example",
        )
    return targets.astype(np.intp, copy=False)


def check_probabilities(targets: Array) -> None:
    """Raise an ArgumentError where rows of targets hold NaN, infinity, or numbers below 0."""
    if not (np.isfinite(targets) & (targets >= 0)).all():
        raise ArgumentError(
            "the rows of the target are not probabilities",
            expected="finite numbers of at least 0",
            found=f"an array of dtype {targets.dtype} with other values",
            mend="hand over one-hot rows, or class numbers of shape (batch,)",
        )
