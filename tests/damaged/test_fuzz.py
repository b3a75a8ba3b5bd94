"""500 notebooks with random damage: each is repaired or refused in the end, no text is lost."""

import json

import nbformat
import pytest

from autograder.authoring.notebooks import solution_notebook, write
from autograder.grading.grade import grade_submission
from autograder.grading.graded import NotGradable
from autograder.reporting.words import TO_DO
from autograder.student.limits import time_limit
from tests.damaged.books import worked
from tests.damaged.kept import check_lab, check_repaired, lost, texts
from tests.damaged.mutate import mutated

CASES = range(500)
# It takes a hundredth of a second. A repair that tries all orders of cells would not end.
SECONDS = 20.0


@pytest.fixture(scope="session")
def book(lab):
    return worked(lab)


@pytest.fixture(scope="session")
def real_book(real_lab):
    return json.loads(write(solution_notebook(real_lab)))


@pytest.fixture(scope="session")
def outcomes():
    """Collect what came of the cases, for the test of the fuzz itself."""
    return {}


@pytest.mark.parametrize("seed", CASES)
def test_it_is_repaired_or_refused(request, outcomes, seed):
    real = "real_" if seed % 4 == 3 else ""
    book, package = (request.getfixturevalue(f"{real}{name}") for name in ("book", "package"))
    data, lab = mutated(book, seed), package.notebook
    try:
        with time_limit(SECONDS, patience=10.0):
            check_repaired(data, lab)
    except NotGradable as refusal:
        outcomes[seed] = refusal.status
        check_refusal(refusal.status, refusal.reason)
    else:
        outcomes[seed] = "graded"


def check_refusal(status, reason):
    assert status in TO_DO
    assert status != "failed"
    assert len(reason) < 250
    assert reason[0].isupper()
    assert reason.endswith(".")
    assert reason.isprintable()


def test_most_cases_can_be_read_and_some_cannot(outcomes):
    if len(outcomes) < len(CASES):
        pytest.skip("looks at what the other tests of this file did")
    graded = sum(status == "graded" for status in outcomes.values())
    assert len(CASES) * 0.6 < graded < len(CASES) * 0.95


@pytest.mark.parametrize("seed", range(0, len(CASES), 20))
def test_a_sample_is_graded(book, package, seed):
    data = mutated(book, seed)
    graded = grade_submission(package, data)
    if graded.status != "graded":
        check_refusal(graded.status, graded.reason)
        return
    assert graded.reason == ""
    assert 0 <= graded.score <= 10
    executed = nbformat.reads(graded.notebook.decode(), as_version=4)
    nbformat.validate(executed)
    check_lab(executed, package.notebook)
    assert not lost(texts(data), executed)
