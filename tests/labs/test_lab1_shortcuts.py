"""Each shortcut that lab 1 forbids is caught, by what runs and by what is written."""

from pathlib import Path

import pytest

from autograder.authoring.notebooks import solution_notebook, write
from autograder.catalog import Course
from autograder.checks.reading import mentioned
from autograder.checks.shortcuts import forbidden_by
from autograder.grading.grade import grade_submission
from autograder.grading.packing import package_lab
from tests.solved import forbidden_here, run_to_check, verdict_on

pytestmark = pytest.mark.slow

# Who takes the shortcut: where, and with which arguments.
TAKERS = {
    "stable_softmax": ("", "stable_softmax", "x, axis=-1"),
    "backprop": ("Network", "backprop", "self, x, y"),
    "task1": ("Task1", "backprop", "self, x, y"),
    "task2": ("Task2", "learning_step", "self, x, y, learning_rate"),
    "adamw": ("AdamW", "learning_step", "self, x, y, learning_rate"),
    "adagrad": ("Adagrad", "learning_step", "self, x, y, learning_rate"),
    "dropout": ("DropoutNetwork", "backprop", "self, x, y"),
}
ROW, LEAF = "torch.zeros(3)", "torch.zeros(3, requires_grad=True)"
SMALL = "course_utils.Network((2, 2)), np.ones((1, 2)), np.ones((1, 2))"
# How each is called.
CALLS = {
    "course_utils.stable_softmax": "np.zeros(3)",
    "course_utils.functions.stable_softmax": "np.zeros(3)",
    "course_utils.functions.log_softmax": "np.zeros(3)",
    "scipy.special.softmax": "np.zeros(3)",
    "scipy.special.log_softmax": "np.zeros(3)",
    "sklearn.utils.extmath.softmax": "np.zeros((1, 3))",
    "torch.softmax": f"{ROW}, 0",
    "torch.log_softmax": f"{ROW}, 0",
    "torch.special.softmax": f"{ROW}, 0",
    "torch.special.log_softmax": f"{ROW}, 0",
    "torch.Tensor.softmax": f"{ROW}, 0",
    "torch.Tensor.log_softmax": f"{ROW}, 0",
    "torch.nn.functional.softmax": f"{ROW}, 0",
    "torch.nn.functional.log_softmax": f"{ROW}, 0",
    "torch.nn.Softmax": "0",
    "torch.nn.LogSoftmax": "0",
    "course_utils.Network.backprop": SMALL,
    "course_utils.network.Network.backprop": SMALL,
    "torch.Tensor.backward": f"{LEAF}.sum()",
    "torch.autograd.backward": f"{LEAF}.sum()",
    "torch.autograd.grad": "*(lambda t: (t.sum(), t))(torch.zeros(3, requires_grad=True))",
    "torch.func.grad": "torch.sum",
    "torch.nn.functional.cross_entropy": "torch.zeros((1, 3)), torch.tensor([0])",
    "torch.nn.functional.dropout": ROW,
    "torch.nn.Dropout": "0.5)(" + ROW,
    "torch.optim.Optimizer": f"[{LEAF}], {{}}",
    "torch.optim.SGD": f"[{LEAF}]",
    "torch.optim.Adam": f"[{LEAF}]",
    "torch.optim.AdamW": f"[{LEAF}]",
    "torch.optim.Adagrad": f"[{LEAF}]",
}


@pytest.fixture(scope="module")
def lab():
    return Course(Path(__file__).parents[2]).lab("lab1_softmax")


@pytest.fixture(scope="module")
def package(lab):
    return package_lab(lab)


def module_of(name):
    parts = name.split(".")[:-1]
    return ".".join(part for part in parts if part.islower())


def taking(exercise, names, solution):
    """Return the solution, with calls of all these names put into the student's code."""
    owner, function, parameters = TAKERS[exercise]
    whole = f"{owner}.{function}" if owner else function
    # The last part of a dotted name that is a module: classes begin with a capital.
    modules = sorted({"course_utils", *map(module_of, names)} - {"__main__"})
    calls = [f"    {name}({CALLS[name]})" for name in names if not name.startswith("__main__.")]
    calls += ["    numerical_gradient(self, x, y)"] * ("__main__.numerical_gradient" in names)
    arguments = ", ".join(p.partition("=")[0] for p in parameters.split(", "))
    lines = [
        solution,
        *(f"import {module}" for module in modules),
        f"_own = {whole}",
        f"def _taking({parameters}):",
        *calls,
        f"    return _own({arguments})",
        f"{whole} = _taking",
    ]
    return "\n".join(lines)


def test_every_declared_name_has_a_call(lab):
    declared = {name for e in TAKERS for name in forbidden_by(lab.checks()[e]).names}
    assert declared == {*CALLS, "__main__.numerical_gradient"}
    assert {e for e, checks in lab.checks().items() if forbidden_by(checks)} == set(TAKERS)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", TAKERS)
def test_running_tells_each_name_and_so_does_reading(lab, exercise, monkeypatch):
    names = forbidden_here(lab, exercise)
    notebook, cells = run_to_check(
        lab, exercise, monkeypatch, lambda solution: taking(exercise, names, solution)
    )
    owner, function, _ = TAKERS[exercise]
    assert mentioned(cells, [owner or function], names) == set(names)

    # Without the sources, so that running alone must tell.
    verdict = verdict_on(lab, exercise, notebook)
    assert verdict.shortcut is not None
    assert set(verdict.shortcut.seen.partition(" calls ")[2].split(", ")) == set(names)
    assert verdict.points == 0


@pytest.mark.parametrize("exercise", TAKERS)
def test_the_grader_takes_the_points_and_raises_the_flag(lab, package, exercise):
    """One exercise takes it; the others keep their points."""
    names = forbidden_here(lab, exercise)
    notebook = solution_notebook(lab)
    notebook.cells = [c for c in notebook.cells if "explore" not in c.metadata.get("tags", [])]
    for cell in notebook.cells:
        if cell.id == exercise:
            cell.source = taking(exercise, names, cell.source)
    graded = grade_submission(package, write(notebook).encode())
    points = {s.name: (s.points, s.max_points) for s in graded.scores if not s.manual}
    assert points.pop(f"{exercise}_check")[0] == 0
    (flag,) = graded.flags
    assert flag.startswith(f"shortcut: {exercise} calls ")
    assert set(flag.partition(" calls ")[2].split(", ")) == set(names)
    assert all(earned == most for earned, most in points.values()), points
