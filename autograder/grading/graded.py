"""What grading one submission gives: plain data that crosses process borders."""

from __future__ import annotations

from dataclasses import dataclass

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
    """

    name: str
    points: float | None
    max_points: float
    bonus: bool = False
    manual: bool = False
    answered: bool = True


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
    """

    lab: str
    status: str
    reason: str = ""
    flags: tuple[str, ...] = ()
    scores: tuple[CellScore, ...] = ()
    notebook: bytes | None = None
    seconds: float = 0.0

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
