"""Each accident ends graded or with a clear reason, and what the student wrote is kept."""

import nbformat
import pytest

from autograder.grading.grade import grade_submission
from autograder.grading.graded import NotGradable
from autograder.grading.submissions import read_submission
from tests.damaged.accidents import ACCIDENTS
from tests.damaged.books import WORK, as_bytes, worked
from tests.damaged.kept import check_repaired, lost
from tests.grading.helpers import submit

GRADED = [name for name, one in ACCIDENTS.items() if one.status == "graded"]
REFUSED = [name for name, one in ACCIDENTS.items() if one.status != "graded"]


def test_without_an_accident_nothing_is_mended_and_all_points_are_earned(lab, package):
    data = as_bytes(worked(lab))
    assert check_repaired(data, package.notebook).flags == ()
    assert grade_submission(package, data).score == 10


@pytest.mark.parametrize("name", GRADED)
def test_it_is_mended_and_no_text_is_lost(lab, package, name):
    accident = ACCIDENTS[name]
    repaired = check_repaired(accident.file(lab), package.notebook)
    assert set(repaired.flags) == accident.flags
    left = [text for piece, text in WORK.items() if piece not in accident.gone]
    assert not lost(left, repaired.notebook)


@pytest.mark.parametrize("name", GRADED)
def test_it_is_graded(lab, package, name):
    accident = ACCIDENTS[name]
    graded = grade_submission(package, accident.file(lab))
    assert (graded.status, graded.reason) == ("graded", "")
    assert graded.score == accident.score
    assert graded.waiting == accident.waiting
    assert accident.flags <= set(graded.flags)
    left = [text for piece, text in WORK.items() if piece not in accident.gone]
    assert not lost(left, nbformat.reads(graded.notebook.decode(), as_version=4))


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_a_sentence(lab, package, name):
    accident = ACCIDENTS[name]
    data = accident.file(lab)
    with pytest.raises(NotGradable) as caught:
        check_repaired(data, package.notebook)
    graded = grade_submission(package, data)
    assert (graded.status, graded.reason) == (caught.value.status, caught.value.reason)
    assert graded.status == accident.status
    assert accident.told in graded.reason
    assert graded.reason[0].isupper()
    assert graded.reason.endswith(".")
    assert "\n" not in graded.reason
    assert graded.score == 0


NAMES = {"setup", "double", "double_check", "mean_rows", "why_mean"}


@pytest.mark.parametrize("file", ["Toy.ipynb", "toy (1).IPYNB", "toy.ipynb.txt", "toy.json"])
def test_a_renamed_file_is_taken_and_flagged(course, lab, file):
    student = file.replace("(", "").replace(")", "")
    data = as_bytes(worked(lab))
    submit(course, student, data, file)
    submit(course, student, "2026-01-02 03:04:05 UTC\n", "timestamp.txt")
    found = read_submission(course.root, "toy", student, NAMES)
    assert (found.data, found.flags) == (data, (f"renamed: {file}",))


def test_files_that_are_no_notebook_of_the_lab_are_not_taken_for_one(course):
    for file, text in {"a.json": '{"cells": []}', "b.txt": "x", "toy.zip": "PK"}.items():
        submit(course, "nobody", text, file)
    found = read_submission(course.root, "toy", "nobody", NAMES)
    assert (found.status, found.data) == ("missing", None)
    assert "found a.json, b.txt, toy.zip" in found.reason
