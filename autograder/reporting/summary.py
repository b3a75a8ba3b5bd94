"""What `gradlab grade` prints: a table, and where to look next."""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import (
    Assignment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import select
from tabulate import tabulate

from autograder.catalog import Course
from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import gradebook_url, open_gradebook
from autograder.grading.graded import GRADED, Graded
from autograder.reporting.results import number, results_file

_WIDTH = 60


def table(outcomes: dict[str, Graded]) -> str:
    """Return the outcomes as a text table."""
    rows = [
        [
            student,
            "" if graded.status == "failed" else number(graded.score),
            number(graded.max_score),
            graded.status,
            _short("; ".join([*filter(None, [graded.reason]), *graded.flags])),
            f"{graded.seconds:.1f}",
        ]
        for student, graded in outcomes.items()
    ]
    head = ["student", "score", "of", "status", "flags", "seconds"]
    return str(tabulate(rows, head, disable_numparse=True, colalign=["left", "right", "right"]))


def summary(outcomes: dict[str, Graded], lab: str, folder: Path, unchanged: int = 0) -> str:
    """Return a few lines: how it went, what waits for a person, where to look next.

    Parameters
    ----------
    outcomes : dict
        The outcomes by student.
    lab : str
        The lab's name.
    folder : Path
        The course folder. Its gradebook knows what a person has graded since.
    unchanged : int
        How many of the outcomes are those of an earlier run.

    Raises
    ------
    GradlabError
        If the gradebook cannot be read.
    """
    scores = sorted(graded.score for graded in outcomes.values() if graded.status == GRADED)
    lines = ["", f"{len(scores)} of {len(outcomes)} graded"]
    if scores:
        median = (scores[(len(scores) - 1) // 2] + scores[len(scores) // 2]) / 2
        lines[-1] += (
            f", scores from {number(scores[0])} to {number(scores[-1])}, median {number(median)}"
        )
    if unchanged:
        lines.append(
            f"{unchanged} unchanged since they were graded, and passed over; --force grades all"
        )
    with open_gradebook(_gradebook_url(folder)) as gradebook:
        waiting = len(waiting_students(gradebook, lab) & outcomes.keys())
    if waiting:
        lines.append(f"{waiting} with answers that wait for a person: nbgrader's formgrader")
    course = "" if folder == Path() else f" --course {folder}"
    lines += [
        f"All rows: {results_file(folder, lab)}",
        f"Next: gradlab feedback {lab}{course}, gradlab report {lab}{course}, "
        f"then gradlab export{course}",
    ]
    return "\n".join(lines)


def waiting_students(gradebook: Gradebook, lab: str) -> set[str]:
    """Return the students of whose work a person has to grade something.

    Those are the ones that the formgrader marks: with an answer that nobody has graded, or with a
    score given by hand for work that has been handed in anew since.

    Parameters
    ----------
    gradebook : Gradebook
        nbgrader's gradebook.
    lab : str
        The lab.
    """
    found = gradebook.db.execute(
        select(SubmittedAssignment.student_id)
        .distinct()
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(Grade, Grade.notebook_id == SubmittedNotebook.id)
        .where(Assignment.name == lab, Notebook.name == lab, Grade.needs_manual_grade)
    )
    return set(found.scalars())


def _gradebook_url(folder: Path) -> str:
    return gradebook_url(folder, nbgrader_config(folder.resolve(), Course.default().root))


def verdict_text(graded: Graded) -> str:
    """Return one outcome as plain lines: the score, then each cell with what its checks said."""
    if graded.status != GRADED:
        return f"{graded.lab}: {graded.status}\n{graded.reason}"
    lines = [
        f"{graded.lab}: {number(graded.score)} of {number(graded.max_score)} points "
        f"in {graded.seconds:.1f} s"
    ]
    lines += [f"flag: {flag}" for flag in graded.flags]
    for cell in graded.scores:
        lines.append("")
        if cell.verdict is not None:
            bonus = " (bonus)" if cell.bonus else ""
            head, *rest = cell.verdict.to_text().split("\n")
            lines += [head + bonus, *rest]
        elif cell.manual:
            what = "waits for a person" if cell.points is None else "there is no answer"
            lines.append(f"{cell.name}: {what}, {number(cell.max_points)} points")
        else:
            lines.append(f"{cell.name}: 0 of {number(cell.max_points)} points, no verdict")
    return "\n".join(lines)


def _short(text: str) -> str:
    return text if len(text) <= _WIDTH else text[: _WIDTH - 4].rstrip() + " ..."
