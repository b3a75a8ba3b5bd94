"""What a proof shows, as text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from autograder.proving.matrix import exercise_table
from autograder.proving.proof import Proof


def report(proof: Proof) -> str:
    """Return what a proof shows, as plain lines."""
    state = f"NOT PROVED, {count(len(proof.problems), 'problem')}" if proof.problems else "proved"
    lines = [f"{proof.lab}: {proof.title}: {state}"]
    if proof.exercises:
        checks = sum(len(exercise.checks) for exercise in proof.exercises)
        lines.append(
            f"  {count(len(proof.exercises), 'exercise')}, {count(checks, 'check')}, "
            f"{count(proof.count('misconception'), 'misconception')}, "
            f"{count(proof.count('alternative'), 'alternative')}"
        )
    for exercise in proof.exercises:
        lines += ["", f"  {exercise.name} ({exercise.points:g} points)"]
        lines.append(textwrap.indent(exercise_table(exercise), "    "))
        if exercise.unproved:
            lines.append(_wrapped("unproved, only the stub fails it", exercise.unproved))
        if exercise.needs:
            lines.append(_wrapped("needs", exercise.needs))
    return "\n".join([*lines, "", *_hunted(proof), ""])


def _hunted(proof: Proof) -> list[str]:
    hunt = proof.hunt
    lines = [f"  the values of {count(len(proof.mistakes), 'misconception')} can be recognised"]
    if not hunt.tried:
        return [*lines, "  mutants: none tried"]
    explained = sum(bool(why) for _, why in hunt.survivors)
    parts = [f"{hunt.killed} noticed"]
    parts += [f"{hunt.slow} of these by taking too long"] if hunt.slow else []
    parts += [f"{explained} explained as right"]
    if open_ := len(hunt.survivors) - explained:
        parts += [f"{open_} not noticed"]
    all_of = "" if hunt.tried == hunt.made else f" of {hunt.made}, which are too many"
    return [*lines, f"  {count(hunt.tried, 'mutant')}{all_of}: {', '.join(parts)}"]


def count(number: int, thing: str) -> str:
    """Return "1 thing" or "3 things"."""
    return f"{number} {thing}" + ("" if number == 1 else "s")


def _wrapped(words: str, names: Sequence[str]) -> str:
    text = f"{words}: {', '.join(names)}"
    return textwrap.fill(text, 100, initial_indent=" " * 4, subsequent_indent=" " * 6)
