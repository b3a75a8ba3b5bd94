"""Judge the checks themselves: each can fail, and none raises by itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence

from autograder.errors import GradlabError
from autograder.proving.task import Result


def stub_problems(
    exercise: str, stub: Result, failing: Mapping[str, Sequence[str]]
) -> list[GradlabError]:
    """Demand that every check of an exercise fails while it is not written.

    Parameters
    ----------
    exercise : str
        Its name.
    stub : Result
        The run with all other solutions before it, and its own stub.
    failing : mapping
        The misconceptions that fail each check.
    """
    if stub.crash:
        return [GradlabError(f"the stub of {exercise!r} does not run to its end", found=stub.crash)]
    verdict = stub.verdict(exercise)
    assert verdict is not None
    problems = []
    for outcome in verdict.outcomes:
        if outcome.status == "passed":
            others = ", ".join(failing.get(outcome.name, ()))
            problems.append(
                GradlabError(
                    f"the check {outcome.name} of {exercise!r} is vacuous: the stub passes it",
                    expected="a check that fails while the exercise is not written",
                    found="only these misconceptions fail it: " + others
                    if others
                    else "nothing fails it: neither the stub nor a misconception",
                    mend="let it call what the student is to write, and compare the result",
                )
            )
    return problems


def visible_problems(exercise: str, asserts: str, results: Iterable[Result]) -> list[GradlabError]:
    """Demand that the asserts a student sees do not pass before anything is written.

    A cell that only prints, for instance what the hidden checks look at, asserts nothing.
    """
    if all(re.match(r"print\(|\Z", ast.unparse(node)) for node in ast.parse(asserts).body):
        return []
    for result in results:
        verdict = result.verdict(exercise)
        if verdict and verdict.visible and verdict.visible.status == "passed":
            return [
                GradlabError(
                    f"the visible asserts of {exercise + '_check'!r} pass on the stub",
                    expected="at least one of them fails while the exercise is not written",
                    found="all of them hold",
                    mend="let one of them call what the student is to write",
                )
            ]
    return []


def broken_problems(results: Iterable[Result]) -> list[GradlabError]:
    """Report each check that raised by itself, once, with the runs that made it do so."""
    seen: dict[tuple[str, str], list[str]] = {}
    for result in results:
        for check, text in result.broken:
            runs = seen.setdefault((check, text), [])
            if result.task not in runs:
                runs.append(result.task)
    return [
        GradlabError(
            f"the check {check} raised by itself",
            expected="a check passes or fails, whatever the student returns",
            found=f"{text} (in the run of {runs[0]}"
            + (f" and {len(runs) - 1} others)" if runs[1:] else ")"),
            mend="compare with close before taking the result apart",
        )
        for (check, text), runs in seen.items()
    ]
