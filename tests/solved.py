"""A lab's notebook with the solutions in it, run without a notebook."""

import sys
from importlib.util import find_spec
from types import ModuleType

import numpy as np
import pytest

from autograder.authoring.notebooks import solution_source
from autograder.authoring.source import read_source
from autograder.checks import run_checks
from autograder.checks.shortcuts import forbidden_by
from autograder.proving.run import lab_cells


def run_lab(lab, data):
    """Return the names of a lab's given and exercise cells, run with solutions on a data set."""
    names = {"__name__": lab.name}
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("COURSE_DATA", data)
        monkeypatch.setenv("MPLBACKEND", "Agg")
        for cell in read_source(lab.source_file):
            if cell.kind in ("given", "exercise"):
                exec(compile(solution_source(cell.source), f"<{cell.name}>", "exec"), names)
    return names


def run_to_check(lab, exercise, monkeypatch, change=None):
    """Run a lab's cells in `__main__`, with solutions, up to the check of an exercise.

    Parameters
    ----------
    lab : Lab
        It is run on the digits.
    exercise : str
        The exercise whose check would come next.
    monkeypatch : pytest.MonkeyPatch
        It puts everything back.
    change : callable, optional
        Makes another cell of the exercise's solution; both are texts.

    Returns
    -------
    tuple of dict and list of str
        The notebook's names, and the sources of the cells that were run.
    """
    monkeypatch.setenv("COURSE_DATA", "digits")
    monkeypatch.setenv("MPLBACKEND", "Agg")
    module = ModuleType("__main__")
    monkeypatch.setitem(sys.modules, "__main__", module)
    sources = []
    for cell in lab_cells(lab):
        if cell.name == f"{exercise}_check":
            return vars(module), sources
        if cell.kind in ("given", "exercise"):
            changed = change is not None and cell.name == exercise
            sources.append(change(cell.source) if changed else cell.source)
            # In a notebook numpy warns; under pytest a warning would be an error.
            with np.errstate(all="ignore"):
                exec(compile(sources[-1], f"<{cell.name}>", "exec"), vars(module))
    raise AssertionError(f"{lab.name} has no check of {exercise}")


def verdict_on(lab, exercise, notebook, sources=()):
    """Return the verdict of an exercise's checks on the names of a notebook.

    A check has more time than in a course: some shortcuts import half of PyTorch.
    """
    checks = lab.checks()[exercise]
    return run_checks(checks, notebook, lab=lab.name, seed=1, seconds=120, sources=sources)


def forbidden_here(lab, exercise):
    """Return what an exercise forbids, without libraries that are not installed.

    PyTorch may be missing: where nothing is left without it, the test is skipped.
    """
    names = forbidden_by(lab.checks()[exercise]).names
    here = [name for name in names if is_here(name)]
    if not here:
        pytest.importorskip("torch")
    return here


def is_here(name):
    """Whether the library of a dotted name is installed; the notebook itself is."""
    return name.startswith("__main__.") or find_spec(name.partition(".")[0]) is not None
