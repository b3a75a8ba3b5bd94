"""Comparisons, element by element: they give arrays of booleans, not Tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from course_utils.autograd.graph import Node
from course_utils.errors import ShapeError

if TYPE_CHECKING:
    from course_utils.autograd.tensor import Tensor

BoolArray = npt.NDArray[np.bool_]


def _comparison(
    compare: Callable[[Any, Any], Any], sign: str
) -> Callable[[Tensor, Tensor | npt.ArrayLike], BoolArray]:
    def method(a: Tensor, b: Tensor | npt.ArrayLike) -> BoolArray:
        other = b.data if isinstance(b, Node) else b
        if not isinstance(b, Node) and sign not in ("==", "!="):
            other = Node.result_type(b).data  # text has no order among numbers
        try:
            return np.asarray(compare(a.data, other))
        except ValueError as error:
            raise ShapeError(
                f"the shapes of a {sign} b do not fit each other",
                expected="equal lengths from the last axis on; a length of 1 fits any other",
                found=f"a of shape {a.data.shape} and b of shape {np.shape(other)}",
                mend="compare tensors of the same shape, or with a number",
            ) from error

    method.__doc__ = f"Return where a {sign} b holds, as an array of booleans."
    return method


less = _comparison(operator.lt, "<")
less_equal = _comparison(operator.le, "<=")
greater = _comparison(operator.gt, ">")
greater_equal = _comparison(operator.ge, ">=")
equal = _comparison(operator.eq, "==")
not_equal = _comparison(operator.ne, "!=")
