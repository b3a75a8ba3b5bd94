"""The one form of error a person meets: expected, found, what to do."""

from __future__ import annotations


class GradlabError(Exception):
    """Something a person can mend; `gradlab` prints it without a traceback.

    Parameters
    ----------
    what : str
        One sentence: what went wrong, with the file and line where there is one.
    expected, found, mend : str, optional
        What was expected, what was there instead, and what to do about it.
    """

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
        parts = [("expected", self.expected), ("found", self.found), ("to mend", self.mend)]
        return "\n".join([self.what] + [f"  {name}: {text}" for name, text in parts if text])

    def __reduce__(self) -> tuple[object, ...]:
        # Exceptions cross process borders while grading; keep the keyword arguments.
        return _rebuild, (type(self), self.what, self.expected, self.found, self.mend)


def _rebuild(
    kind: type[GradlabError], what: str, expected: str | None, found: str | None, mend: str | None
) -> GradlabError:
    return kind(what, expected=expected, found=found, mend=mend)
