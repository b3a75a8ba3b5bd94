"""Modules made of modules, and the one that flattens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy.typing as npt

from course_utils.autograd import Tensor
from course_utils.errors import ArgumentError, ShapeError
from course_utils.nn.module import Module


class Sequential(Module):
    """Modules called one after the other.

    Parameters
    ----------
    *modules : Module

    Examples
    --------
    >>> from course_utils.nn import Linear, ReLU, Sequential
    >>> Sequential(Linear(784, 100), ReLU(), Linear(100, 10))
    Sequential(
      (0): Linear(784, 100)
      (1): ReLU()
      (2): Linear(100, 10)
    )
    """

    def __init__(self, *modules: Module) -> None:
        for position, module in enumerate(modules):
            if not callable(module) or isinstance(module, type):
                raise ArgumentError(
                    "Sequential is made of modules",
                    expected="modules such as Linear(784, 10) and ReLU(), with their brackets",
                    found=f"{module!r} at position {position}",
                    mend="hand over the modules one by one: Sequential(*layers) for a list",
                )
            setattr(self, str(position), module)  # parameters are then named "0.weight"
        self._length = len(modules)

    @property
    def modules(self) -> list[Module]:
        """The modules, in the order in which they are called."""
        return [getattr(self, str(position)) for position in range(self._length)]

    def forward(self, x: Any) -> Any:
        """Return what the last module makes of what the one before it makes, and so on."""
        for module in self.modules:
            x = module(x)
        return x

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Module]:
        return iter(self.modules)

    def __getitem__(self, index: int) -> Module:
        return self.modules[index]


class Flatten(Module):
    """All axes but the first made into one: (batch, a, b, ...) to (batch, a * b * ...)."""

    def forward(self, x: Tensor | npt.ArrayLike) -> Tensor:
        """Return shape (batch, features)."""
        tensor = x if isinstance(x, Tensor) else Tensor(x)
        if tensor.ndim == 0:
            raise ShapeError(
                "a single number has no batch axis",
                expected="shape (batch, ...)",
                found="shape ()",
                mend="hand over a batch of images",
            )
        features = tensor.size // len(tensor) if len(tensor) else 0
        return tensor.reshape(tensor.shape[0], features)
