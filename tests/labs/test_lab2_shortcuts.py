"""The shortcuts that lab 2 forbids are caught, and its solution takes none."""

import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from autograder.catalog import Course
from autograder.checks import run_checks
from autograder.checks.reading import mentioned
from autograder.checks.shortcuts import forbidden_by
from autograder.proving.run import lab_cells

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


def run_cells(exercise, call, monkeypatch):
    """Run the lab's cells up to a check, with a call in the exercise's code."""
    monkeypatch.setenv("COURSE_DATA", "digits")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    sources = []
    for cell in lab_cells(LAB):
        if cell.name == f"{exercise}_check":
            break
        if cell.kind in ("given", "exercise"):
            source = cell.source
            if cell.name == exercise and call:
                module_names = ("torch", "sklearn.neural_network", "course_utils")
                needed = next(m for m in module_names if m in call)
                source += f"\nimport {needed}\n" + TAKERS[exercise].format(call=call)
            sources.append(source)
            with np.errstate(all="warn"):
                exec(compile(source, f"<{cell.name}>", "exec"), vars(module))
    checks = LAB.checks()[exercise]
    with np.errstate(over="ignore", invalid="ignore"):
        return run_checks(checks, vars(module), lab=LAB.name, seed=1, sources=sources), sources


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("exercise", TAKERS)
@pytest.mark.parametrize("name", CALLS)
def test_a_call_costs_the_points(exercise, name, monkeypatch):
    if not find_spec(name.partition(".")[0]):
        pytest.skip(f"{name} is not installed")
    assert name in forbidden_by(LAB.checks()[exercise]).names
    verdict, _ = run_cells(exercise, CALLS[name], monkeypatch)
    assert verdict.shortcut is not None
    assert name in verdict.shortcut.seen
    assert verdict.points == 0


@pytest.mark.parametrize("exercise", TAKERS)
def test_the_solution_takes_no_shortcut(exercise, monkeypatch):
    verdict, sources = run_cells(exercise, "", monkeypatch)
    assert verdict.shortcut is None
    assert verdict.points == verdict.max_points
    names = forbidden_by(LAB.checks()[exercise]).names
    assert mentioned(sources, [exercise, "SimpleMLP"], names) == set()
