"""The mean squared error."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from course_utils.autograd import Tensor, quiet, record
from course_utils.errors import ShapeError
from course_utils.nn.module import Array, Module


class MSELoss(Module):
    r"""Mean of the squared differences, over all elements.

    .. math:: L = \frac{1}{N} \sum_i (x_i - y_i)^2, \qquad \partial x_i = 2 (x_i - y_i) / N

    Raises
    ------
    ShapeError
        In the call: where the shapes differ (nothing is broadcast), or there are no elements.

    Examples
    --------
    >>> from course_utils import Tensor
    >>> MSELoss()(Tensor([1.0, 3.0]), [1.0, 1.0]).item()
    2.0
    """

    @quiet
    def forward(self, prediction: Tensor | npt.ArrayLike, target: Tensor | npt.ArrayLike) -> Tensor:
        """Return the loss, a single number.

        Parameters
        ----------
        prediction, target : Tensor or array_like, same shape
        """
        x = prediction if isinstance(prediction, Tensor) else Tensor(prediction)
        y = target if isinstance(target, Tensor) else Tensor(target)
        if x.shape != y.shape or x.size == 0:
            raise ShapeError(
                "prediction and target do not fit each other",
                expected="the same shape, and at least one element",
                found=f"prediction {x.shape} and target {y.shape}",
                mend="use one-hot rows for class numbers, and reshape (batch, 1) to (batch,)",
            )
        dtype = x.data.dtype if x.data.dtype.kind == "f" else np.result_type(x.data, y.data, 1.0)
        difference = np.subtract(x.data, y.data, dtype=dtype)
        flat = difference.ravel()

        def backward(gradient: Array) -> tuple[Array, Array | None]:
            for_x = difference * (gradient * (2 / x.size))
            return for_x, -for_x if y.requires_grad else None

        return record(np.asarray(np.dot(flat, flat) / x.size, dtype), (x, y), backward)
