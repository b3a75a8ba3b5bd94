"""Read grades and comments from nbgrader's gradebook."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import and_, select


@dataclass(frozen=True)
class CellGrade:
    """A graded cell's score; `waiting` if a person has not looked at it yet."""

    score: float
    max_score: float
    waiting: bool


@dataclass(frozen=True)
class Grades:
    """What the gradebook says about one submission.

    Attributes
    ----------
    score : float
        The total with bonus points and scores given by hand, after `penalty`.
    max_score : float
        Without bonus points.
    penalty : float
        What was taken off for handing in late.
    cells : dict
        The scores by the cell's name.
    comments : dict
        The comments by the cell's name, nbgrader's own "No response." among them.
    """

    score: float
    max_score: float
    penalty: float
    cells: dict[str, CellGrade] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)


def read_grades(gradebook: Gradebook, lab: str, student: str | None = None) -> dict[str, Grades]:
    """Return what the gradebook says about a lab's submissions, by student.

    Parameters
    ----------
    gradebook : Gradebook
        nbgrader's gradebook.
    lab : str
        The lab.
    student : str, optional
        Only this one.
    """
    chosen = [Assignment.name == lab, Notebook.name == lab]
    if student is not None:
        chosen.append(SubmittedAssignment.student_id == student)

    def rows(kind: type, *columns: Any) -> Any:
        columns = (SubmittedAssignment.student_id, BaseCell.name, *columns)
        return gradebook.db.execute(
            select(*columns)
            .select_from(kind)
            .join(BaseCell, BaseCell.id == kind.cell_id)  # type: ignore[attr-defined]
            .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)  # type: ignore[attr-defined]
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
            .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
            .where(*chosen)
        )

    penalties: dict[str, float] = {}
    cells: dict[str, dict[str, CellGrade]] = {}
    comments: dict[str, dict[str, str]] = {}
    waiting = and_(Grade.auto_score.is_(None), Grade.manual_score.is_(None))
    values = (Grade.score, Grade.max_score, waiting, SubmittedNotebook.late_submission_penalty)
    for who, name, score, max_score, waits, penalty in rows(Grade, *values):
        cells.setdefault(who, {})[name] = CellGrade(score, max_score, bool(waits))
        penalties[who] = penalty or 0.0
    for who, name, comment in rows(Comment, Comment.comment):
        if comment:
            comments.setdefault(who, {})[name] = comment
    return {
        who: Grades(
            score=sum(cell.score for cell in own.values()) - penalties[who],
            max_score=sum(cell.max_score for cell in own.values()),
            penalty=penalties[who],
            cells=own,
            comments=comments.get(who, {}),
        )
        for who, own in cells.items()
    }
