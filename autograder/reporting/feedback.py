"""Write the feedback pages: `feedback/<student>/<lab>/<lab>.html`."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from tqdm import tqdm

from autograder.catalog import Lab
from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import gradebook_url, open_gradebook
from autograder.grading.graded import GRADED
from autograder.reporting.grades import read_grades
from autograder.reporting.page import graded_page, refused_page
from autograder.reporting.results import Row, read_results, results_file, write_whole


def write_feedback(lab: Lab, folder: Path, *, student: str | None = None) -> dict[str, Path]:
    """Write a page for every submission that was looked at.

    Parameters
    ----------
    lab : Lab
        The lab.
    folder : Path
        The course folder, after `grade_course` or `nbgrader autograde`.
    student : str, optional
        This one only.

    Returns
    -------
    dict
        The page by student.

    Raises
    ------
    GradlabError
        If nothing has been graded yet, or not that student.
    """
    folder = folder.resolve()
    rows = read_results(results_file(folder, lab.name))
    # Submissions that only stock nbgrader has graded have no row.
    found = {
        path.parents[1].name for path in folder.glob(f"autograded/*/{lab.name}/{lab.name}.ipynb")
    }
    students = sorted(found | set(rows))
    if not students or (student is not None and student not in students):
        who = "nobody" if student is None else f"not {student!r}"
        raise GradlabError(
            f"{who} has been graded in {lab.name}",
            expected=f"{results_file(folder, lab.name)} with the student's row",
            mend=f"run: gradlab grade {lab.name} --course {folder}",
        )
    config = nbgrader_config(folder, lab.course.root)
    pages = {}
    with open_gradebook(gradebook_url(folder, config)) as gradebook:
        chosen = students if student is None else [student]
        for name in tqdm(chosen, desc="feedback", unit="page", leave=False):
            path = folder / "feedback" / name / lab.name / f"{lab.name}.html"
            write_whole(path, _page(lab, folder, gradebook, name, rows.get(name)).encode())
            pages[name] = path
    return pages


def _page(lab: Lab, folder: Path, gradebook: Gradebook, student: str, row: Row | None) -> str:
    if row is not None and row.status != GRADED:
        reason, *flags = row.flags or ("No reason is on record.",)
        return refused_page(lab.title, student, row.status, reason, row.max_score, flags)
    path = folder / "autograded" / student / lab.name / f"{lab.name}.ipynb"
    grades = read_grades(gradebook, lab.name, student)
    if grades is None or not path.exists():
        where = "the gradebook" if grades is None else str(path)
        raise GradlabError(
            f"{student} is graded, but is not in {where}",
            mend=f"run: gradlab grade {lab.name} --course {folder} --student {student}",
        )
    notebook = nbformat.read(path, as_version=4)
    return graded_page(lab.title, student, notebook, grades, row.flags if row else ())
