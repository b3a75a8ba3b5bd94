"""The toy course, graded by `gradlab grade`, by nbgrader with the plug-in, and in a kernel."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.checks.verdict import MIME
from tests.grading.helpers import LIMITS, copy_of, data, position, solved, submit, untouched
from tests.grading.helpers import cell as cell_of
from tests.plugin.ways import CONFIG, nbgrader, three_ways
from tests.toy import CHECKS, NAME, toy_course

pytestmark = pytest.mark.slow

FORBIDS = CHECKS.replace("import check, close", "import check, close, forbid") + (
    '\n\nforbid("double", "course_utils.sigmoid", says="Do not call sigmoid.")\n'
    'forbid("triple", "math.prod", says="Multiply yourself.")\n'
)
ALIAS = "from course_utils import sigmoid as helper"
TAKES = f"{ALIAS}\ndef double(x):\n    helper(0.0)\n    return 2 * x"
PROD = "import math\ndef triple(x):\n    return math.prod([3.0, float(x)])"
NOISY = (
    "import warnings\ndef double(x):\n    warnings.warn('hm')\n    print('on it')\n    return 2 * x"
)
EQUAL = {
    "solver": {},
    "wrong": {"double": "def double(x):\n    return x * x"},
    "partial": {"double": "def double(x):\n    return 2 * float(x)", "triple": "pass"},
    "noisy": {"double": NOISY},
    "crashes": {"mean_rows": "def mean_rows(x):\n    return 1 / 0"},
    "raises": {"double": "1 / 0"},
    "syntax": {"double": "def double(x)\n    return 2 * x"},
    "takes": {"double": TAKES},
    "takes_bonus": {"triple": PROD},
    "loops": {"triple": "def triple(x):\n    while True:\n        pass"},
}
# In a kernel each of these stops the batch, costs another cell, or is not noticed.
REPAIRED = ("copied", "deleted", "retyped", "stripped", "dies")


def fill(folder, *, kernel):
    course = toy_course(folder, checks=FORBIDS, course_toml=LIMITS)
    lab = course.lab(NAME)
    for student, changes in EQUAL.items():
        submit(course, student, solved(lab, **changes))
    submit(course, "absent", untouched(lab))
    if kernel:
        return
    notebook = solved(lab)
    copy = copy_of(cell_of(notebook, "double_check"))
    copy.id = "another"
    notebook.cells.insert(position(notebook, "mean_rows"), copy)
    submit(course, "copied", notebook)
    notebook = solved(lab)
    notebook.cells = [c for c in notebook.cells if c.id not in ("double_check", "why_mean")]
    submit(course, "deleted", notebook)
    notebook = solved(lab)
    cell_of(notebook, "double").metadata.nbgrader["schema_version"] = 1
    submit(course, "retyped", notebook)
    notebook = solved(lab)
    for one in notebook.cells:
        one.metadata = {}
    submit(course, "stripped", notebook)
    submit(course, "dies", solved(lab, mean_rows="import os\ndef mean_rows(x):\n    os._exit(1)"))


def test_every_cell_has_the_same_points_in_all_three_ways(tmp_path):
    found, _ = three_ways(tmp_path, lambda folder: fill(folder, kernel=True), NAME)

    assert found["gradlab"] == found["plugin"] == found["kernel"]
    points = found["plugin"]
    assert set(points) == {*EQUAL, "absent"}
    assert points["solver"] == {
        "double_check": 4, "mean_rows_check": 4, "triple_check": 2, "why_mean": None,
    }  # fmt: skip
    assert points["takes"]["double_check"] == 0
    assert points["takes"]["mean_rows_check"] == 4
    assert points["takes_bonus"]["triple_check"] == 0
    assert points["partial"]["double_check"] == 3
    assert points["noisy"]["double_check"] == 4


def test_damaged_notebooks_are_graded_by_the_plugin_as_by_gradlab(tmp_path):
    found, logs = three_ways(
        tmp_path, lambda folder: fill(folder, kernel=False), NAME, kernel=False
    )
    assert found["gradlab"] == found["plugin"]
    assert {*REPAIRED} <= set(found["plugin"])
    for student in ("copied", "deleted", "retyped", "stripped"):
        assert found["plugin"][student]["double_check"] == 4
    assert "copied: copied: double_check" in logs["plugin"]
    assert "deleted: deleted: double_check" in logs["plugin"]
    assert "dies: process died: mean_rows_check" in logs["plugin"]
    assert "takes: shortcut: double calls course_utils.sigmoid" in logs["plugin"]
    one, other = (
        nbformat.read(tmp_path / way / "autograded" / "takes" / NAME / "toy.ipynb", 4)
        for way in ("gradlab", "plugin")
    )
    # The notebooks are the same too, with the verdicts that feedback is made from.
    assert [c.source for c in one.cells] == [c.source for c in other.cells]
    assert [c.get("outputs") for c in one.cells] == [c.get("outputs") for c in other.cells]
    assert MIME in json.dumps(other)

    nbgrader(tmp_path / "plugin", "generate_feedback", NAME, GRADLAB_ROOT=str(tmp_path / "plugin"))
    page = (tmp_path / "plugin" / "feedback" / "takes" / NAME / "toy.html").read_text()
    assert "Do not call sigmoid." in page
    assert "_gradlab" not in page
    assert "HIDDEN TESTS" not in page


def test_a_submission_that_cannot_be_graded_stops_no_other(tmp_path):
    """And a lab that has changed since it was released is not graded with other points."""
    course = toy_course(tmp_path, course_toml=LIMITS)
    lab = course.lab(NAME)
    (tmp_path / "nbgrader_config.py").write_text(
        CONFIG.read_text() + "\nc.RefereeExecute.sandbox = 'none'\n"
    )
    submit(course, "a_broken", '{"cells": [')
    empty = solved(lab)
    empty.cells = [new_code_cell("")]
    submit(course, "b_empty", data(empty))
    submit(course, "solver", solved(lab))
    environment = {"GRADLAB_ROOT": str(tmp_path)}
    nbgrader(tmp_path, "generate_assignment", NAME, **environment)
    log = nbgrader(tmp_path, "autograde", NAME, expected=1, **environment)
    assert "The notebook has no cell with anything in it." in log
    assert log.count("students' code runs without a sandbox (because of --sandbox none)") == 1
    assert (tmp_path / "autograded" / "solver" / NAME / "toy.ipynb").exists()

    source = lab.source_file.read_text()
    lab.source_file.write_text(source.replace('"why_mean" points=2', '"why_mean" points=3'))
    toml = lab.hidden_folder / "lab.toml"
    toml.write_text(toml.read_text().replace("points = 10", "points = 11"))
    log = nbgrader(tmp_path, "autograde", NAME, "--force", expected=1, **environment)
    assert "toy has changed since it was released" in log
    assert "run `nbgrader generate_assignment --force toy`" in log
