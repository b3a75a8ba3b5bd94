"""Stock nbgrader with our configuration, as an instructor runs it, on a fresh clone.

It grades in its own kernel here; `tests/plugin` has the referee in its place.
"""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.authoring.build import build, stale
from autograder.authoring.notebooks import release_notebook, solution_notebook, write
from autograder.catalog import Course
from tests.toy import NAME, toy_course
from tests.toy import write as write_file

pytestmark = pytest.mark.slow

CONFIG = Path(__file__).parents[2] / "nbgrader_config.py"
SHORT = "[limits]\nexplore_seconds = 1\n"


def nbgrader(folder, *arguments, **environment):
    """Run `nbgrader ...` in a folder; return the finished process."""
    # nbgrader calls `alembic`, which lies beside the interpreter.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    kept = {name: value for name, value in os.environ.items() if name != "GRADLAB_ROOT"}
    kept["GRADLAB_IN_KERNEL"] = "1"
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=folder,
        env={**kept, "PATH": path, "JUPYTER_CONFIG_DIR": str(folder / ".jupyter"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Exception while loading config" not in done.stderr
    return done


def submit(course, student, notebook, **changed):
    """Hand in a notebook, with the sources of some cells changed."""
    for cell in notebook.cells:
        kind = cell.metadata.get("tags", [""])[0]
        cell.source = changed.get(cell.id, changed.get(kind, cell.source))
    write_file(course.root / "submitted" / student / NAME / "toy.ipynb", write(notebook))


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Return a course in which generate_assignment, autograde and generate_feedback have run."""
    course = toy_course(tmp_path_factory.mktemp("course"), course_toml=SHORT)
    lab = course.lab(NAME)
    shutil.copy(CONFIG, course.root)
    nbgrader(course.root, "generate_assignment", NAME)
    submit(course, "solver", solution_notebook(lab))
    submit(course, "absent", release_notebook(lab))
    submit(course, "half", solution_notebook(lab), double="def double(x):\n    return x + 3")
    submit(course, "waiter", solution_notebook(lab), explore="import time\ntime.sleep(100)")
    submit(
        course,
        "breaker",
        solution_notebook(lab),
        double="### BEGIN HIDDEN TESTS\nimport sys\nsys.modules['autograder.checks.cell'] = 1",
    )
    submit(
        course,
        "forger",
        solution_notebook(lab),
        triple="import autograder.checks.verdict as v\n"
        "v.Verdict.points = v.Verdict.max_points = 1000.0",
    )
    nbgrader(course.root, "autograde", NAME)
    nbgrader(course.root, "generate_feedback", NAME)
    nbgrader(course.root, "export")
    return course


@pytest.fixture(scope="module")
def scores(graded):
    with (graded.root / "grades.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {float(row["max_score"]) for row in rows} == {10.0}
    return {row["student_id"]: float(row["score"]) for row in rows}


def test_stock_generate_assignment_gives_our_release_byte_for_byte(graded):
    lab = graded.lab(NAME)

    assert lab.release_notebook.read_bytes() == write(release_notebook(lab)).encode()
    build(lab)
    assert stale(lab) == []


def test_the_solution_earns_all_points_and_the_bonus(scores):
    # 4 + 4, and 2 of bonus; the 2 of the written answer are a person's to give.
    assert scores["solver"] == 10


def test_the_untouched_release_earns_nothing(scores):
    assert scores["absent"] == 0


def test_a_wrong_answer_keeps_the_points_of_the_others(scores):
    # `double` is wrong for every number but 3; `mean_rows` uses it and is wrong with it.
    assert scores["half"] == 2


def test_a_long_exploration_is_cut_off_and_costs_nothing(scores, graded):
    assert scores["waiter"] == 10
    cells = nbformat.read(graded.root / "autograded" / "waiter" / NAME / "toy.ipynb", 4).cells
    (explore,) = [cell for cell in cells if "explore" in cell.metadata.get("tags", [])]
    assert "KeyboardInterrupt" in str(explore.outputs) or "Timeout" in str(explore.outputs)


def test_a_forged_verdict_earns_no_more_than_the_bonus(scores):
    assert scores["forger"] == 10


def test_feedback_holds_nothing_hidden(graded, scores):
    assert scores["breaker"] == 0
    for student in scores:
        html = (graded.root / "feedback" / student / NAME / "toy.html").read_text()
        assert "_gradlab" not in html
        if student == "breaker":
            assert re.search(r"checks of this cell stopped with \w+Error before their end", html)
        else:
            assert "HIDDEN TESTS" not in html
            assert "A number drawn at random is doubled." in html


def test_the_release_in_another_folder_is_the_same(graded, tmp_path):
    (tmp_path / "nbgrader_config.py").symlink_to(CONFIG)

    nbgrader(tmp_path, "generate_assignment", NAME, GRADLAB_ROOT=str(graded.root))

    made = tmp_path / "release" / NAME / "toy.ipynb"
    assert made.read_bytes() == write(release_notebook(graded.lab(NAME))).encode()
    assert (tmp_path / "gradebook.db").exists()
    assert not (tmp_path / "build").exists()


def test_validate_passes_the_solution_and_not_the_release(graded):
    lab = Course(graded.root).lab(NAME)
    build(lab)

    done = nbgrader(graded.root, "validate", str(lab.solution_notebook), str(lab.release_notebook))

    assert done.stdout.startswith("Success")
    assert "VALIDATION FAILED ON 4 CELL(S)" in done.stdout
    assert "NotImplementedError: double is not written yet" in done.stdout
