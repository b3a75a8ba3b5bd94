"""A toy lab that can be proved, and a way to prove one that differs from it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.authoring.build import build
from autograder.catalog import Course
from autograder.proving.proof import Proof
from autograder.proving.verify import verify_lab
from tests.toy import toy_course

IMPORTS = "from autograder.proving import alternative, misconception\n"

# Each check of the toy lab is failed by one of these.
MISCONCEPTIONS = f"""{IMPORTS}
misconception("squares", exercise="double", caught_by=("doubles_numbers", "doubles_arrays"),
    says="You squared the input. Multiply it by two.", change=("2 * x", "x * x"))
misconception("sums", exercise="mean_rows", caught_by="one_mean_for_each_row",
    says="You divide by a fixed number and not by the length of a row.",
    change=("x.shape[1]", "1"))
misconception("forgets_double", exercise="mean_rows", caught_by="one_column",
    says="You divide by two, but nothing was doubled.", change=("double(x)", "x"))
misconception("adds_three", exercise="triple", caught_by="triples_numbers",
    says="You added three. Multiply by it.", code='''
    def triple(x):
        return 3 + x
    ''')
"""
ALTERNATIVES = f"""{IMPORTS}
alternative("adds", exercise="double", change=("2 * x", "x + x"))
"""
LIMITS = "[limits]\ncell_seconds = 1\ncheck_seconds = 0.6\nexplore_seconds = 0.6\n"


def write(root: Path, **texts: str) -> Course:
    """Write a toy course that can be proved, or differs from one by `texts`."""
    right = {"misconceptions": MISCONCEPTIONS, "alternatives": ALTERNATIVES}
    return toy_course(root, **({"course_toml": LIMITS} | right | texts))


@pytest.fixture
def course(tmp_path: Path) -> Callable[..., Course]:
    """Return a function that writes and builds a course; keywords as in `toy_course`."""

    def make(**texts: str) -> Course:
        made = write(tmp_path, **texts)
        build(made.lab("toy"))
        return made

    return make


@pytest.fixture
def prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Proof]:
    """Return a function that proves a toy lab with the given texts.

    To be quick it builds nothing, takes what is generated for up to date, and tries no mutants
    unless the options ask for them.
    """
    monkeypatch.setattr("autograder.proving.verify.stale", lambda lab: [])

    def run(options: dict[str, object] | None = None, **texts: str) -> Proof:
        return verify_lab(write(tmp_path, **texts).lab("toy"), **({"mutants": 0} | (options or {})))

    return run


def only(proof):
    """Return the one problem of a proof."""
    assert len(proof.problems) == 1, "\n".join(map(str, proof.problems))
    return proof.problems[0]


def told(proof, text):
    """Return the one problem of several that holds `text`."""
    found = [problem for problem in proof.problems if text in problem.what]
    assert len(found) == 1, "\n".join(map(str, proof.problems))
    return found[0]
