"""Whatever a student's name stands for or returns, no check calls itself broken.

Over all labs: the solution runs, and each of its names in turn becomes something odd.
"""

import types
from functools import cache

import numpy as np
import pytest

from autograder.authoring.notebooks import solution_source
from autograder.authoring.source import read_source
from autograder.catalog import Course
from autograder.checks import check, run_checks

LABS = Course.default().labs()
EXERCISES = [(lab.name, exercise) for lab in LABS for exercise in lab.checks()]


class Odd:
    """Like nothing that an exercise asks for."""


ODD = {
    "None": None,
    "a number": 5,
    "NaN": float("nan"),
    "a text": "x",
    "an empty list": [],
    "one part": (1,),
    "two numbers": (1, 2),
    "two texts": ["a", "b"],
    "two lists of numbers": ([1, 2], [3, 4]),
    "two uneven lists": ([[1], [1, 2]], [None, "x"]),
    "a dict": {},
    "an object": Odd(),
    "a class": Odd,
    "a function": lambda *_, **__: None,
    "an array of NaN": np.full((3, 4), np.nan),
    "an array of no dimension": np.array(1.0),
    "an empty array": np.zeros((0, 3)),
    "a wide array": np.ones((2, 3, 4, 5)),
    "complex numbers": np.full((3, 4), 1j),
    "an array of objects": np.array([None, "x"], dtype=object),
    "an array of texts": np.array(["a", "b"]),
    "dates": np.array(["2026-01-01"], dtype="M8[D]"),
    "a masked array": np.ma.masked_all((2, 2)),
    "a huge number": 10**400,
    "a huge array": np.ones(9 * 2**20),
    "two lists of huge arrays": ([np.full((2, 2), 1e308)] * 2, [np.full(2, np.inf)] * 2),
}


@cache
def solved(lab_name):
    """Return the names of a lab whose exercises are all solved, and those that were given."""
    names, given = {"__name__": "solved"}, set()
    for cell in read_source(Course.default().lab(lab_name).source_file):
        if cell.kind in ("given", "exercise"):
            before = dict(names)
            exec(compile(solution_source(cell.source), f"<{cell.name}>", "exec"), names)
            new = {
                name
                for name, value in names.items()
                if name not in before or before[name] is not value
            }
            given = given | new if cell.kind == "given" else given - new
    return names, given


class Asked(dict):
    """Names that keep in mind which of them were asked for."""

    def __init__(self, names):
        super().__init__(names)
        self.names = set()

    def __getitem__(self, name):
        self.names.add(name)
        return super().__getitem__(name)


def replacements(right, odd):
    """Yield what may stand in the place of the right thing: odd, or giving what is odd."""

    def gives(*_, **__):
        return odd

    yield "it is", odd
    yield "it returns", gives
    if isinstance(right, type):
        for name, member in vars(right).items():
            if isinstance(member, types.FunctionType) and name != "__init__":
                yield f"{name} returns", type(right.__name__, (right,), {name: gives})
        for name in ("weights", "biases"):
            yield f"{name} is", type(right.__name__, (right,), {name: property(lambda _: odd)})


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("COURSE_DATA", "digits")
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.mark.slow
@pytest.mark.parametrize(("lab", "exercise"), EXERCISES)
def test_odd_values_are_the_students_error(lab, exercise):
    names, given = solved(lab)
    checks = Course.default().lab(lab).checks()[exercise]
    asked = Asked(names)
    assert {o.status for o in run_checks(checks, asked, lab=lab, seed=1).outcomes} == {"passed"}
    broken, full = [], []
    # What is given is no answer: a check may ask for it, and put its own in the place.
    for name in sorted(asked.names - given):
        for what, odd in ODD.items():
            for how, thing in replacements(names[name], odd):
                verdict = run_checks(checks, {**names, name: thing}, lab=lab, seed=1)
                case = f"{name}: {how} {what}"
                broken += [f"{case}: {o}" for o in verdict.outcomes if o.status == "broken"]
                if how in ("it is", "it returns") and verdict.points == verdict.max_points:
                    full.append(case)
                for one in verdict.outcomes:
                    assert one.status == "passed" or one.seen, "no sentence"
    assert broken == []
    assert full == [], "nothing odd earns all points"


def stacked(student, rng):
    """Two parts come back."""
    first, second = student.pair(2.0)
    if first + second != 4.0:
        raise KeyError("secret 4.0")


stacked = check("pair", points=1)(stacked)

SAID = {
    "None": "pair(...) is None, expected",
    "a number": "pair(...) is the int 5, expected",
    "a text": "pair(...) is the text 'x', expected",
    "one part": "pair(...) is a tuple of 1 part, expected",
    "an empty array": "pair(...) is an array of shape (0, 3) that holds float64, expected",
    "an object": "pair(...) is an Odd object, expected",
}


@pytest.mark.parametrize("what", SAID)
def test_the_sentence_says_what_was_seen(what):
    (outcome,) = run_checks([stacked], {"pair": lambda _: ODD[what]}, lab="toy", seed=1).outcomes
    assert (outcome.status, outcome.earned) == ("failed", 0)
    assert outcome.seen.startswith(SAID[what])
    assert "secret" not in outcome.seen


def test_a_name_that_cannot_be_called_is_named():
    (outcome,) = run_checks([stacked], {"pair": 5}, lab="toy", seed=1).outcomes
    assert outcome.status == "failed"
    assert outcome.seen.startswith("pair is the int 5, expected")


@check("pair", points=1)
def with_a_bug(student, rng):
    """The check uses a name that there is not."""
    return student.pair(1.0) + undefined  # noqa: F821


@check("pair", points=1)
def with_a_bug_before_it_asks(student, rng):
    """The check stops before the student's code has said anything."""
    student.pair([][0])


@pytest.mark.parametrize("wrong", [with_a_bug, with_a_bug_before_it_asks])
def test_a_check_that_is_at_fault_is_broken(wrong):
    (outcome,) = run_checks([wrong], {"pair": lambda x: x}, lab="toy", seed=1).outcomes
    assert outcome.status == "broken"
