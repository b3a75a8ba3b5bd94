"""Figures on a class: what is counted, of whom, and in which order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from statistics import fmean, median
from typing import Any

from autograder.catalog import Lab
from autograder.checks import mistakes
from autograder.grading.graded import GRADED
from autograder.grading.package import GradedCell
from autograder.names import exercise_of
from autograder.reporting.class_report import ABSENT, NOT_YET, Student
from autograder.reporting.words import FLAGS

# The flags that want a person's look, the most urgent first, and why.
LOOK = {
    "tampering": "An attempt to get at the grader was seen. It cost no points: you decide.",
    "broken check": "A hidden check stopped by itself. It is not the student's fault: report it, "
    "then grade again.",
    "shortcut": "The library's version was called. The exercise earned nothing: see if you agree.",
    "not this lab": "None of the lab's exercises are in the notebook.",
    "out of time": "The whole notebook ran too long. What came later was not run.",
    "process died": "A cell, or a function that a check called, ended the Python process.",
    "too long": "A cell, or a function that a check called, did not come to its end in time.",
    "several notebooks": "There was more than one notebook to choose from.",
    "timestamp": "It is not known when it was handed in.",
}
STATES = {
    "full": "full points",
    "part": "part of them",
    "none": "no points",
    "unwritten": "not written",
    "waiting": "waits for a person",
}


def points_of(student: Student, cells: Sequence[GradedCell], *, bonus: bool) -> float:
    """Return what a student earned in cells of one kind, before a penalty."""
    names = [cell.name for cell in cells if cell.bonus == bonus]
    return sum(student.work[name].score for name in names if name in student.work)


def order(student: Student) -> tuple[bool, bool, float, str]:
    """Sort those who are graded first, by their score; those who handed in nothing last."""
    known = student.status == GRADED and student.grades is not None
    score = student.grades.score if known and student.grades else 0.0
    return not known, student.status == ABSENT, -score, student.name


def tiles(students: Sequence[Student]) -> list[tuple[int, str, str]]:
    """Return what became of the class: how many, what, and which kinds of it."""
    of = Counter(one.status for one in students)
    unread = {k: n for k, n in of.items() if k not in (GRADED, "failed", NOT_YET, ABSENT)}
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(unread.items()))
    found = [
        (len(students) - of[ABSENT], "handed in", ""),
        (of[GRADED], "graded", ""),
        (sum(unread.values()), "could not be read", kinds),
        (of["failed"], "grading failed", "run gradlab grade again"),
        (of[NOT_YET], NOT_YET, "run gradlab grade"),
        (of[ABSENT], ABSENT, "of those in the gradebook"),
    ]
    always = ("handed in", "graded", "could not be read", ABSENT)
    return [(n, what, why if n else "") for n, what, why in found if n or what in always]


def spread(scores: Sequence[float], most: float, bins: int) -> dict[str, Any]:
    """Return the distribution of some scores; what lies outside counts at the end."""
    if not scores:
        return {"bins": [], "most": most}
    width = most / bins or 1.0
    # Sums of thirds and tenths may fall short of an edge by rounding.
    places = Counter(min(max(int(score / width + 1e-9), 0), bins - 1) for score in scores)
    return {
        "bins": [(i * width, (i + 1) * width, places[i]) for i in range(bins)],
        "most": most,
        "mean": fmean(scores),
        "median": median(scores),
        "lowest": min(scores),
        "highest": max(scores),
        "some": sum(score > 0 for score in scores),
        "all": sum(score >= most - 1e-9 for score in scores),
    }


def shares(cell: GradedCell, graded: Sequence[Student]) -> dict[str, Any]:
    """Return a cell's mean, and how many students are in each state, as number and per cent."""
    work = [one.work[cell.name] for one in graded if cell.name in one.work]
    states = Counter(one.state for one in work)
    # While some wait, a mean would be that of the answers nobody wrote.
    known = [] if states["waiting"] else [one.score for one in work]
    parts = [(state, states[state], 100 * states[state] / len(work)) for state in STATES if work]
    return {"cell": cell, "mean": fmean(known) if known else None, "shares": parts}


def failed_checks(graded: Sequence[Student]) -> list[tuple[int, int, str, str]]:
    """Return checks with how many failed and how many had something to check, worst first."""
    tried: Counter[tuple[str, str, str]] = Counter()
    failed: Counter[tuple[str, str, str]] = Counter()
    for student in graded:
        for name, work in student.work.items():
            for one in work.verdict.outcomes if work.verdict else ():
                key = (exercise_of(name), str(one.name), str(one.title))
                tried[key] += one.status in ("passed", "failed", "error")
                failed[key] += one.status in ("failed", "error")
    worst = sorted(failed, key=lambda key: (-failed[key], -failed[key] / (tried[key] or 1), key))
    return [(failed[key], tried[key], key[2], key[0]) for key in worst if failed[key]]


def named_mistakes(lab: Lab, graded: Sequence[Student]) -> list[tuple[int, str, str]]:
    """Return the sentences of mistakes that stand in verdicts, and how many students read each."""
    says: dict[str, list[str]] = defaultdict(list)
    for mistake in mistakes.loads(lab.mistakes_text()):
        says[mistake.exercise].append(mistake.says)
    read: Counter[tuple[str, str]] = Counter()
    for student in graded:
        told = {
            (exercise, str(one.hint))
            for name, work in student.work.items()
            for one in (work.verdict.outcomes if work.verdict else ())
            if one.status != "passed" and one.hint
            for exercise in [exercise_of(name)]
            # Other hints are the checks' own, and name no mistake.
            if any(sentence in str(one.hint) for sentence in says[exercise])
        }
        read.update(told)
    most = sorted(read.items(), key=lambda item: (-item[1], item[0]))
    return [(count, sentence, exercise) for (exercise, sentence), count in most]


def flags_to_see(students: Sequence[Student], *, names: bool) -> list[dict[str, Any]]:
    """Return the flags that want a look, each with how many students and what it says of whom."""
    found: dict[str, dict[str, tuple[Student, list[str]]]] = defaultdict(dict)
    for student in students:
        for flag in student.flags:
            word, _, detail = flag.partition(": ")
            found[word].setdefault(student.name, (student, []))[1].append(detail)
    return [
        {"word": word, "why": why, "count": len(who), "who": list(who.values()) if names else []}
        for word, why in LOOK.items()
        if (who := found.get(word))
    ]


def other_flags(students: Sequence[Student]) -> list[tuple[str, int]]:
    """Return all other flags, with how many students each."""
    words = Counter(
        word for one in students for word in {flag.partition(": ")[0] for flag in one.flags}
    )
    return sorted(
        ((word, words[word]) for word in FLAGS if word in words and word not in LOOK),
        key=lambda item: -item[1],
    )


def waiting(graded: Sequence[Student], *, names: bool) -> dict[str, Any]:
    """Return which written answers a person has to grade, and whose."""
    cells = Counter(
        name for one in graded for name, work in one.work.items() if work.state == "waiting"
    )
    who = [one for one in graded if one.waits]
    return {"cells": list(cells.items()), "count": len(who), "who": who if names else []}
