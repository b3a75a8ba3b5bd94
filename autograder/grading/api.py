"""Grading as a library call: bytes in, an outcome out."""

from __future__ import annotations

import json
import re

from autograder.catalog import Course, Lab
from autograder.errors import GradlabError
from autograder.grading.grade import grade_submission as graded_in_package
from autograder.grading.graded import Graded
from autograder.grading.package import LabPackage
from autograder.grading.packing import package_lab
from autograder.grading.sandbox import Kind


def grade(lab: str | Lab | LabPackage, data: bytes, sandbox: Kind = "auto") -> Graded:
    """Grade one submission; see `autograder.grading.grade_submission`."""
    if isinstance(lab, str):
        lab = Course.default().lab(lab)
    package = package_lab(lab) if isinstance(lab, Lab) else lab
    return graded_in_package(package, data, sandbox)


def lab_of(data: bytes, file_name: str, course: Course) -> str:
    """Return the name of the lab that a notebook belongs to.

    It is what the notebook's metadata says, as it was released; else what its file's name
    begins with.

    Raises
    ------
    GradlabError
        If neither names a lab of the course.
    """
    names = course.lab_names()
    try:
        said = json.loads(data)["metadata"]["gradlab"]["lab"]
    except (ValueError, KeyError, TypeError, RecursionError):
        said = None
    if said in names:
        return str(said)
    # "lab1_softmax (1).ipynb", "lab1_softmax-final.ipynb"
    fitting = [name for name in names if re.match(rf"{re.escape(name)}(?![A-Za-z0-9])", file_name)]
    if fitting:
        return max(fitting, key=len)
    raise GradlabError(
        f"it is not known which lab {file_name} belongs to",
        expected="the lab in its metadata, or a file name that begins with " + ", ".join(names),
        found=f"{said!r} in its metadata" if said else "nothing in its metadata",
        mend="name the lab with --lab LAB",
    )
