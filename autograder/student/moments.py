"""The names of a notebook as they were at one moment, to be put back later.

Checks are asked when all cells have run. Each finds the names that were there after its own
cell: what a later cell has defined, replaced or deleted is not seen. So are the attributes of
the notebook's classes, since a later cell may have given one another method. What a later cell
has done inside an object, such as to append to a list, stays done.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import numpy as np

# An array as large as this is not kept alive: memory is limited, and a notebook may make a new
# one from it in every cell.
_LARGE = 16 * 2**20


class Moment:
    """The names of a notebook, and the attributes of its classes, at the time this is made.

    Parameters
    ----------
    namespace : dict
        The notebook's globals.
    """

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._names: dict[str, Any] = {}
        self._large: dict[str, weakref.ref[Any]] = {}
        self._classes: dict[type, dict[str, Any]] = {}
        for name, value in namespace.items():
            if type(value) is np.ndarray and value.nbytes > _LARGE:
                self._large[name] = weakref.ref(value)
                continue
            self._names[name] = value
            if issubclass(type(value), type):
                attributes = _attributes(value)
                if attributes.get("__module__") == "__main__":
                    self._classes[value] = attributes

    def restore(self, namespace: MutableMapping[str, Any]) -> None:
        """Put the names and attributes back.

        A large array that is there no more, since its name has another value, is left as it is.
        """
        for name in namespace.keys() - self._names.keys() - self._large.keys():
            del namespace[name]
        namespace.update(self._names)
        for name, kept in self._large.items():
            if (array := kept()) is not None:
                namespace[name] = array
        for changed, attributes in self._classes.items():
            # A class may refuse; it is the student's.
            with suppress(Exception):
                _put_back(changed, attributes)


def _attributes(owner: type) -> dict[str, Any]:
    # A metaclass may have its own idea of them.
    return dict(type.__getattribute__(owner, "__dict__"))


def _put_back(changed: type, attributes: dict[str, Any]) -> None:
    now = _attributes(changed)
    for name in now.keys() - attributes.keys():
        type.__delattr__(changed, name)
    for name, value in attributes.items():
        if now.get(name) is not value:
            type.__setattr__(changed, name, value)
