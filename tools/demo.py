"""The main job, shown on a made-up class: build a lab, grade fourteen submissions, give feedback.

Run it with `make demo`. It works in build/demo/, a course folder like any other.
"""

from __future__ import annotations

import copy
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from autograder.authoring.notebooks import release_notebook, solution_notebook, write
from autograder.catalog import Course, Lab
from autograder.cli import main
from autograder.proving.faults import Fault
from autograder.proving.load import Variation, load_faults

Notebook = Any
ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "demo"


def cell_index(notebook: Notebook, name: str) -> int:
    """Return where the cell of that name stands."""
    for index, cell in enumerate(notebook.cells):
        if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
            return index
    raise LookupError(name)


class Class:
    """Fourteen students and what each hands in."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.solution = solution_notebook(lab)
        self.release = release_notebook(lab)
        self.exercises = list(lab.checks())
        self.variations = load_faults(lab)

    def solved(self, *variations: Variation) -> Notebook:
        """Return the solution with some exercises answered in another way."""
        notebook = copy.deepcopy(self.solution)
        for variation in variations:
            index = cell_index(notebook, variation.fault.exercise)
            notebook.cells[index].source = variation.source
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
        notebook = copy.deepcopy(self.solution)
        for name in self.exercises[len(self.exercises) // 2 :]:
            stub = self.release.cells[cell_index(self.release, name)].source
            notebook.cells[cell_index(notebook, name)].source = stub
        return notebook

    def without_check(self) -> Notebook:
        """Return the solution with one check cell deleted."""
        notebook = copy.deepcopy(self.solution)
        del notebook.cells[cell_index(notebook, f"{self.exercises[1]}_check")]
        return notebook

    def copied(self) -> Notebook:
        """Return the solution with one exercise cell copied, metadata and all."""
        notebook = copy.deepcopy(self.solution)
        index = cell_index(notebook, self.exercises[0])
        twin = copy.deepcopy(notebook.cells[index])
        twin.id = f"{twin.id}-copy"
        notebook.cells.insert(index, twin)
        return notebook

    def spoiled(self, number: int, source: str) -> Notebook:
        """Return the solution with an exercise cell replaced by `source`."""
        notebook = copy.deepcopy(self.solution)
        notebook.cells[cell_index(notebook, self.exercises[number])].source = source
        return notebook

    def submissions(self) -> dict[str, tuple[str, Notebook]]:
        """Return what was handed in: file name and notebook, by student."""
        name = f"{self.lab.name}.ipynb"
        return {
            "01-solution": (name, self.solved()),
            "02-one-mistake": (name, self.wrong(0)),
            "03-another-mistake": (name, self.wrong(1)),
            "04-three-mistakes": (name, self.wrong(0, 2, 3)),
            "05-mistakes-all-over": (name, self.wrong(*range(len(self.exercises)))),
            "06-half-done": (name, self.half()),
            "07-blank": (name, copy.deepcopy(self.release)),
            "08-float32": (name, self.alternative("float32")),
            "09-loops": (name, self.alternative("loop", "by_row")),
            "10-deleted-check": (name, self.without_check()),
            "11-copied-cell": (name, self.copied()),
            "12-syntax-error": (name, self.spoiled(0, "def broken(:\n    return 1")),
            "13-endless-loop": (name, self.spoiled(1, "while True:\n    pass")),
            "14-renamed-file": ("my homework (final).ipynb", self.solved()),
        }


def run(*arguments: str) -> None:
    """Show a gradlab command and run it."""
    print(f"\n$ gradlab {' '.join(arguments)}", flush=True)
    if code := main(arguments):
        sys.exit(code)


def demo(lab: Lab) -> None:
    """Build, hand in, grade, give feedback, export."""
    started = time.perf_counter()
    run("build", lab.name)
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    for student, (name, notebook) in Class(lab).submissions().items():
        path = FOLDER / "submitted" / student / lab.name / name
        path.parent.mkdir(parents=True)
        path.write_text(write(nbformat.from_dict(notebook)), encoding="utf-8")
    place = str(FOLDER.relative_to(ROOT))
    print(f"\nA class of {len(Class(lab).submissions())} has handed in, in {place}/submitted/.")
    run("grade", lab.name, "--course", place)
    run("feedback", lab.name, "--course", place)
    run("export", "--course", place)
    print(f"\nDone in {time.perf_counter() - started:.0f} seconds. Look at")
    for path, words in {
        f"results/{lab.name}.csv": "a row for each submission",
        f"feedback/05-mistakes-all-over/{lab.name}/{lab.name}.html": "what a student reads",
        "gradebook.db": "nbgrader's gradebook, for `nbgrader formgrader`",
        "grades.csv": "for the learning management system",
    }.items():
        print(f"  {place}/{path:<60} {words}")


if __name__ == "__main__":
    course = Course(ROOT)
    demo(course.lab(sys.argv[1]) if len(sys.argv) > 1 else course.labs()[0])
