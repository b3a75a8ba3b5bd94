"""The shortcuts that lab 5 forbids are caught, and its solution takes none."""

from pathlib import Path

import pytest

from autograder.catalog import Course
from autograder.checks.shortcuts import forbidden_by
from tests.solved import run_to_check, verdict_on

LAB = Course(Path(__file__).parents[2]).lab("lab5_experiments")

# What a student in a hurry writes for each exercise.
SHORTCUTS = {
    "read_idx": "from course_utils import read_image_file, read_label_file\n"
    "def get_int(b):\n    return int.from_bytes(b, 'big')\n",
    "split": "from course_utils import train_validation_test_split as rows_of\n"
    "def split_data(x, y, test_size=0.2, val_size=0.2, seed=42):\n"
    "    rows = rows_of(x, y, test_size=test_size, validation_size=val_size, seed=seed)\n"
    "    return [part[r] for r in rows for part in (x, y)]\n",
    "softmax_regression": "from course_utils import SoftmaxRegression\n",
    "deep_net": "class DeepBigSimpleNet(training.DeepBigSimpleNet):\n    pass\n",
    "schedules": "from course_utils import learning_rates\n",
    "early_stopper": "EarlyStopper = training.EarlyStopper\n",
    "evaluator": "def evaluate(model, loader, num_classes=10):\n"
    "    found = training.evaluate(model, loader, classes=num_classes)\n"
    "    return {k: getattr(found, k) for k in\n"
    "        ('accuracy', 'confusion_matrix', 'inference_ms', 'inference_ms_std')}\n",
    "tracker": "from course_utils import ExperimentTracker\n",
    "manager": "class TrainingManager(training.TrainingManager):\n"
    "    def train(self, *given):\n"
    "        result = super().train(*given)\n"
    "        return result.history, result.summary()\n"
    "def run_experiments(experiments, tracker=None, data=None):\n"
    "    return training.run_experiments(experiments, tracker, data=data)\n",
}


def verdict_of(exercise, monkeypatch, change=None):
    """Run the lab up to a check, with a change of the exercise's code; return the verdict."""
    return verdict_on(LAB, exercise, *run_to_check(LAB, exercise, monkeypatch, change))


def test_each_exercise_forbids_something():
    forbidding = {name for name, checks in LAB.checks().items() if forbidden_by(checks)}
    assert forbidding == set(SHORTCUTS)


@pytest.mark.parametrize("exercise", SHORTCUTS)
def test_the_librarys_version_costs_the_points(exercise, monkeypatch):
    verdict = verdict_of(exercise, monkeypatch, lambda solution: SHORTCUTS[exercise])
    assert verdict.shortcut is not None
    assert "course_utils" in verdict.shortcut.seen
    assert verdict.points == 0


@pytest.mark.parametrize("exercise", SHORTCUTS)
def test_the_solution_takes_no_shortcut(exercise, monkeypatch):
    verdict = verdict_of(exercise, monkeypatch)
    assert verdict.shortcut is None
    assert verdict.points == verdict.max_points


def test_every_forbidden_name_of_the_library_is_there():
    """A name that was moved would forbid nothing."""
    from pkgutil import resolve_name

    for checks in LAB.checks().values():
        for name in forbidden_by(checks).names:
            if name.startswith("course_utils."):
                assert callable(resolve_name(name)), name
