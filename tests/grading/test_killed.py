"""A grader that is killed loses nothing and repeats nothing, and leaves nothing running."""

import csv
import json
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.grading.classroom import book, tables
from tests.grading.helpers import WRONG_DOUBLE, solved, submit, untouched
from tests.toy import NAME, toy_course

pytestmark = pytest.mark.slow

KILLS = 20
STUDENTS = 40


@pytest.fixture(scope="module")
def killed(tmp_path_factory, empty_book):
    """Return the folders of a calm and of a killed run, and what was seen."""
    folders = [tmp_path_factory.mktemp(name) for name in ("calm", "killed")]
    for folder in folders:
        class_in(folder, empty_book)
    done = subprocess.run(
        [sys.executable, "-m", "tests.grading.killed", "20260301", str(KILLS), *folders],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stderr
    return *folders, json.loads(done.stdout)


def class_in(folder, empty_book):
    course = toy_course(folder)
    lab = course.lab(NAME)
    shutil.copy(empty_book, folder)
    kinds = [solved(lab), untouched(lab), solved(lab, double=WRONG_DOUBLE), "{", b"%PDF"]
    for number in range(STUDENTS):
        content = kinds[number % len(kinds)]
        submit(course, f"s{number:02}", content, "a.pdf" if content == b"%PDF" else "toy.ipynb")
        submit(course, f"s{number:02}", "2026-03-01 12:00:00 UTC", "timestamp.txt")


def test_every_kill_was_one_and_some_came_between_two_grades(killed):
    seen = killed[2]["seen"]
    assert len(seen) == KILLS
    assert all(one["killed"] for one in seen)
    progress = [len(one["done"]) for one in seen]
    assert progress == sorted(progress), "a record was lost"
    assert len({count for count in progress if 0 < count < STUDENTS}) >= 3


def test_nothing_is_left_running(killed):
    assert max(one["seconds to be gone"] for one in killed[2]["seen"]) < 10


def test_what_was_done_is_not_done_again(killed):
    _, folder, told = killed
    last: dict[str, int] = {}
    for one in told["seen"]:
        assert last.items() <= one["done"].items(), "a notebook was written again"
        last = one["done"]
    assert sorted(last) == told["unchanged"]
    assert len(list((folder / "results").glob(".*.new"))) == 0


def test_the_gradebook_is_that_of_an_undisturbed_run(killed):
    calm, folder, _ = killed
    assert tables(book(folder)) == tables(book(calm))
    assert contents(folder / "gradebook.db") == contents(calm / "gradebook.db")


def contents(path):
    """Return every row of every table; keys, which are random, by how often they occur."""
    found = {}
    with sqlite3.connect(path) as connection:
        names = [row[0] for row in connection.execute("select name from sqlite_master")]
        for name in names:
            if name.startswith("sqlite_"):
                continue
            rows = connection.execute(f'select * from "{name}"').fetchall()
            found[name] = Counter(tuple(map(plain, row)) for row in rows)
    return found


def plain(value):
    if isinstance(value, str) and len(value) == 32 and value.isalnum():
        return "key"
    if isinstance(value, str) and value.startswith('{"lab"'):
        outcome = json.loads(value)
        del outcome["seconds"], outcome["timings"]
        return json.dumps(outcome)
    return value


def test_the_results_are_the_same_but_for_the_seconds(killed):
    calm, folder, _ = killed
    assert rows(folder) == rows(calm)
    assert len(rows(folder)) == STUDENTS


def rows(folder):
    with (folder / "results" / f"{NAME}.csv").open(newline="") as file:
        return [row | {"seconds": ""} for row in csv.DictReader(file)]


def test_the_files_are_the_same(killed):
    calm, folder, _ = killed
    assert files(folder / "autograded") == files(calm / "autograded")


def files(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
