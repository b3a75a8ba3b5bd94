"""What grading one submission gives: plain data that crosses process borders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.checks.verdict import Verdict

GRADED = "graded"
"""The status of a submission that was executed and scored."""


@dataclass(frozen=True)
class CellScore:
    """The score of one graded cell.

    Attributes
    ----------
    name : str
        nbgrader's grade_id.
    points : float or None
        What was earned; None if a person has to decide.
    max_points : float
        What could be earned. For a bonus cell these points come on top of the lab's.
    bonus : bool
        Whether the points are extra.
    manual : bool
        Whether a person grades this cell.
    answered : bool
        Whether the student changed the cell, or for a check cell the exercise it checks.
    verdict : Verdict or None
        What each of its checks said; None for a cell that did not come to a verdict.
    """

    name: str
    points: float | None
    max_points: float
    bonus: bool = False
    manual: bool = False
    answered: bool = True
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Graded:
    """What came of one submission.

    Attributes
    ----------
    lab : str
        The lab's name.
    status : str
        "graded", or one word that says why not: "unreadable", "empty", "missing",
        "too large", "refused", or "failed", which is the grader's own fault.
    reason : str
        Why not, in a sentence; empty when graded.
    flags : tuple of str
        What was repaired or went wrong on the way, for instance "changed: setup".
    scores : tuple of CellScore
        One for each graded cell, in the lab's order.
    notebook : bytes or None
        The executed notebook as JSON; None if nothing was executed.
    seconds : float
        How long it took.
    timings : mapping
        The parts of `seconds`: "repair", "run" (with the checks), "score".
    """

    lab: str
    status: str
    reason: str = ""
    flags: tuple[str, ...] = ()
    scores: tuple[CellScore, ...] = ()
    notebook: bytes | None = None
    seconds: float = 0.0
    timings: Mapping[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """What was earned, bonus points included. What waits for a person counts as 0."""
        return sum(cell.points or 0.0 for cell in self.scores)

    @property
    def max_score(self) -> float:
        """What could be earned without bonus points."""
        return sum(cell.max_points for cell in self.scores if not cell.bonus)

    @property
    def waiting(self) -> tuple[str, ...]:
        """The cells that wait for a person."""
        return tuple(cell.name for cell in self.scores if cell.manual and cell.points is None)

    def to_json(self) -> dict[str, Any]:
        """Return all but the notebook as JSON-ready data."""
        cells = [
            {**vars(cell), "verdict": cell.verdict and cell.verdict.to_json()}
            for cell in self.scores
        ]
        return {
            "lab": self.lab,
            "status": self.status,
            "reason": self.reason,
            "score": None if self.status == "failed" else self.score,
            "max_score": self.max_score,
            "waiting": list(self.waiting),
            "flags": list(self.flags),
            "cells": cells,
            "seconds": self.seconds,
            "timings": dict(self.timings),
        }

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> Graded:
        """Read what `to_json` wrote; there is no notebook in it."""
        scores = tuple(
            CellScore(**{**cell, "verdict": cell["verdict"] and Verdict.from_json(cell["verdict"])})
            for cell in data["cells"]
        )
        return Graded(
            lab=data["lab"],
            status=data["status"],
            reason=data["reason"],
            flags=tuple(data["flags"]),
            scores=scores,
            seconds=data["seconds"],
            timings=data["timings"],
        )


class NotGradable(Exception):  # noqa: N818 (it is an outcome, and ends as a Graded)
    """A submission cannot be executed.

    Parameters
    ----------
    status : str
        The status word of the `Graded` this becomes.
    reason : str
        A sentence for the student and the instructor.
    """

    def __init__(self, status: str, reason: str) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
