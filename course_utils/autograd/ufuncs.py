"""What numpy's own functions do with a Tensor: the same as its methods, gradients included.

So ``array * tensor`` and ``np.exp(tensor)`` record what they do. A function that has no backward
rule here is refused, as its result would have lost its gradient without a word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.autograd import arithmetic, elementwise, products
from course_utils.autograd.graph import Node
from course_utils.errors import ArgumentError

OF_ONE: dict[np.ufunc, Callable[[Any], Any]] = {
    np.negative: arithmetic.negative,
    np.exp: elementwise.exp,
    np.log: elementwise.log,
    np.sqrt: elementwise.sqrt,
    np.absolute: elementwise.absolute,
    np.tanh: elementwise.tanh,
}

OF_TWO: dict[np.ufunc, Callable[[Any, Any], Any]] = {
    np.add: arithmetic.add,
    np.subtract: arithmetic.subtract,
    np.multiply: arithmetic.multiply,
    np.true_divide: arithmetic.divide,
    np.power: arithmetic.power,
    np.matmul: products.matmul,
    np.less: operator.lt,
    np.less_equal: operator.le,
    np.greater: operator.gt,
    np.greater_equal: operator.ge,
    np.equal: operator.eq,
    np.not_equal: operator.ne,
}


def array_ufunc(self: Node, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """Answer a numpy function that was called with a Tensor among its inputs."""
    if method == "__call__" and not options:
        if ufunc in OF_ONE:
            return OF_ONE[ufunc](inputs[0])
        if ufunc in OF_TWO:
            left, right = inputs
            if not isinstance(left, Node):
                left = arithmetic.operand(left, right)
            return OF_TWO[ufunc](left, right)
    called = ufunc.__name__ + ("" if method == "__call__" else f".{method}")
    raise ArgumentError(
        f"np.{called} does not know how to pass on the gradient of a Tensor",
        expected="a method of the Tensor, such as x.exp() or x.sum(dim=0)",
        found=f"np.{called}" + (f" with {', '.join(options)}" if options else ""),
        mend="use the methods of Tensor, or the array x.data where no gradient is needed",
    )
