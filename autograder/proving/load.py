"""Read a lab's misconceptions and alternatives, and apply them to its solutions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from autograder.authoring.notebooks import solution_source
from autograder.authoring.source import read_source
from autograder.catalog import Lab
from autograder.errors import GradlabError
from autograder.proving.faults import NOTED, Fault


@dataclass(frozen=True)
class Variation:
    """A fault and the cell it makes of the solution."""

    fault: Fault
    source: str


def load_faults(lab: Lab) -> list[Variation]:
    """Return every declared variation of a lab, applied to the present solutions.

    Raises
    ------
    GradlabError
        If a declaration is wrong, or the solution it changes has moved on.
    """
    variations, problems = read_faults(lab)
    if problems:
        raise problems[0]
    return variations


def read_faults(lab: Lab) -> tuple[list[Variation], list[GradlabError]]:
    """Return the variations that can be applied, and what is wrong with the others."""
    problems: list[GradlabError] = []
    declared: list[Fault] = []
    for stem, kind in (("misconceptions", "misconception"), ("alternatives", "alternative")):
        try:
            module = lab.hidden_module(stem)
        except GradlabError as error:
            problems.append(error)
            continue
        for fault in vars(module).get(NOTED, []):
            if fault.kind == kind:
                declared.append(fault)
            else:
                problems.append(
                    GradlabError(
                        f"{fault.where} stands in the wrong file",
                        expected=f"only {kind}s in {stem}.py",
                        found=f"the {fault.kind} {fault.name!r}",
                        mend=f"move it to {fault.kind}s.py",
                    )
                )
    solutions = {
        str(cell.name): solution_source(cell.source)
        for cell in read_source(lab.source_file)
        if cell.kind == "exercise"
    }
    checks = {name: [check.name for check in group] for name, group in lab.checks().items()}
    first: dict[str, Fault] = {}
    variations = []
    for fault in declared:
        try:
            _check_names(fault, first, solutions, checks)
            source = fault.rewrite(solutions[fault.exercise])
        except GradlabError as error:
            problems.append(error)
        else:
            variations.append(Variation(fault, source))
    return variations, problems


def _check_names(
    fault: Fault, first: dict[str, Fault], solutions: dict[str, str], checks: dict[str, list[str]]
) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", fault.name):
        raise GradlabError(
            f"{fault.where} has a name that cannot be used",
            expected="small letters, digits and underscores, a letter first",
            found=repr(fault.name),
        )
    earlier = first.setdefault(fault.name, fault)
    if earlier is not fault:
        raise GradlabError(
            f"{fault.where} is declared twice",
            expected="names that are unique in the lab",
            found=f"the same name at {earlier.path}:{earlier.line}",
            mend="rename one of them",
        )
    if fault.exercise not in solutions:
        raise GradlabError(
            f"{fault.where} names an exercise that is not in the source",
            expected=_one_of(solutions),
            found=repr(fault.exercise),
            mend="correct the name of the exercise",
        )
    known = checks.get(fault.exercise, [])
    for name in fault.caught_by:
        if name not in known:
            raise GradlabError(
                f"{fault.where} is to be caught by a check that does not exist",
                expected=f"a check of {fault.exercise!r}: {_one_of(known)}",
                found=repr(name),
                mend="correct the name of the check, or write the check",
            )
    if fault.kind == "misconception" and not fault.caught_by:
        raise GradlabError(
            f"{fault.where} names no check that catches it",
            expected=f"caught_by with a check of {fault.exercise!r}: {_one_of(known)}",
            found="an empty caught_by",
        )


def _one_of(names: Iterable[str]) -> str:
    return ", ".join(names) or "(there is none)"
