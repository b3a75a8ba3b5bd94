"""What all optimizers share: parameters, the walk over them in blocks, and the saved state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_floats
from course_utils.autograd import Tensor, quiet
from course_utils.errors import ArgumentError, ShapeError
from course_utils.nn.inputs import checked_number

Array = npt.NDArray[Any]

BLOCK = 64 * 1024
"""Elements updated at a time. A block of weights, gradient, moments and working space stays in
the processor's second-level cache while all steps of the formula pass over it; whole layers would
travel from main memory for each step."""


class Optimizer:
    """Base of the optimizers. Subclasses name their state and write `update`.

    Parameters
    ----------
    params : iterable of Tensor
        Usually ``model.parameters()``. They are changed in place.
    lr : float
        Learning rate; may be changed at any time.
    weight_decay : float

    Attributes
    ----------
    params : list of Tensor
    lr : float

    Raises
    ------
    ArgumentError
        Where there are no parameters, or one of them is not a Tensor that requires a gradient.
    """

    state_names: ClassVar[tuple[str, ...]] = ()
    """Names of the arrays kept for each parameter, in the order in which `update` gets them."""

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float = 0.0) -> None:
        self.params = _checked_parameters(params)
        self.lr = checked_number(lr, "the learning rate")
        self.weight_decay = checked_number(weight_decay, "weight_decay")
        self._steps = [0] * len(self.params)  # updates of each parameter so far
        self._state = [
            [self.starting_state(name, parameter.data) for name in self.state_names]
            for parameter in self.params
        ]
        self._work: dict[tuple[tuple[int, ...], np.dtype[Any]], list[Array]] = {}

    def starting_state(self, name: str, weights: Array) -> Array:
        """Return the state of a parameter before the first step: zeros."""
        return np.zeros(weights.shape, weights.dtype)

    def update(
        self, weights: Array, gradient: Array, state: list[Array], step: int, work: list[Array]
    ) -> None:
        """Update one block of weights and its state in place.

        Parameters
        ----------
        weights, gradient : ndarray, one shape
            A whole parameter, or a part of one. The gradient must not be changed.
        state : list of ndarray, same shape
            One for each of `state_names`.
        step : int
            Counts the updates of this parameter, from 1.
        work : list of two ndarray, same shape
            To compute in, with any content.
        """
        raise NotImplementedError

    @quiet
    def step(self) -> None:
        """Update all parameters that have a gradient."""
        for position, parameter in enumerate(self.params):
            if parameter.grad is None:
                continue
            self._steps[position] += 1
            self._update_in_blocks(
                parameter.data,
                _checked_gradient(parameter),
                self._state[position],
                self._steps[position],
            )

    def _update_in_blocks(
        self, weights: Array, gradient: Array, state: list[Array], step: int
    ) -> None:
        work = self._work_for(weights)
        if weights.size <= BLOCK:
            self.update(weights, gradient, state, step, work)
            return
        flat = weights.reshape(-1)  # a view, if the memory is contiguous
        arrays = [flat, gradient.reshape(-1), *(array.reshape(-1) for array in state)]
        for start in range(0, flat.size, BLOCK):
            w, g, *s = (array[start : start + BLOCK] for array in arrays)
            self.update(w, g, s, step, [buffer[: w.size] for buffer in work])
        if not weights.flags.c_contiguous:
            weights[...] = flat.reshape(weights.shape)

    def _work_for(self, weights: Array) -> list[Array]:
        """Return two arrays to compute in: of the weights' shape, or one block long."""
        shape = weights.shape if weights.size <= BLOCK else (BLOCK,)
        work = self._work.get((shape, weights.dtype))
        if work is None:
            work = [np.empty(shape, weights.dtype), np.empty(shape, weights.dtype)]
            self._work[shape, weights.dtype] = work
        return work

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.params:
            parameter.grad = None

    def state_dict(self) -> dict[str, Array | float | int]:
        """Return copies of all that is needed to go on later: "lr", "step.0", "velocity.0", ..."""
        saved: dict[str, Array | float | int] = {"lr": self.lr}
        for position, arrays in enumerate(self._state):
            saved[f"step.{position}"] = self._steps[position]
            for name, array in zip(self.state_names, arrays, strict=True):
                saved[f"{name}.{position}"] = array.copy()
        return saved

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a state that `state_dict` returned.

        Raises
        ------
        ArgumentError, ShapeError
            Where the state is that of another optimizer or of other parameters; nothing is
            changed then.
        """
        own = self.state_dict()
        if not isinstance(state, Mapping):
            raise ArgumentError(
                f"this is not the state of a {type(self).__name__}",
                expected="what state_dict() returned",
                found=f"a {type(state).__name__}",
                mend="keep optimizer.state_dict() before, and hand it over here",
            )
        if set(state) != set(own):
            raise ArgumentError(
                f"the state does not fit this {type(self).__name__}",
                expected=f"the names {', '.join(own)}",
                found=f"the names {', '.join(map(str, state))}",
                mend="use the same optimizer, and a model with the same layers",
            )
        for name, value in own.items():
            if np.shape(state[name]) != np.shape(value):
                raise ShapeError(
                    f"{name} has another shape in the state than in this optimizer",
                    expected=f"shape {np.shape(value)}",
                    found=f"shape {np.shape(state[name])}",
                    mend="build the model with the same sizes as the one that was saved",
                )
            as_floats(state[name], name)
        self.lr = float(state["lr"])
        for position, arrays in enumerate(self._state):
            self._steps[position] = int(state[f"step.{position}"])
            for name, array in zip(self.state_names, arrays, strict=True):
                array[...] = state[f"{name}.{position}"]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self.params)} parameters, lr={self.lr:g})"


def _checked_parameters(params: Iterable[Tensor]) -> list[Tensor]:
    if isinstance(params, Tensor) or not isinstance(params, Iterable):
        raise _no_parameters(f"a {type(params).__name__}")
    listed = list(params)
    if not listed:
        raise _no_parameters("an empty list")
    for position, parameter in enumerate(listed):
        if not isinstance(parameter, Tensor) or not parameter.requires_grad:
            raise _no_parameters(f"a {type(parameter).__name__} at position {position}")
        if not parameter.is_leaf:
            raise _no_parameters(f"the result of an operation at position {position}")
    if len({id(parameter) for parameter in listed}) < len(listed):
        raise _no_parameters("the same parameter twice")
    return listed


def _no_parameters(found: str) -> ArgumentError:
    return ArgumentError(
        "the optimizer has nothing that it could train",
        expected="a list of Tensors with requires_grad=True, each once",
        found=found,
        mend="call it with model.parameters(), with the brackets",
    )


def _checked_gradient(parameter: Tensor) -> Array:
    gradient = Tensor(parameter.grad).data  # type: ignore[arg-type]
    if gradient.shape != parameter.data.shape:
        raise ShapeError(
            "a gradient does not fit its parameter",
            expected=f"shape {parameter.data.shape}",
            found=f"shape {gradient.shape}",
            mend="call zero_grad() after changing the shape of a parameter",
        )
    return gradient
