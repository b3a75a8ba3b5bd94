"""Prove a lab: its checks are fair, and they tell right from wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from autograder.authoring.build import stale
from autograder.catalog import Lab
from autograder.checks import Verdict
from autograder.checks.mistakes import Mistake
from autograder.errors import GradlabError
from autograder.names import check_of
from autograder.proving import caught, marks, vacuous
from autograder.proving.mutation.hunt import Run, hunt
from autograder.proving.mutation.judge import Hunt
from autograder.proving.mutation.mutants import MOST
from autograder.proving.plan import Material, plan, plan_late, read_material, task_name
from autograder.proving.proof import ExerciseProof, Proof, Row
from autograder.proving.recorded import recorded
from autograder.proving.run import ENDED_EARLY, FORK_IS_SAFE, run_tasks
from autograder.proving.task import Result, Task

Progress = Callable[[int, int], object]
Results = Mapping[str, Result]


def verify_lab(
    lab: Lab,
    *,
    seeds: int = 1,
    explore: bool = False,
    mutants: int = MOST,
    slots: int | None = None,
    fork: bool = FORK_IS_SAFE,
    progress: Progress = lambda done, total: None,
) -> Proof:
    """Prove one lab.

    Parameters
    ----------
    lab : Lab
        Its source, checks, misconceptions and alternatives are read from its folders.
    seeds : int
        With how many seeds: the course's and those after it. A course changes its seed, and
        no check may depend on a lucky one.
    explore : bool
        Whether explore cells are run too, each within its time while grading.
    mutants : int
        How many generated changes of the solutions are tried at most. They are tried where all
        solutions are right, and with the first seed alone.
    slots : int, optional
        How many runs go on at a time; one for each core if not given.
    fork : bool
        See `run_tasks`.
    progress : callable
        Called with the number of runs done and of all runs.

    Returns
    -------
    Proof
        What is wrong with the lab is among its problems and is not raised.
    """
    try:
        old = stale(lab)
        material, problems = read_material(lab)
    except GradlabError as error:
        return Proof(lab.name, lab.title, (), (error,))
    problems += [_out_of_date(lab, str(path)) for path in old]
    for variation in material.variations:
        if variation.fault.kind == "misconception":
            problems += caught.says_problems(variation, material.text)

    tasks = plan(material, explore=explore)
    done, total = 0, len(tasks) * seeds

    def step() -> None:
        nonlocal done
        done += 1
        progress(done, total)

    first = lab.course.settings.seed
    exercises: tuple[ExerciseProof, ...] = ()
    hunted = Hunt()
    mistakes: tuple[Mistake, ...] = ()
    for seed in range(first, first + seeds):
        results = run_tasks(
            lab, material.cells, tasks, seed=seed, slots=slots, fork=fork, progress=step
        )
        late: Results = {}
        if wrong := _wrong_solutions(material, results):
            cells, extra = plan_late(material, wrong)
            late = run_tasks(lab, cells, extra, seed=seed, slots=slots, fork=fork)
        found = _judge(material, results, late)
        if seed == first:
            problems += found
            exercises = tuple(_exercise(material, name, results) for name in material.exercises)
            mistakes = recorded(material.variations, results)
            if mutants and not wrong:

                def run(more: Sequence[Task]) -> Results:
                    nonlocal total
                    total += len(more)
                    return run_tasks(
                        lab,
                        material.cells,
                        more,
                        seed=first,
                        slots=slots,
                        fork=fork,
                        progress=step,
                    )

                hunted, found = _hunt(material, exercises, run, mutants)
                problems += found
        else:
            known = {problem.what for problem in problems}
            problems += [_with_seed(new, seed) for new in found if new.what not in known]
    return Proof(lab.name, lab.title, exercises, tuple(problems), hunted, mistakes)


def _hunt(
    material: Material, exercises: Sequence[ExerciseProof], run: Run, most: int
) -> tuple[Hunt, list[GradlabError]]:
    """Try the mutants; a check that one of them makes raise is at fault."""
    needed_by = {
        one.name: [other.name for other in exercises if one.name in other.needs]
        for one in exercises
    }
    hunted, problems, results = hunt(material, needed_by, run, most)
    return hunted, vacuous.broken_problems(results) + problems


def _wrong_solutions(material: Material, results: Results) -> list[str]:
    return [
        name
        for name in material.exercises
        if marks.full_marks("", name, results[f"solution:{name}"])
    ]


def _judge(material: Material, results: Results, late: Results) -> list[GradlabError]:
    """Judge all runs with one seed. Variations of a wrong solution prove nothing, so wait."""
    for name in material.exercises:
        crash = results[f"solution:{name}"].crash
        if crash.startswith(ENDED_EARLY):
            return [_died(name, crash)]
    problems = []
    own = dict.fromkeys(
        pair for name in material.exercises for pair in results[f"solution:{name}"].problems
    )
    # What happens in the solution too is told once, and not again for each variation.
    results = {
        name: replace(result, problems=tuple(p for p in result.problems if p not in own))
        for name, result in results.items()
    }
    for cell, text in own:
        problems.append(
            GradlabError(
                f"the cell {cell!r} does not run with the solutions before it",
                expected="cells that run from the top, and need no explore or check cell",
                found=text,
                mend="move what it needs before it",
            )
        )
    problems += vacuous.broken_problems(results.values())
    right = []
    for name in material.exercises:
        wrong = marks.solution_problems(name, results[f"solution:{name}"], late.get(f"late:{name}"))
        problems += wrong
        if not wrong:
            right.append(name)
    release = results["release"]
    asserts = {cell.name: cell.source for cell in material.cells if cell.kind == "check"}
    problems += marks.release_problems(material.exercises, release)
    for name in material.exercises:
        stub = results[f"stub:{name}"]
        problems += vacuous.stub_problems(name, stub, _failing(material, name, results))
        problems += vacuous.visible_problems(name, asserts[check_of(name)], (stub, release))
    for variation in material.variations:
        fault, result = variation.fault, results[task_name(variation)]
        if fault.exercise in right:
            if fault.kind == "misconception":
                problems += caught.misconception_problems(variation, result)
            else:
                problems += marks.full_marks(fault.where, fault.exercise, result)
    return problems + marks.whole_problems(results["whole"])


def _exercise(material: Material, name: str, results: Results) -> ExerciseProof:
    rows = [Row("stub", "(not written)", results[f"stub:{name}"].verdict(name))]
    for variation in material.variations:
        fault = variation.fault
        if fault.exercise == name:
            verdict = results[task_name(variation)].verdict(name)
            rows.append(Row(fault.kind, fault.name, verdict, fault.caught_by, fault.says))
    earlier = material.exercises[: material.exercises.index(name)]
    needs = [other for other in earlier if _costs(results[f"needs:{other}"], name)]
    failing = _failing(material, name, results)
    passed = _passed(rows[0].verdict)
    checks = tuple(material.checks.get(name, ()))
    unproved = [c.name for c in checks if c.name not in failing and c.name not in passed]
    return ExerciseProof(name, checks, tuple(rows), tuple(needs), tuple(unproved))


def _failing(material: Material, name: str, results: Results) -> dict[str, list[str]]:
    """Return the misconceptions that fail each check of an exercise."""
    failing: dict[str, list[str]] = {}
    for variation in material.variations:
        if variation.fault.exercise == name and variation.fault.kind == "misconception":
            verdict = results[task_name(variation)].verdict(name)
            for outcome in verdict.outcomes if verdict else ():
                if outcome.status == "failed":
                    failing.setdefault(outcome.name, []).append(variation.fault.name)
    return failing


def _passed(verdict: Verdict | None) -> set[str]:
    return {o.name for o in verdict.outcomes if o.status == "passed"} if verdict else set()


def _costs(result: Result, exercise: str) -> bool:
    verdict = result.verdict(exercise)
    return verdict is None or verdict.points < verdict.max_points


def _died(exercise: str, crash: str) -> GradlabError:
    return GradlabError(
        f"the cells up to {exercise + '_check'!r}, with their solutions, end the process",
        expected="cells that run to the end of the notebook",
        found=crash,
        mend="run them in order to see which one does it",
    )


def _out_of_date(lab: Lab, path: str) -> GradlabError:
    return GradlabError(
        f"{path} is not what {lab.source_file} makes today",
        expected="generated files that are up to date",
        found="another text, or no file",
        mend="run `gradlab build` and commit what it writes",
    )


def _with_seed(problem: GradlabError, seed: int) -> GradlabError:
    return GradlabError(
        f"with the seed {seed}: {problem.what}",
        expected=problem.expected,
        found=problem.found,
        mend=problem.mend,
    )
