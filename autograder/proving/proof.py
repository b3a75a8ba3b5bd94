"""What a proof of a lab shows."""

from __future__ import annotations

from dataclasses import dataclass, field

from autograder.checks import Check, Verdict
from autograder.checks.mistakes import Mistake
from autograder.errors import GradlabError
from autograder.proving.mutation.judge import Hunt


@dataclass(frozen=True)
class Row:
    """One variation of an exercise against the exercise's checks.

    Attributes
    ----------
    kind : str
        "stub", "misconception" or "alternative".
    verdict : Verdict or None
        None if the run did not come that far.
    caught_by : tuple of str
        The checks that must fail.
    says : str
        The sentence for the student.
    """

    kind: str
    name: str
    verdict: Verdict | None
    caught_by: tuple[str, ...] = ()
    says: str = ""


@dataclass(frozen=True)
class ExerciseProof:
    """What is known of one exercise.

    Attributes
    ----------
    needs : tuple of str
        The earlier exercises without which its solution does not earn everything.
    unproved : tuple of str
        The checks that the stub fails and no misconception does.
    """

    name: str
    checks: tuple[Check, ...]
    rows: tuple[Row, ...]
    needs: tuple[str, ...]
    unproved: tuple[str, ...]

    @property
    def points(self) -> float:
        """The points of its checks."""
        return sum(check.points for check in self.checks)


@dataclass(frozen=True)
class Proof:
    """What a proof of a lab shows; it holds if there are no problems."""

    lab: str
    title: str
    exercises: tuple[ExerciseProof, ...]
    problems: tuple[GradlabError, ...]
    hunt: Hunt = field(default_factory=Hunt)
    mistakes: tuple[Mistake, ...] = ()

    def count(self, kind: str) -> int:
        """Return how many variations of a kind were run."""
        return sum(row.kind == kind for exercise in self.exercises for row in exercise.rows)
