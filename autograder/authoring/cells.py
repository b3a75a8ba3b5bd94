"""What a cell of a source is, and the error that names its line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.errors import GradlabError

Kind = Literal["text", "given", "exercise", "check", "explore", "answer"]

MARKDOWN: tuple[Kind, ...] = ("text", "answer")
BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"


class SourceError(GradlabError):
    """A lab's source that cannot be built; the message names the file and the line."""


def source_error(
    path: Path,
    line: int,
    what: str,
    *,
    expected: str | None = None,
    found: str | None = None,
    mend: str | None = None,
) -> SourceError:
    """Return the error for one line of a source."""
    return SourceError(f"{path}:{line}: {what}", expected=expected, found=found, mend=mend)


@dataclass(frozen=True)
class SourceCell:
    """One cell of a source.

    Attributes
    ----------
    kind : str
        "text", "given", "exercise", "check", "explore" or "answer".
    name : str or None
        The directive's name.
    source : str
        The text of the cell, markers included; markdown without its comment signs.
    line : int
        The line of its header in the file, counted from 1.
    points : float
        What a check or answer is worth; 0 elsewhere.
    bonus : bool
        Whether the points come on top of the lab's.
    first : int
        The line of the first line of `source` in the file.
    """

    kind: Kind
    name: str | None
    source: str
    line: int
    points: float = 0.0
    bonus: bool = False
    first: int = 0

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line of the cell with its line number in the file."""
        return enumerate(self.source.split("\n"), start=self.first)
