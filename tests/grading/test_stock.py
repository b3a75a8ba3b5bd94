"""The same submissions, graded by stock nbgrader: the same tables in the gradebook."""

import datetime
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.catalog import Course
from autograder.grading.gradebook import open_gradebook
from autograder.grading.run import grade_course
from tests.grading.classroom import book, tables
from tests.grading.helpers import LIMITS, solved, submit, untouched
from tests.toy import NAME, toy_course

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"
LATE = "\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"


def class_in(folder):
    """Make a class with a due date, late work, and each kind of score."""
    course = toy_course(folder, course_toml=LIMITS)
    lab = course.lab(NAME)
    (folder / CONFIG.name).write_text(CONFIG.read_text() + LATE)
    half = solved(lab, double="def double(x):\n    return 2 * float(x)", triple="pass")
    submit(course, "solver", solved(lab))
    submit(course, "absent", untouched(lab))
    submit(course, "partial", half)
    submit(course, "late", solved(lab))
    submit(course, "late", "2026-03-01 12:00:00 UTC", "timestamp.txt")
    submit(course, "partial", "2026-01-01 12:00:00 UTC", "timestamp.txt")
    with open_gradebook(book(folder)) as gradebook:
        gradebook.update_or_create_assignment(NAME, duedate=datetime.datetime(2026, 2, 1))


def nbgrader(folder, *arguments):
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path, "GRADLAB_ROOT": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_tables_are_those_of_stock_nbgrader(tmp_path):
    ours, stock = tmp_path / "ours", tmp_path / "stock"
    class_in(ours)
    shutil.copytree(ours, stock)
    lab = Course(ours).lab(NAME)
    grade_course(lab, ours, jobs=2)
    nbgrader(stock, "generate_assignment", NAME)
    nbgrader(stock, "autograde", NAME)
    mine, theirs = tables(book(ours)), tables(book(stock))
    assert mine == theirs
    assert mine["late"]["penalty"] == 10
    assert 0 < mine["partial"]["totals"][0] < mine["solver"]["totals"][0]
    # The formgrader shows these; a stock run over ours finds nothing to do.
    nbgrader(ours, "autograde", NAME)
    assert tables(book(ours)) == mine
