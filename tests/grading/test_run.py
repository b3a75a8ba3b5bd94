"""A class is graded: every submission ends in a row, and nothing is left half done."""

import csv
import datetime
import shutil

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.errors import GradlabError
from autograder.grading import run as run_module
from autograder.grading.gradebook import GradebookWriter
from autograder.grading.graded import CellScore, Graded
from autograder.grading.lock import only_one
from autograder.grading.run import grade_course
from autograder.reporting.summary import summary, table
from tests.grading.classroom import book, classroom, copied, tables
from tests.grading.helpers import LIMITS, submit
from tests.toy import CHECKS, NAME, SOURCE, edited, toy_course

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    return classroom(tmp_path_factory.mktemp)


@pytest.fixture
def course(tmp_path, empty_book):
    made = toy_course(tmp_path, course_toml=LIMITS)
    shutil.copy(empty_book, tmp_path)
    return made


@pytest.fixture
def fake(monkeypatch):
    """Grade without processes: each submission gets the points its bytes say.

    Returns a list that grows by each student who is graded.
    """

    def grade(package, raw):
        text = raw.decode()
        if text == "lost":
            return None
        scores = tuple(
            CellScore(c.name, None if c.manual else float(text), c.points, c.bonus, c.manual, False)
            for c in package.cells
        )
        notebook = nbformat.writes(package.notebook).encode()
        return Graded(package.lab, "graded", scores=scores, notebook=notebook)

    graded = []

    def calls(_function, coming, *, jobs, seconds, shared):
        for key, arguments in coming:
            graded.append(key[0].student)
            lost = run_module.WorkerLost("its process ended")
            yield key, grade(*shared, arguments[0]) or lost

    monkeypatch.setattr(run_module, "call_in_processes", calls)
    return graded


def rows_of(folder):
    with (folder / "results" / f"{NAME}.csv").open(newline="") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


def auto_scores(folder, student):
    return {name: auto for name, auto, *_ in tables(book(folder))[student]["grades"]}


def test_every_submission_ends_in_a_row(room):
    header = (room.root / "results" / "toy.csv").read_text().split("\n")[0]
    assert header == "student_id,score,max_score,status,flags,seconds"
    rows = rows_of(room.root)
    assert {s: (r["score"], r["max_score"], r["status"]) for s, r in rows.items()} == {
        "solved": ("10", "10", "graded"),
        "untouched": ("0", "10", "graded"),
        "wrong": ("2", "10", "graded"),
        "renamed": ("10", "10", "graded"),
        "stripped": ("10", "10", "graded"),
        "died": ("6", "10", "graded"),
        "broken": ("0", "10", "unreadable"),
        "empty": ("0", "10", "empty"),
        "page": ("0", "10", "unreadable"),
        "pdf": ("0", "10", "missing"),
        "bad,id": ("0", "10", "refused"),
    }
    assert rows["renamed"]["flags"] == "renamed: My toy.ipynb"
    assert rows["wrong"]["flags"] == "changed: setup"
    assert "process died: mean_rows_check" in rows["died"]["flags"].split("; ")
    assert "toy.pdf" in rows["pdf"]["flags"]
    assert float(rows["solved"]["seconds"]) > 0.01


def test_executed_notebooks_are_written_and_only_those(room):
    written = {p.parents[1].name for p in (room.root / "autograded").glob("*/toy/toy.ipynb")}
    assert written == {s for s, g in room.outcomes.items() if g.status == "graded"}
    notebook = nbformat.read(room.root / "autograded/solved/toy/toy.ipynb", as_version=4)
    nbformat.validate(notebook)


def test_the_gradebook_knows_everyone_with_a_proper_name(room):
    found = tables(book(room.root))
    assert set(found["students"]) == set(room.outcomes) - {"bad,id"}
    assert found["solved"]["totals"] == (10.0, 10.0, True, False)
    assert found["broken"]["totals"] == (0.0, 10.0, False, True)


def test_the_table_and_the_lines_below_it_say_what_is_next(room):
    shown = table(room.outcomes) + summary(room.outcomes, NAME, room.root)
    for told in ("solved", "unreadable", "6 of 11 graded", "wait for a person", "gradlab feedback"):
        assert told in shown


