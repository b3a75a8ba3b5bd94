"""One kernel at a time, through everything a notebook can do to it."""

import time
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell

from autograder.grading.execute import execute
from autograder.grading.grade import grade_submission
from autograder.grading.notebook import read_notebook
from autograder.grading.repair import repair
from tests.grading.helpers import cell, data, position, solved

pytestmark = pytest.mark.slow


def executed(package, notebook):
    return execute(repair(read_notebook(data(notebook)), package.notebook).notebook, package)


def text_of(one):
    return "".join(str(o.get("text", "")) + "".join(o.get("traceback", [])) for o in one.outputs)


def points(graded):
    return {score.name: score.points for score in graded.scores}


def test_what_a_notebook_finds_around_it(package, lab):
    """One kernel answers all that is asked about its surroundings."""
    looks = """
import os, sys, threading, matplotlib.pyplot as plt
print(os.environ["COURSE_DATA"], os.environ["OMP_NUM_THREADS"], os.environ["PYTHONHASHSEED"])
print(os.listdir("."), os.environ["NBGRADER_EXECUTION"])
open("mine.txt", "w").write("x")
_ = plt.plot([1, 2])
"""
    notebook = solved(lab)
    notebook.cells.append(new_code_cell(looks))
    notebook.cells.append(new_code_cell("print('y' * 3_000_000)"))
    notebook.cells.append(new_code_cell("input('name? ')"))
    with_file = replace(package, files=(("data/table.csv", b"1,2"),))
    done = executed(with_file, notebook)
    around, much, asked = done.notebook.cells[-3:]
    assert text_of(around) == "digits 1 0\n['data'] autograde\n"
    assert "image/png" in around.outputs[-1].data
    assert done.flags == ("output cut: code cell 10",)
    assert len(text_of(much)) < 1.1 * 2**20
    assert "EOFError" in text_of(asked)


def test_every_kind_of_stop_costs_its_own_cell_alone(package, lab):
    """A loop, a death, a process that cannot be interrupted, and a long exploration."""
    notebook = solved(
        lab,
        double="import os\ndef double(x):\n    return 2 * x\n\nos._exit(3)",
        triple="def triple(x):\n    return 3 * x\n\nwhile True:\n    pass",
    )
    deaf = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: pass"
    notebook.cells.insert(position(notebook, "mean_rows"), new_code_cell(deaf))
    again = "def double(x):\n    return 2 * x"
    notebook.cells.insert(position(notebook, "double_check"), new_code_cell(again))
    (explore,) = [c for c in notebook.cells if "explore" in c.metadata.get("tags", [])]
    explore.source += "\nimport time\ntime.sleep(100)"
    short = replace(package, settings=replace(package.settings, cell_seconds=2.0))

    graded = grade_submission(short, data(notebook))

    assert graded.flags == (
        "process died: double", "process died: code cell 5", "too long: triple",
        "tampering: use of os._exit in double",
    )  # fmt: skip
    # All that stands before a loop is defined, so even `triple` earns its bonus.
    assert points(graded) == {
        "double_check": 4, "mean_rows_check": 4, "triple_check": 2, "why_mean": None,
    }  # fmt: skip
    done = read_outputs(graded)
    assert "ProcessDied" in text_of(cell(done, "double"))
    assert "TimeLimit" in text_of(cell(done, "triple"))
    (explore,) = [c for c in done.cells if "explore" in c.metadata.get("tags", [])]
    assert {o.output_type for o in explore.outputs} == {"stream"}
    assert text_of(explore).endswith("This costs nothing.\n")


def read_outputs(graded):
    import nbformat

    return nbformat.reads(graded.notebook.decode(), as_version=4)


