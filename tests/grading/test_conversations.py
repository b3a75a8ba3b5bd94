"""A check that was answered as before comes to the same, in all labs, for all kinds of work."""

import pytest

from autograder.authoring.notebooks import solution_notebook
from autograder.catalog import Course
from autograder.checks import run
from autograder.grading import execute
from autograder.grading.conversations import Conversations
from autograder.grading.grade import grade_submission
from autograder.grading.match import is_explore, name_of
from autograder.grading.packing import package_lab
from autograder.proving.load import load_faults
from tests.grading.helpers import data

pytestmark = pytest.mark.slow

# Of the misconceptions and alternatives of a lab, each so many-th is tried.
EACH = 10


@pytest.fixture
def counted(monkeypatch):
    """Note which checks are run, and not recalled."""
    names = []

    def noted(check, *rest):
        names.append(check.name)
        return plain(check, *rest)

    plain = run._run
    monkeypatch.setattr(run, "_run", noted)
    return names


def told(graded):
    """Return what the hidden checks said. The visible asserts may name a temporary file."""
    return [(one.name, one.points, one.verdict and one.verdict.outcomes) for one in graded.scores]


@pytest.mark.parametrize("name", Course.default().lab_names())
def test_what_is_recalled_is_what_the_check_says(name, monkeypatch, counted):
    lab = Course.default().lab(name)
    package = package_lab(lab)
    work = []
    for variation in [None, *load_faults(lab)[::EACH]]:
        notebook = solution_notebook(lab)
        notebook.cells = [cell for cell in notebook.cells if not is_explore(cell)]
        for cell in notebook.cells:
            if variation and name_of(cell) == variation.fault.exercise:
                cell.source = variation.source
        work.append(data(notebook))

    anew = []
    for content in work:
        monkeypatch.setattr(execute, "_conversations", Conversations())
        anew.append(grade_submission(package, content))
    without = len(counted)
    counted.clear()
    monkeypatch.setattr(execute, "_conversations", Conversations())
    for content, expected in zip(work, anew, strict=True):
        graded = grade_submission(package, content)
        assert told(graded) == told(expected)
        assert graded.flags == expected.flags
    assert len(counted) < without / 2
    # A second time nothing is new, but for times that a check looks at.
    counted.clear()
    grade_submission(package, work[0])
    assert len(counted) <= 2, counted
