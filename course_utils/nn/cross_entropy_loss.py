"""The cross-entropy of logits: softmax, logarithm and mean as one step of the graph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from course_utils import functions
from course_utils.arrays import as_numbers
from course_utils.autograd import Tensor, quiet, record
from course_utils.errors import ShapeError
from course_utils.nn.module import Array, Module


class CrossEntropyLoss(Module):
    r"""Cross-entropy of the softmax of logits, averaged over the batch.

    .. math:: L = -\frac{1}{B} \sum_b \sum_c y_{bc} \log p_{bc}, \qquad
              \partial z = (p \textstyle\sum_c y_c - y) / B

    where p is the softmax of the logits z.

    Raises
    ------
    ShapeError
        In the call: where the shapes do not fit each other, or the batch is empty.
    ArgumentError
        In the call: where a class number is NaN, not whole, or outside 0..classes-1; where rows
        of targets are not probabilities.

    Notes
    -----
    Source: Goodfellow, Bengio and Courville, *Deep Learning* (2016), 6.2.2.3. Logits of any size
    are right; the loss is infinite where the target has probability 0, and NaN where the softmax
    is not defined (NaN among the logits, or several that are plus infinity).

    Examples
    --------
    >>> from course_utils import Tensor
    >>> logits = Tensor([[0.0, 0.0], [0.0, 1e6]], requires_grad=True)
    >>> loss = CrossEntropyLoss()(logits, [0, 1])
    >>> round(loss.item(), 4)
    0.3466
    >>> loss.backward()
    >>> logits.grad.tolist()
    [[-0.25, 0.25], [0.0, 0.0]]
    """

    @quiet
    def forward(self, logits: Tensor | npt.ArrayLike, target: Tensor | npt.ArrayLike) -> Tensor:
        """Return the loss, a single number.

        Parameters
        ----------
        logits : Tensor or array_like, shape (batch, classes)
            Scores before the softmax.
        target : Tensor or array_like, shape (batch,) or (batch, classes)
            Class numbers, as whole numbers or floats; or rows of probabilities, such as one-hot.
        """
        z = logits if isinstance(logits, Tensor) else Tensor(logits)
        wanted = as_numbers(target.data if isinstance(target, Tensor) else target, "target")
        _check_shapes(z, wanted)
        log_p = _log_softmax(z.data)  # (batch, classes)
        batch, classes = log_p.shape
        if wanted.ndim == 1:
            rows, numbers = np.arange(batch), functions.class_numbers(wanted, classes)
            loss = -log_p[rows, numbers].mean()
        else:
            functions.check_probabilities(wanted)
            probabilities = wanted.astype(log_p.dtype, copy=False)
            # 0 * log 0 counts as 0
            terms = np.where(probabilities == 0, 0, probabilities * log_p)
            loss = -terms.sum() / batch

        def backward(gradient: Array) -> tuple[Array]:
            for_z = np.exp(log_p)
            if wanted.ndim == 1:
                for_z[rows, numbers] -= 1
            else:
                for_z *= probabilities.sum(axis=1, keepdims=True)
                for_z -= probabilities
            for_z *= gradient / batch
            return (for_z,)

        return record(np.asarray(loss + 0.0, log_p.dtype), (z,), backward)


def _log_softmax(z: Array) -> Array:
    """Return the logarithm of the softmax over the last axis."""
    if z.dtype.kind == "f":
        largest = z.max(axis=1, keepdims=True)
        if np.isfinite(largest).all():
            shifted: Array = z - largest
            shifted -= np.log(np.exp(shifted).sum(axis=1, keepdims=True))
            return shifted
    return functions.log_softmax(z)  # whole numbers, infinities and NaN


def _check_shapes(z: Tensor, wanted: Array) -> None:
    if z.ndim != 2 or wanted.shape not in (z.shape, z.shape[:1]):
        raise ShapeError(
            "logits and target do not fit each other",
            expected="logits (batch, classes) and target (batch,) or (batch, classes)",
            found=f"logits {z.shape} and target {wanted.shape}",
            mend="hand over one class number, or one row of probabilities, for each row of logits",
        )
    if z.size == 0:
        raise ShapeError(
            "the cross-entropy of an empty batch is not defined",
            expected="at least one row of logits and one class",
            found=f"logits of shape {z.shape}",
            mend="look for an empty selection before this call",
        )
