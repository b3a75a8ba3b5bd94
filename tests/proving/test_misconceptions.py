"""Misconceptions that are not caught as declared are reported, each with what was seen.

All of them stand in one lab, proved once; each test looks at what is said of its own.
"""

import pytest

from autograder.authoring.build import build
from autograder.proving.verify import verify_lab
from tests.proving.conftest import LIMITS, MISCONCEPTIONS, told
from tests.toy import SOURCE, edited, toy_course

SENTENCE = "You did something else."
BOTH = ("one_mean_for_each_row", "one_column")
TRIPLES = ("triple", "triples_numbers")

# name: exercise, caught_by, change, says
EXTRA = {
    "survivor": ("double", "doubles_numbers", ("2 * x", "x + x"), SENTENCE),
    "almost": ("double", "doubles_numbers", ("2 * x", "2 * x + 1e-12"), SENTENCE),
    "elsewhere": ("mean_rows", "one_column", ("x.shape[1]", "1"), SENTENCE),
    "half": ("mean_rows", BOTH, ("x.shape[1]", "1"), SENTENCE),
    "crash": (*TRIPLES, ("3 * x", "3 * x.size"), SENTENCE),
    "nameless": (*TRIPLES, ("def triple", "def triples"), SENTENCE),
    "ends": (*TRIPLES, ("return 3 * x", "import os\n    os._exit(5)"), SENTENCE),
    "dies": (*TRIPLES, ("return 3 * x", "import os\n    os.kill(os.getpid(), 9)"), SENTENCE),
    "leaves": (*TRIPLES, ("return 3 * x", "raise SystemExit('bye')"), SENTENCE),
    "loops": (*TRIPLES, ("return 3 * x", "while True:\n        pass"), SENTENCE),
    "loops_early": (*TRIPLES, ("def t", "while True:\n    pass\n\n\ndef t"), SENTENCE),
    "moved_on": (*TRIPLES, ("9 * x", "x"), SENTENCE),
    "silent": (*TRIPLES, ("3 * x", "x"), "wrong"),
    "decimal": (*TRIPLES, ("3 * x", "x"), "The first entry must be 0.7311 here."),
    "exponent": (*TRIPLES, ("3 * x", "x"), "The result should be 2.5e-3 and not 1."),
    "whole": (*TRIPLES, ("3 * x", "x"), "Bias correction starts from t = 1, on axis 0."),
    "shown": (*TRIPLES, ("3 * x", "x"), "With a rate of 0.25 the step is too large."),
    "section": (*TRIPLES, ("3 * x", "x"), "See section 1.2.3 of the notes."),
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    declared = MISCONCEPTIONS
    for name, (exercise, caught_by, change, says) in EXTRA.items():
        declared += (
            f"misconception({name!r}, exercise={exercise!r}, caught_by={caught_by!r}, "
            f"says={says!r}, change={change!r})\n"
        )
    course = toy_course(
        tmp_path_factory.mktemp("course"),
        source=edited(SOURCE, "Two small functions", "At a rate of 0.25, two small functions"),
        misconceptions=declared,
        course_toml=LIMITS,
    )
    build(course.lab("toy"))
    return course.lab("toy")


@pytest.fixture(scope="module")
def proof(lab):
    return verify_lab(lab)


@pytest.mark.parametrize(
    ("name", "what", "found"),
    [
        ("survivor", "is not noticed by doubles_numbers", "nothing notices it"),
        ("almost", "is not noticed by doubles_numbers", "only the visible asserts notice it"),
        (
            "elsewhere",
            "is not noticed by one_column",
            "instead one_mean_for_each_row fails (the result is 7 times",
        ),
        ("half", "is not noticed by one_column", "instead one_mean_for_each_row fails"),
        ("crash", "stops in triples_numbers", "raised AttributeError"),
        ("nameless", "finds nothing to judge in triples_numbers", "triple is not defined"),
        ("ends", "does not run to its end", "ended its process with exit code 5"),
        ("dies", "does not run to its end", "ended by SIGKILL"),
        ("leaves", "stops in triples_numbers", "SystemExit"),
        ("loops", "stops in triples_numbers", "did not finish within 0.6 seconds"),
        (
            "loops_early",
            "finds nothing to judge",
            "the cell 'triple': it did not finish within 1 seconds",
        ),
        ("moved_on", "cannot be applied to the solution of 'triple'", "nowhere"),
        ("silent", "has no sentence for the student", "'wrong'"),
        ("decimal", "gives away a number", "0.7311"),
        ("exponent", "gives away a number", "2.5e-3"),
    ],
)
def test_it_is_told(proof, name, what, found):
    problem = told(proof, f"misconception {name!r}")
    assert what in problem.what
    assert found in problem.found
    assert "misconceptions.py:" in problem.what
    assert problem.mend


@pytest.mark.parametrize("name", ["squares", "adds_three", "whole", "shown", "section"])
def test_one_that_is_caught_is_no_problem(proof, name):
    assert [str(problem) for problem in proof.problems if f"{name!r}" in problem.what] == []


def test_nothing_else_is_blamed(proof):
    assert all("misconception '" in problem.what for problem in proof.problems)


def test_a_second_run_says_the_same(lab, proof):
    again = verify_lab(lab, slots=3)
    assert [str(p) for p in proof.problems] == [str(p) for p in again.problems]
    assert proof.exercises == again.exercises


def test_what_crashes_is_still_a_row(proof):
    rows = {row.name: row for exercise in proof.exercises for row in exercise.rows}
    assert rows["ends"].verdict is None
    assert rows["crash"].verdict.outcomes[0].status == "error"
    assert "moved_on" not in rows
