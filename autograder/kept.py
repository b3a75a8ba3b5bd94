"""Keep what a function said of short texts. A long one may be of any size, and is not kept."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Result = TypeVar("Result")

LONGEST = 10_000


def kept_of_short(most: int) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Decorate a function of a text such that what it returns is kept, as by `lru_cache`.

    Parameters
    ----------
    most : int
        For how many texts. One of more than `LONGEST` letters is not among them.
    """

    def decorate(function: Callable[..., Result]) -> Callable[..., Result]:
        kept = lru_cache(maxsize=most)(function)

        @wraps(function)
        def called(text: str, *rest: object) -> Result:
            if len(text) <= LONGEST:
                return kept(text, *rest)
            return function(text, *rest)

        return called

    return decorate
