"""Read one submission's grades and comments from nbgrader's gradebook."""

from __future__ import annotations

from dataclasses import dataclass, field

from nbgrader.api import Gradebook, MissingEntry


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


def read_grades(gradebook: Gradebook, lab: str, student: str) -> Grades | None:
    """Return what the gradebook says, None if it does not know the submission."""
    try:
        notebook = gradebook.find_submission_notebook(lab, lab, student)
    except MissingEntry:
        return None
    penalty = notebook.late_submission_penalty or 0.0
    cells = {
        grade.name: CellGrade(
            score=grade.score,
            max_score=grade.max_score,
            waiting=grade.auto_score is None and grade.manual_score is None,
        )
        for grade in notebook.grades
    }
    comments = {c.name: c.comment for c in notebook.comments if c.comment}
    return Grades(notebook.score - penalty, notebook.max_score, penalty, cells, comments)
