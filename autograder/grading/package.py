"""What a worker needs to grade one lab: plain data, ready to be sent to another process."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from autograder.catalog import Settings
from autograder.checks import Check
from autograder.grading.canonical import copied
from autograder.grading.hidden import checks_in
from autograder.grading.ready import Ready
from autograder.grading.stubs import Definition, stubs_in


@dataclass(frozen=True)
class GradedCell:
    """A cell that earns points.

    Attributes
    ----------
    name : str
        nbgrader's grade_id.
    points : float
        What it can earn; for a bonus cell, on top of the lab's points.
    bonus, manual : bool
        Whether the points are extra, and whether a person gives them.
    """

    name: str
    points: float
    bonus: bool = False
    manual: bool = False


@dataclass(frozen=True)
class LabPackage:
    """One lab as it is graded.

    Attributes
    ----------
    lab : str
        Its name.
    text : str
        Its notebook as JSON: stubs instead of solutions, hidden calls in the check cells.
    cells : tuple of GradedCell
        The cells that earn points, in the notebook's order.
    files : tuple of (str, bytes)
        The data and pictures that go with the notebook: their paths in its folder, and content.
    hidden : str
        The text of its hidden checks. It stands alone: a grader may be on another machine.
    settings : Settings
        The course's seed and limits.
    root : Path
        The course's folder where it was packed. Grading reads nothing there; where there is
        such a folder, students' code must not see it.
    """

    lab: str
    text: str = field(repr=False)
    cells: tuple[GradedCell, ...]
    files: tuple[tuple[str, bytes], ...] = field(repr=False)
    hidden: str = field(repr=False)
    settings: Settings
    root: Path

    @property
    def notebook(self) -> NotebookNode:
        """The lab's notebook, a fresh copy."""
        return copied(_read(self.text))

    @cached_property
    def ready(self) -> Ready:
        """What a student's process of this lab starts with."""
        return Ready.of(self.notebook, self.settings)

    @cached_property
    def stubs(self) -> dict[str, list[Definition]]:
        """By exercise, what its cell as it was handed out defines."""
        return stubs_in(self.notebook.cells)

    def checks(self) -> dict[str, list[Check]]:
        """Return the hidden checks by exercise."""
        return checks_in(self.hidden, self.lab)


@lru_cache(maxsize=16)
def _read(text: str) -> NotebookNode:
    return nbformat.reads(text, as_version=4)