def test_a_function_that_ends_the_process_costs_its_check(package, lab):
    deadly = "import os\ndef mean_rows(x):\n    os._exit(3)"
    graded = grade_submission(package, data(solved(lab, mean_rows=deadly)))
    assert graded.flags == (
        "process died: mean_rows_check", "tampering: use of os._exit in mean_rows"
    )  # fmt: skip
    assert points(graded) == {
        "double_check": 4, "mean_rows_check": 0, "triple_check": 2, "why_mean": None,
    }  # fmt: skip
    output = text_of(cell(read_outputs(graded), "mean_rows_check"))
    assert output.count("\n") == 0
    assert "_gradlab" not in output


def test_a_whole_notebook_has_an_end(package, lab):
    slow = solved(lab, setup="import time\ntime.sleep(100)", double="import time\ntime.sleep(100)")
    short = replace(package, settings=replace(package.settings, submission_seconds=3.0))
    started = time.monotonic()
    graded = grade_submission(short, data(slow))
    assert time.monotonic() - started < 20
    assert graded.status == "graded"
    assert graded.score == 0
    assert any(flag.startswith("out of time") for flag in graded.flags)
    assert "NotRun" in text_of(cell(read_outputs(graded), "triple_check"))


def test_breaking_the_engines_modules_breaks_nothing(package, lab):
    """The checks do not run where the student's code runs."""
    broken = (
        "import sys\nsys.modules['autograder.checks.cell'] = None\n"
        "sys.modules['autograder'] = None\ndef double(x):\n    return 2"
    )
    graded = grade_submission(package, data(solved(lab, double=broken)))
    assert points(graded)["double_check"] == 0
    assert points(graded)["triple_check"] == 2


def test_the_same_bytes_give_the_same_notebook(package, lab):
    notebook = data(solved(lab, triple="import warnings\nwarnings.warn('hm')\nprint({'a', 'b'})"))
    first, second = (grade_submission(package, notebook) for _ in range(2))
    assert first.notebook == second.notebook
    assert first.scores == second.scores


def test_our_own_faults_are_failed_and_not_the_students(package, lab, monkeypatch):
    def broken(*_):
        raise OSError("no space left on device")

    monkeypatch.setattr("autograder.grading.grade.execute", broken)
    graded = grade_submission(package, data(solved(lab)))
    assert graded.status == "failed"
    assert "no space left" in graded.reason
    assert {score.points for score in graded.scores} == {None}


def test_what_cannot_be_read_has_a_status_and_no_points(package):
    graded = grade_submission(package, b"{")
    assert graded.status == "unreadable"
    assert (graded.score, graded.max_score, graded.notebook) == (0, 10, None)


def test_a_function_that_does_not_come_back_is_named(package, lab):
    """Points that time alone has cost are for a person to look at."""
    endless = "def mean_rows(x):\n    while True:\n        pass"
    graded = grade_submission(package, data(solved(lab, mean_rows=endless)))
    assert graded.flags == ("too long: mean_rows_check",)
    assert points(graded)["mean_rows_check"] == 0


@pytest.mark.parametrize(
    "later",
    [
        "def double(x):\n    return 0",
        "del double",
        "import os\nos._exit(3)",
        "import numpy as np\ndouble.__globals__.clear()",
    ],
    ids=["replaced", "deleted", "deadly", "cleared"],
)
def test_a_later_cell_costs_an_earlier_exercise_nothing(package, lab, later):
    notebook = solved(lab)
    notebook.cells.append(new_code_cell(later))
    graded = grade_submission(package, data(notebook))
    assert points(graded) == {
        "double_check": 4, "mean_rows_check": 4, "triple_check": 2, "why_mean": None,
    }  # fmt: skip


def test_a_later_cell_earns_an_earlier_exercise_nothing(package, lab):
    notebook = solved(lab, double="def double(x):\n    return 0")
    better = new_code_cell("def double(x):\n    return 2 * x")
    notebook.cells.insert(position(notebook, "double_check") + 1, better)
    graded = grade_submission(package, data(notebook))
    earned = points(graded)
    assert (earned["double_check"], earned["mean_rows_check"]) == (0, 4)
