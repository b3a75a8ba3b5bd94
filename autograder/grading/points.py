"""The points of one executed cell, by nbgrader's rule and the plugin's rule for bonus cells."""

from __future__ import annotations

import math

from nbformat import NotebookNode
from nbgrader import utils

from autograder.checks.verdict import MIME, Verdict
from autograder.grading.bonus import bonus_verdict
from autograder.grading.outputs import error


def automatic_points(cell: NotebookNode, limit: float) -> float | None:
    """Return the points of an executed grade cell; None if a person has to decide.

    Parameters
    ----------
    cell : NotebookNode
        With its outputs; for a check cell those that `judged` returned.
    limit : float
        The most it can earn. It binds bonus cells, whose maximum in nbgrader is 0.
    """
    bonus = bonus_verdict(cell)
    if bonus is not None:
        return min(bonus["points"], bonus["max_points"], limit)
    points = utils.determine_grade(cell)[0]
    return None if points is None else float(points)


def verdict_of(cell: NotebookNode) -> Verdict | None:
    """Return the verdict among a check cell's outputs, None if none can be read."""
    for output in cell.get("outputs", []):
        data = output.get("data", {}).get(MIME)
        if isinstance(data, dict):
            try:
                return Verdict.from_json(data)
            except (KeyError, TypeError, AttributeError):
                return None
    return None


def judged(cell: NotebookNode) -> list[NotebookNode]:
    """Return an executed check cell's outputs such that nbgrader reads the right score.

    nbgrader gives nothing where anything stands on stderr, a warning included, and everything
    where there is no output at all. So stderr becomes stdout, and a cell that did not come to
    its verdict, or shows another result than the verdict's, gets an error.
    """
    outputs = list(cell.outputs)
    for output in outputs:
        if output.output_type == "stream":
            output.name = "stdout"
    errors = [output for output in outputs if output.output_type == "error"]
    if errors:
        # nbgrader takes what comes first.
        return errors + [output for output in outputs if output.output_type != "error"]
    verdict = verdict_of(cell)
    results = [o.data.get("text/plain") for o in outputs if o.output_type == "execute_result"]
    most = float(cell.metadata.nbgrader.points)
    wanted = [verdict.points] if verdict and most else []
    fits = len(results) == len(wanted) and all(map(_equal, results, wanted))
    if verdict is None or not fits or not all(0 <= points <= most for points in wanted):
        outputs.insert(0, error("NoVerdict", "this check could not be carried out to its end"))
    return outputs


def _equal(text: object, points: float) -> bool:
    try:
        return math.isclose(float(str(text)), points, abs_tol=1e-9)
    except ValueError:
        return False
