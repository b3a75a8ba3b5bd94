"""What came of a lab in a class, student by student: gradebook, records, graded notebooks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import nbformat
from nbformat import NotebookNode

from autograder.authoring.notebooks import checked_source
from autograder.catalog import Lab
from autograder.checks.verdict import Verdict
from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import existing_gradebook_url, open_gradebook
from autograder.grading.graded import GRADED
from autograder.grading.package import GradedCell
from autograder.grading.points import verdict_of
from autograder.grading.record import Record, read_records
from autograder.grading.submissions import find_students
from autograder.names import exercise_of
from autograder.reporting.grades import Grades, read_grades
from autograder.reporting.page import NO_RESPONSE, is_unwritten, state_of
from autograder.reporting.results import row_of
from autograder.reporting.summary import waiting_students

ABSENT = "nothing handed in"
NOT_YET = "not graded yet"


@dataclass(frozen=True)
class Work:
    """One graded cell of one student.

    Attributes
    ----------
    score : float
        What the gradebook says.
    state : str
        "full", "part", "none", "unwritten" or, for a written answer, "waiting".
    verdict : Verdict or None
        What the checks said, where they came to their end.
    """

    score: float
    state: str
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Student:
    """One student.

    Attributes
    ----------
    name : str
        The id.
    status : str
        That of the results, or `NOT_YET` or `ABSENT`.
    reason : str
        Why there is no grade, or what is missing of one.
    flags : tuple of str
        What was repaired or went wrong.
    grades : Grades or None
        What the gradebook says; None where nothing is known.
    work : dict
        What came of each graded cell, by its name; empty where nothing was executed.
    waits : bool
        Whether a person has to grade something.
    feedback : str
        The address of the feedback page from `results/`; empty if there is none.
    """

    name: str
    status: str
    reason: str = ""
    flags: tuple[str, ...] = ()
    grades: Grades | None = None
    work: dict[str, Work] = field(default_factory=dict)
    waits: bool = False
    feedback: str = ""


@dataclass(frozen=True)
class ClassReport:
    """A lab's class: the graded cells in the lab's order, and the students by name."""

    lab: Lab
    cells: tuple[GradedCell, ...]
    students: tuple[Student, ...]


def read_class(lab: Lab, folder: Path) -> ClassReport:
    """Read what `gradlab grade` or `nbgrader autograde` left of a lab in a course folder.

    Whoever is in the gradebook and handed in nothing for this lab is there too.

    Raises
    ------
    GradlabError
        If there is no gradebook, it cannot be read, or nobody has been graded in the lab.
    """
    folder = folder.resolve()
    url = existing_gradebook_url(folder, nbgrader_config(folder, lab.course.root), lab.name)
    with open_gradebook(url) as gradebook:
        with gradebook.engine.connect() as connection:
            records = read_records(connection, lab.name)
        grades = read_grades(gradebook, lab.name)
        waiting = waiting_students(gradebook, lab.name)
        enrolled = {str(student.id) for student in gradebook.students}
    graded = records.keys() | grades.keys()
    handed_in = _handed_in(lab, folder, graded)
    cells = _graded_cells(lab, grades.values())
    students = []
    for name in sorted(graded | handed_in | enrolled):
        if name in graded:
            own = (records.get(name), grades.get(name))
            one = _student(lab, folder, name, cells, *own, waits=name in waiting)
        else:
            one = Student(name, NOT_YET if name in handed_in else ABSENT)
        students.append(one)
    return ClassReport(lab, cells, tuple(students))


def _handed_in(lab: Lab, folder: Path, graded: Iterable[str]) -> set[str]:
    """Return who has a submission; complain if there is none, or none that was graded."""
    try:
        names = set(find_students(folder, lab.name))
    except GradlabError:
        if graded:
            return set()
        raise
    if not graded:
        raise GradlabError(
            f"nobody has been graded in {lab.name}",
            found=f"{len(names)} handed in",
            mend=f"run: gradlab grade {lab.name} --course {folder}",
        )
    return names


def _graded_cells(lab: Lab, grades: Iterable[Grades]) -> tuple[GradedCell, ...]:
    """Return the lab's cells with the points of the gradebook, which knows no bonus points."""
    worth = {name: cell.max_score for own in grades for name, cell in own.cells.items()}
    found = [
        GradedCell(str(cell.name), worth.pop(str(cell.name), 0) or cell.points, cell.bonus, manual)
        for cell in checked_source(lab)
        if (manual := cell.kind == "answer") or cell.kind == "check"
    ]
    # Cells that the lab has lost since it was graded still count in the gradebook.
    return (*found, *(GradedCell(name, points, not points) for name, points in worth.items()))


def _student(
    lab: Lab,
    folder: Path,
    name: str,
    cells: Iterable[GradedCell],
    record: Record | None,
    grades: Grades | None,
    *,
    waits: bool,
) -> Student:
    """Return a student on record, or in the gradebook after stock nbgrader."""
    row = row_of(name, record.graded) if record else None
    page = Path("feedback", name, lab.name, f"{lab.name}.html")
    feedback = quote(f"../{page.as_posix()}") if (folder / page).is_file() else ""
    if row is not None and row.status != GRADED:
        reason, *others = row.flags or ("No reason is on record.",)
        # Of one that failed, the gradebook may still hold what an older submission earned.
        known = None if row.score is None else grades
        return Student(name, row.status, reason, tuple(others), known, feedback=feedback)
    problem = ""
    work: dict[str, Work] = {}
    if grades is None:
        problem = "The grades are not in the gradebook. Grade this submission again."
    else:
        path = folder / "autograded" / name / lab.name / f"{lab.name}.ipynb"
        try:
            notebook = nbformat.read(path, as_version=4)
            shown = {_name(cell): cell for cell in notebook.cells}
        except Exception as error:
            shown = {}
            problem = f"The graded notebook cannot be read ({type(error).__name__})."
        for cell in cells:
            if cell.name in grades.cells:
                work[cell.name] = _work(cell, shown, grades)
    flags = row.flags if row else ()
    return Student(name, GRADED, problem, flags, grades, work, waits, feedback)


def _work(cell: GradedCell, shown: dict[str, NotebookNode], grades: Grades) -> Work:
    grade = grades.cells[cell.name]
    verdict = verdict_of(shown[cell.name]) if cell.name in shown else None
    if cell.manual:
        unwritten = grades.comments.get(cell.name) == NO_RESPONSE
    else:
        unwritten = is_unwritten(verdict, shown.get(exercise_of(cell.name)))
    state = state_of(grade, cell.points)
    return Work(grade.score, "unwritten" if unwritten and state == "none" else state, verdict)


def _name(cell: NotebookNode) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
