"""What a proof asks of a lab: run these cells with those replaced, judge these exercises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from autograder.checks.verdict import Verdict
from autograder.names import exercise_of


@dataclass(frozen=True)
class Cell:
    """A cell as it is run: an exercise holds its solution."""

    kind: str
    name: str
    source: str

    @property
    def exercise(self) -> str:
        """The exercise a check cell belongs to."""
        return exercise_of(self.name)


@dataclass(frozen=True)
class Task:
    """One run through a lab's cells.

    Parameters
    ----------
    name : str
        How the run is told from others.
    start : int
        The first cell that may differ from the solution. The cells before it are run with
        their solutions, once for all tasks.
    judged : tuple of str
        The exercises whose checks are run, each at its place in the notebook. The run ends
        with the last of them.
    replaced : mapping
        New source by cell name.
    catchers : tuple of str
        The checks that are run also after another one has used up its time.
    to_end : bool
        Whether the run goes on to the end of the notebook.
    explore : bool
        Whether explore cells are run, each within its time while grading.
    seconds : float
        If not 0, how long a cell or a check may take where the course's limit is longer.
    hunted : bool
        Whether the run ends with the first check that does not pass. The visible asserts are
        then left out.
    recorded : bool
        Whether the values that come back in checks that fail are recorded.
    """

    name: str
    start: int
    judged: tuple[str, ...] = ()
    replaced: Mapping[str, str] = field(default_factory=dict)
    catchers: tuple[str, ...] = ()
    to_end: bool = False
    explore: bool = False
    seconds: float = 0.0
    hunted: bool = False
    recorded: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the task as JSON-ready data."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> Task:
        """Read what `to_json` wrote."""
        lists = {name: tuple(data[name]) for name in ("judged", "catchers")}
        return Task(**{**data, **lists})


@dataclass(frozen=True)
class Result:
    """What came of a task.

    Parameters
    ----------
    task : str
        The task's name.
    verdicts : tuple of Verdict
        One for each judged exercise that was reached.
    problems : tuple of (str, str)
        The cells that raised or ran too long, and what happened.
    broken : tuple of (str, str)
        The checks that raised by themselves, and where.
    crash : str
        Why the run ended early; empty when it did not.
    sketches : tuple of (str, list)
        The checks that failed, and a sketch of the values they got, where it was recorded.
    """

    task: str
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    broken: tuple[tuple[str, str], ...] = ()
    crash: str = ""
    sketches: tuple[tuple[str, Sequence[Any]], ...] = ()

    def verdict(self, exercise: str) -> Verdict | None:
        """Return the verdict on one exercise, if the run came that far."""
        return next((v for v in self.verdicts if v.exercise == exercise), None)

    def to_json(self) -> dict[str, Any]:
        """Return the result as JSON-ready data."""
        return {**vars(self), "verdicts": [verdict.to_json() for verdict in self.verdicts]}

    @staticmethod
    def from_json(data: dict[str, Any]) -> Result:
        """Read what `to_json` wrote."""
        return Result(
            data["task"],
            tuple(Verdict.from_json(verdict) for verdict in data["verdicts"]),
            tuple((cell, text) for cell, text in data["problems"]),
            tuple((check, text) for check, text in data["broken"]),
            data["crash"],
            tuple((check, values) for check, values in data["sketches"]),
        )
