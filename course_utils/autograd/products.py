"""The matrix product, also of batches of matrices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from course_utils.autograd.arithmetic import operand
from course_utils.autograd.graph import Array, quiet, record
from course_utils.errors import ShapeError

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor


@quiet
def matmul(a: Tensor, b: Tensor | npt.ArrayLike) -> Tensor:
    """Return the matrix product a @ b.

    Parameters
    ----------
    a : Tensor, shape (..., n, k) or (k,)
    b : Tensor or array_like, shape (..., k, m) or (k,)

    Returns
    -------
    Tensor, shape (..., n, m)
        Axes in front are broadcast. A vector loses its axis, as in numpy.

    Raises
    ------
    ShapeError
        Where the inner lengths differ, or the axes in front do not broadcast.

    Notes
    -----
    With C = A B and G the gradient of C, the gradients are G Bᵀ and Aᵀ G: Magnus and Neudecker,
    *Matrix Differential Calculus* (2019), 9.
    """
    b = operand(b, a)
    x, y = a.data, b.data
    try:
        product = np.matmul(x, y)
    except ValueError as error:
        raise ShapeError(
            "the shapes of a @ b do not fit each other",
            expected="a of shape (..., n, k) and b of shape (..., k, m): the same k",
            found=f"a of shape {x.shape} and b of shape {y.shape}",
            mend="swap or transpose one of them: .transpose(-2, -1) exchanges the last two axes",
        ) from error

    def backward(gradient: Array) -> tuple[Array | None, Array | None]:
        left = x[np.newaxis, :] if x.ndim == 1 else x  # (..., n, k)
        right = y[:, np.newaxis] if y.ndim == 1 else y  # (..., k, m)
        if y.ndim == 1:
            gradient = gradient[..., np.newaxis]
        if x.ndim == 1:
            gradient = gradient[..., np.newaxis, :]  # (..., n, m)
        for_a = for_b = None
        if a.requires_grad:
            # For a vector this is (..., 1, k): the engine sums it to (k,), as after broadcasting.
            for_a = np.matmul(gradient, right.swapaxes(-1, -2))
        if b.requires_grad:
            for_b = np.matmul(left.swapaxes(-1, -2), gradient)
            if y.ndim == 1:
                for_b = for_b[..., 0]
        return for_a, for_b

    return record(product, (a, b), backward)


def reflected_matmul(a: Tensor, b: npt.ArrayLike) -> Tensor:
    """Return b @ a, where b is an array."""
    return matmul(operand(b, a), a)
