"""The demonstration: what its made-up class hands in, and what becomes of each file."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import nbformat
import pytest

from tests.grading.helpers import LIMITS
from tests.toy import toy_course
from tools import demo
from tools.accidents import BROKEN, MENDED, SPOILED, as_bytes, cell_index
from tools.classroom import NOT_WRITTEN, SOLUTION, Desk, drawn

ROOT = Path(__file__).parents[1]
MISCONCEPTIONS = """\
from autograder.proving import misconception

misconception(
    "squared", exercise="double", caught_by="doubles_numbers", says="This is x squared.",
    change=("2 * x", "x * x"),
)
misconception(
    "over_columns", exercise="mean_rows", caught_by="one_mean_for_each_row", says="The other axis.",
    change=("axis=1", "axis=0"),
)
"""
ALTERNATIVES = """\
from autograder.proving import alternative

alternative("added", exercise="double", change=("2 * x", "x + x"))
"""


def course_in(folder):
    course = toy_course(
        folder, misconceptions=MISCONCEPTIONS, alternatives=ALTERNATIVES, course_toml=LIMITS
    )
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    return course


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return Desk(course_in(tmp_path_factory.mktemp("desk")).lab("toy"))


def notebook_of(handed):
    return nbformat.reads(handed.data.decode(), as_version=4)


def test_a_class_is_the_same_for_the_same_seed(desk):
    first = dict(drawn(desk, 20, 1, explore=False))
    assert first == dict(drawn(desk, 20, 1, explore=False))
    assert first != dict(drawn(desk, 20, 2, explore=False))
    assert len({one.data for one in first.values()}) > 8


def test_what_is_on_record_stands_in_the_notebook(desk):
    sources = {one.fault.name: one.source for one in desk.variations} | SPOILED
    seen = Counter()
    for _, handed in drawn(desk, 120, 1, explore=True):
        # Without metadata a cell has no name to look for.
        if not handed.answers or handed.what == "metadata lost":
            continue
        notebook = notebook_of(handed)
        for exercise, answer in handed.answers.items():
            books = {SOLUTION: desk.solution, NOT_WRITTEN: desk.release}
            book = books.get(answer)
            wanted = book and book.cells[cell_index(book, exercise)].source
            cell = notebook.cells[cell_index(notebook, exercise)]
            assert cell.source == (wanted or sources[answer])
            seen[answer] += 1
    assert {SOLUTION, NOT_WRITTEN, "squared", "over_columns", "added"} <= set(seen)


def test_a_large_class_has_everything(desk):
    handed = [one for _, one in drawn(desk, 600, 1, explore=False)]
    usual = {"as it should be", "untouched", "missing", "file renamed"}
    assert {one.what for one in handed} == {*usual, *MENDED, *SPOILED, *BROKEN}
    late = sum(one.late for one in handed)
    assert 20 < late < 200
    assert not any(one.file or one.data for one in handed if one.what == "missing")


@pytest.mark.parametrize("what", MENDED)
def test_an_accident_changes_the_file_and_leaves_the_solution_alone(desk, what):
    whole = as_bytes(desk.solution)
    assert as_bytes(MENDED[what](desk.solved(), "double")) != whole
    assert as_bytes(desk.solution) == whole


def test_explore_cells_are_left_out_of_most(desk):
    def explores(handed):
        cells = json.loads(handed.data)["cells"]
        return any("explore" in cell["metadata"].get("tags", []) for cell in cells)

    students = dict(drawn(desk, 40, 1, explore=False))
    whole = {name for name, one in students.items() if one.answers and explores(one)}
    assert whole
    assert all(int(name[-3:]) % 10 == 0 for name in whole)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--students", "0"], "expected 1 or more, not 0"),
        (["--course", "."], "expected a folder that is not there yet"),
    ],
)
def test_wrong_words_are_refused(words, told, capsys):
    with pytest.raises(SystemExit):
        demo.main(words)
    assert told in capsys.readouterr().err


def test_a_lab_that_does_not_exist_is_named(capsys, tmp_path):
    assert demo.main(["--labs", "lab9", "--course", str(tmp_path / "new")]) == 1
    assert "there is no lab 'lab9'" in capsys.readouterr().err


@pytest.mark.slow
def test_a_class_is_graded_to_the_last_file(tmp_path, monkeypatch, capsys):
    course_in(tmp_path)
    monkeypatch.setenv("GRADLAB_ROOT", str(tmp_path))
    folder = tmp_path / "class"
    words = ["--students", "24", "--labs", "toy", "--course", str(folder)]
    assert demo.main(words) == 0
    assert "24" in capsys.readouterr().out

    def rows(path):
        with path.open(encoding="utf-8") as file:
            return {row["student_id"]: row for row in csv.DictReader(file)}

    handed = rows(folder / "handed-in.csv")
    results, grades = rows(folder / "results" / "toy.csv"), rows(folder / "grades.csv")
    there = {name for name, row in handed.items() if row["what"] != "missing"}
    assert set(results) == there <= set(grades)
    assert there == {path.parents[1].name for path in folder.glob("feedback/*/toy/toy.html")}
    full = {name for name in there if handed[name]["what"] == "as it should be"}
    full = {name for name in full if handed[name]["answers"] in ("", "double: added")}
    assert full
    for name in there:
        score, late = float(results[name]["score"]), bool(handed[name]["late"])
        assert float(grades[name]["raw_score"]) == score
        assert float(grades[name]["score"]) == (0 if late else score)
        assert (score == 10) if name in full else (score <= 10)
        if handed[name]["what"] in ("untouched", *BROKEN):
            assert score == 0
