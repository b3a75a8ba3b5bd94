"""The shortcuts that lab 2 forbids are caught, and its solution takes none."""

from pathlib import Path

import pytest

from autograder.catalog import Course
from autograder.checks.reading import mentioned
from autograder.checks.shortcuts import forbidden_by
from tests.solved import run_to_check, verdict_on

LAB = Course(Path(__file__).parents[2]).lab("lab2_diagnostics")
TAKERS = {
    "simple_mlp": "SimpleMLP.__init__ = lambda self, sizes, own=SimpleMLP.__init__: "
    "(own(self, sizes), {call})[0]",
    "gradient_norms": "own = gradient_norms\ndef gradient_norms(*given):\n"
    "    {call}\n    return own(*given)",
}
LEAF = "torch.zeros(3, requires_grad=True)"
CALLS = {
    "course_utils.Tensor": "course_utils.Tensor([1.0])",
    "torch.Tensor.backward": f"{LEAF}.sum().backward()",
    "torch.autograd.backward": f"torch.autograd.backward({LEAF}.sum())",
    "torch.autograd.grad": "(lambda t: torch.autograd.grad(t.sum(), t))(" + LEAF + ")",
    "sklearn.neural_network.MLPClassifier": "sklearn.neural_network.MLPClassifier()",
}


def with_call(exercise, call):
    """Return a change of the exercise's solution: a call in its code."""
    modules = ("torch", "sklearn.neural_network", "course_utils")
    needed = next(module for module in modules if module in call)
    taking = f"\nimport {needed}\n" + TAKERS[exercise].format(call=call)
    return lambda solution: solution + taking


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", TAKERS)
@pytest.mark.parametrize("name", CALLS)
def test_a_call_costs_the_points(exercise, name, monkeypatch):
    pytest.importorskip(name.partition(".")[0])
    assert name in forbidden_by(LAB.checks()[exercise]).names
    change = with_call(exercise, CALLS[name])
    verdict = verdict_on(LAB, exercise, *run_to_check(LAB, exercise, monkeypatch, change))
    assert verdict.shortcut is not None
    assert name in verdict.shortcut.seen
    assert verdict.points == 0


@pytest.mark.parametrize("exercise", TAKERS)
def test_the_solution_takes_no_shortcut(exercise, monkeypatch):
    notebook, sources = run_to_check(LAB, exercise, monkeypatch)
    verdict = verdict_on(LAB, exercise, notebook, sources)
    assert verdict.shortcut is None
    assert verdict.points == verdict.max_points
    names = forbidden_by(LAB.checks()[exercise]).names
    assert mentioned(sources, [exercise, "SimpleMLP"], names) == set()
