"""Gradients against differences of the function itself, along random directions.

The upstream gradient is random, never all ones: a rule that forgets it, or that sums where it
should not, shows. Directions are random over all inputs at once, and over each input alone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.testing import assert_allclose

from course_utils import Tensor

STEP = 1e-3


def check_gradient(
    function: Callable[..., Tensor], *arrays: np.ndarray, seed: int = 0, rtol: float = 1e-7
) -> None:
    """Compare the gradients of `function` with respect to all `arrays` with differences."""
    generator = np.random.default_rng(seed)
    arrays = tuple(np.array(array, dtype=np.float64) for array in arrays)
    tensors = [Tensor(array.copy(), requires_grad=True) for array in arrays]
    result = function(*tensors)
    upstream = generator.normal(size=result.shape)
    result.backward(upstream)
    for tensor, array in zip(tensors, arrays, strict=True):
        assert tensor.grad.shape == array.shape
        assert tensor.grad.dtype == array.dtype
        assert_allclose(tensor.data, array, rtol=0, atol=0, err_msg="an input was changed")

    def value(moved: list[np.ndarray]) -> float:
        return float((function(*(Tensor(array) for array in moved)).data * upstream).sum())

    everything = [generator.normal(size=array.shape) for array in arrays]
    for chosen in [range(len(arrays)), *([i] for i in range(len(arrays)))]:
        directions = [d if i in chosen else np.zeros_like(d) for i, d in enumerate(everything)]
        analytic = sum((t.grad.data * d).sum() for t, d in zip(tensors, directions, strict=True))
        at = {
            k: value([a + k * STEP * d for a, d in zip(arrays, directions, strict=True)])
            for k in (-2, -1, 1, 2)
        }
        # Five-point formula: the error is of order STEP ** 4.
        numeric = (8 * (at[1] - at[-1]) - (at[2] - at[-2])) / (12 * STEP)
        size = sum(np.abs(t.grad.data * d).sum() for t, d in zip(tensors, directions, strict=True))
        assert abs(analytic - numeric) <= rtol * (size + 1), (
            f"analytic {analytic:.10g}, numeric {numeric:.10g}, along inputs {list(chosen)}"
        )
