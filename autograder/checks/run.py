"""Run the checks of one exercise and say what came of each."""

from __future__ import annotations

import contextlib
import io
import time
import warnings
import zlib
from collections.abc import MutableMapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.check import Check, CheckFailed
from autograder.checks.heard import Heard
from autograder.checks.last_answer import LastAnswer
from autograder.checks.mistakes import Mistake, mistakes_of, recognised, told_once
from autograder.checks.proxies import Side, Student
from autograder.checks.result import Recalling, Result
from autograder.checks.shortcuts import Forbidden, Watched, forbidden_by
from autograder.checks.sketch import sketch
from autograder.checks.verdict import Outcome, Verdict
from autograder.student.limits import TimeLimitReached
from autograder.student.side import StudentError, StudentSide


def run_checks(
    checks: Sequence[Check],
    student: MutableMapping[str, Any] | Side,
    *,
    lab: str,
    seed: int,
    seconds: float = 10.0,
    sources: Sequence[str] = (),
) -> Verdict:
    """Run `checks`, all of one exercise, and return the verdict.

    Parameters
    ----------
    checks : sequence of Check
        At least one.
    student : mapping or Side
        The names of the student's notebook, or a side that answers for them.
    lab : str
        The lab's name; it goes into the seed of each check, and into the verdict.
    seed : int
        The course's seed. A check's inputs depend on it, the lab and the check alone.
    seconds : float
        How long one check may take.
    sources : sequence of str
        The notebook's code cells so far. They are read for what `forbid` forbids.
    """
    side = StudentSide(student) if isinstance(student, MutableMapping) else student
    forbidden = forbidden_by(checks)
    recalling = side if isinstance(side, Recalling) else None
    results = []
    for check in checks:
        check_seed = _seed(seed, lab, check.name)
        result = recalling.recall(check, check_seed, seconds) if recalling else None
        if result is None:
            result = _run(check, side, check_seed, seconds, forbidden)
            if recalling:
                recalling.learn(result)
        results.append(result)
    found = {result.outcome.name: result.mistakes for result in results if result.mistakes}
    outcomes = [result.outcome for result in results]
    verdict = Verdict(lab, checks[0].exercise, told_once(outcomes, found))
    if forbidden:
        entered = frozenset().union(*(result.entered for result in results))
        asked = frozenset().union(*(result.asked for result in results))
        if shortcuts := forbidden.found(sources, entered, asked):
            return verdict.with_shortcut(forbidden.outcome(shortcuts))
    return verdict


def _seed(course: int, lab: str, check: str) -> int:
    return zlib.crc32(f"{course}/{lab}/{check}".encode())


def _run(
    check: Check, plain: Side, seed: int, seconds: float, forbidden: Forbidden | None
) -> Result:
    started = time.perf_counter()
    status, seen, hint = "passed", "", None
    settled = True
    heard = Heard(plain)
    watched = Watched(heard, forbidden) if forbidden else None
    side = watched or heard
    # What the student's code prints or warns belongs to no output of a check: nbgrader takes
    # any line on stderr for a failed test.
    sink = io.StringIO()
    answer = LastAnswer(side)
    try:
        with (
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            warnings.catch_warnings(),
            side.limit(seconds),
        ):
            warnings.simplefilter("default")
            side.request("begin", seed, [])
            check(Student(answer), np.random.default_rng(seed))
    except CheckFailed as failed:
        status, seen, hint = "failed", failed.seen, failed.hint
    except StudentError as error:
        status, seen = _raised(error)
    except TimeLimitReached:
        status, seen = "error", f"your code did not finish within {seconds:g} seconds"
        settled = False
    except Exception as error:
        settled = False
        # The student must not read its text: it may hold an expected value.
        misfit = answer.misfit(error)
        if misfit:
            status, seen = "failed", misfit
        else:
            # The check itself is at fault.
            status = "broken"
            seen = (
                f"the check could not judge this result ({type(error).__name__}); tell your teacher"
            )
    mistakes: tuple[Mistake, ...] = ()
    if status == "failed" and (known := mistakes_of([check])):
        mistakes = recognised(known, check.name, sketch(heard.values))
    outcome = Outcome(
        name=check.name,
        title=check.title,
        points=check.points,
        earned=check.points if status == "passed" else 0.0,
        status=status,
        seen=seen,
        hint=hint,
        seconds=time.perf_counter() - started,
    )
    if watched:
        asked, entered = frozenset(watched.asked), frozenset(watched.entered)
        return Result(outcome, mistakes, asked, entered, settled)
    return Result(outcome, mistakes, settled=settled)


def _raised(error: StudentError) -> tuple[str, str]:
    if error.missing:
        return "missing", error.message or "this part is not written yet"
    return "error", f"your code raised {error.kind}: {error.message}"
