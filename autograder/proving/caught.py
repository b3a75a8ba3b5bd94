"""Judge misconceptions: caught by the right check, with a sentence for the student."""

from __future__ import annotations

import re

from autograder.checks import Verdict
from autograder.errors import GradlabError
from autograder.proving.load import Variation
from autograder.proving.task import Result
from autograder.proving.words import SAYS


def misconception_problems(variation: Variation, result: Result) -> list[GradlabError]:
    """Demand that a misconception is caught by each check that should, by failing."""
    fault = variation.fault
    if result.crash:
        return [
            GradlabError(
                f"{fault.where} does not run to its end",
                expected=f"{' and '.join(fault.caught_by)} fails",
                found=result.crash,
                mend="change it so that the code runs and gives a wrong answer",
            )
        ]
    verdict = result.verdict(fault.exercise)
    assert verdict is not None
    outcomes = {outcome.name: outcome for outcome in verdict.outcomes}
    raised = "".join(f"; the cell {cell!r}: {text}" for cell, text in result.problems)
    problems = []
    for name in fault.caught_by:
        outcome = outcomes[name]
        expected = f"{name} fails ({outcome.title})"
        if outcome.status == "passed":
            problems.append(
                GradlabError(
                    f"{fault.where} is not noticed by {name}",
                    expected=expected,
                    found=f"it passes; {_noticed(verdict, name)}{raised}",
                    mend="sharpen the check, or name the check that does notice it in caught_by",
                )
            )
        elif outcome.status != "failed":
            problems.append(
                GradlabError(
                    f"{fault.where} {SAYS[outcome.status]} in {name} and does not fail it",
                    expected=expected,
                    found=f"{outcome.seen}{raised}",
                    mend="change it so that the code runs and gives a wrong answer, "
                    "or let the check say what is wrong before the code stops",
                )
            )
    return problems


def says_problems(variation: Variation, student_text: str) -> list[GradlabError]:
    """Demand a sentence that explains, and gives no number away that students do not have.

    Parameters
    ----------
    variation : Variation
        A misconception.
    student_text : str
        All that the release shows; a number that stands there may be said.
    """
    fault = variation.fault
    if len(fault.says.split()) < 3 or fault.says.rstrip()[-1] not in ".?":
        return [
            GradlabError(
                f"{fault.where} has no sentence for the student",
                expected="says= with a sentence that ends with a full stop",
                found=repr(fault.says),
                mend="say what is wrong and where to look",
            )
        ]
    known = {float(number) for number in re.findall(_DECIMAL, student_text)}
    given_away = [n for n in re.findall(_DECIMAL, fault.says) if float(n) not in known]
    if given_away:
        return [
            GradlabError(
                f"{fault.where} gives away a number in says=",
                expected="words, or numbers that the notebook itself shows",
                found=", ".join(given_away),
                mend="say what to do and not what comes out",
            )
        ]
    return []


# A number with a decimal point or an exponent: what a result looks like. Whole numbers are axes,
# steps and shapes.
_DECIMAL = r"(?<![\w.])\d+(?:\.\d+(?:[eE][-+]?\d+)?|[eE][-+]?\d+)(?![\w.]*\d)"


def _noticed(verdict: Verdict, but: str) -> str:
    """Say what else notices, so that the author sees whether anything does."""
    others = [
        f"{outcome.name} {SAYS[outcome.status]}" + (f" ({outcome.seen})" if outcome.seen else "")
        for outcome in verdict.outcomes
        if outcome.name != but and outcome.status != "passed"
    ]
    if others:
        return "instead " + ", ".join(others)
    if verdict.visible and verdict.visible.status != "passed":
        return f"only the visible asserts notice it ({verdict.visible.seen})"
    return "nothing notices it, all points are earned"
