"""A class whose submissions hold one accident each, graded once for all tests that look at it."""

import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.catalog import Lab
from autograder.grading.graded import Graded
from autograder.grading.run import grade_course
from tests.grading.helpers import LIMITS, solved, submit, untouched, with_sources
from tests.toy import NAME, toy_course

# What the toy lab's hidden texts are known by.
SECRETS = ("BEGIN HIDDEN", "_gradlab", "one_column", "doubles_arrays", "rng.normal", "2 * x.shape")


@dataclass(frozen=True)
class Classroom:
    root: Path
    lab: Lab
    outcomes: dict[str, Graded]


def accidents(lab):
    """Return what each student hands in: content, or content and file name."""
    stripped = with_sources(solved(lab))
    for one in stripped.cells:
        one.metadata = {}
    noisy = "import warnings\ndef double(x):\n    warnings.warn('hm')\n    print('<b>here</b>')\n"
    return {
        "solved": solved(lab),
        "untouched": untouched(lab),
        "wrong": solved(lab, double=noisy + "    return x * x", setup="import numpy as np"),
        "renamed": (solved(lab), "My toy.ipynb"),
        "stripped": stripped,
        "died": solved(lab, mean_rows="import os\ndef mean_rows(x):\n    os._exit(1)"),
        "broken": '{"cells": [',
        "empty": "",
        "page": "<html></html>",
        "pdf": ("%PDF", "toy.pdf"),
        "bad,id": solved(lab),
    }


@cache
def classroom(make_folder):
    """Grade the class in a folder that `make_folder` makes; once in a session."""
    root = make_folder("class")
    course = toy_course(root, course_toml=LIMITS)
    lab = course.lab(NAME)
    for student, content in accidents(lab).items():
        file = content if isinstance(content, tuple) else (content, "toy.ipynb")
        submit(course, student, *file)
    return Classroom(root, lab, grade_course(lab, root, jobs=2))


def copied(room, folder):
    """Return a copy of a graded class, to change."""
    shutil.copytree(room.root, folder, dirs_exist_ok=True)
    return folder


def tables(url, lab=NAME):
    """Return all that a gradebook says, with names instead of ids."""
    with Gradebook(url) as book:
        assignment = book.find_assignment(lab)
        (notebook,) = assignment.notebooks
        found = {
            "assignment": (assignment.name, assignment.duedate, assignment.course_id),
            "kernelspec": notebook.kernelspec,
            "source": sorted(
                (c.name, str(c.cell_type), c.locked, c.source, c.checksum)
                for c in notebook.source_cells
            ),
            "graded": sorted((c.name, c.max_score, c.cell_type) for c in notebook.grade_cells),
            "solution": sorted(c.name for c in notebook.solution_cells),
            "students": sorted(s.id for s in book.students),
        }
        for submission in assignment.submissions:
            (one,) = submission.notebooks
            found[submission.student.id] = {
                "time": submission.timestamp,
                "penalty": one.late_submission_penalty,
                "grades": sorted(
                    (g.name, g.auto_score, g.manual_score, g.extra_credit, g.needs_manual_grade)
                    for g in one.grades
                ),
                "comments": sorted(
                    (c.name, c.auto_comment, c.manual_comment) for c in one.comments
                ),
                "totals": (one.score, one.max_score, one.needs_manual_grade, one.failed_tests),
            }
    return found


def book(folder):
    return f"sqlite:///{folder}/gradebook.db"
