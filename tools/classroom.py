"""What the students of a made-up class hand in: right, wrong, half-done, damaged, or nothing."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from autograder.authoring.notebooks import release_notebook, solution_notebook
from autograder.catalog import Lab
from autograder.grading.match import name_of
from autograder.names import check_of
from autograder.proving.faults import Fault
from autograder.proving.load import Variation, load_faults
from tools.accidents import (
    BROKEN,
    MENDED,
    SPOILED,
    Notebook,
    as_bytes,
    cell_index,
    with_copy,
    without_cell,
    without_explore,
)

NOT_WRITTEN = "not written"
SOLUTION = "solution"


@dataclass(frozen=True)
class Handed:
    """What one student hands in for one lab.

    Attributes
    ----------
    file : str
        The file's name; empty where nothing is handed in.
    data : bytes
        The file.
    what : str
        What kind of submission it is, or which accident happened to it.
    answers : dict
        For each exercise "solution", "not written", or the name of the mistake or of the other
        right answer.
    late : bool
        Whether it comes after the due date.
    """

    file: str
    data: bytes
    what: str
    answers: dict[str, str] = field(default_factory=dict)
    late: bool = False


class Desk:
    """A lab's notebooks, and what can be made of them."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.file = f"{lab.name}.ipynb"
        self.solution = solution_notebook(lab)
        self.release = release_notebook(lab)
        self.exercises = list(lab.checks())
        self.variations = load_faults(lab)

    def of_kind(self, kind: str, exercise: str) -> list[Variation]:
        """Return the mistakes or the other right answers that an exercise has."""
        return [
            one
            for one in self.variations
            if (one.fault.kind, one.fault.exercise) == (kind, exercise)
        ]

    def solved(self, *variations: Variation) -> Notebook:
        """Return the solution with some exercises answered in another way."""
        notebook = copy.deepcopy(self.solution)
        for variation in variations:
            index = cell_index(notebook, variation.fault.exercise)
            notebook.cells[index].source = variation.source
        return notebook

    def blank(self, notebook: Notebook, *names: str) -> Notebook:
        """Put cells back as they were released; return the notebook."""
        for name in names:
            stub = self.release.cells[cell_index(self.release, name)].source
            notebook.cells[cell_index(notebook, name)].source = stub
        return notebook

    def pick(self, test: Callable[[Fault], bool]) -> list[Variation]:
        """Return at most one variation for each exercise, the first that passes `test`."""
        chosen: dict[str, Variation] = {}
        for variation in self.variations:
            if test(variation.fault):
                chosen.setdefault(variation.fault.exercise, variation)
        return list(chosen.values())

    def wrong(self, *exercises: int) -> Notebook:
        """Return the solution with a typical mistake in some exercises."""
        names = {self.exercises[number] for number in exercises}
        return self.solved(
            *self.pick(lambda fault: fault.kind == "misconception" and fault.exercise in names)
        )

    def alternative(self, *words: str) -> Notebook:
        """Return the solution with every alternative whose name holds one of `words`."""
        return self.solved(
            *self.pick(
                lambda fault: fault.kind == "alternative" and any(w in fault.name for w in words)
            )
        )

    def half(self) -> Notebook:
        """Return the solution with the second half of the exercises as released."""
        return self.blank(self.solved(), *self.exercises[len(self.exercises) // 2 :])

    def spoiled(self, number: int, source: str) -> Notebook:
        """Return the solution with an exercise cell replaced by `source`."""
        notebook = self.solved()
        notebook.cells[cell_index(notebook, self.exercises[number])].source = source
        return notebook

    def gallery(self) -> dict[str, Handed]:
        """Return a class of fourteen, one of each kind, by student."""
        solved = self.solved
        every = range(len(self.exercises))
        notebooks = {
            "01-solution": solved(),
            "02-one-mistake": self.wrong(0),
            "03-another-mistake": self.wrong(1),
            "04-three-mistakes": self.wrong(0, 2, 3),
            "05-mistakes-all-over": self.wrong(*every),
            "06-half-done": self.half(),
            "07-blank": copy.deepcopy(self.release),
            "08-float32": self.alternative("float32"),
            "09-loops": self.alternative("loop", "by_row"),
            "10-deleted-check": without_cell(solved(), check_of(self.exercises[1])),
            "11-copied-cell": with_copy(solved(), self.exercises[0]),
            "12-syntax-error": self.spoiled(0, SPOILED["syntax error"]),
            "13-endless-loop": self.spoiled(1, SPOILED["endless loop"]),
            "14-renamed-file": solved(),
        }
        names = {"14-renamed-file": "my homework (final).ipynb"}
        return {
            student: Handed(names.get(student, self.file), as_bytes(notebook), student[3:])
            for student, notebook in notebooks.items()
        }


class Student:
    """A student: good or not, punctual or not; the same for the same number and seed."""

    def __init__(self, number: int, seed: int) -> None:
        self.name = f"student-{number:03d}"
        self.seed = f"{seed}/{number}"
        chance = random.Random(self.seed)  # noqa: S311 (no secret)
        self.skill = chance.betavariate(5, 2)
        self.haste = chance.random()

    def hand_in(self, desk: Desk, *, explore: bool) -> Handed:
        """Return what this student hands in for a lab."""
        chance = random.Random(f"{self.seed}/{desk.lab.name}")  # noqa: S311
        late = chance.random() < 0.25 * self.haste
        kind = chance.random()
        if kind < 0.04:
            return Handed("", b"", "missing")
        if kind < 0.08:
            blank = copy.deepcopy(desk.release)
            answers = dict.fromkeys(desk.exercises, NOT_WRITTEN)
            data = as_bytes(blank if explore else without_explore(blank))
            return Handed(desk.file, data, "untouched", answers, late)
        notebook, answers = self._worked(desk, chance)
        if not explore:
            notebook = without_explore(notebook)
        exercise = chance.choice(desk.exercises)
        file, what = desk.file, "as it should be"
        if kind < 0.18:
            what = chance.choice(list(MENDED))
            notebook = MENDED[what](notebook, exercise)
        elif kind < 0.23:
            what = chance.choices(list(SPOILED), (4, 4, 1, 1))[0]
            notebook.cells[cell_index(notebook, exercise)].source = SPOILED[what]
            answers[exercise] = what
        elif kind < 0.26:
            what, file = "file renamed", f"{desk.lab.name} (1).ipynb"
        data = as_bytes(notebook)
        if 0.26 <= kind < 0.29:
            what = chance.choice(list(BROKEN))
            data, answers = BROKEN[what](data), {}
        return Handed(file, data, what, answers, late)

    def _worked(self, desk: Desk, chance: random.Random) -> tuple[Notebook, dict[str, str]]:
        """Return a notebook with answers by this student, and what they are."""
        chosen: list[Variation] = []
        answers = dict.fromkeys(desk.exercises, SOLUTION)
        # Some run out of time: the rest is as released.
        end = len(desk.exercises)
        if chance.random() < 0.5 * (1 - self.skill):
            end = chance.randrange(1, end)
        for exercise in desk.exercises[:end]:
            good = chance.random() < self.skill
            if good and chance.random() < 0.6:
                continue
            offered = desk.of_kind("alternative" if good else "misconception", exercise)
            if offered:
                variation = chance.choice(offered)
                chosen.append(variation)
                answers[exercise] = variation.fault.name
        notebook = desk.blank(desk.solved(*chosen), *desk.exercises[end:])
        answers.update(dict.fromkeys(desk.exercises[end:], NOT_WRITTEN))
        for cell in desk.release.cells:
            if "answer" in cell.metadata.get("tags", []) and chance.random() > self.skill + 0.2:
                desk.blank(notebook, str(name_of(cell)))
        return notebook, answers


def drawn(desk: Desk, count: int, seed: int, *, explore: bool) -> Iterator[tuple[str, Handed]]:
    """Yield the students of a class and what they hand in for a lab.

    Without `explore`, only every tenth student kept the explore cells.
    """
    for number in range(1, count + 1):
        student = Student(number, seed)
        yield student.name, student.hand_in(desk, explore=explore or number % 10 == 0)