def test_one_worker_gives_what_two_give(room, course, tmp_path):
    for student in ("wrong", "stripped", "pdf"):
        for path in (room.root / "submitted" / student / NAME).iterdir():
            submit(course, student, path.read_bytes(), path.name)
    alone = grade_course(course.lab(NAME), tmp_path, jobs=1)
    for student, graded in alone.items():
        other = room.outcomes[student]
        assert (graded.status, graded.flags, graded.scores) == (
            other.status, other.flags, other.scores,
        )  # fmt: skip
        home = f"autograded/{student}/{NAME}/{NAME}.ipynb"
        if graded.status == "graded":
            assert (tmp_path / home).read_bytes() == (room.root / home).read_bytes()
        assert tables(book(tmp_path))[student] == tables(book(room.root))[student]


def test_one_student_leaves_the_others_as_they_are(room, tmp_path, fake):
    folder = copied(room, tmp_path / "class")
    before, rows = tables(book(folder)), rows_of(folder)
    (folder / "submitted/wrong/toy/toy.ipynb").write_text("1")
    grade_course(room.lab, folder, student="wrong")
    after, new = tables(book(folder)), rows_of(folder)
    assert new["wrong"]["score"] == "3"
    assert auto_scores(folder, "wrong")["double_check"] == 1
    assert {s: r for s, r in new.items() if s != "wrong"} == {
        s: r for s, r in rows.items() if s != "wrong"
    }
    del before["wrong"], after["wrong"]
    assert after == before


def test_a_score_given_by_a_person_survives_grading_again(room, tmp_path, fake):
    folder = copied(room, tmp_path / "class")
    with Gradebook(book(folder)) as gradebook:
        grade = gradebook.find_grade("why_mean", NAME, NAME, "solved")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        comment = gradebook.find_comment("why_mean", NAME, NAME, "solved")
        comment.manual_comment = "Nearly."
        gradebook.db.commit()
    (folder / "submitted/solved/toy/toy.ipynb").write_text("1")
    grade_course(room.lab, folder, student="solved")
    found = tables(book(folder))["solved"]
    # As stock nbgrader: the score stands, and the person is asked to look again.
    assert ("why_mean", None, 1.5, None, True) in found["grades"]
    assert ("why_mean", "No response.", "Nearly.") in found["comments"]
    assert found["totals"][0] == 3 + 1.5


def test_a_submission_that_became_unreadable_loses_its_old_notebook_and_points(room, tmp_path):
    folder = copied(room, tmp_path / "class")
    (folder / "submitted/solved/toy/toy.ipynb").write_text("{")
    grade_course(room.lab, folder, student="solved")
    assert rows_of(folder)["solved"]["status"] == "unreadable"
    assert not (folder / "autograded/solved/toy/toy.ipynb").exists()
    assert set(auto_scores(folder, "solved").values()) == {0.0}


def test_a_fault_of_ours_leaves_the_score_open_and_the_old_grade_alone(room, tmp_path, fake):
    folder = copied(room, tmp_path / "class")
    (folder / "submitted/solved/toy/toy.ipynb").write_text("lost")
    before = tables(book(folder))
    grade_course(room.lab, folder, student="solved")
    row = rows_of(folder)["solved"]
    assert (row["score"], row["status"]) == ("", "failed")
    assert tables(book(folder)) == before
    assert (folder / "autograded/solved/toy/toy.ipynb").exists()


def test_rows_of_students_who_are_gone_go_with_a_full_run(course, tmp_path, fake):
    for student in ("ann", "ben"):
        submit(course, student, "1")
    grade_course(course.lab(NAME), tmp_path)
    (tmp_path / "submitted/ann/toy/toy.ipynb").unlink()
    (tmp_path / "submitted/ann/toy").rmdir()
    grade_course(course.lab(NAME), tmp_path)
    assert set(rows_of(tmp_path)) == {"ben"}


