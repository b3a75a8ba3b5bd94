"""The shortcuts that lab 3 forbids are caught, and its solution takes none."""

from pathlib import Path

import pytest

from autograder.catalog import Course
from autograder.checks.shortcuts import forbidden_by
from tests.solved import forbidden_here, run_to_check, verdict_on

LAB = Course(Path(__file__).parents[2]).lab("lab3_training")
WEIGHT = "course_utils.SGD([course_utils.Tensor(np.zeros(1), requires_grad=True)])"
IMAGES = "np.zeros((1, 784)), get_generator()"
CONFIG = "course_utils.TrainingConfig()"
DATA = "[np.zeros((2, 784)), np.zeros(2, int)] * 3"
# What takes the shortcut in each exercise, and the arguments for the last part of each name.
TAKERS = {
    "improved_mlp": ("ImprovedMLP", "forward"),
    "augmenter": ("MNISTAugmenter", "augment"),
    "cosine": ("CosineAnnealingWarmRestarts", "step"),
    "early_stopping": ("EarlyStopping", "__call__"),
    "pipeline": ("TrainingPipeline", "evaluate"),
}
ARGUMENTS = {
    "DeepBigSimpleNet": "4, [3]",
    "make_model": CONFIG,
    "random_affine": IMAGES,
    "random_rotation": IMAGES,
    "random_shift": IMAGES,
    "bilinear": "np.zeros((1, 28, 28), 'f'), *np.zeros((2, 1, 28, 28), 'f')",
    "CosineAnnealingLR": f"{WEIGHT}, 3",
    "CosineAnnealingWarmRestarts": f"{WEIGHT}, 3",
    "WarmupCosine": f"{WEIGHT}, 10",
    "learning_rates": "'cosine', 3, 0.1",
    "EarlyStopper": "",
    "EarlyStopping": "",
    "TrainingManager": CONFIG,
    "evaluate": "course_utils.Linear(2, 2), [(np.zeros((1, 2)), np.zeros(1, int))]",
    "run_experiments": "[], course_utils.ExperimentTracker(None), data=()",
    "train_epoch": "course_utils.Linear(2, 2), [(np.zeros((1, 2)), np.zeros(1, int))], "
    f"course_utils.CrossEntropyLoss(), {WEIGHT}",
}


def call_of(name):
    module = name.rpartition(".")[0].replace("utils.augmentation", "utils.data.augmentation")
    arguments = ARGUMENTS[name.rpartition(".")[2]]
    if name.startswith("torch."):
        arguments = "torch.optim.SGD([torch.zeros(1, requires_grad=True)]), 3"
    return f"import {module}\n", f"{name}({arguments})"


def taking(exercise, names, solution):
    """Return the solution with calls of all these names in the exercise's code."""
    owner, method = TAKERS[exercise]
    imports, calls = zip(*map(call_of, names), strict=True)
    body = "\n".join(f"    {call}" for call in calls)
    return (
        f"{solution}\nimport course_utils\n{''.join(imports)}\n_own = {owner}.{method}\n"
        f"def _taking(self, *given):\n{body}\n    return _own(self, *given)\n"
        f"{owner}.{method} = _taking\n"
    )


def verdict_of(exercise, monkeypatch, change=None):
    """Run the lab up to a check, with a change of the exercise's code; return the verdict."""
    return verdict_on(LAB, exercise, *run_to_check(LAB, exercise, monkeypatch, change))


def test_every_exercise_forbids_its_shortcuts():
    forbidding = {e for e, checks in LAB.checks().items() if forbidden_by(checks)}
    assert forbidding == set(TAKERS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", TAKERS)
def test_calls_cost_the_points(exercise, monkeypatch):
    names = forbidden_here(LAB, exercise)
    verdict = verdict_of(exercise, monkeypatch, lambda solution: taking(exercise, names, solution))
    assert verdict.shortcut is not None
    assert set(verdict.shortcut.seen.partition(" calls ")[2].split(", ")) == set(names)
    assert verdict.points == 0


@pytest.mark.parametrize("exercise", TAKERS)
def test_the_solution_takes_no_shortcut(exercise, monkeypatch):
    verdict = verdict_of(exercise, monkeypatch)
    assert verdict.shortcut is None
    assert verdict.points == verdict.max_points
