"""A lab's cells, run one after another in a module of their own."""

from __future__ import annotations

import linecache
import random
import sys
import traceback
import warnings
from collections.abc import Sequence
from dataclasses import replace
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np

from autograder.catalog import Lab, Settings
from autograder.checks import (
    Check,
    CheckFailed,
    Outcome,
    Student,
    StudentError,
    Verdict,
    run_checks,
)
from autograder.checks.heard import Heard
from autograder.checks.sketch import Sketch, sketch
from autograder.checks.verdict import visible_outcome
from autograder.proving.task import Cell, Result, Task
from autograder.student.limits import TimeLimitReached, time_limit
from autograder.student.side import StudentSide
from autograder.student.visible import run_visible

# Limits are of processor time: what is proved must not depend on what else the machine does.
# A cell or check that waits, and does not work, is ended after so many times its limit.
PATIENCE = 10.0


class Notebook:
    """A module in which a lab's cells are run, in the order they are given."""

    def __init__(self, lab: Lab, cells: Sequence[Cell], seed: int) -> None:
        self.lab = lab
        self.cells = cells
        self.seed = seed
        self.settings: Settings = lab.course.settings
        self.cell_seconds = self.settings.cell_seconds
        self.check_seconds = self.settings.check_seconds
        self.checks = lab.checks()
        self.module = ModuleType("__main__")
        # Classes find their module by name: pickle, dataclasses and inspect rely on it.
        sys.modules["__main__"] = self.module
        self.sources: list[str] = []
        self.problems: list[tuple[str, str]] = []
        self.broken: list[tuple[str, str]] = []
        self.heard: dict[str, Sketch | None] = {}
        self.late: set[str] = set()
        self.sketches: list[tuple[str, Sequence[Any]]] = []
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 (labs may draw from the global state)

    def run(self, cell: Cell, source: str, seconds: float) -> None:
        """Run one cell; note what it raised."""
        self.sources.append(source)
        filename = f"<{self.lab.name}: {cell.name}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        try:
            with warnings.catch_warnings(), time_limit(seconds, PATIENCE):
                warnings.simplefilter("ignore")
                code = compile(source, filename, "exec", dont_inherit=True)
                exec(code, vars(self.module))  # noqa: S102 (the lab's own cells)
        except TimeLimitReached:
            self.problems.append((cell.name, f"it did not finish within {seconds:g} seconds"))
        except (Exception, SystemExit) as error:
            self.problems.append((cell.name, _last_words(error, filename)))

    def run_solved(self, cell: Cell) -> None:
        """Run a cell as it is, if it is one that others may need."""
        if cell.kind in ("given", "exercise"):
            self.run(cell, cell.source, self.cell_seconds)

    def perform(self, task: Task) -> Result:
        """Run the cells from the task's start on, and judge.

        What escapes the cells and checks, such as SystemExit from within a check, is told.
        """
        try:
            return self._perform(task)
        except (Exception, SystemExit, TimeLimitReached) as error:
            return Result(task.name, crash=f"it raised {_last_words(error, '')}")

    def seconds_for(self, task: Task) -> float:
        """Return how long a task may take, by the limits of its cells and checks."""
        longest = max(self.settings.cell_seconds, self.settings.check_seconds)
        most = task.seconds or longest
        cells = sum(cell.kind in ("given", "exercise") for cell in self.cells[task.start :])
        explore = sum(cell.kind == "explore" for cell in self.cells) * task.explore
        checks = sum(1 + len(self.checks.get(exercise, [])) for exercise in task.judged)
        return (
            cells * min(most, self.settings.cell_seconds)
            + explore * self.settings.explore_seconds
            + checks * min(most, self.settings.check_seconds)
        )

    def _perform(self, task: Task) -> Result:
        verdicts = []
        waiting = set(task.judged)
        if task.seconds:
            self.cell_seconds = min(self.cell_seconds, task.seconds)
            self.check_seconds = min(self.check_seconds, task.seconds)
        for cell in self.cells[task.start :]:
            if not waiting and not task.to_end:
                break
            if cell.name in task.replaced:
                cell = replace(cell, source=task.replaced[cell.name])
            self.run_solved(cell)
            if cell.kind == "explore" and task.explore:
                self.run(cell, cell.source, self.settings.explore_seconds)
            elif cell.kind == "check" and cell.exercise in waiting:
                waiting.remove(cell.exercise)
                if not task.hunted:
                    verdicts.append(self.judge(cell, task.catchers))
                    if task.recorded:
                        self._record(verdicts[-1])
                    continue
                verdicts.append(self.hunt(cell))
                if any(outcome.status != "passed" for outcome in verdicts[-1].outcomes):
                    break
        return Result(
            task.name,
            tuple(verdicts),
            tuple(self.problems),
            tuple(self.broken),
            sketches=tuple(self.sketches),
        )

    def judge(self, cell: Cell, catchers: tuple[str, ...]) -> Verdict:
        """Run an exercise's visible asserts and its hidden checks, in this order."""
        ran = run_visible(cell.source, vars(self.module), self.check_seconds, PATIENCE)
        visible = visible_outcome(*ran)
        outcomes: list[Outcome] = []
        shortcuts: list[Outcome] = []
        late = ""
        for check in self.checks.get(cell.exercise, []):
            if late and check.name not in catchers:
                outcomes.append(_not_run(check, f"not run, because {late} used up its time"))
                continue
            verdict = self._try(check)
            outcome = verdict.outcomes[0]
            shortcuts += [verdict.shortcut] if verdict.shortcut else []
            if check.name in self.late:
                late = check.name
            outcomes.append(outcome)
        judged = Verdict(self.lab.name, cell.exercise, tuple(outcomes), visible)
        return judged.with_shortcut(shortcuts[0]) if shortcuts else judged

    def hunt(self, cell: Cell) -> Verdict:
        """Run an exercise's hidden checks until one does not pass."""
        outcomes: list[Outcome] = []
        for check in self.checks.get(cell.exercise, []):
            outcomes += self._try(check).outcomes
            if outcomes[-1].status != "passed":
                break
        return Verdict(self.lab.name, cell.exercise, tuple(outcomes))

    def _record(self, verdict: Verdict) -> None:
        """Note the values of the checks that failed, if the same come a second time."""
        for check in self.checks[verdict.exercise]:
            first = self.heard.get(check.name)
            (outcome,) = (one for one in verdict.outcomes if one.name == check.name)
            if outcome.status == "failed" and first:
                self._try(check)
                again = self.heard.get(check.name)
                if again and again.matches(first):
                    self.sketches.append((check.name, first.to_json()))

    def _try(self, check: Check) -> Verdict:
        """Run a check; note what it raised by itself, which a student must not read."""
        raised: list[Exception] = []

        @wraps(check.function)
        def overheard(student: Student, rng: np.random.Generator) -> None:
            try:
                check.function(student, rng)
            except Exception as error:
                raised.append(error)
                raise
            except TimeLimitReached:
                self.late.add(check.name)
                raise

        side = Heard(StudentSide(vars(self.module), PATIENCE))
        verdict = run_checks(
            [replace(check, function=overheard)],
            side,
            lab=self.lab.name,
            seed=self.seed,
            seconds=self.check_seconds,
            sources=self.sources,
        )
        if raised and not isinstance(raised[0], _ENDINGS):
            # A student gets the blame for what their answer leads to. What an author has
            # thought of must be failed in words of the check's own.
            broken = replace(verdict.outcomes[0], status="broken")
            verdict = replace(verdict, outcomes=(broken,))
            words = _last_words(raised[0], check.function.__code__.co_filename)
            self.broken.append((check.name, words))
        if verdict.outcomes[0].status == "failed":
            self.heard[check.name] = sketch(side.values)
        return verdict


# How a check may end that is not at fault.
_ENDINGS = (CheckFailed, StudentError, TimeLimitReached)


def _not_run(check: Check, seen: str) -> Outcome:
    return Outcome(check.name, check.title, check.points, 0.0, "error", seen)


def _last_words(error: BaseException, filename: str) -> str:
    """Return the error and the last line of `filename` that led to it."""
    words = f"{type(error).__name__}: {error}"[:300].rstrip(": ")
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.filename == filename:
            return f"{words}, at line {frame.lineno}: {frame.line}"
    return words
