"""Tampering is seen where there is some, and not in honest work."""

from copy import deepcopy
from dataclasses import replace

import pytest
from nbformat.v4 import new_code_cell

from autograder.authoring.notebooks import solution_notebook
from autograder.catalog import Course
from autograder.grading.grade import grade_submission
from autograder.grading.packing import package_lab
from autograder.reporting.words import in_words
from autograder.student.tamper import FORBIDDEN_IMPORTS, FORBIDDEN_NAMES, forbidden
from tests.grading.helpers import data
from tests.hostile.conftest import needs_sandbox

HONEST = """
import numpy as np, pandas as pd, random, time, warnings, scipy.stats, sklearn.datasets
import matplotlib.pyplot as plt
from tqdm import tqdm
%matplotlib inline
%load_ext autoreload
%autoreload 2
plt.style.use("ggplot")
plt.plot([1, 2]); plt.show()
np.random.seed(1); np.set_printoptions(precision=3); np.seterr(over="ignore")
warnings.filterwarnings("ignore")
sum = 3; list(tqdm([1], disable=True)); pd.DataFrame({"a": [1]})
# import ctypes: not used
text = "I do not import gc"
subprocesses = import_gc = 1
raise ValueError("an honest mistake")
"""


@pytest.mark.parametrize("name", FORBIDDEN_IMPORTS)
def test_a_forbidden_import_is_seen(name):
    for source in (f"import {name}", f"  import os, {name}.x as y", f"from {name}.a import b",
                   f"from {name} import *", f"x = __import__('{name}')",
                   f'importlib.import_module("{name}.a")'):  # fmt: skip
        assert forbidden(source) == [f"import of {name}"], source


@pytest.mark.parametrize("name", FORBIDDEN_NAMES)
def test_a_forbidden_name_is_seen(name):
    attribute = name if "." in name else f"x.{name}"
    assert forbidden(f"y = {attribute}(1)") == [f"use of {name}"]


def test_an_honest_text_is_not_accused():
    assert forbidden(HONEST) == []
    assert forbidden("import gcd, ctypesy\nsocketing = pos.forkful\n# sys._getframe") == []


def test_what_no_parser_survives_is_looked_at():
    assert forbidden("(" * 10**6 + "\0\ud800") == []


@needs_sandbox
def test_honest_work_has_no_flag(package, base):
    notebook = deepcopy(base)
    notebook.cells.append(new_code_cell(HONEST))
    # Its imports take longer than this course gives a cell.
    package = replace(package, settings=replace(package.settings, cell_seconds=60.0))
    assert grade_submission(package, data(notebook)).flags == ()


@pytest.mark.slow
@needs_sandbox
def test_every_labs_solution_and_alternatives_have_no_flag(monkeypatch):
    """Right answers of all kinds are not accused."""
    from autograder.proving.load import load_faults

    # Explore cells are interrupted; on a busy machine they need a while to come back.
    monkeypatch.setattr("autograder.grading.student_process.GRACE_SECONDS", 4.0)
    for lab in Course.default().labs():
        package = package_lab(lab)
        assert grade_submission(package, data(solution_notebook(lab))).flags == ()
        for variation in load_faults(lab):
            assert forbidden(variation.source) == [], variation.fault.name


def test_a_flag_has_words():
    said = in_words("tampering: np.allclose replaced")
    assert "np.allclose replaced" in said
    assert "no points" in said
