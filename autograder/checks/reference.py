"""`reference`: compute a right answer once, and not anew for each submission."""

from __future__ import annotations

import functools
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from autograder.errors import GradlabError
from autograder.student.plain import Plain, Ref, replace_refs, to_plain
from autograder.student.wire import WireError, encode

# So many results of one function are kept, and none that takes more bytes.
MOST_RESULTS = 64
MOST_BYTES = 2**20

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def reference(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Have the decorated function remember what it returned for which arguments.

    The inputs of a check come from the course's seed, so they are the same for each submission,
    and so are the right answers. A process that grades many computes each of them once.

    Parameters
    ----------
    function : callable
        A pure function: what it returns depends on its arguments alone, and it changes neither
        these nor anything else. It returns plain data: numbers, texts, numeric arrays, and
        lists, tuples and dicts of them.

    Returns
    -------
    callable
        It gives a fresh copy each time, so a check that changes a result spoils no later one.
        Arguments count as equal if their types, dtypes, shapes and bytes are. Arguments that
        are not plain data, such as functions, are passed on and nothing is remembered.

    Raises
    ------
    GradlabError
        When it is called, if what `function` returns is not plain data.

    Examples
    --------
    >>> @reference
    ... def squares(numbers):
    ...     print("computed")
    ...     return [number**2 for number in numbers]
    >>> first = squares([1, 2])
    computed
    >>> first.append("spoiled")
    >>> squares([1, 2])
    [1, 4]
    """
    kept: OrderedDict[bytes, Plain] = OrderedDict()

    def refuse(value: object) -> Ref:
        raise GradlabError(
            f"the reference {function.__name__} returns what cannot be remembered",
            expected="plain data: numbers, texts, numeric arrays; lists, tuples, dicts of them",
            found=type(value).__name__,
            mend="return plain data, or take away @reference",
        )

    @functools.wraps(function)
    def remembered(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        key = _key(args, kwargs)
        if key is None:
            return function(*args, **kwargs)
        if key in kept:
            kept.move_to_end(key)
            return cast(Result, _copy(kept[key]))
        result = to_plain(function(*args, **kwargs), refuse)
        if len(encode(result)) <= MOST_BYTES:
            kept[key] = result
            if len(kept) > MOST_RESULTS:
                kept.popitem(last=False)
        return cast(Result, _copy(result))

    return remembered


def _key(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bytes | None:
    """Return what arguments are known by; None for those that are not plain data."""
    try:
        return hashlib.sha256(encode([args, kwargs])).digest()
    except WireError:
        return None


def _copy(result: Plain) -> Any:
    # There is no Ref in it: `refuse` refused them.
    return replace_refs(result, lambda ref: ref)
