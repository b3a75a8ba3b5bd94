"""What a check and a probe are."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from autograder.errors import GradlabError

if TYPE_CHECKING:
    import numpy as np

    from autograder.checks.proxies import Student

    CheckFunction = Callable[[Student, np.random.Generator], None]


class CheckFailed(Exception):  # noqa: N818 (it is a verdict, not an error)
    """A check found the student's answer wrong.

    Parameters
    ----------
    seen : str
        What was seen, in a sentence a student may read: never the expected numbers.
    hint : str, optional
        Where to look, without giving the answer.
    """

    def __init__(self, seen: str, hint: str | None = None) -> None:
        super().__init__(seen)
        self.seen = seen
        self.hint = hint


@dataclass(frozen=True)
class Check:
    """One hidden check of one exercise.

    Attributes
    ----------
    name : str
        The function's name; unique in its lab.
    exercise : str
        The exercise it belongs to.
    points : float
        What it earns.
    title : str
        The first paragraph of its docstring: the line a student reads.
    function : callable
        Called as ``function(student, rng)``; returns when the answer is right.
    """

    name: str
    exercise: str
    points: float
    title: str
    function: CheckFunction

    def __call__(self, student: Student, rng: np.random.Generator) -> None:
        """Run the check."""
        self.function(student, rng)


def check(exercise: str, *, points: float = 1.0) -> Callable[[CheckFunction], Check]:
    """Declare the decorated function a check of `exercise`.

    Raises
    ------
    GradlabError
        If the function has no docstring, or the points are not positive.
    """

    def declare(function: CheckFunction) -> Check:
        name = function.__name__
        where = f"{function.__code__.co_filename}:{function.__code__.co_firstlineno}"
        doc = inspect.getdoc(function)
        if not doc:
            raise GradlabError(
                f"{where}: check {name} has no docstring",
                expected="one line that a student reads in the feedback",
                mend='write """What must hold.""" under the def line',
            )
        if not points > 0:
            raise GradlabError(
                f"{where}: check {name} is worth nothing",
                expected="points above 0",
                found=repr(points),
            )
        title = " ".join(doc.split("\n\n")[0].split())
        return Check(name, exercise, float(points), title, function)

    return declare


@dataclass(frozen=True)
class Probe:
    """A function that is shipped to the student's side as text.

    It is called as ``function(student, *arguments)``, where `student` holds the student's
    own objects as attributes. It sees numpy as ``np`` and nothing else of its module, and
    must hold no expected value: a student's process can read it.
    """

    name: str
    source: str


def probe(function: Callable[..., Any]) -> Probe:
    """Declare the decorated function a probe. See `Probe`."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    definition = tree.body[0]
    assert isinstance(definition, ast.FunctionDef)
    definition.decorator_list = []
    return Probe(function.__name__, ast.unparse(definition))


def expect(condition: object, seen: str, hint: str | None = None) -> None:
    """Fail the check unless `condition` holds.

    Parameters
    ----------
    condition : object
        Anything with a truth value.
    seen : str
        What was seen if it does not hold, for instance "the input was changed".
    hint : str, optional
        Where to look.
    """
    if not condition:
        raise CheckFailed(seen, hint)
