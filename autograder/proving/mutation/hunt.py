"""Try the mutants of a lab: make them, run them, and judge what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from autograder.errors import GradlabError
from autograder.proving.mutation.equivalent import read_equivalents, reason
from autograder.proving.mutation.judge import (
    Hunt,
    mutant_problems,
    mutant_tasks,
    survived,
    was_slow,
)
from autograder.proving.mutation.mutants import Mutant, all_mutants, sample
from autograder.proving.plan import Material
from autograder.proving.task import Result, Task

Run = Callable[[Sequence[Task]], Mapping[str, Result]]


def hunt(
    material: Material, needed_by: Mapping[str, Sequence[str]], run: Run, most: int
) -> tuple[Hunt, list[GradlabError], list[Result]]:
    """Try the mutants of a lab whose solutions are right.

    A mutant is judged by the checks of its own exercise. One that passes them all is judged by
    those of the later exercises that need this one. Also returned is what came of each run.

    Parameters
    ----------
    material : Material
        The lab's parts.
    needed_by : mapping
        The later exercises that an exercise's solution is needed for.
    run : callable
        Runs tasks and returns the results by name.
    most : int
        How many mutants are tried at most.
    """
    known: dict[str, list[str]] = {}
    for variation in material.variations:
        known.setdefault(variation.fault.exercise, []).append(variation.source)
    made = all_mutants(material.written, known)
    tried = sample(made, most)
    own = {name: (name,) for name in material.exercises}
    results = dict(run(mutant_tasks(tried, material.cells, own)))
    left = [m for m in tried if survived(m, results) and needed_by.get(m.exercise)]
    results |= run(mutant_tasks(left, material.cells, needed_by))
    try:
        declared = read_equivalents(material.lab)
    except GradlabError as error:
        return Hunt(), [error], []
    survivors = tuple((m, reason(m, declared)) for m in tried if survived(m, results))
    slow = sum(was_slow(mutant, results) for mutant in tried)
    problems = mutant_problems(made, tried, results, declared)
    named = [replace(results[f"mutant:{m.key}"], task=_words(m)) for m in tried]
    return Hunt(len(made), len(tried), slow, survivors), problems, named


def _words(mutant: Mutant) -> str:
    return f"the change `{mutant.before}` to `{mutant.after}`"
