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
from autograder.checks.mistakes import mistakes_of, recognised, told_once
from autograder.checks.proxies import Side, Student
from autograder.checks.shortcuts import Watched, forbidden_by
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
    heard = Heard(side)
    watched = Watched(heard, forbidden) if forbidden else None
    known = mistakes_of(checks)
    found = {}
    outcomes = []
    for check in checks:
        outcome = _run(check, watched or heard, _seed(seed, lab, check.name), seconds)
        outcomes.append(outcome)
        if known and outcome.status == "failed":
            found[check.name] = recognised(known, check.name, sketch(heard.values))
    verdict = Verdict(lab, checks[0].exercise, told_once(outcomes, found))
    if forbidden and watched and (shortcuts := watched.found(sources)):
        return verdict.with_shortcut(forbidden.outcome(shortcuts))
    return verdict


def _seed(course: int, lab: str, check: str) -> int:
    return zlib.crc32(f"{course}/{lab}/{check}".encode())


def _run(check: Check, side: Side, seed: int, seconds: float) -> Outcome:
    started = time.perf_counter()
    status, seen, hint = "passed", "", None
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
    except Exception as error:
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
    return Outcome(
        name=check.name,
        title=check.title,
        points=check.points,
        earned=check.points if status == "passed" else 0.0,
        status=status,
        seen=seen,
        hint=hint,
        seconds=time.perf_counter() - started,
    )


def _raised(error: StudentError) -> tuple[str, str]:
    if error.missing:
        return "missing", error.message or "this part is not written yet"
    return "error", f"your code raised {error.kind}: {error.message}"
