"""Write the feedback pages: `feedback/<student>/<lab>/<lab>.html`."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import nbformat
from tqdm import tqdm

from autograder.catalog import Lab
from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import gradebook_url, open_gradebook
from autograder.grading.graded import GRADED
from autograder.grading.pool import WorkerLost, call_in_processes, processors
from autograder.grading.record import read_records
from autograder.reporting.grades import Grades, read_grades
from autograder.reporting.page import graded_page, refused_page
from autograder.reporting.results import Row, results_file, row_of, write_whole

# A process takes a second or two to start, in which one can write this many pages itself.
FEW_PAGES = 40
_SECONDS = 120.0


@dataclass(frozen=True)
class Page:
    """What one page is made from, and where it goes.

    Attributes
    ----------
    student, title : str
        The student's id and the lab's title.
    target : Path
        The page.
    notebook : Path
        The autograded notebook.
    grades : Grades or None
        What the gradebook says; None for a submission that was not graded.
    row : Row or None
        What the results say; None if stock nbgrader has graded the submission.
    """

    student: str
    title: str
    target: Path
    notebook: Path
    grades: Grades | None
    row: Row | None


def write_feedback(
    lab: Lab, folder: Path, *, student: str | None = None, jobs: int | None = None
) -> dict[str, Path]:
    """Write a page for every submission that was looked at.

    Parameters
    ----------
    lab : Lab
        The lab.
    folder : Path
        The course folder, after `grade_course` or `nbgrader autograde`.
    student : str, optional
        This one only.
    jobs : int, optional
        How many pages at a time; by default one for each processor.

    Returns
    -------
    dict
        The page by student.

    Raises
    ------
    GradlabError
        If nothing has been graded yet, or not that student, or a page cannot be written.
    """
    pages = _pages(lab, folder.resolve(), student)
    problems = {}
    with (
        closing(_written(pages, jobs or processors())) as coming,
        tqdm(total=len(pages), desc="feedback", unit="page", leave=False) as bar,
    ):
        for name, problem in coming:
            bar.update()
            if problem:
                problems[name] = problem
    if problems:
        name, problem = min(problems.items())
        raise GradlabError(
            f"{len(problems)} of {len(pages)} pages could not be written",
            found=f"{name}: {problem}",
            mend=f"run: gradlab grade {lab.name} --course {folder} --student {name} --force",
        )
    return {page.student: page.target for page in pages}


def write_page(page: Page) -> str:
    """Write one page; return why that is not possible, else nothing."""
    try:
        write_whole(page.target, _text(page).encode())
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


def _text(page: Page) -> str:
    row = page.row
    if row is not None and row.status != GRADED:
        reason, *flags = row.flags or ("No reason is on record.",)
        return refused_page(page.title, page.student, row.status, reason, row.max_score, flags)
    assert page.grades is not None
    notebook = nbformat.read(page.notebook, as_version=4)
    return graded_page(page.title, page.student, notebook, page.grades, row.flags if row else ())


def _written(pages: list[Page], jobs: int) -> Generator[tuple[str, str]]:
    """Write the pages; yield each student and what went wrong."""
    if len(pages) <= FEW_PAGES or jobs == 1:
        for page in pages:
            yield page.student, write_page(page)
        return
    calls = ((page.student, (page,)) for page in pages)
    for name, problem in call_in_processes(write_page, calls, jobs=jobs, seconds=_SECONDS):
        yield name, str(problem) if isinstance(problem, WorkerLost) else problem


def _pages(lab: Lab, folder: Path, student: str | None) -> list[Page]:
    # Submissions that only stock nbgrader has graded are not on record.
    found = {
        path.parents[1].name for path in folder.glob(f"autograded/*/{lab.name}/{lab.name}.ipynb")
    }
    config = nbgrader_config(folder, lab.course.root)
    url = gradebook_url(folder, config)
    if not found and not results_file(folder, lab.name).exists():
        raise _nobody(lab, folder, student)
    with open_gradebook(url) as gradebook:
        with gradebook.engine.connect() as connection:
            records = read_records(connection, lab.name)
        students = sorted(found | set(records))
        if not students or (student is not None and student not in students):
            raise _nobody(lab, folder, student)
        grades = read_grades(gradebook, lab.name, student)
        pages = []
        for name in students if student is None else [student]:
            row = row_of(name, records[name].graded) if name in records else None
            home = Path(name, lab.name)
            page = Page(
                student=name,
                title=lab.title,
                target=folder / "feedback" / home / f"{lab.name}.html",
                notebook=folder / "autograded" / home / f"{lab.name}.ipynb",
                grades=grades.get(name),
                row=row,
            )
            _check(page, lab, folder)
            pages.append(page)
    return pages


def _check(page: Page, lab: Lab, folder: Path) -> None:
    """Refuse a page whose parts are not there."""
    if page.row is not None and page.row.status != GRADED:
        return
    if page.grades is None or not page.notebook.exists():
        where = "the gradebook" if page.grades is None else str(page.notebook)
        raise GradlabError(
            f"{page.student} is graded, but is not in {where}",
            mend=f"run: gradlab grade {lab.name} --course {folder} --student {page.student}",
        )


def _nobody(lab: Lab, folder: Path, student: str | None) -> GradlabError:
    who = "nobody" if student is None else f"not {student!r}"
    return GradlabError(
        f"{who} has been graded in {lab.name}",
        expected=f"the student's submission in {folder}/submitted, and graded",
        mend=f"run: gradlab grade {lab.name} --course {folder}",
    )
