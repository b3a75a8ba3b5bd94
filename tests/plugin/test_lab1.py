"""Lab 1: a student's process, the prover's process and nbgrader's kernel give the same points."""

import shutil
from pathlib import Path

import pytest

from autograder.authoring.notebooks import solution_notebook, write
from autograder.catalog import Course
from autograder.grading.grade import grade_submission
from autograder.grading.packing import package_lab
from autograder.grading.pool import call_in_processes
from autograder.proving.plan import plan, read_material, task_name
from autograder.proving.run import run_tasks
from tests.plugin.ways import CONFIG, three_ways
from tests.toy import write as write_file

pytestmark = pytest.mark.slow

NAME = "lab1_softmax"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def material():
    found, problems = read_material(Course(ROOT).lab(NAME))
    assert not problems
    return found


def submission(lab, changed):
    """Return the solution with some cells changed, and without the cells that train."""
    notebook = solution_notebook(lab)
    notebook.cells = [c for c in notebook.cells if "explore" not in c.metadata.get("tags", [])]
    for cell in notebook.cells:
        cell.source = changed.get(cell.id, cell.source)
    return write(notebook).encode()


def rows(verdict):
    """Return what a verdict says of each check; words may differ where time is told."""
    return [(row.name, row.status, row.earned) for row in verdict.rows]


def test_all_misconceptions_and_alternatives_earn_what_the_prover_says(material):
    tasks = [t for t in plan(material) if t.name.startswith(("misconception:", "alternative:"))]
    proved = run_tasks(material.lab, material.cells, tasks)
    assert len(proved) > 100

    calls = (
        (variation, (submission(material.lab, {variation.fault.exercise: variation.source}),))
        for variation in material.variations
    )
    shared = (package_lab(material.lab),)
    for variation, graded in call_in_processes(
        grade_submission, calls, jobs=2, seconds=300, shared=shared
    ):
        fault = variation.fault
        expected = proved[task_name(variation)].verdict(fault.exercise)
        verdicts = {
            score.verdict.exercise: score.verdict for score in graded.scores if score.verdict
        }
        assert rows(verdicts[fault.exercise]) == rows(expected), fault.name
        scored = {score.name: score.points for score in graded.scores}
        assert scored[f"{fault.exercise}_check"] == expected.points, fault.name
        if fault.kind == "alternative":
            assert not graded.flags, fault.name


def test_some_notebooks_have_the_same_points_in_all_three_ways(material, tmp_path):
    lab = material.lab
    exercises = material.exercises
    first = {}
    for variation in material.variations:
        key = variation.fault.kind, variation.fault.exercise
        first.setdefault(key, variation.source)
    half = dict(material.stubs)
    for exercise in exercises[: len(exercises) // 2]:
        del half[exercise]
    shortcut = "from course_utils import stable_softmax"
    classes = {
        "release": submission(lab, material.stubs),
        "half_done": submission(lab, half),
        "solution": submission(lab, {}),
        # Wrong in each exercise, and right in another way in each.
        "wrong": submission(lab, {e: first["misconception", e] for e in exercises}),
        "other": submission(lab, {e: s for (kind, e), s in first.items() if kind == "alternative"}),
        "shortcut": submission(lab, {"stable_softmax": shortcut}),
    }

    def fill(folder):
        shutil.copy(CONFIG, folder)
        for student, data in classes.items():
            write_file(folder / "submitted" / student / NAME / f"{NAME}.ipynb", data.decode())

    found, _ = three_ways(tmp_path, fill, NAME, ROOT)
    assert found["gradlab"] == found["plugin"] == found["kernel"]
    total = {s: sum(p or 0 for p in cells.values()) for s, cells in found["plugin"].items()}
    checks = lab.points + lab.bonus - 15  # 15 are a person's to give
    assert total["release"] == 0
    assert total["solution"] == total["other"] == checks
    assert total["shortcut"] == checks - 15
    assert 0 < total["half_done"] < checks
    assert total["wrong"] < checks
