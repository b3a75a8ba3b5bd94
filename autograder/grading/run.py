"""Grade all submissions of a lab: many processes that grade, one that writes."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.catalog import Lab
from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.grade import fault, grade_submission, not_graded
from autograder.grading.gradebook import GradebookWriter
from autograder.grading.graded import Graded
from autograder.grading.match import name_of
from autograder.grading.package import LabPackage, package_lab
from autograder.grading.pool import WorkerLost, call_in_processes
from autograder.grading.submissions import (
    Submission,
    find_students,
    is_student_id,
    read_submission,
)
from autograder.reporting.results import Row, read_results, results_file, write_results, write_whole

GRACE_SECONDS = 120.0


def grade_course(
    lab: Lab, folder: Path, *, jobs: int | None = None, student: str | None = None
) -> dict[str, Graded]:
    """Grade the submissions of `lab` in a course folder.

    Writes `autograded/<student>/<lab>/<lab>.ipynb`, the gradebook and `results/<lab>.csv`
    after each submission, so that a run that is stopped leaves nothing half done.

    Parameters
    ----------
    lab : Lab
        The lab.
    folder : Path
        The folder that holds `submitted/`.
    jobs : int, optional
        How many submissions at a time; by default one for each processor.
    student : str, optional
        Grade this one only, and leave all others as they are.

    Returns
    -------
    dict
        The outcomes by student.

    Raises
    ------
    GradlabError
        If there is nothing to grade, or the lab or the gradebook is at fault.
    """
    folder = folder.resolve()
    students = find_students(folder, lab.name, student)
    package = package_lab(lab)
    config = nbgrader_config(folder, lab.course.root)
    results = results_file(folder, lab.name)
    rows = read_results(results)
    if student is None:
        rows = {name: row for name, row in rows.items() if name in students}
    outcomes: dict[str, Graded] = {}
    with (
        GradebookWriter(folder, package, config) as gradebook,
        closing(_outcomes(package, folder, students, jobs or processors())) as coming,
        tqdm(total=len(students), desc=lab.name, unit="submission", leave=False) as bar,
    ):
        for submission, outcome in coming:
            graded = _written(folder, gradebook, submission, outcome)
            outcomes[submission.student] = graded
            rows[submission.student] = row_of(submission.student, graded)
            write_results(results, rows.values())
            bar.update()
        write_results(results, rows.values())
    return dict(sorted(outcomes.items()))


def row_of(student: str, graded: Graded) -> Row:
    """Return the row of the results file."""
    known = graded.status != "failed"
    flags = graded.flags if not graded.reason else (graded.reason.replace(";", ","), *graded.flags)
    return Row(
        student_id=student,
        score=graded.score if known else None,
        max_score=graded.max_score,
        status=graded.status,
        flags=flags,
        seconds=graded.seconds,
    )


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _outcomes(
    package: LabPackage, folder: Path, students: list[str], jobs: int
) -> Generator[tuple[Submission, Graded]]:
    """Yield each submission and what came of it."""
    names = {name for cell in package.notebook.cells if (name := name_of(cell))}
    unfit: list[Submission] = []

    def calls() -> Iterator[tuple[Submission, tuple[Any, ...]]]:
        for student in students:
            submission = read_submission(folder, package.lab, student, names)
            if submission.data is None:
                unfit.append(submission)
            else:
                # The bytes go to the worker and need not wait here.
                yield replace(submission, data=None), (package, submission.data)

    seconds = package.settings.submission_seconds + GRACE_SECONDS
    for submission, result in call_in_processes(
        grade_submission, calls(), jobs=jobs, seconds=seconds
    ):
        if isinstance(result, WorkerLost):
            reason = f"The grader itself failed: {result}. Grade this submission again."
            yield submission, not_graded(package, "failed", reason, submission.flags)
        else:
            yield submission, replace(result, flags=submission.flags + result.flags)
    for submission in unfit:
        yield (
            submission,
            not_graded(package, submission.status, submission.reason, submission.flags),
        )


def _written(
    folder: Path, gradebook: GradebookWriter, submission: Submission, graded: Graded
) -> Graded:
    """Put one outcome on the disk and into the gradebook; return it, or why that failed."""
    if graded.status == "failed" or not is_student_id(submission.student):
        return graded
    home = folder / "autograded" / submission.student / graded.lab
    try:
        gradebook.write(submission.student, graded, submission.timestamp)
        if graded.notebook is None:
            # What an earlier submission left there is not this one's.
            (home / f"{graded.lab}.ipynb").unlink(missing_ok=True)
        else:
            write_whole(home / f"{graded.lab}.ipynb", graded.notebook)
        if submission.timestamp:
            write_whole(home / "timestamp.txt", f"{submission.timestamp}\n".encode())
        else:
            (home / "timestamp.txt").unlink(missing_ok=True)
    except Exception as error:
        # The others go on; this one has a row that says why.
        reason = error.what if isinstance(error, GradlabError) else fault(error)
        return replace(graded, status="failed", reason=reason, notebook=None)
    return graded
