"""Write grades into nbgrader's gradebook: one writer, one transaction for each submission.

The tables end up as `nbgrader autograde` would leave them for the same notebook. nbgrader's
own `Gradebook` commits after every cell, so a killed run could leave half a submission; here
its tables are written directly, and the rules (what needs a person, what "No response." means,
which penalty a late submission gets) are nbgrader's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.dbutil import ALEMBIC_DIR
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from sqlalchemy import Connection, create_engine, inspect, update
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config

from autograder.errors import GradlabError
from autograder.grading import tables
from autograder.grading.graded import Graded
from autograder.grading.package import LabPackage
from autograder.grading.record import (
    RECORDS,
    Record,
    read_records,
    remove_records,
    write_record,
)
from autograder.grading.submissions import is_student_id
from autograder.grading.tables import LabTables, Place, worth, writing_engine
from autograder.names import exercise_of


def gradebook_url(folder: Path, config: Config) -> str:
    """Return the database's URL: `gradebook.db` in the course folder unless configured."""
    return str(CourseDirectory(root=str(folder.resolve()), config=config).db_url)


def existing_gradebook_url(folder: Path, config: Config, lab: str = "LAB") -> str:
    """Return the URL of a gradebook that is there: opening one that is not would make it.

    Raises
    ------
    GradlabError
        If there is none.
    """
    url = gradebook_url(folder, config)
    if url.startswith("sqlite:///") and not Path(url.removeprefix("sqlite:///")).exists():
        raise GradlabError(
            f"there is no gradebook in {folder}",
            expected=url,
            mend=f"run `gradlab grade {lab} --course {folder}`",
        )
    return url


def open_gradebook(url: str) -> Gradebook:
    """Open a gradebook; a new one is made where there is none.

    Raises
    ------
    GradlabError
        If it cannot be opened.
    """
    with _explained(url):
        _begin_gradebook(url)
        return Gradebook(url)


def _begin_gradebook(url: str) -> None:
    """Note in a database without tables that it gets those of nbgrader's last revision.

    nbgrader would do the same, but asks the program `alembic`, which takes seconds to start.
    """
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            if not inspect(connection).get_table_names():
                from alembic.runtime.migration import MigrationContext
                from alembic.script import ScriptDirectory

                revisions = ScriptDirectory(ALEMBIC_DIR)
                MigrationContext.configure(connection).stamp(revisions, "head")
    finally:
        engine.dispose()


