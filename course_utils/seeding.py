"""One seed for everything random in a notebook.

The library draws its own random numbers (starting weights, the order of mini-batches) from a
generator of its own. So it never disturbs ``np.random``, and a call to ``np.random`` in a
notebook never changes what the library draws. `set_seed` seeds all three.
"""

from __future__ import annotations

import operator
import random
from typing import Any

import numpy as np

from course_utils.errors import ArgumentError

_generator = np.random.default_rng()


def set_seed(seed: int) -> None:
    """Seed Python's `random`, numpy's global generator, and this library's own generator.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1, the range that numpy's global generator accepts.

    Raises
    ------
    ArgumentError
        Where `seed` is not such a number.

    Notes
    -----
    A generator made with ``np.random.default_rng()`` is not reached by any global seed; give it
    a seed of its own: ``np.random.default_rng(42)``. The same holds the other way round:
    ``np.random.seed`` alone does not make this library's draws repeatable.

    Examples
    --------
    >>> set_seed(42)
    >>> first = get_generator().normal()
    >>> set_seed(42)
    >>> first == get_generator().normal()
    True
    """
    global _generator
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**32:
        raise ArgumentError(
            "this is not a seed",
            expected="a whole number from 0 to 4294967295",
            found=repr(seed),
            mend="call set_seed(42), or any other whole number in that range",
        )
    random.seed(number)
    np.random.seed(number)  # noqa: NPY002 - notebooks may use numpy's global generator
    _generator = np.random.default_rng(number)


def get_generator() -> np.random.Generator:
    """Return the generator that the library draws from now.

    Fetch it anew for each use: `set_seed` replaces it.

    Examples
    --------
    >>> get_generator().normal(size=(2, 3)).shape
    (2, 3)
    """
    return _generator


def checked_generator(generator: Any) -> np.random.Generator:
    """Return `generator` if it is one of numpy's.

    Raises
    ------
    ArgumentError
        Where it is something else, such as a seed.
    """
    if not isinstance(generator, np.random.Generator):
        raise ArgumentError(
            "generator is not a random generator",
            expected="a numpy.random.Generator",
            found=repr(generator),
            mend="use np.random.default_rng(42), or get_generator() for the library's own",
        )
    return generator


def generator_or_own(generator: np.random.Generator | None) -> np.random.Generator:
    """Return `generator`, and the library's own where it is None."""
    return _generator if generator is None else checked_generator(generator)