def test_a_stop_in_the_middle_keeps_what_is_done(course, tmp_path, fake, monkeypatch):
    for student in ("ann", "ben", "cleo"):
        submit(course, student, "1")
    writes, write = [], GradebookWriter.write

    def interrupted(self, student, *rest, **options):
        writes.append(student)
        if len(writes) == 2:
            # In the middle of the transaction.
            monkeypatch.setattr(GradebookWriter, "_write_penalty", stop)
        write(self, student, *rest, **options)

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(GradebookWriter, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade_course(course.lab(NAME), tmp_path, jobs=1)
    assert set(rows_of(tmp_path)) == {"ann"}
    assert tables(book(tmp_path))["students"] == ["ann"]


def test_points_that_change_are_brought_into_the_gradebook(course, tmp_path, fake):
    submit(course, "ann", "1")
    grade_course(course.lab(NAME), tmp_path)
    more = toy_course(
        tmp_path / "b",
        source=edited(SOURCE, 'name="double_check" points=4', 'name="double_check" points=5'),
        checks=edited(CHECKS, '@check("double", points=3)', '@check("double", points=4)'),
        lab_toml='title = "T"\npoints = 11\nbonus = 2\n',
    )
    grade_course(more.lab(NAME), tmp_path)
    assert ("double_check", 5.0, "code") in tables(book(tmp_path))["graded"]
    assert rows_of(tmp_path)["ann"]["max_score"] == "11"


def test_cells_that_come_or_go_are_refused_with_a_way_out(course, tmp_path, fake):
    submit(course, "ann", "1")
    grade_course(course.lab(NAME), tmp_path)
    given = '# %% tags=["given"] name="more"\nMORE = 1\n\n# %% [markdown]\n# ## Mean of rows'
    changed = toy_course(
        tmp_path / "b", source=edited(SOURCE, "# %% [markdown]\n# ## Mean of rows", given)
    )
    with pytest.raises(GradlabError, match="gained or lost cells") as caught:
        grade_course(changed.lab(NAME), tmp_path)
    assert "gradebook.db" in str(caught.value)


def test_a_gradebook_that_is_none_is_told(course, tmp_path, fake):
    submit(course, "ann", "1")
    (tmp_path / "gradebook.db").write_text("not a database, but a text of some length " * 50)
    with pytest.raises(GradlabError, match="cannot be used"):
        grade_course(course.lab(NAME), tmp_path)


def test_a_bonus_is_kept_above_the_maximum(course, tmp_path, fake):
    submit(course, "ann", "2")
    outcome = grade_course(course.lab(NAME), tmp_path)["ann"]
    assert (outcome.score, outcome.max_score) == (6, 10)
    assert auto_scores(tmp_path, "ann")["triple_check"] == 2
    assert tables(book(tmp_path))["graded"][2][:2] == ("triple_check", 0.0)


def test_what_is_unchanged_is_not_graded_again(course, tmp_path, fake):
    for student in ("ann", "ben", "cleo"):
        submit(course, student, "1")
    submit(course, "pdf", "%PDF", "toy.pdf")
    first = grade_course(course.lab(NAME), tmp_path)
    before, rows = tables(book(tmp_path)), rows_of(tmp_path)
    assert first.unchanged == frozenset()
    fake.clear()
    submit(course, "ben", "2")
    again = grade_course(course.lab(NAME), tmp_path)
    assert fake == ["ben"]
    assert again.unchanged == {"ann", "cleo", "pdf"}
    assert {s: again[s] for s in again.unchanged} == {s: first[s] for s in again.unchanged}
    assert list(again) == ["ann", "ben", "cleo", "pdf"]
    after = tables(book(tmp_path))
    assert after.pop("ben") != before.pop("ben")
    assert after == before
    assert {**rows_of(tmp_path), "ben": None} == {**rows, "ben": None}
    assert "3 unchanged" in summary(again, NAME, tmp_path, len(again.unchanged))


def test_a_change_of_the_lab_or_the_grader_has_all_graded_again(
    course, tmp_path, fake, monkeypatch
):
    submit(course, "ann", "1")
    lab = course.lab(NAME)
    grade_course(lab, tmp_path)
    grade_course(lab, tmp_path)
    assert fake == ["ann"]
    other = toy_course(
        tmp_path / "b", checks=edited(CHECKS, "rng.normal(size=(2, 5))", "rng.normal(size=(3, 5))"),
        course_toml=LIMITS,
    )  # fmt: skip
    grade_course(other.lab(NAME), tmp_path)
    assert fake == ["ann"] * 2
    seeded = toy_course(tmp_path / "c", course_toml="seed = 5\n" + LIMITS)
    grade_course(seeded.lab(NAME), tmp_path)
    assert fake == ["ann"] * 3
    monkeypatch.setattr(run_module, "grader_digest", lambda: "a newer one")
    grade_course(seeded.lab(NAME), tmp_path)
    grade_course(seeded.lab(NAME), tmp_path)
    assert fake == ["ann"] * 4


def test_what_was_not_graded_or_has_lost_its_notebook_is_graded_again(course, tmp_path, fake):
    for student in ("ann", "ben", "cleo"):
        submit(course, student, "lost" if student == "ann" else "1")
    grade_course(course.lab(NAME), tmp_path)
    (tmp_path / "autograded/ben/toy/toy.ipynb").unlink()
    fake.clear()
    again = grade_course(course.lab(NAME), tmp_path)
    assert sorted(fake) == ["ann", "ben"]
    assert again.unchanged == {"cleo"}
    assert (tmp_path / "autograded/ben/toy/toy.ipynb").exists()


def test_force_grades_all_again_and_keeps_what_people_gave(course, tmp_path, fake):
    for student in ("ann", "ben"):
        submit(course, student, "1")
    grade_course(course.lab(NAME), tmp_path)
    with Gradebook(book(tmp_path)) as gradebook:
        gradebook.find_grade("why_mean", NAME, NAME, "ann").manual_score = 1.5
        gradebook.db.commit()
    fake.clear()
    assert grade_course(course.lab(NAME), tmp_path).unchanged == {"ann", "ben"}
    assert fake == []
    assert grade_course(course.lab(NAME), tmp_path, force=True).unchanged == frozenset()
    assert sorted(fake) == ["ann", "ben"]
    assert ("why_mean", None, 1.5, None, True) in tables(book(tmp_path))["ann"]["grades"]


def test_a_due_date_that_is_moved_changes_the_penalty_of_what_is_unchanged(course, tmp_path, fake):
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\nc.LateSubmissionPlugin.penalty_method = 'zero'\n"
    )
    submit(course, "ann", "1")
    submit(course, "ann", "2026-03-01 12:00:00 UTC", "timestamp.txt")
    grade_course(course.lab(NAME), tmp_path)
    assert tables(book(tmp_path))["ann"]["penalty"] is None
    for month, penalty in ((2, 3.0), (4, None)):
        with Gradebook(book(tmp_path)) as gradebook:
            gradebook.find_assignment(NAME).duedate = datetime.datetime(2026, month, 1)
            gradebook.db.commit()
        grade_course(course.lab(NAME), tmp_path)
        assert tables(book(tmp_path))["ann"]["penalty"] == penalty
    assert fake == ["ann"]


