"""One notebook without a course folder: the library call, and `gradlab grade-one`."""

import doctest
import json

import pytest

from autograder import grading
from autograder.authoring.build import build
from autograder.cli import main
from autograder.errors import GradlabError
from autograder.grading.api import lab_of
from autograder.grading.graded import Graded
from autograder.reporting.summary import verdict_text
from tests.grading.helpers import LIMITS, WRONG_DOUBLE, data, solved
from tests.toy import NAME, toy_course

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    made = toy_course(tmp_path_factory.mktemp("toy"), course_toml=LIMITS)
    build(made.lab(NAME))
    return made


@pytest.fixture(autouse=True)
def default_course(course, monkeypatch):
    monkeypatch.setenv("GRADLAB_ROOT", str(course.root))


@pytest.fixture(scope="module")
def graded(course):
    lab = course.lab(NAME)
    return grading.grade_submission(lab, data(solved(lab, double=WRONG_DOUBLE)))


def test_the_example_in_the_documentation_runs():
    (example,) = doctest.DocTestFinder(recurse=False).find(
        grading.grade_submission, "grade_submission", globs={}
    )
    assert len(example.examples) >= 5
    options = doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(optionflags=options).run(example).failed == 0


def test_an_outcome_tells_scores_messages_flags_and_times(graded, course):
    told = json.loads(json.dumps(graded.to_json()))
    assert (told["status"], told["score"], told["max_score"]) == ("graded", 2.0, 10.0)
    double = told["cells"][0]
    assert (double["name"], double["points"], double["max_points"]) == ("double_check", 0.0, 4.0)
    wrong = double["verdict"]["outcomes"][0]
    assert (wrong["status"], wrong["hint"]) == ("failed", "Twice is not squared.")
    assert wrong["seen"]
    assert told["waiting"] == ["why_mean"]
    assert set(told["timings"]) == {"repair", "run", "score"}
    assert 0 < sum(told["timings"].values()) <= told["seconds"]


def test_an_outcome_is_read_back_as_it_was_written(graded):
    back = Graded.from_json(json.loads(json.dumps(graded.to_json())))
    assert back.to_json() == graded.to_json()
    assert back.scores == graded.scores
    assert back.notebook is None


def test_a_lab_may_be_named_and_bad_bytes_are_an_outcome():
    graded = grading.grade_submission(NAME, b"{")
    assert (graded.lab, graded.status, graded.score) == (NAME, "unreadable", 0.0)
    with pytest.raises(GradlabError, match="there is no lab 'other'"):
        grading.grade_submission("other", b"{")


def test_the_lab_is_what_the_metadata_says_else_what_the_file_name_begins_with(course):
    whole = data(solved(course.lab(NAME)))
    assert lab_of(whole, "homework.ipynb", course) == NAME
    for name in ("toy.ipynb", "toy (1).ipynb", "toy-final.ipynb", "toy_ann.ipynb"):
        assert lab_of(b"{", name, course) == NAME
    for name in ("toys.ipynb", "my toy.ipynb"):
        with pytest.raises(GradlabError, match="not known which lab") as caught:
            lab_of(b'{"metadata": {"gradlab": {"lab": "old"}}}', name, course)
        assert "'old' in its metadata" in str(caught.value)
        assert "--lab" in str(caught.value)


def test_the_command_prints_json_or_lines(course, tmp_path, capsys):
    path = tmp_path / "mine.ipynb"
    path.write_bytes(data(solved(course.lab(NAME))))
    assert main(["grade-one", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["lab"], told["score"]) == (NAME, 10.0)
    path.write_text("{")
    assert main(["grade-one", str(path), "--lab", NAME]) == 1
    assert "toy: unreadable" in capsys.readouterr().out
    assert main(["grade-one", str(tmp_path / "none.ipynb")]) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_a_verdict_in_words_has_the_score_and_each_cell(graded):
    text = verdict_text(graded)
    assert text.startswith("toy: 2 of 10 points")
    for told in ("double: 0 of 4 points", "Twice is not squared.", "triple: 2 of 2 points (bonus)",
                 "why_mean: waits for a person, 2 points"):  # fmt: skip
        assert told in text
