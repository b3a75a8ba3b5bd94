"""Forbidden shortcuts: the library's own version of what an exercise asks to write.

`forbid` declares them beside the checks. While the checks run, the student's side notes which
functions are entered; afterwards the text of the cells is read. What either finds costs the
exercise its points, and stands in the verdict and in the flags for a person to see.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from types import ModuleType

from autograder.checks.check import Check
from autograder.checks.proxies import Side
from autograder.checks.reading import mentioned
from autograder.checks.verdict import Outcome
from autograder.errors import GradlabError
from autograder.student.plain import Plain
from autograder.student.side import StudentError
from autograder.student.watch import SWITCHED_OFF

# The name under which a module of checks keeps what it forbids.
_NOTED = "__gradlab_forbidden__"


@dataclass(frozen=True)
class Forbidden:
    """What an exercise must not call.

    Attributes
    ----------
    exercise : str
        Its name.
    names : tuple of str
        Dotted names of functions, methods and classes, by every path they are known under.
    says : str
        The sentence a student reads.
    where : str
        The call that declares it.
    """

    exercise: str
    names: tuple[str, ...]
    says: str
    where: str = ""

    @property
    def watched(self) -> tuple[str, ...]:
        """The names to be looked for.

        Whoever switches the watch off does not want to be watched.
        """
        return (*self.names, SWITCHED_OFF)

    def found(self, sources: Sequence[str], entered: Set[str], asked: Set[str]) -> list[str]:
        """Return the names that were entered, or stand in what was asked for.

        Parameters
        ----------
        sources : sequence of str
            The code cells up to here, in the order in which they ran.
        entered : set of str
            The names that were entered.
        asked : set of str
            The student's names that the checks asked for.
        """
        read = mentioned(sources, asked, self.watched) if asked else set()
        return [name for name in self.watched if name in entered | read]

    def outcome(self, found: Iterable[str]) -> Outcome:
        """Return the row of the verdict that tells of the names that were found."""
        return Outcome(
            name="shortcut",
            title="The work is written here and not called from a library.",
            points=0.0,
            earned=0.0,
            status="failed",
            seen=f"{self.exercise} calls {', '.join(found)}",
            hint=self.says,
        )


def forbid(exercise: str, *names: str, says: str) -> Forbidden:
    """Declare that `exercise` must not call the library functions called `names`.

    It is a bare call in `checks.py`, once for each exercise.

    Raises
    ------
    GradlabError
        If a name is not dotted, the sentence is missing, or the exercise was named before.
    """
    frame = sys._getframe(1)
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}: forbid({exercise!r})"
    noted: dict[str, Forbidden] = frame.f_globals.setdefault(_NOTED, {})
    if exercise in noted:
        raise GradlabError(f"{where} is there twice", mend="put all names into one call")
    for name in names or ("",):
        parts = name.split(".")
        if len(parts) < 2 or not all(part.isidentifier() for part in parts):
            raise GradlabError(
                f"{where} has a name that is not dotted",
                expected="a module and a function in it, such as 'scipy.special.softmax'",
                found=repr(name),
            )
    if not says.strip():
        raise GradlabError(f"{where} says nothing", expected="a sentence for the student in says=")
    noted[exercise] = Forbidden(exercise, tuple(dict.fromkeys(names)), says, where)
    return noted[exercise]


def checks_of(module: ModuleType) -> dict[str, list[Check]]:
    """Return a module's checks by exercise, in the order they are written.

    Raises
    ------
    GradlabError
        If it forbids something to an exercise that has no check: nothing would come of that.
    """
    found: dict[str, list[Check]] = {}
    for value in vars(module).values():
        if isinstance(value, Check):
            found.setdefault(value.exercise, []).append(value)
    noted: dict[str, Forbidden] = vars(module).get(_NOTED, {})
    for exercise, forbidden in noted.items():
        if exercise not in found:
            raise GradlabError(
                f"{forbidden.where} is for an exercise that has no check",
                expected=f"one of {', '.join(found) or '(there is no check)'}",
                found=exercise,
                mend="correct the name of the exercise",
            )
    return found


def forbidden_by(checks: Sequence[Check]) -> Forbidden | None:
    """Return what the module of these checks, all of one exercise, forbids it."""
    declared = inspect.unwrap(checks[0].function).__globals__.get(_NOTED, {})
    found: Forbidden | None = declared.get(checks[0].exercise)
    return found


class Watched:
    """A student's side that also tells which forbidden functions are entered.

    Attributes
    ----------
    entered : set of str
        Those of the forbidden names that were.
    asked : set of str
        The student's names that the checks asked for.
    """

    def __init__(self, side: Side, forbidden: Forbidden) -> None:
        self._side = side
        self._forbidden = forbidden
        self.entered: set[str] = set()
        self.asked: set[str] = set()

    def request(self, operation: str, *operands: Plain) -> Plain:
        """Carry the request on; note whose name it asks for."""
        if operation == "begin":
            operands = (operands[0], list(self._forbidden.names))
        elif operation == "name":
            self.asked.add(operands[0])
        elif operation == "probe":
            self.asked.update(_asked_by(operands[1]))
        return self._side.request(operation, *operands)

    @contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Watch what is entered in the block, which has `seconds`.

        Raises
        ------
        StudentError
            At the end of a block that passed, if it cannot be told what was entered. Honest
            code has no part in the answer.
        """
        with self._side.limit(seconds):
            try:
                yield
            except BaseException:
                # The check has failed; where the process has ended nobody knows what it did.
                with suppress(StudentError):
                    self._note()
                raise
            self._note()

    def _note(self) -> None:
        reply = self._side.request("entered")
        if not isinstance(reply, list):
            raise StudentError("NotWatched", "it cannot be told which functions it calls")
        self.entered.update(name for name in self._forbidden.watched if name in reply)


@lru_cache(maxsize=256)
def _asked_by(probe: str) -> frozenset[str]:
    """Return the student's names that a probe uses."""
    definition = ast.parse(probe).body[0]
    assert isinstance(definition, ast.FunctionDef)
    student = definition.args.args[0].arg
    return frozenset(
        node.attr
        for node in ast.walk(definition)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == student
    )
