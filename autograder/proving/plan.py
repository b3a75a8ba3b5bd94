"""Which runs prove a lab, and what they are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autograder.authoring.notebooks import release_notebook
from autograder.authoring.source import read_source
from autograder.catalog import Lab
from autograder.checks import Check
from autograder.errors import GradlabError
from autograder.names import check_of
from autograder.proving.load import Variation, read_faults
from autograder.proving.run import lab_cells
from autograder.proving.task import Cell, Task


@dataclass(frozen=True)
class Material:
    """A lab's parts, as a proof uses them.

    Attributes
    ----------
    cells : list of Cell
        The code cells in notebook order, with solutions.
    stubs : dict
        The cell a student starts from, by exercise, in notebook order.
    variations : list of Variation
        The misconceptions and alternatives that can be applied.
    checks : dict
        The hidden checks by exercise.
    text : str
        All that the release shows.
    written : dict
        The cells of the exercises with their solution markers, by exercise.
    """

    lab: Lab
    cells: Sequence[Cell]
    stubs: Mapping[str, str]
    variations: Sequence[Variation]
    checks: Mapping[str, Sequence[Check]]
    text: str
    written: Mapping[str, str]

    @property
    def exercises(self) -> list[str]:
        """The names of the exercises, in notebook order."""
        return list(self.stubs)


def read_material(lab: Lab) -> tuple[Material, list[GradlabError]]:
    """Read a lab, and what is wrong with its misconceptions and alternatives.

    Raises
    ------
    GradlabError
        If the lab itself cannot be read.
    """
    cells = lab_cells(lab)
    released = release_notebook(lab).cells
    by_name = {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in released
        if "nbgrader" in cell.metadata
    }
    stubs = {cell.name: by_name[cell.name] for cell in cells if cell.kind == "exercise"}
    variations, problems = read_faults(lab)
    text = "\n".join(cell.source for cell in released)
    written = {
        str(cell.name): cell.source
        for cell in read_source(lab.source_file)
        if cell.kind == "exercise"
    }
    return Material(lab, cells, stubs, variations, lab.checks(), text, written), problems


def plan(material: Material, *, explore: bool = False) -> list[Task]:
    """Return the runs of a proof, in notebook order.

    "solution:x", "stub:x", "misconception:m" and "alternative:a" judge one exercise, with the
    solutions before it. "needs:x" leaves x unwritten and judges the exercises after it.
    "release" leaves all unwritten. "whole" goes on to the end of the notebook, with the
    explore cells if asked for.
    """
    place = {cell.name: index for index, cell in enumerate(material.cells)}
    exercises = material.exercises
    tasks = [Task("release", 0, tuple(exercises), material.stubs)]
    for number, exercise in enumerate(exercises):
        start, stub = place[exercise], {exercise: material.stubs[exercise]}
        tasks.append(Task(f"stub:{exercise}", start, (exercise,), stub))
        if later := tuple(exercises[number + 1 :]):
            tasks.append(Task(f"needs:{exercise}", start, later, stub))
        for variation in material.variations:
            fault = variation.fault
            if fault.exercise == exercise:
                replaced = {exercise: variation.source}
                tasks.append(
                    Task(
                        task_name(variation),
                        start,
                        (exercise,),
                        replaced,
                        fault.caught_by,
                        recorded=fault.kind == "misconception",
                    )
                )
        tasks.append(Task(f"solution:{exercise}", place[check_of(exercise)], (exercise,)))
    rest = 0 if explore else place[check_of(exercises[-1])]
    return [*tasks, Task("whole", rest, to_end=True, explore=explore)]


def plan_late(material: Material, exercises: Sequence[str]) -> tuple[list[Cell], list[Task]]:
    """Return the cells with all checks at the end, and runs "late:x" that judge there."""
    checks = [cell for cell in material.cells if cell.kind == "check"]
    cells = [cell for cell in material.cells if cell.kind != "check"] + checks
    place = {cell.name: index for index, cell in enumerate(cells)}
    tasks = [Task(f"late:{name}", place[check_of(name)], (name,)) for name in exercises]
    return cells, tasks


def task_name(variation: Variation) -> str:
    """Return the name of the run that tries a variation."""
    return f"{variation.fault.kind}:{variation.fault.name}"