def test_an_old_gradebook_that_is_put_back_has_its_own_records(course, tmp_path, fake):
    submit(course, "ann", "1")
    grade_course(course.lab(NAME), tmp_path)
    shutil.copy(tmp_path / "gradebook.db", tmp_path / "old.db")
    submit(course, "ann", "2")
    grade_course(course.lab(NAME), tmp_path)
    shutil.copy(tmp_path / "old.db", tmp_path / "gradebook.db")
    grade_course(course.lab(NAME), tmp_path)
    assert fake == ["ann"] * 3
    assert auto_scores(tmp_path, "ann")["double_check"] == 2


def test_a_second_run_at_the_same_time_is_refused(course, tmp_path, fake):
    submit(course, "ann", "1")
    lock = tmp_path / "results" / f".{NAME}.lock"
    with (
        only_one(lock, "grades"),
        pytest.raises(GradlabError, match="another process grades toy"),
    ):
        grade_course(course.lab(NAME), tmp_path)
    assert set(grade_course(course.lab(NAME), tmp_path)) == {"ann"}


def test_grades_that_were_taken_out_of_the_gradebook_are_written_again(course, tmp_path, fake):
    for student in ("ann", "ben", "bad,id"):
        submit(course, student, "1")
    grade_course(course.lab(NAME), tmp_path)
    before = tables(book(tmp_path))
    with Gradebook(book(tmp_path)) as gradebook:
        gradebook.remove_submission(NAME, "ann")
    fake.clear()
    assert grade_course(course.lab(NAME), tmp_path).unchanged == {"ben", "bad,id"}
    assert fake == ["ann"]
    assert tables(book(tmp_path)) == before
