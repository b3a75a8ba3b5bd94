"""Starting weights: how large random numbers must be so that signals keep their size.

Each function overwrites a weight of shape (n_out, n_in) in place and returns it. Random numbers
come from `course_utils.get_generator`, or from `generator`: same seed, same weights.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from course_utils.autograd import Tensor
from course_utils.errors import ArgumentError, ShapeError
from course_utils.nn.inputs import checked_number
from course_utils.seeding import generator_or_own

Generator = np.random.Generator | None


def he_normal_(weight: Tensor, generator: Generator = None) -> Tensor:
    """Draw from N(0, 2 / n_in), for ReLU layers: He et al., *Delving Deep into Rectifiers* (2015).

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils import Tensor
    >>> weight = he_normal_(Tensor(np.zeros((100, 200))), np.random.default_rng(0))
    >>> round(float(weight.data.std()), 2)
    0.1
    """
    return _normal(weight, math.sqrt(2 / _fans(weight)[0]), generator)


def he_uniform_(weight: Tensor, generator: Generator = None) -> Tensor:
    """Draw from U(-b, b) with b² = 6 / n_in, for ReLU layers: He et al. (2015)."""
    return uniform_(weight, math.sqrt(6 / _fans(weight)[0]), generator)


def xavier_normal_(weight: Tensor, generator: Generator = None) -> Tensor:
    """Draw from N(0, 2 / (n_in + n_out)), for tanh layers.

    Source: Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural
    networks* (2010).
    """
    return _normal(weight, math.sqrt(2 / sum(_fans(weight))), generator)


def xavier_uniform_(weight: Tensor, generator: Generator = None) -> Tensor:
    """Draw from U(-b, b) with b² = 6 / (n_in + n_out): Glorot and Bengio (2010), formula 16."""
    return uniform_(weight, math.sqrt(6 / sum(_fans(weight))), generator)


def uniform_(tensor: Tensor, bound: float, generator: Generator = None) -> Tensor:
    """Draw from U(-bound, bound); any shape."""
    bound = checked_number(bound, "bound")
    draw = generator_or_own(generator).uniform(-bound, bound, _shape(tensor))
    return _write(tensor, draw)


def zeros_(tensor: Tensor) -> Tensor:
    """Fill with zeros; any shape."""
    return _write(tensor, 0.0)


def _normal(tensor: Tensor, deviation: float, generator: Generator) -> Tensor:
    return _write(tensor, generator_or_own(generator).normal(0, deviation, _shape(tensor)))


def _write(tensor: Tensor, values: Any) -> Tensor:
    _shape(tensor)
    tensor.data[...] = values
    return tensor


def _shape(tensor: Tensor) -> tuple[int, ...]:
    if not isinstance(tensor, Tensor):
        raise ArgumentError(
            "there is no weight to write to",
            expected="a Tensor, such as layer.weight",
            found=f"a {type(tensor).__name__}",
            mend="hand over the parameter itself, not its array",
        )
    return tensor.data.shape


def _fans(weight: Tensor) -> tuple[int, int]:
    """Return (n_in, n_out)."""
    shape = _shape(weight)
    if len(shape) != 2 or 0 in shape:
        raise ShapeError(
            "this initialisation is for the weight of a linear layer",
            expected="shape (n_out, n_in), both at least 1",
            found=f"shape {shape}",
            mend="use init.uniform_ or init.zeros_ for other shapes",
        )
    return shape[1], shape[0]
