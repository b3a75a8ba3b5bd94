"""nbgrader's tables as the writer sees them: keys of rows, and the few statements it needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    GradeCell,
    Notebook,
    SolutionCell,
    Student,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import Connection, Engine, bindparam, create_engine, event, insert, select, update

_BUSY_SECONDS = 30.0

STUDENTS = Student.__table__
SUBMISSIONS = SubmittedAssignment.__table__
NOTEBOOKS = SubmittedNotebook.__table__
GRADES = Grade.__table__
COMMENTS = Comment.__table__


@dataclass(frozen=True)
class Place:
    """Where one student's grades are: keys of rows, and what lateness depends on."""

    submission: str
    notebook: str
    timestamp: datetime | None
    extension: timedelta | None
    penalty: float | None

    @staticmethod
    def of(row: Any) -> Place:
        """Return what a row of `PLACES` says."""
        return Place(row.id, row.place, row.timestamp, row.extension, row.penalty)


@dataclass(frozen=True)
class _Notebook:
    """One of the assignment's notebooks: the keys of its graded and its solution cells."""

    id: str
    name: str
    graded: tuple[str, ...]
    solved: tuple[str, ...]


@dataclass(frozen=True)
class LabTables:
    """What the gradebook says about the lab: keys of rows, names of cells, the due date."""

    id: str
    duedate: datetime | None
    notebooks: tuple[_Notebook, ...]
    names: dict[str, str]
    key: dict[str, str]

    @staticmethod
    def read(connection: Connection, lab: str) -> LabTables:
        """Read what does not change while submissions are written."""
        cells = BaseCell.__table__
        own, books = Assignment.__table__, Notebook.__table__
        row = connection.execute(select(own.c.id, own.c.duedate).where(own.c.name == lab)).one()
        names: dict[str, str] = {}
        found = []
        for book in connection.execute(select(books).where(books.c.assignment_id == row.id)).all():
            kinds = []
            for kind in (GradeCell.__table__, SolutionCell.__table__):
                of_kind = connection.execute(
                    select(cells.c.id, cells.c.name)
                    .join(kind, kind.c.id == cells.c.id)
                    .where(cells.c.notebook_id == book.id)
                ).all()
                kinds.append(tuple(cell.id for cell in of_kind))
                names |= {cell.id: cell.name for cell in of_kind}
            found.append(_Notebook(book.id, book.name, *kinds))
        (ours,) = [cells.id for cells in found if cells.name == lab]
        key = {"assignment": row.id, "notebook": ours}
        return LabTables(row.id, row.duedate, tuple(found), names, key)

    def seconds_late(self, place: Place) -> float:
        """Return how late a submission is, by nbgrader's rule."""
        if place.timestamp is None or self.duedate is None:
            return 0.0
        due = self.duedate + (place.extension or timedelta())
        return max(0.0, (place.timestamp - due).total_seconds())


# They are made once: to make one, and to see that it is one that was compiled, takes longer than to
# carry it out.
STUDENT = select(STUDENTS.c.id).where(STUDENTS.c.id == bindparam("student"))
PLACES = (
    select(
        SUBMISSIONS.c.id,
        SUBMISSIONS.c.student_id,
        SUBMISSIONS.c.timestamp,
        SUBMISSIONS.c.extension,
        NOTEBOOKS.c.id.label("place"),
        NOTEBOOKS.c.late_submission_penalty.label("penalty"),
    )
    .join(NOTEBOOKS, NOTEBOOKS.c.assignment_id == SUBMISSIONS.c.id)
    .where(
        SUBMISSIONS.c.assignment_id == bindparam("assignment"),
        NOTEBOOKS.c.notebook_id == bindparam("notebook"),
    )
)
PLACE_OF = PLACES.where(SUBMISSIONS.c.student_id == bindparam("student"))
ADD_STUDENT, ADD_SUBMISSION, ADD_NOTEBOOK, ADD_GRADES, ADD_COMMENTS = (
    insert(table) for table in (STUDENTS, SUBMISSIONS, NOTEBOOKS, GRADES, COMMENTS)
)
GRADES_OF = select(
    GRADES.c.id,
    GRADES.c.cell_id,
    GRADES.c.auto_score,
    GRADES.c.manual_score,
    GRADES.c.extra_credit,
).where(GRADES.c.notebook_id == bindparam("place"))
COMMENTS_OF = select(COMMENTS.c.id, COMMENTS.c.cell_id).where(
    COMMENTS.c.notebook_id == bindparam("place")
)
SET_GRADE = (
    update(GRADES)
    .where(GRADES.c.id == bindparam("row"))
    .values(auto_score=bindparam("automatic"), needs_manual_grade=bindparam("person"))
)
SET_COMMENT = (
    update(COMMENTS).where(COMMENTS.c.id == bindparam("row")).values(auto_comment=bindparam("said"))
)
SET_PENALTY = (
    update(NOTEBOOKS)
    .where(NOTEBOOKS.c.id == bindparam("row"))
    .values(late_submission_penalty=bindparam("penalty"))
)


def worth(row: Any, automatic: float | None) -> float:
    """Return a grade's value by nbgrader's rule: a person's score takes precedence."""
    own = automatic if row.manual_score is None else row.manual_score
    return 0.0 if own is None else float(own) + float(row.extra_credit or 0.0)


def writing_engine(url: str) -> Engine:
    """Return an engine whose transactions hold SQLite's write lock from their beginning.

    What is read in a transaction is then still so when it writes: the formgrader may be open.
    """
    if not url.startswith("sqlite"):
        return create_engine(url)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def connected(connection: Any, _record: object) -> None:
        # Python's driver would begin transactions by itself, and later.
        connection.isolation_level = None

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
