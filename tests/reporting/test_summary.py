"""What `gradlab grade` says below its table, and that it stays true."""

import pytest
from nbgrader.api import Gradebook
from traitlets.config import Config

from autograder.grading.gradebook import GradebookWriter, gradebook_url
from autograder.grading.graded import CellScore, Graded
from autograder.grading.packing import package_lab
from autograder.grading.record import Record
from autograder.reporting.summary import summary
from tests.toy import NAME, toy_course

WAITS = "with answers that wait for a person"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    return package_lab(toy_course(tmp_path_factory.mktemp("toy")).lab(NAME))


class Room:
    """A gradebook into which outcomes are written, and in which a person grades."""

    def __init__(self, folder, package):
        self.folder = folder
        self.package = package
        self.outcomes = {}

    def grade(self, student, status="graded"):
        """Write what `gradlab grade` would: full marks, and an answer for a person."""
        cells = self.package.cells if status == "graded" else ()
        scores = tuple(
            CellScore(c.name, None if c.manual else c.points, c.points, c.bonus, c.manual)
            for c in cells
        )
        self.outcomes[student] = Graded(NAME, status, scores=scores)
        with GradebookWriter(self.folder, self.package, Config()) as writer:
            writer.write(student, Record(self.outcomes[student]))

    def by_hand(self, student, points):
        """Give points for the answer, as the formgrader does."""
        with Gradebook(gradebook_url(self.folder, Config())) as book:
            grade = book.find_grade("why_mean", NAME, NAME, student)
            grade.manual_score = points
            grade.needs_manual_grade = False
            book.db.commit()

    def says(self, **outcomes):
        """Return the line about what waits; nothing if there is none."""
        text = summary(outcomes or self.outcomes, NAME, self.folder)
        return next((line for line in text.split("\n") if WAITS in line), "")


@pytest.fixture
def room(tmp_path, package):
    return Room(tmp_path, package)


def test_what_was_graded_by_hand_no_longer_waits(room):
    for student in ("ann", "ben", "cleo"):
        room.grade(student)
    assert room.says().startswith(f"3 {WAITS}")
    room.by_hand("ben", 2.0)
    assert room.says().startswith(f"2 {WAITS}")
    room.by_hand("ann", 0.0)
    room.by_hand("cleo", 1.5)
    assert room.says() == ""


def test_work_that_came_anew_waits_again(room):
    room.grade("ann")
    room.by_hand("ann", 2.0)
    room.grade("ann")
    assert room.says().startswith(f"1 {WAITS}")


def test_only_the_students_of_this_run_count(room):
    room.grade("ann")
    room.grade("ben")
    assert room.says(ben=room.outcomes["ben"]).startswith(f"1 {WAITS}")


def test_a_submission_without_a_notebook_waits_for_nobody(room):
    room.grade("ann", status="unreadable")
    assert room.says() == ""


def test_the_gradebook_is_the_one_that_the_folder_names(room):
    """nbgrader lets an instructor put it elsewhere."""
    room.grade("ann")
    elsewhere = room.folder / "elsewhere.db"
    (room.folder / "gradebook.db").rename(elsewhere)
    config = f"c = get_config()\nc.CourseDirectory.db_url = {f'sqlite:///{elsewhere}'!r}\n"
    (room.folder / "nbgrader_config.py").write_text(config)
    assert room.says().startswith(f"1 {WAITS}")
