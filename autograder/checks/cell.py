"""What the hidden region of a check cell calls, in the kernel of the graded notebook."""

from __future__ import annotations

import ast
import contextlib
import sys
from collections.abc import MutableMapping
from typing import Any

from autograder.catalog import Course
from autograder.checks.limits import TimeLimitReached, time_limit
from autograder.checks.run import run_checks
from autograder.checks.verdict import Outcome
from autograder.errors import GradlabError


def grade(
    lab: str,
    exercise: str,
    namespace: MutableMapping[str, Any],
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
    seen = run_visible(visible, namespace, settings.check_seconds)
    verdict = run_checks(
        checks, namespace, lab=lab, seed=settings.seed, seconds=settings.check_seconds
    ).with_visible(seen)
    display(verdict)
    return None if bonus else verdict.points


def run_visible(source: str, namespace: MutableMapping[str, Any], seconds: float) -> Outcome:
    """Run the asserts a student sees; return what came of them."""
    status, seen = "passed", ""
    try:
        # stderr is turned aside because nbgrader takes it for a failed test.
        with contextlib.redirect_stderr(sys.stdout), time_limit(seconds):
            for statement in ast.parse(source).body:
                text = ast.get_source_segment(source, statement) or ""
                code = compile(
                    ast.Module([statement], []), "<visible asserts>", "exec", dont_inherit=True
                )
                exec(code, dict_of(namespace))  # noqa: S102 (the author's own text)
    except AssertionError as error:
        status, seen = "failed", f"{error}" or f"this does not hold: {text}"
    except NotImplementedError as error:
        status, seen = "missing", f"{error}" or "this part is not written yet"
    except NameError as error:
        status, seen = "missing", str(error)
    except TimeLimitReached:
        status, seen = "error", f"they did not finish within {seconds:g} seconds"
    except (Exception, SystemExit, GeneratorExit) as error:
        status, seen = "error", f"your code raised {type(error).__name__}: {error}"
    return Outcome("visible", "The asserts in the notebook hold.", 0.0, 0.0, status, seen)


def dict_of(namespace: MutableMapping[str, Any]) -> dict[str, Any]:
    """Return the namespace as `exec` wants it."""
    return namespace if isinstance(namespace, dict) else dict(namespace)
