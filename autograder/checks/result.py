"""What came of one check: the row of the verdict, and what is known beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from autograder.checks.check import Check
from autograder.checks.mistakes import Mistake
from autograder.checks.proxies import Side
from autograder.checks.verdict import Outcome


@dataclass(frozen=True)
class Result:
    """What came of one check.

    Attributes
    ----------
    outcome : Outcome
        The row of the verdict.
    mistakes : tuple of Mistake
        The known mistakes that give the values it saw.
    asked : frozenset of str
        The student's names that it asked for.
    entered : frozenset of str
        Those of the forbidden functions that were entered.
    settled : bool
        Whether the student's answers alone have led to it, and no lack of time.
    """

    outcome: Outcome
    mistakes: tuple[Mistake, ...] = ()
    asked: frozenset[str] = frozenset()
    entered: frozenset[str] = frozenset()
    settled: bool = True


@runtime_checkable
class Recalling(Side, Protocol):
    """A side that knows what came of a check when it was answered the same before."""

    def recall(self, check: Check, seed: int, seconds: float) -> Result | None:
        """Ask what the check would ask; return what came of these answers, if it is known."""

    def learn(self, result: Result) -> None:
        """Keep what came of the last check."""
