"""Module: what has parameters, and can be called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from course_utils.arrays import as_float_type, as_numbers
from course_utils.autograd import Tensor
from course_utils.errors import ArgumentError, ShapeError

Array = npt.NDArray[Any]


class Parameter(Tensor):
    """A Tensor that is trained: it requires a gradient. Whole numbers are made floats.

    Parameters
    ----------
    data : array_like, any shape
    dtype : float type, optional
        Default: that of `data`.
    """

    __slots__ = ()

    def __init__(self, data: npt.ArrayLike | Tensor, dtype: npt.DTypeLike | None = None) -> None:
        array = Tensor(data).data
        kept = array.dtype if array.dtype.kind == "f" else np.float64
        wanted = kept if dtype is None else as_float_type(dtype)
        super().__init__(array.astype(wanted, copy=False), requires_grad=True)

    def __repr__(self) -> str:
        return f"Parameter(shape={self.shape}, dtype={self.dtype})"


class Module:
    """Base of layers and models.

    Subclasses write `forward`. Tensors that require a gradient are parameters, and modules are
    parts, wherever they are attributes, or in lists, tuples or dicts that are attributes.
    Calling ``super().__init__()`` is allowed but not needed.

    Attributes
    ----------
    training : bool
        True at first. `train` and `eval` set it, here and in all parts.

    Examples
    --------
    >>> from course_utils.nn import Linear, Module
    >>> class Twice(Module):
    ...     def __init__(self):
    ...         self.layer = Linear(3, 3)
    ...
    ...     def forward(self, x):
    ...         return self.layer(self.layer(x))
    >>> [name for name, _ in Twice().named_parameters()]
    ['layer.weight', 'layer.bias']
    """

    training: bool = True
    buffer_names: ClassVar[tuple[str, ...]] = ()
    """Attributes that hold arrays which are part of the state, but are not trained."""

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the result; each subclass writes this."""
        raise ArgumentError(
            f"{type(self).__name__} has no forward method",
            expected="a method forward(self, x) that returns the result",
            found="none",
            mend="define forward in the class; mind the spelling and the indentation",
        )

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Return ``forward(...)``."""
        return self.forward(*inputs, **options)

    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Yield name and tensor of each parameter, once, in the order of definition."""
        seen: set[int] = set()
        for name, tensor in _walk(self, "", Tensor):
            if tensor.requires_grad and tensor.is_leaf and id(tensor) not in seen:
                seen.add(id(tensor))
                yield name, tensor

    def parameters(self) -> list[Tensor]:
        """Return the parameters, in the order of definition."""
        return [tensor for _, tensor in self.named_parameters()]

    def named_modules(self) -> Iterator[tuple[str, Module]]:
        """Yield name and module: this one (named "") and all parts of it."""
        seen: set[int] = set()
        for name, module in [("", self), *_walk(self, "", Module)]:
            if id(module) not in seen:
                seen.add(id(module))
                yield name, module

    def named_buffers(self) -> Iterator[tuple[str, Array]]:
        """Yield name and array of what is kept with the parameters, but not trained."""
        for prefix, module in self.named_modules():
            for name in module.buffer_names:
                yield f"{prefix}.{name}" if prefix else name, getattr(module, name)

    def train(self, mode: bool = True) -> Self:
        """Prepare for training: dropout drops, batch normalisation uses the batch."""
        for _, module in self.named_modules():
            module.training = bool(mode)
        return self

    def eval(self) -> Self:
        """Prepare for evaluation: the opposite of `train`."""
        return self.train(False)

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Return copies of all parameters and buffers, by name."""
        return {name: array.copy() for name, array in self._state()}

    def load_state_dict(self, state: Mapping[str, npt.ArrayLike]) -> None:
        """Write the values of `state` into the parameters and buffers, in place.

        Raises
        ------
        ArgumentError
            Where names are missing or unknown, or an array does not hold real numbers; nothing is
            changed then.
        ShapeError
            Where an array has another shape; nothing is changed then.
        """
        if not isinstance(state, Mapping):
            raise ArgumentError(
                "this is not the state of a model",
                expected="a dict of arrays by name, as state_dict() returns it",
                found=f"a {type(state).__name__}",
                mend="use load_model(model, path) for a file",
            )
        own = dict(self._state())
        missing = [name for name in own if name not in state]
        unknown = [name for name in state if name not in own]
        if missing or unknown:
            raise ArgumentError(
                f"the state does not fit this {type(self).__name__}",
                expected=f"the names {', '.join(own) or '(none)'}",
                found=f"missing: {', '.join(missing) or 'none'}; "
                f"unknown: {', '.join(unknown) or 'none'}",
                mend="build the model with the same layers as the one that was saved",
            )
        values = {name: as_numbers(state[name], name) for name in own}
        for name, array in own.items():
            if values[name].shape != array.shape:
                raise ShapeError(
                    f"{name} has another shape in the state than in this model",
                    expected=f"shape {array.shape}",
                    found=f"shape {values[name].shape}",
                    mend="build the model with the same sizes as the one that was saved",
                )
        for name, array in own.items():
            array[...] = values[name]

    def _state(self) -> Iterator[tuple[str, Array]]:
        for name, parameter in self.named_parameters():
            yield name, parameter.data
        yield from self.named_buffers()

    def describe(self) -> str:
        """Return what stands between the brackets of `repr`; "" to show the parts there."""
        return ""

    def __repr__(self) -> str:
        if self.describe():
            return f"{type(self).__name__}({self.describe()})"
        parts = [f"({name}): " + repr(part).replace("\n", "\n  ") for name, part in _children(self)]
        if not parts:
            return f"{type(self).__name__}()"
        return "\n  ".join([f"{type(self).__name__}(", *parts]) + "\n)"


def _walk(holder: Any, prefix: str, kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is of `kind` below `holder`, through modules, lists, tuples and dicts."""
    to_visit = [iter(_entries(holder, prefix))]
    above = {id(holder)}
    while to_visit:
        for name, value in to_visit[-1]:
            if isinstance(value, kind):
                yield name, value
            if isinstance(value, Module | list | tuple | dict) and id(value) not in above:
                above.add(id(value))
                to_visit.append(iter(_entries(value, name + ".")))
                break
        else:
            to_visit.pop()


def _entries(holder: Any, prefix: str) -> list[tuple[str, Any]]:
    if isinstance(holder, Module):
        holder = vars(holder)
    named = holder.items() if isinstance(holder, dict) else enumerate(holder)
    return [(f"{prefix}{name}", value) for name, value in named]


def _children(holder: Any, prefix: str = "") -> list[tuple[str, Module]]:
    """Return the modules directly below, those in lists, tuples and dicts included."""
    children: list[tuple[str, Module]] = []
    for name, value in _entries(holder, prefix):
        if isinstance(value, Module):
            children.append((name, value))
        elif isinstance(value, list | tuple | dict):
            children += _children(value, f"{name}.")
    return children
