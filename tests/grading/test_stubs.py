"""A later exercise that builds on an earlier one does not fail with it."""

from dataclasses import replace

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from autograder.authoring.notebooks import solution_notebook
from autograder.catalog import Course
from autograder.grading.grade import grade_submission
from autograder.grading.match import is_students, name_of
from autograder.grading.packing import package_lab
from autograder.grading.stubs import definitions
from autograder.student.missing import define_missing
from tests.grading.helpers import cell, data, position, solved

# It needs `double` when its cell is run, as a class needs its base.
BUILDS_ON_DOUBLE = "twice = double\n\ndef mean_rows(x):\n    return x.mean(axis=1)"
STUB = '''
import math
from os import path as where, sep
from os.path import *

LIMIT = 2.0
RATE: float = 0.1

@staticmethod
def first(x):
    """Several
    lines."""
    raise NotImplementedError("first is not written yet")

class Second:
    pass

Second.size = 1
print("shown")
if LIMIT:
    third = 3
'''
DEFINED = ["math", "where", "sep", "LIMIT", "RATE", "first", "Second"]


def names_after(stub, **before):
    define_missing(definitions(stub), before, "<task as handed out>", 5.0)
    return before


def test_what_a_stub_defines_is_defined():
    names = names_after(STUB)
    assert {*DEFINED} <= set(names)
    with pytest.raises(NotImplementedError, match="first is not written yet"):
        names["first"](0)
    assert names["first"].__doc__ == "Several\n    lines."
    assert names["first"].__func__.__code__.co_filename == "<task as handed out>"


def test_what_a_student_has_defined_stays():
    mine = dict.fromkeys(DEFINED, "mine")
    names = names_after(STUB, **mine)
    assert {name: names[name] for name in mine} == mine


def test_nothing_else_of_a_stub_is_run(capsys):
    """It could undo what a student has done, or show something."""
    names = names_after(STUB)
    assert not hasattr(names["Second"], "size")
    assert capsys.readouterr().out == ""
    assert not {"third", "join"} & set(names)


def test_what_is_not_plain_python_comes_to_nothing():
    assert definitions("%matplotlib inline\ndef first(x): pass") == []


def test_each_exercise_has_a_stub_and_an_answer_has_none(package):
    assert set(package.stubs) == {"double", "mean_rows", "triple"}


def points(graded):
    return {s.name.removesuffix("_check"): s.points for s in graded.scores if s.points is not None}


def outputs(graded):
    return nbformat.reads(graded.notebook.decode(), as_version=4)


def text_of(one):
    return "".join(str(o.get("text", "")) + "".join(o.get("traceback", [])) for o in one.outputs)


WRONG = {
    "syntax": "def double(x)\n    return 2 * x",
    "raises": "1 / 0\ndef double(x):\n    return 2 * x",
    "emptied": "",
    "renamed": "def twice_of(x):\n    return 2 * x",
    "deadly": "import os\nos._exit(3)",
    "endless": "while True:\n    pass",
}


@pytest.mark.slow
@pytest.mark.parametrize("double", WRONG.values(), ids=WRONG)
def test_an_exercise_that_defines_nothing_costs_its_own_points(package, lab, double):
    notebook = data(solved(lab, double=double, mean_rows=BUILDS_ON_DOUBLE))
    short = replace(package, settings=replace(package.settings, cell_seconds=1.0))
    graded = grade_submission(short, notebook)
    assert points(graded) == {"double": 0, "mean_rows": 4, "triple": 2}
    # It is judged by what it has defined itself, and nothing of the stub is shown.
    double = next(score.verdict for score in graded.scores if score.name == "double_check")
    assert {outcome.seen for outcome in double.outcomes} == {"double is not defined"}
    assert "as handed out" not in text_of(cell(outputs(graded), "double"))
    assert "is not written yet" not in text_of(cell(outputs(graded), "double_check"))


@pytest.mark.slow
def test_the_stub_is_defined_again_in_a_new_process(package, lab):
    notebook = solved(lab, double="1 / 0", mean_rows=BUILDS_ON_DOUBLE)
    deadly = new_code_cell("import os\nos._exit(3)")
    notebook.cells.insert(position(notebook, "mean_rows_check"), deadly)
    graded = grade_submission(package, data(notebook))
    assert "process died: code cell 5" in graded.flags
    assert points(graded) == {"double": 0, "mean_rows": 4, "triple": 2}


@pytest.mark.slow
def test_what_is_defined_before_a_cell_stops_counts_and_stays(package, lab):
    """Not all of its points, so that the stub is run, and leaves it as it is."""
    double = "def double(x):\n    return 2 * float(x)\n\nassert double(1) == 3"
    notebook = solved(lab, double=double)
    notebook.cells.append(new_code_cell("print(double(4))"))
    graded = grade_submission(package, data(notebook))
    assert points(graded)["double"] == 3
    assert "AssertionError" in text_of(cell(outputs(graded), "double"))
    assert text_of(outputs(graded).cells[-1]) == "8.0\n"


@pytest.mark.slow
def test_code_that_waits_for_the_stub_gains_nothing(package, lab):
    """It ends the process when it is asked whether a name is there."""
    trap = "import os\nclass Trap(str):\n    __hash__ = str.__hash__\n"
    trap += "    def __eq__(self, other):\n        os._exit(3)\n"
    trap += "globals()[Trap('double')] = 1\n1 / 0"
    notebook = data(solved(lab, double=trap, mean_rows=BUILDS_ON_DOUBLE))
    graded = grade_submission(package, notebook)
    assert "process died: double_check" in graded.flags
    assert points(graded) == {"double": 0, "mean_rows": 0, "triple": 2}


@pytest.mark.parametrize("stub", ["x = 1 / 0", "x = exit()", "import absent\nx = 1"])
def test_what_a_stub_raises_goes_nowhere(stub):
    assert "x" not in names_after(stub)


@pytest.mark.slow
@pytest.mark.parametrize("name", Course.default().lab_names())
def test_each_exercise_of_each_lab_is_graded_on_its_own(name):
    """With a syntax error in every other exercise it earns what it can, and they nothing."""
    lab = Course.default().lab(name)
    package = package_lab(lab)
    worked = solution_notebook(lab)
    worked.cells = [one for one in worked.cells if "explore" not in one.metadata.get("tags", [])]
    exercises = {
        name_of(one): one.source
        for one in worked.cells
        if one.cell_type == "code" and name_of(one) and is_students(one)
    }
    worth = {s.name: s.points for s in package.cells if not s.manual}
    for written in [*exercises, None]:
        for exercise, source in exercises.items():
            broken = f"def broken(:\n{source}"
            cell(worked, exercise).source = source if exercise == written else broken
        graded = grade_submission(package, data(worked))
        assert graded.flags == ()
        assert points(graded) == {
            exercise: worth[f"{exercise}_check"] * (exercise == written) for exercise in exercises
        }
