"""Mutants that are right all the same: `equivalent` says in a lab's `equivalent.py` why."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.catalog import Lab
from autograder.errors import GradlabError

if TYPE_CHECKING:
    from autograder.proving.mutation.mutants import Mutant

_NOTED = "__gradlab_equivalent__"


@dataclass(frozen=True)
class Equivalent:
    """Why some changes of a solution are no mistakes.

    Attributes
    ----------
    exercise : str
        Whose solution is changed.
    changes : tuple of (str, str)
        Each a line before and after, as a report of survivors shows them.
    because : str
        Why the changed code is right.
    within : str
        The class and function the lines stand in; empty if any.
    path, line : Path, int
        Where this is said.
    """

    exercise: str
    changes: tuple[tuple[str, str], ...]
    because: str
    within: str
    path: Path
    line: int

    def explains(self, mutant: Mutant, change: tuple[str, str]) -> bool:
        """Whether one of its changes is the one that makes a mutant."""
        return (
            (mutant.exercise, mutant.before, mutant.after)
            == (self.exercise, _squeezed(change[0]), _squeezed(change[1]))
        ) and self.within in ("", mutant.within)

    @property
    def where(self) -> str:
        """File and line."""
        return f"{self.path}:{self.line}"


def equivalent(
    exercise: str, *changes: tuple[str, str], because: str, within: str = ""
) -> Equivalent:
    """Declare that some mutants are right answers: a bare call in `equivalent.py`.

    Parameters
    ----------
    exercise : str
        The exercise whose solution is changed.
    *changes : pair of str
        The line before and after, copied from what `gradlab verify` reports.
    because : str
        A sentence that says why no check can or should tell them from the solution.
    within : str
        The class and function, such as "Task1.backprop", where a line occurs in several.

    Raises
    ------
    GradlabError
        If a change is not a pair of lines, or there is no reason.
    """
    frame = sys._getframe(1)
    path, line = Path(frame.f_code.co_filename), frame.f_lineno
    pairs = [c for c in changes if isinstance(c, tuple) and [type(p) for p in c] == [str, str]]
    if not changes or len(pairs) != len(changes):
        raise GradlabError(
            f"{path}:{line}: equivalent({exercise!r}) does not say which change",
            expected='("the line before", "the line after"), once or more often',
            found=repr(changes),
            mend="copy the two lines from the report of `gradlab verify`",
        )
    if len(because.split()) < 3:
        raise GradlabError(
            f"{path}:{line}: equivalent({exercise!r}) gives no reason",
            expected="a sentence in because= that says why the changed code is right",
            found=repr(because),
        )
    noted = Equivalent(exercise, tuple(pairs), because, within, path, line)
    frame.f_globals.setdefault(_NOTED, []).append(noted)
    return noted


def read_equivalents(lab: Lab) -> list[Equivalent]:
    """Return what the lab's `equivalent.py` declares; nothing where there is no such file."""
    return list(vars(lab.hidden_module("equivalent")).get(_NOTED, []))


def reason(mutant: Mutant, declared: Sequence[Equivalent]) -> str:
    """Return why a mutant is right, empty if nobody says so."""
    for one in declared:
        if any(one.explains(mutant, change) for change in one.changes):
            return one.because
    return ""


def _squeezed(line: str) -> str:
    return " ".join(line.split())
