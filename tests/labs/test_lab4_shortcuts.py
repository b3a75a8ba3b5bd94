"""The shortcuts that lab 4 forbids are caught, and its solution takes none."""

from pathlib import Path

import pytest

from autograder.catalog import Course
from autograder.checks.reading import mentioned
from autograder.checks.shortcuts import forbidden_by
from autograder.proving.run import lab_cells
from tests.solved import forbidden_here, run_to_check, verdict_on

LAB = Course(Path(__file__).parents[2]).lab("lab4_attention")

# Who takes the shortcut: code put behind the solution, with the call in it.
IN_FORWARD = """
_own = {cls}.forward
def _taking(self, *given):
    {call}
    return _own(self, *given)
{cls}.forward = _taking
"""
IN_FUNCTION = """
_own = {name}
def {name}(*given, **options):
    {call}
    return _own(*given, **options)
"""
TAKERS = {
    "image_embedding": IN_FORWARD.replace("{cls}", "ImageEmbedding"),
    "attention": IN_FUNCTION.replace("{name}", "scaled_dot_product_attention"),
    "transformer_block": IN_FORWARD.replace("{cls}", "TransformerBlock"),
    "lr_schedule": IN_FUNCTION.replace("{name}", "get_lr"),
    "clip": IN_FUNCTION.replace("{name}", "clip_by_value"),
    "training": IN_FUNCTION.replace("{name}", "train"),
}
ROOTS = {
    "image_embedding": "ImageEmbedding",
    "attention": "scaled_dot_product_attention",
    "transformer_block": "TransformerBlock",
    "lr_schedule": "get_lr",
    "clip": "clip_by_value",
    "training": "train",
}
LEAF = "torch.zeros(2, requires_grad=True)"
ROW = "torch.zeros(1, 2, 4)"
SMALL_SGD = "course_utils.SGD([course_utils.Parameter(np.zeros(2))])"
# The last part of a dotted name, and how it is called.
CALLS = {
    "Unfold": "(2)",
    "unfold": "(torch.zeros(1, 1, 4, 4), 2)",
    "Conv2d": "(1, 1, 2)",
    "conv2d": "(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 2, 2))",
    "MultiheadAttention": "(4, 1)",
    "self_attention": "(course_utils.Tensor(np.zeros((1, 2, 6))), 1)",
    "TransformerEncoderLayer": "(4, 1)",
    "scaled_dot_product_attention": f"({ROW}, {ROW}, {ROW})",
    "clip_grad_value_": "([], 1.0)",
    "clip_grad_norm_": "([], 1.0)",
    "EarlyStopper": "()",
    "EarlyStopping": "()",
}
PARTICULAR = {
    "course_utils.ExponentialLR": f"({SMALL_SGD}, 0.9)",
    "course_utils.optim.schedules.ExponentialLR": f"({SMALL_SGD}, 0.9)",
    "torch.optim.lr_scheduler.ExponentialLR": f"(torch.optim.SGD([{LEAF}], 0.1), 0.9)",
    "course_utils.TrainingManager": "(course_utils.TrainingConfig())",
    "course_utils.training.TrainingManager": "(course_utils.TrainingConfig())",
    "course_utils.training.manager.TrainingManager": "(course_utils.TrainingConfig())",
}
# What takes too much to be called here is read, and not run.
ONLY_READ = {
    "torch.nn.functional.multi_head_attention_forward",
    "course_utils.training.steps.train_epoch",
}


def calls_of(exercise):
    """Return name and call of each forbidden name whose library is installed."""
    for name in forbidden_here(LAB, exercise):
        if name not in ONLY_READ:
            arguments = PARTICULAR.get(name) or CALLS[name.rpartition(".")[2]]
            module = ".".join(part for part in name.split(".")[:-1] if part.islower())
            yield name, module, name + arguments


def with_call(exercise, modules, call):
    """Return a change of the exercise's solution: a call in its code."""
    taken = TAKERS[exercise].replace("{call}", call)
    return lambda solution: f"{solution}\nimport course_utils\nimport {modules}\n{taken}"


def verdict_of(exercise, monkeypatch, change=None):
    """Run the lab up to a check, with a change of the exercise's code; return the verdict."""
    return verdict_on(LAB, exercise, *run_to_check(LAB, exercise, monkeypatch, change))


def test_every_exercise_with_a_library_version_forbids_it():
    forbidding = {e for e, checks in LAB.checks().items() if forbidden_by(checks)}
    assert forbidding == set(TAKERS)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", TAKERS)
def test_running_tells_each_name(exercise, monkeypatch):
    calls = list(calls_of(exercise))
    modules = ", ".join({module for _, module, _ in calls})
    together = "(" + ", ".join(call for _, _, call in calls) + ",)"
    verdict = verdict_of(exercise, monkeypatch, with_call(exercise, modules, together))
    assert verdict.shortcut is not None
    told = set(verdict.shortcut.seen.partition(" calls ")[2].split(", "))
    assert {name for name, _, _ in calls} <= told
    assert verdict.points == 0


@pytest.mark.parametrize("exercise", TAKERS)
def test_reading_tells_each_name(exercise):
    names = forbidden_by(LAB.checks()[exercise]).names
    solution = next(cell.source for cell in lab_cells(LAB) if cell.name == exercise)
    for name in names:
        module = ".".join(part for part in name.split(".")[:-1] if part.islower())
        source = with_call(exercise, module, f"{name}()")(solution)
        assert name in mentioned([source], [ROOTS[exercise]], names)


@pytest.mark.parametrize("exercise", TAKERS)
def test_the_solution_takes_no_shortcut(exercise, monkeypatch):
    verdict = verdict_of(exercise, monkeypatch)
    assert verdict.shortcut is None
    assert verdict.points == verdict.max_points