class GradebookWriter:
    """The one writer of a lab's grades.

    Parameters
    ----------
    folder : Path
        The course folder.
    package : LabPackage
        The lab. It is entered into the gradebook, or brought up to date there.
    config : Config
        nbgrader's settings.

    Raises
    ------
    GradlabError
        If the gradebook cannot be opened, or the lab has gained or lost cells since
        submissions were graded.
    """

    def __init__(self, folder: Path, package: LabPackage, config: Config) -> None:
        self.lab = package.lab
        self.url = gradebook_url(folder, config)
        with open_gradebook(self.url) as gradebook, _explained(self.url):
            gradebook.update_or_create_assignment(self.lab)
            self._enter_cells(package)
        self._late = AssignLatePenalties(config=config)
        self._late.init_plugin()
        self._engine = writing_engine(self.url)
        self._connection = self._engine.connect()
        try:
            with self._transaction() as connection:
                RECORDS.create(connection, checkfirst=True)
                self._assignment = LabTables.read(connection, self.lab)
        except BaseException:
            self.close()
            raise

    def records(self) -> dict[str, Record]:
        """Return what is on record about the lab's submissions, by student.

        A record whose grades somebody has taken out of the gradebook has no digest.
        """
        with self._transaction() as connection:
            records = read_records(connection, self.lab)
            entered = {student for _, student in self._places(connection)}
        return {
            student: record
            if student in entered or not is_student_id(student)
            else replace(record, digest="")
            for student, record in records.items()
        }

    def write(
        self, student: str, record: Record, timestamp: str | None = None, *, enter: bool = True
    ) -> None:
        """Write one submission.

        Parameters
        ----------
        student : str
            The student's id; entered if new.
        record : Record
            The outcome and what it came of. One that is not graded earns 0 in each cell.
        timestamp : str, optional
            When it was handed in, as nbgrader's timestamp.txt says it.
        enter : bool
            False if nothing is known about the submission's grades, or its student cannot
            have any: only the record is written then.
        """
        with self._transaction() as connection:
            if enter:
                place = self._place(connection, student, timestamp)
                score = self._write_grades(connection, place, record.graded)
                self._write_comments(connection, place, record.graded)
                self._write_penalty(connection, student, place, score)
            write_record(connection, student, record)

    def forget(self, students: Iterable[str]) -> None:
        """Remove the records of some students; their grades stay."""
        with self._transaction() as connection:
            remove_records(connection, self.lab, students)

    def refresh_penalties(self, students: Collection[str]) -> None:
        """Work out late penalties anew: the due date may have been moved since.

        Parameters
        ----------
        students : collection of str
            Those whose submission is not written in this run.
        """
        with self._transaction() as connection:
            for place, student in self._places(connection):
                if student in students:
                    values = connection.execute(tables.GRADES_OF, {"place": place.notebook})
                    score = sum(worth(row, row.auto_score) for row in values)
                    self._write_penalty(connection, student, place, score)

    def close(self) -> None:
        """Close the database."""
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with _explained(self.url), self._connection.begin():
            yield self._connection

    def _enter_cells(self, package: LabPackage) -> None:
        resources = {"nbgrader": {"notebook": self.lab, "assignment": self.lab, "db_url": self.url}}
        try:
            SaveCells().preprocess(package.notebook, resources)
        except RuntimeError as error:
            raise GradlabError(
                f"{self.lab} has gained or lost cells since submissions were graded",
                expected="the cells that the gradebook knows",
                found=str(error),
                mend=f"take the old cells back into source/{self.lab}, or move {self.url} away "
                "and grade all submissions anew (scores given by hand are in the old file)",
            ) from error

    def _place(self, connection: Connection, student: str, timestamp: str | None) -> Place:
        """Return where a student's grades go, the timestamp written down."""
        time = utils.parse_utc(timestamp) if timestamp else None
        key = {**self._assignment.key, "student": student}
        found = connection.execute(tables.PLACE_OF, key).one_or_none()
        if found is None:
            return self._new_place(connection, student, time)
        place = Place.of(found)
        if time is not None and time != place.timestamp:
            connection.execute(
                update(tables.SUBMISSIONS).where(tables.SUBMISSIONS.c.id == place.submission),
                {"timestamp": time},
            )
            place = replace(place, timestamp=time)
        return place

    def _new_place(self, connection: Connection, student: str, time: datetime | None) -> Place:
        if connection.execute(tables.STUDENT, {"student": student}).one_or_none() is None:
            connection.execute(tables.ADD_STUDENT, {"id": student})
        key = {"assignment_id": self._assignment.id, "student_id": student, "timestamp": time}
        submission = _key_of(connection.execute(tables.ADD_SUBMISSION, key))
        ours = ""
        for notebook in self._assignment.notebooks:
            key = {"assignment_id": submission, "notebook_id": notebook.id}
            place = _key_of(connection.execute(tables.ADD_NOTEBOOK, key))
            for add, cells in (
                (tables.ADD_GRADES, notebook.graded),
                (tables.ADD_COMMENTS, notebook.solved),
            ):
                if cells:
                    rows = [{"notebook_id": place, "cell_id": cell} for cell in cells]
                    connection.execute(add, rows)
            if notebook.name == self.lab:
                ours = place
        return Place(submission, ours, time, None, None)

    def _places(self, connection: Connection) -> list[tuple[Place, str]]:
        found = connection.execute(tables.PLACES, self._assignment.key)
        return [(Place.of(row), row.student_id) for row in found]

    def _write_grades(self, connection: Connection, place: Place, graded: Graded) -> float:
        """Write the automatic scores; return the sum, with what people have given."""
        scores = {cell.name: cell.points for cell in graded.scores}
        score, rows = 0.0, []
        for row in connection.execute(tables.GRADES_OF, {"place": place.notebook}).all():
            automatic = scores.get(self._assignment.names[row.cell_id], 0.0)
            # A person looks again at a score they gave, since the work may have changed.
            person = row.manual_score is not None or automatic is None
            rows.append({"row": row.id, "automatic": automatic, "person": person})
            score += worth(row, automatic)
        if rows:
            connection.execute(tables.SET_GRADE, rows)
        return score

    def _write_comments(self, connection: Connection, place: Place, graded: Graded) -> None:
        """Say "No response." where the student has left a cell as it was handed out."""
        answered = {exercise_of(cell.name) for cell in graded.scores if cell.answered}
        rows = []
        for row in connection.execute(tables.COMMENTS_OF, {"place": place.notebook}).all():
            said = None if self._assignment.names[row.cell_id] in answered else "No response."
            rows.append({"row": row.id, "said": said})
        if rows:
            connection.execute(tables.SET_COMMENT, rows)

    def _write_penalty(
        self, connection: Connection, student: str, place: Place, score: float
    ) -> None:
        penalty = None
        late = self._assignment.seconds_late(place)
        if late > 0:
            penalty = self._late.plugin_inst.late_submission_penalty(student, score, late)
            if penalty is not None:
                penalty = self._late._check_late_penalty(SimpleNamespace(score=score), penalty)
        if penalty != place.penalty:
            connection.execute(tables.SET_PENALTY, {"row": place.notebook, "penalty": penalty})


def _key_of(inserted: Any) -> str:
    return str(inserted.inserted_primary_key[0])


@contextmanager
def _explained(url: str) -> Iterator[None]:
    """Turn the errors of the database into one that can be acted on."""
    try:
        yield
    except SQLAlchemyError as error:
        original: Any = getattr(error, "orig", None)
        raise GradlabError(
            f"the gradebook {url} cannot be used",
            found=f"{type(error).__name__}: {original or error}".split("\n")[0],
            mend="close programs that have it open; after an upgrade of nbgrader run "
            "`nbgrader db upgrade`; grading again is safe",
        ) from error
