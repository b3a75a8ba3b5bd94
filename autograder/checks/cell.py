"""What the hidden region of a check cell calls, in the kernel of the graded notebook."""

from __future__ import annotations

import contextlib
import sys
from typing import Any

from autograder.catalog import Course
from autograder.checks.run import run_checks
from autograder.checks.verdict import visible_outcome
from autograder.errors import GradlabError
from autograder.student.visible import run_visible


def grade(
    lab: str,
    exercise: str,
    namespace: dict[str, Any],
    visible: str = "",
    *,
    bonus: bool = False,
) -> float | None:
    """Run an exercise's asserts and hidden checks, show the table, return the points.

    Parameters
    ----------
    lab, exercise : str
        Which checks to run.
    namespace : dict
        The notebook's globals.
    visible : str
        The asserts a student sees in this cell. They are run and reported; one that fails
        does not take away the points of the hidden checks.
    bonus : bool
        Whether the cell's points come on top of the lab's.

    Returns
    -------
    float or None
        The points, for nbgrader to read. None for a bonus cell: its maximum in nbgrader is
        0, and nbgrader refuses more; `autograder.nbgrader_plugin` reads the table instead.
    """
    from IPython.display import display

    course = Course.default()
    checks = course.lab(lab).checks().get(exercise)
    if not checks:
        raise GradlabError(f"{lab} has no checks for {exercise!r}", mend="rebuild: gradlab build")
    settings = course.settings
    # stderr is turned aside because nbgrader takes it for a failed test.
    with contextlib.redirect_stderr(sys.stdout):
        status, seen = run_visible(visible, namespace, settings.check_seconds)
    verdict = run_checks(
        checks,
        namespace,
        lab=lab,
        seed=settings.seed,
        seconds=settings.check_seconds,
        sources=_sources(namespace),
    ).with_visible(visible_outcome(status, seen))
    display(verdict)
    return None if bonus else verdict.points


def _sources(namespace: dict[str, Any]) -> list[str]:
    """Return the cells that ran before this one, as IPython keeps them."""
    cells = namespace.get("In")
    return [cell for cell in cells[:-1] if isinstance(cell, str)] if type(cells) is list else []
