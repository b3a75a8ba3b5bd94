"""Judge right answers, which must earn everything, and the release, which must earn nothing."""

from __future__ import annotations

from collections.abc import Iterable

from autograder.checks import Verdict
from autograder.errors import GradlabError
from autograder.proving.task import Result
from autograder.proving.words import words


def solution_problems(exercise: str, result: Result, late: Result | None) -> list[GradlabError]:
    """Judge the solution of one exercise, run with those before it and nothing after it.

    Parameters
    ----------
    exercise : str
        Its name.
    result : Result
        The run up to its check cell.
    late : Result or None
        The same checks after the whole notebook, run when `result` is not right.
    """
    what = f"the solution of {exercise!r}"
    problems = full_marks(what, exercise, result)
    late_verdict = late.verdict(exercise) if late else None
    if problems and late_verdict is not None and _is_full(late_verdict):
        return [
            GradlabError(
                f"{what} passes only after later cells have been run",
                expected="exercises that need only the cells before them",
                found=_seen(result, exercise),
                mend="move what it needs before it, or do without it",
            )
        ]
    return problems


def full_marks(what: str, exercise: str, result: Result) -> list[GradlabError]:
    """Demand every point and the visible asserts of one exercise."""
    if result.crash:
        return [
            GradlabError(
                f"{what} does not run to its end",
                found=result.crash,
                mend="run the notebook's cells in order to see where",
            )
        ]
    problems = [
        GradlabError(
            f"{what}: the cell {cell!r} does not run",
            expected="every cell runs",
            found=text,
        )
        for cell, text in result.problems
    ]
    verdict = result.verdict(exercise)
    assert verdict is not None
    problems += [
        GradlabError(
            f"{what} does not earn the points of {outcome.name}",
            expected=f"{outcome.points:g} points ({outcome.title})",
            found=words(outcome),
            mend="mend the solution, or the check if it asks too much",
        )
        for outcome in verdict.outcomes
        if outcome.status not in ("passed", "broken")
    ]
    if verdict.shortcut:
        problems.append(
            GradlabError(
                f"{what} is taken for a forbidden shortcut",
                found=words(verdict.shortcut),
                mend="take that name out of forbid(), or write it another way",
            )
        )
    if verdict.visible and verdict.visible.status != "passed":
        problems.append(
            GradlabError(
                f"{what} does not pass the visible asserts of {exercise + '_check'!r}",
                found=words(verdict.visible),
                mend="mend the assert that does not hold",
            )
        )
    return problems


def release_problems(exercises: Iterable[str], release: Result) -> list[GradlabError]:
    """Demand that the notebook as it is handed out earns nothing."""
    if release.crash:
        return [GradlabError("the untouched release does not run to its end", found=release.crash)]
    problems = []
    for exercise in exercises:
        verdict = release.verdict(exercise)
        if verdict is not None and verdict.points:
            passed = [outcome.name for outcome in verdict.outcomes if outcome.status == "passed"]
            problems.append(
                GradlabError(
                    f"the untouched release earns {verdict.points:g} of "
                    f"{verdict.max_points:g} points for {exercise!r}",
                    expected="no points before anything is written",
                    found=f"passed: {', '.join(passed)}",
                    mend="put what earns them between the solution markers, "
                    "or let the checks ask for it",
                )
            )
    return problems


def whole_problems(result: Result) -> list[GradlabError]:
    """Demand that the cells no check looks at run too, to the end of the notebook.

    An explore cell that is stopped by its time limit is as it should be: it may train for long.
    """
    if result.crash:
        return [GradlabError("the notebook does not run to its end", found=result.crash)]
    return [
        GradlabError(
            f"the cell {cell!r} does not run in the solution notebook",
            expected="every cell runs, or is an explore cell that trains for long",
            found=text,
            mend="mend the cell",
        )
        for cell, text in result.problems
        if not (cell.startswith("explore cell") and "did not finish within" in text)
    ]


def _is_full(verdict: Verdict) -> bool:
    return all(row.status == "passed" for row in verdict.rows)


def _seen(result: Result, exercise: str) -> str:
    verdict = result.verdict(exercise)
    rows = verdict.rows if verdict else []
    said = [f"{row.name}: {row.seen}" for row in rows if row.status != "passed"]
    return "; ".join([result.crash, *said] if result.crash else said)
