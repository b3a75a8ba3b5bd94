"""The table of results has a row for everyone, and is whole at any time."""

import csv

import pytest

from autograder.grading.graded import Graded
from autograder.reporting import results
from autograder.reporting.results import ResultsFile, Row, row_of, write_results, write_whole

ROWS = [
    Row("zoe", 97.5, 100.0, "graded", ("renamed: a, b.ipynb", "changed: setup"), 1.25),
    Row("Ann, =1+1", 0.0, 100.0, "refused", ('The folder name "x" is none.',), 0.0),
    Row("ben", None, 100.0, "failed", (), 3.0),
]


def rows_in(path):
    with path.open(newline="") as file:
        return list(csv.reader(file))


def test_the_columns_and_the_flags_are_as_promised(tmp_path):
    path = tmp_path / "toy.csv"
    write_results(path, ROWS)
    rows = rows_in(path)
    assert ",".join(rows[0]) == "student_id,score,max_score,status,flags,seconds"
    assert rows[3] == [
        "zoe", "97.5", "100", "graded", "renamed: a, b.ipynb; changed: setup", "1.25",
    ]  # fmt: skip
    assert rows[2][1] == ""


def test_rows_are_sorted_and_the_last_one_of_a_student_counts(tmp_path):
    path = tmp_path / "results" / "toy.csv"
    with ResultsFile(path, ROWS) as table:
        table.put(Row("ben", 1.0, 100.0, "graded", (), 2.0))
        table.put(Row("al", 2.0, 100.0, "graded", (), 2.0))
    assert [row[:2] for row in rows_in(path)[1:]] == [
        ["Ann, =1+1", "0"], ["al", "2"], ["ben", "1"], ["zoe", "97.5"],
    ]  # fmt: skip


def test_the_file_is_written_now_and_then_and_when_a_run_is_stopped(tmp_path, monkeypatch):
    path = tmp_path / "toy.csv"
    clock = iter([100.0, 100.0, 101.0, 104.9, 200.0])
    monkeypatch.setattr(results.time, "monotonic", lambda: next(clock))
    written = []

    def stopped():
        with ResultsFile(path, []) as table:
            for row in ROWS:
                table.put(row)
                written.append(len(rows_in(path)) - 1)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert written == [1, 1, 1]
    assert len(rows_in(path)) - 1 == 3


def test_a_row_says_why_a_submission_is_not_graded(tmp_path):
    graded = Graded("toy", "failed", "It fell; twice.", ("renamed: a.ipynb",), seconds=2.0)
    assert row_of("ann", graded) == Row(
        "ann", None, 0.0, "failed", ("It fell, twice.", "renamed: a.ipynb"), 2.0
    )


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
