"""The three ways to grade a class: `gradlab grade`, nbgrader's autograde, and that in a kernel."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from nbgrader.api import Gradebook

from autograder.catalog import Course
from autograder.grading.run import grade_course

CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"


def nbgrader(folder, *arguments, expected=0, **environment):
    """Run `nbgrader ...` in a folder; return what it logged."""
    # nbgrader calls `alembic`, which lies beside the interpreter.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == expected, done.stdout + done.stderr
    return done.stderr


def three_ways(home, fill, lab_name, root=None, *, kernel=True):
    """Grade the same class in each way.

    Parameters
    ----------
    home : Path
        Where the class folders go.
    fill : callable
        Writes a class into the folder it is given.
    root : Path, optional
        The course; the class folder itself if not given.

    Returns
    -------
    dict
        Points by way, student and cell.
    dict
        What nbgrader logged, by way.
    """
    found, logs = {}, {}
    for way in ["gradlab", "plugin", *(["kernel"] if kernel else [])]:
        folder = home / way
        folder.mkdir()
        fill(folder)
        if not (folder / CONFIG.name).exists():
            shutil.copy(CONFIG, folder)
        environment = {"GRADLAB_ROOT": str(root or folder), "COURSE_DATA": "digits"}
        if way == "gradlab":
            grade_course(Course(root or folder).lab(lab_name), folder, jobs=2)
        else:
            environment["GRADLAB_IN_KERNEL"] = "1" if way == "kernel" else ""
            nbgrader(folder, "generate_assignment", lab_name, **environment)
            logs[way] = nbgrader(folder, "autograde", lab_name, **environment)
        found[way] = points_in(folder, lab_name)
    return found, logs


def points_in(folder, lab_name):
    """Return each student's points by cell, as the gradebook has them."""
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score
                for notebook in submission.notebooks
                for grade in notebook.grades
            }
            for submission in gradebook.find_assignment(lab_name).submissions
        }
