"""Errors that tell what was expected, what was found, and what to do."""

from __future__ import annotations


class CourseUtilsError(ValueError):
    """Base of this library's errors.

    Parameters
    ----------
    what : str
        One sentence: what went wrong, and where.
    expected, found, mend : str, optional
        What was expected, what was there instead, and what to do about it.

    Examples
    --------
    >>> print(DataError("a.gz cannot be read", expected="gzip", found="2 bytes", mend="copy it"))
    a.gz cannot be read
      expected: gzip
      found: 2 bytes
      what to do: copy it
    """

    # What `mend` is headed by; part of the form and no argument.
    mend_is_called = "what to do"

    def __init__(
        self,
        what: str,
        *,
        expected: str | None = None,
        found: str | None = None,
        mend: str | None = None,
    ) -> None:
        self.what = what
        self.expected = expected
        self.found = found
        self.mend = mend
        super().__init__(what)

    def __str__(self) -> str:
        parts = [
            ("expected", self.expected),
            ("found", self.found),
            (self.mend_is_called, self.mend),
        ]
        return "\n".join([self.what] + [f"  {name}: {text}" for name, text in parts if text])

    def __reduce__(self) -> tuple[object, ...]:
        # Keyword arguments are lost by the default pickling; worker processes need them.
        return _rebuild, (type(self), self.what, self.expected, self.found, self.mend)


class DataError(CourseUtilsError):
    """A data file is missing, damaged, or not what it claims to be."""


class ShapeError(CourseUtilsError):
    """An array has the wrong shape."""


class ArgumentError(CourseUtilsError):
    """An argument is outside the values that make sense."""


def _rebuild(
    kind: type[CourseUtilsError],
    what: str,
    expected: str | None,
    found: str | None,
    mend: str | None,
) -> CourseUtilsError:
    return kind(what, expected=expected, found=found, mend=mend)
