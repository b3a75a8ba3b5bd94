"""`Compose`: several steps of augmentation in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter, signature
from typing import Any

import numpy as np
import numpy.typing as npt

from course_utils.arrays import Array
from course_utils.errors import ArgumentError


class Compose:
    """Several steps of augmentation, one after the other.

    Parameters
    ----------
    steps : sequence of functions, or one function
        Each is called as ``step(images, generator)``; one that needs nothing but images, such as
        `normalize`, as ``step(images)``.

    Attributes
    ----------
    draws : bool
        Whether any step needs the generator.

    Raises
    ------
    ArgumentError
        Where a step cannot be called.

    Examples
    --------
    >>> halve = Compose([lambda images: images / 2])
    >>> halve(np.ones((1, 4)), np.random.default_rng(0))
    array([[0.5, 0.5, 0.5, 0.5]])
    """

    def __init__(self, steps: Sequence[Callable[..., Any]] | Callable[..., Any]) -> None:
        self.steps = [steps] if callable(steps) else list(steps)
        for step in self.steps:
            if not callable(step):
                raise ArgumentError(
                    "a step of the augmentation cannot be called",
                    expected="functions of images and a generator",
                    found=repr(step),
                    mend="write Compose([random_affine, elastic]), without calling the functions",
                )
        self._draws = [_needs_a_generator(step) for step in self.steps]
        self.draws: bool = any(
            step.draws if isinstance(step, Compose) else draws
            for step, draws in zip(self.steps, self._draws, strict=True)
        )

    def __call__(self, images: npt.ArrayLike, generator: np.random.Generator | None) -> Array:
        """Return the images after all steps; None is enough where no step draws."""
        for step, draws in zip(self.steps, self._draws, strict=True):
            images = step(images, generator) if draws else step(images)
        return np.asarray(images)

    def __repr__(self) -> str:
        names = [getattr(step, "__name__", repr(step)) for step in self.steps]
        return f"Compose([{', '.join(names)}])"


def _needs_a_generator(step: Callable[..., Any]) -> bool:
    """Return whether a function has a second argument that must be given."""
    try:
        parameters = list(signature(step).parameters.values())
    except ValueError:  # some functions written in C do not tell
        return False
    kinds = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p for p in parameters if p.kind in kinds and p.default is Parameter.empty]
    return len(needed) > 1 or any(p.kind is Parameter.VAR_POSITIONAL for p in parameters)
