"""What is in a student's folder, and which notebook is meant."""

import os

import pytest

from autograder.errors import GradlabError
from autograder.grading import submissions
from autograder.grading.submissions import find_students, is_student_id, read_submission
from tests.grading.helpers import WRONG_DOUBLE, data, solved, submit, untouched
from tests.toy import toy_course

NAMES = {"setup", "double", "double_check", "mean_rows", "why_mean"}


@pytest.fixture
def course(tmp_path):
    return toy_course(tmp_path)


def read(course, student="ann"):
    return read_submission(course.root, "toy", student, NAMES)


def test_the_exact_name_is_taken_without_a_flag(course, lab):
    submit(course, "ann", solved(lab))
    found = read(course)
    assert (found.data, found.flags, found.status) == (data(solved(lab)), (), "")


def test_a_renamed_notebook_is_taken_and_flagged(course, lab):
    submit(course, "ann", solved(lab), "toy (1).ipynb")
    found = read(course)
    assert found.data == data(solved(lab))
    assert found.flags == ("renamed: toy (1).ipynb",)


def test_checkpoints_and_hidden_files_are_no_notebooks(course, lab):
    submit(course, "ann", solved(lab), "toy-checkpoint.ipynb")
    submit(course, "ann", solved(lab), ".toy.ipynb")
    (course.root / "submitted/ann/toy/.ipynb_checkpoints").mkdir()
    assert read(course).status == "missing"


def test_of_several_the_exact_name_is_taken_if_it_can_be_read(course, lab):
    submit(course, "ann", solved(lab))
    submit(course, "ann", untouched(lab), "zz.ipynb")
    found = read(course)
    assert found.data == data(solved(lab))
    assert found.flags == ("several notebooks: graded toy.ipynb, not zz.ipynb",)
    submit(course, "ann", b"")
    assert read(course).data == data(untouched(lab))


def test_of_several_others_the_one_with_most_of_the_labs_cells_is_taken(course, lab):
    other = untouched(lab)
    other.cells = other.cells[:2]
    submit(course, "ann", solved(lab), "a.ipynb")
    submit(course, "ann", other, "b.ipynb")
    assert read(course).data == data(solved(lab))


def test_of_equal_ones_the_newest_is_taken(course, lab):
    old = submit(course, "ann", solved(lab), "b.ipynb")
    submit(course, "ann", solved(lab, double=WRONG_DOUBLE), "a.ipynb")
    os.utime(old, (1, 1))
    assert read(course).data == data(solved(lab, double=WRONG_DOUBLE))


def test_a_folder_without_a_notebook_is_missing_and_says_what_is_there(course):
    submit(course, "ann", "hello", "toy.pdf")
    found = read(course)
    assert found.status == "missing"
    assert "toy.pdf" in found.reason


def test_broken_files_go_on_to_be_judged_by_their_bytes(course):
    submit(course, "ann", b"")
    assert read(course).data == b""


def test_links_are_refused_wherever_they_are(course, lab, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(data(solved(lab)))
    home = course.root / "submitted"
    for student in ("file", "lab", "student"):
        (home / student / "toy").mkdir(parents=True)
    (home / "file/toy/toy.ipynb").symlink_to(secret)
    (home / "lab/toy").rmdir()
    (home / "lab/toy").symlink_to(tmp_path)
    (home / "alias").symlink_to(home / "student")
    for student in ("file", "lab", "alias"):
        found = read(course, student)
        assert (found.status, found.data) == ("refused", None)
        assert "symbolic link" in found.reason


def test_a_pipe_is_refused_and_not_waited_for(course):
    (course.root / "submitted/ann/toy").mkdir(parents=True)
    os.mkfifo(course.root / "submitted/ann/toy/toy.ipynb")
    assert read(course).status == "refused"


def test_a_huge_file_is_not_read(course, monkeypatch):
    monkeypatch.setattr(submissions, "MAX_BYTES", 1000)
    submit(course, "ann", b"x" * 1001)
    found = read(course)
    assert (found.status, found.data) == ("too large", None)


def test_a_file_in_the_place_of_the_folder_is_told(course):
    (course.root / "submitted/ann").mkdir(parents=True)
    (course.root / "submitted/ann/toy").write_text("my notebook")
    assert read(course).status == "missing"


def test_nbgraders_timestamp_is_read_and_a_wrong_one_flagged(course, lab):
    submit(course, "ann", solved(lab))
    submit(course, "ann", "2026-01-02 03:04:05 UTC\n", "timestamp.txt")
    assert read(course).timestamp == "2026-01-02 03:04:05 UTC"
    submit(course, "ann", "yesterday", "timestamp.txt")
    found = read(course)
    assert found.timestamp is None
    assert found.flags[0].startswith("timestamp: ")


@pytest.mark.parametrize("name", ["ann", "a.b-c_d@uni.edu", "12345", "Müller", "Ann Lee"])
def test_names_that_are_student_ids(name):
    assert is_student_id(name)


@pytest.mark.parametrize("name", ["a,b", "a+b", "a*", "=1+1", " a", "a ", "a\nb", "a;b", "[x]"])
def test_names_that_are_none_are_refused_with_a_reason(course, lab, name):
    assert not is_student_id(name)
    submit(course, name, solved(lab))
    found = read(course, name)
    assert (found.status, found.data) == ("refused", None)
    assert "student id" in found.reason


def test_students_are_found_by_their_folder_of_the_lab(course, lab):
    submit(course, "ben", solved(lab))
    submit(course, "ann", b"")
    (course.root / "submitted/cleo/other").mkdir(parents=True)
    (course.root / "submitted/.cache/toy").mkdir(parents=True)
    (course.root / "submitted/notes.txt").write_text("x")
    assert find_students(course.root, "toy") == ["ann", "ben"]
    assert find_students(course.root, "toy", "ben") == ["ben"]


def test_nothing_to_grade_is_told_with_the_place_that_was_looked_at(course, lab):
    with pytest.raises(GradlabError, match=r"no folder .*submitted"):
        find_students(course.root, "toy")
    (course.root / "submitted").mkdir()
    with pytest.raises(GradlabError, match="nobody has handed in toy"):
        find_students(course.root, "toy")
    submit(course, "ann", solved(lab))
    with pytest.raises(GradlabError, match="no submission of toy by 'bob'"):
        find_students(course.root, "toy", "bob")
