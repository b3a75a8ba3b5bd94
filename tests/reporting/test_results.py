"""The table of results is read back as it was written, and is whole at any time."""

import csv

import pytest

from autograder.errors import GradlabError
from autograder.reporting.results import Row, read_results, write_results, write_whole

ROWS = [
    Row("zoe", 97.5, 100.0, "graded", ("renamed: a, b.ipynb", "changed: setup"), 1.25),
    Row("Ann, =1+1", 0.0, 100.0, "refused", ('The folder name "x" is none.',), 0.0),
    Row("ben", None, 100.0, "failed", (), 3.0),
]


def test_rows_come_back_sorted_by_student(tmp_path):
    path = tmp_path / "results" / "toy.csv"
    write_results(path, ROWS)
    assert read_results(path) == {row.student_id: row for row in ROWS}
    assert list(read_results(path)) == ["Ann, =1+1", "ben", "zoe"]


def test_the_columns_and_the_flags_are_as_promised(tmp_path):
    path = tmp_path / "toy.csv"
    write_results(path, ROWS)
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    assert ",".join(rows[0]) == "student_id,score,max_score,status,flags,seconds"
    assert rows[3] == [
        "zoe", "97.5", "100", "graded", "renamed: a, b.ipynb; changed: setup", "1.25",
    ]  # fmt: skip
    assert rows[2][1] == ""


def test_no_file_is_no_rows(tmp_path):
    assert read_results(tmp_path / "none.csv") == {}


@pytest.mark.parametrize(
    "text", ["", "a,b\n1,2\n", "student_id,score,max_score,status,flags,seconds\nx\n"]
)
def test_another_file_is_refused_with_what_was_expected(tmp_path, text):
    path = tmp_path / "toy.csv"
    path.write_text(text)
    with pytest.raises(GradlabError, match="cannot be read") as caught:
        read_results(path)
    assert "student_id,score" in str(caught.value)


def test_a_write_that_fails_leaves_the_old_file_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "toy.csv"
    write_whole(path, b"old")

    def full(*_):
        raise OSError("no space left")

    monkeypatch.setattr("autograder.reporting.results.os.replace", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
