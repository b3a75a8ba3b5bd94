"""One student's feedback page: a notebook with outputs and grades in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_notebook

from autograder.checks.verdict import WORDS, Outcome, Verdict
from autograder.grading.canonical import copied
from autograder.grading.grade import is_answered
from autograder.grading.points import verdict_of
from autograder.names import exercise_of
from autograder.nbgrader_plugin import PlainFeedback
from autograder.reporting.grades import CellGrade, Grades
from autograder.reporting.html import render
from autograder.reporting.results import number
from autograder.reporting.words import TO_DO, ended, in_words

NO_RESPONSE = "No response."


@dataclass(frozen=True)
class Part:
    """One graded cell as the page shows it.

    Attributes
    ----------
    name, title : str
        The cell's name, and what it is about.
    score : str
        For instance "3 of 4" or "+2 bonus of 2".
    state : str
        "full", "part", "none" or "waiting".
    said : tuple of (str, str, str)
        What is not right yet: the check's line, what was seen, the hint.
    verdict : Verdict or None
        The table, for a check cell that came to its verdict.
    """

    name: str
    title: str
    score: str
    state: str
    said: tuple[tuple[str, str, str], ...] = ()
    verdict: Verdict | None = None


def graded_page(
    title: str, student: str, notebook: NotebookNode, grades: Grades, flags: Sequence[str]
) -> str:
    """Return the page of a graded submission.

    Parameters
    ----------
    title, student : str
        The lab's title and the student's id.
    notebook : NotebookNode
        The autograded notebook. It is used up.
    grades : Grades
        What the gradebook says.
    flags : sequence of str
        The flags of the submission's row.
    """
    shown, _ = _plain().preprocess(notebook, {})
    parts = []
    # Copies: what is shown loses nbgrader's settings below.
    exercises = {one.metadata.nbgrader.grade_id: copied(one) for one in shown.cells
                 if _kind(one) == "exercise"}  # fmt: skip
    for cell in shown.cells:
        settings = cell.metadata.get("nbgrader", {})
        name = settings.get("grade_id")
        about: dict[str, Any] = {"name": name, "kind": _kind(cell)}
        if name in grades.cells:
            work = exercises.get(exercise_of(name))
            part = _part(name, cell, grades.cells[name], grades.comments.get(name), work)
            parts.append(part)
            about["part"] = part
        comment = grades.comments.get(name)
        if comment == NO_RESPONSE:
            about["unchanged"] = True
        elif comment:
            about["comment"] = comment
        # What the page is made from travels in the metadata, where the template looks.
        cell.metadata = NotebookNode(tags=cell.metadata.get("tags", []))
        cell.metadata["gradlab"] = about
        if about["kind"] == "check" and cell.get("outputs"):
            cell.outputs = _errors(cell)
    return render(
        shown,
        title=title,
        student=student,
        score=number(grades.score),
        max_score=number(grades.max_score),
        bonus=number(extra) if (extra := _bonus(grades)) else "",
        penalty=number(grades.penalty) if grades.penalty else "",
        waiting=[part for part in parts if part.state == "waiting"],
        parts=parts,
        notes=[text for flag in flags if (text := in_words(flag))],
    )


def refused_page(
    title: str, student: str, status: str, reason: str, max_score: float, flags: Sequence[str] = ()
) -> str:
    """Return the page of a submission that could not be graded: why, and what to do."""
    return render(
        new_notebook(),
        title=title,
        student=student,
        status=status,
        reason=reason,
        to_do=TO_DO.get(status, TO_DO["refused"]),
        max_score=number(max_score),
        notes=[text for flag in flags if (text := in_words(flag))],
    )


def _bonus(grades: Grades) -> float:
    return sum(cell.score for cell in grades.cells.values() if cell.max_score == 0)


def _kind(cell: NotebookNode) -> str:
    settings = cell.metadata.get("nbgrader", {})
    if settings.get("grade"):
        return "answer" if settings.get("solution") else "check"
    return "exercise" if settings.get("solution") else "plain"


def _part(
    name: str,
    cell: NotebookNode,
    grade: CellGrade,
    comment: str | None,
    exercise: NotebookNode | None,
) -> Part:
    manual = _kind(cell) == "answer"
    verdict = None if manual else verdict_of(cell)
    bonus = grade.max_score == 0
    most = verdict.max_points if bonus and verdict else grade.max_score
    score = f"{number(grade.score)} of {number(most)}"
    if bonus:
        score = f"+{score} bonus"
    if grade.waiting:
        score = f"{number(most)} points wait"
    return Part(
        name=name,
        title=exercise_of(name),
        score=score,
        state=state_of(grade, most),
        said=_remark(comment) if manual else _said(cell, verdict, exercise),
        verdict=verdict,
    )


def state_of(grade: CellGrade, most: float) -> str:
    """Return "waiting", "full", "part" or "none" for what a cell earned of `most` points."""
    if grade.waiting:
        return "waiting"
    return "full" if grade.score >= most else "part" if grade.score > 0 else "none"


def _remark(comment: str | None) -> tuple[tuple[str, str, str], ...]:
    if comment == NO_RESPONSE:
        return (("There is no answer.", "", ""),)
    return ((f"Comment: {comment}", "", ""),) if comment else ()


def _errors(cell: NotebookNode) -> list[NotebookNode]:
    return [o for o in cell.get("outputs", []) if o.output_type == "error"]


def _error(cell: NotebookNode) -> str:
    """Return the error that a cell ended with, empty if there is none."""
    errors = _errors(cell)
    return f"{errors[0].ename}: {errors[0].evalue}"[:300] if errors else ""


def is_unwritten(verdict: Verdict | None, exercise: NotebookNode | None) -> bool:
    """Whether there is nothing to check, and the exercise's own cell says why.

    What is written may have stopped, or need another exercise, which is not written.
    """
    if verdict is None or any(outcome.status != "missing" for outcome in verdict.outcomes):
        return False
    if exercise is None:
        return True
    if _errors(exercise):
        return False
    source = exercise.source
    return not (is_answered(exercise) and source.strip() and "is not written yet" not in source)


def _said(
    cell: NotebookNode, verdict: Verdict | None, exercise: NotebookNode | None
) -> tuple[tuple[str, str, str], ...]:
    """Return what is not right in a check cell, each with what was seen and the hint."""
    if verdict is None:
        return tuple(("The checks did not finish.", ended(o.ename), "") for o in _errors(cell))
    wrong = [outcome for outcome in verdict.outcomes if outcome.status != "passed"]
    if verdict.shortcut:
        return (_line(verdict.shortcut), *map(_line, wrong))
    if wrong and all(outcome.status == "missing" for outcome in wrong):
        if exercise is not None and (stopped := _error(exercise)):
            hint = "Run that cell by itself and mend the error; then run the cells after it."
            return (("The cell before this check stopped.", stopped, hint),)
        if is_unwritten(verdict, exercise):
            return ((f"Not written yet: {wrong[0].seen}", "", ""),)
        hint = "Keep the names that are given, and write first what this builds on."
        return (("The checks found nothing to judge.", wrong[0].seen, hint),)
    return tuple(_line(outcome) for outcome in wrong)


def _line(outcome: Outcome) -> tuple[str, str, str]:
    said = f"{WORDS[outcome.status].capitalize()}: {outcome.title}"
    return said, outcome.seen.rstrip("."), outcome.hint or ""


@cache
def _plain() -> PlainFeedback:
    return PlainFeedback(enforce_metadata=False)
