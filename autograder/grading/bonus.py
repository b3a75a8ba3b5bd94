"""The points of bonus cells, which nbgrader takes for cells of 0 points."""

from __future__ import annotations

import math

from nbformat import NotebookNode
from nbgrader import utils

from autograder.checks.verdict import MIME


def bonus_verdict(cell: NotebookNode) -> dict[str, float] | None:
    """Return "points" and "max_points" of a bonus cell's verdict, None where there is none.

    A cell that stopped or wrote to stderr has earned nothing, as for all other cells.
    """
    if cell.cell_type != "code" or float(cell.metadata["nbgrader"]["points"]) > 0:
        return None
    if utils.has_failed(cell):
        return None
    for output in cell.outputs:
        verdict = output.get("data", {}).get(MIME)
        if isinstance(verdict, dict):
            numbers = {key: verdict.get(key) for key in ("points", "max_points")}
            if all(map(_is_score, numbers.values())):
                return {key: float(str(value)) for key, value in numbers.items()}
    return None


def _is_score(value: object) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 <= value < math.inf  # type: ignore[operator]
