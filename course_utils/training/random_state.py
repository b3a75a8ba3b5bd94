"""The state of every random generator that a training draws from, as JSON can hold it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from course_utils.errors import DataError
from course_utils.seeding import get_generator


def capture(loaders: Iterable[object] = ()) -> dict[str, Any]:
    """Return the state of the library's generator, of numpy's global one, and of the loaders'.

    Parameters
    ----------
    loaders : iterable
        Those with an attribute ``generator`` that is a numpy Generator have a state of their own.

    Examples
    --------
    >>> state = capture()
    >>> first = get_generator().normal()
    >>> restore(state)
    >>> get_generator().normal() == first
    True
    """
    return {
        "library": _plain(get_generator().bit_generator.state),
        "numpy": _plain(np.random.get_state(legacy=False)),  # noqa: NPY002 - users' augmentation
        "loaders": [
            None if own is None else _plain(own.bit_generator.state) for own in map(_own, loaders)
        ],
    }


def restore(state: dict[str, Any], loaders: Iterable[object] = ()) -> None:
    """Set the generators to a state that `capture` returned.

    Raises
    ------
    DataError
        Where the state is of another kind of generator, or of other loaders.
    """
    generators = [get_generator(), *map(_own, loaders)]
    states = [state["library"], *state["loaders"]]
    if [own is None for own in generators] != [saved is None for saved in states]:
        raise DataError(
            "the saved random state is of other loaders",
            expected=f"{len(states) - states.count(None) - 1} loaders with an own generator",
            found=f"{len(generators) - generators.count(None) - 1}",
            mend="make the loaders as in the interrupted run, or remove the checkpoint",
        )
    try:
        for own, saved in zip(generators, states, strict=True):
            if own is not None:
                own.bit_generator.state = saved
        np.random.set_state(_arrays(state["numpy"]))  # noqa: NPY002
    except (ValueError, TypeError, KeyError) as error:
        raise DataError(
            "the saved random state does not fit this generator",
            expected=f"the state of a {type(get_generator().bit_generator).__name__}",
            found=str(error)[:200],
            mend="remove the checkpoint to start anew",
        ) from error


def _own(loader: object) -> np.random.Generator | None:
    generator = getattr(loader, "generator", None)
    return generator if isinstance(generator, np.random.Generator) else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _arrays(state: dict[str, Any]) -> dict[str, Any]:
    """Return numpy's global state with its key as the array that `set_state` asks for."""
    inner = dict(state["state"], key=np.array(state["state"]["key"], dtype=np.uint32))
    return dict(state, state=inner)
