"""Record which values each misconception gives, for the sentences in the feedback.

What a misconception returned in a check is recorded if it is the same a second time: an answer
that depends on chance, or on what ran before, says nothing of the next student's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autograder.catalog import Lab
from autograder.checks.mistakes import FILE, Mistake, dumps, loads, same
from autograder.checks.sketch import Sketch
from autograder.errors import GradlabError
from autograder.proving.load import Variation
from autograder.proving.plan import task_name
from autograder.proving.task import Result


def recorded(variations: Sequence[Variation], results: Mapping[str, Result]) -> tuple[Mistake, ...]:
    """Return the misconceptions whose values can be recognised, in the order of the file.

    Parameters
    ----------
    variations : sequence of Variation
        The lab's misconceptions and alternatives.
    results : mapping
        What came of each.
    """
    found = []
    for variation in variations:
        fault = variation.fault
        if fault.kind == "misconception":
            sketches = {
                check: Sketch.from_json(list(values))
                for check, values in results[task_name(variation)].sketches
            }
            if sketches:
                found.append(Mistake(fault.name, fault.exercise, fault.says, sketches))
    return tuple(found)


def is_recorded(lab: Lab, mistakes: Sequence[Mistake]) -> bool:
    """Whether the lab's file says this already, up to rounding."""
    return same(loads(lab.mistakes_text()), mistakes)


def write_recorded(lab: Lab, mistakes: Sequence[Mistake]) -> None:
    """Write the lab's file; where nothing can be recognised there is none."""
    path = lab.hidden_folder / FILE
    if mistakes:
        path.write_text(dumps(mistakes), encoding="utf-8")
    else:
        path.unlink(missing_ok=True)


def not_recorded(lab: Lab) -> GradlabError:
    """Say that the file is out of date."""
    return GradlabError(
        f"{lab.hidden_folder / FILE} is not what the misconceptions give today",
        expected="the values and sentences that `gradlab verify` records",
        found="others" if lab.mistakes_text() else "no file",
        mend="run `gradlab verify` and commit the file",
    )
