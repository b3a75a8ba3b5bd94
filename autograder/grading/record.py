"""What has been graded, and from what: the table that lets a run go on where another stopped.

It lies in the gradebook and is written in the transaction that writes the grades. So a grade
and its record are there both or not at all, and whoever puts back an old gradebook has the
records that belong to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    insert,
    inspect,
    select,
)

from autograder.grading.graded import Graded

RECORDS = Table(
    "gradlab_record",
    MetaData(),
    Column("lab", String(128), primary_key=True),
    Column("student", String(128), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("notebook", String(64), nullable=False),
    Column("outcome", Text, nullable=False),
)
_ADD = insert(RECORDS)
_REMOVE = delete(RECORDS).where(
    RECORDS.c.lab == bindparam("of_lab"), RECORDS.c.student == bindparam("of_student")
)


@dataclass(frozen=True)
class Record:
    """What is on record about one submission.

    Attributes
    ----------
    graded : Graded
        The outcome, without its notebook.
    digest : str
        The `submission_digest` it came of; empty if it has to be graded again.
    notebook : str
        The digest of the autograded notebook; empty if there is none.
    """

    graded: Graded
    digest: str = ""
    notebook: str = ""


def read_records(connection: Connection, lab: str) -> dict[str, Record]:
    """Return the records of a lab by student, sorted; none from a gradebook without them."""
    if not inspect(connection).has_table(RECORDS.name):
        return {}
    found = connection.execute(
        select(RECORDS).where(RECORDS.c.lab == lab).order_by(RECORDS.c.student)
    )
    return {
        row.student: Record(Graded.from_json(json.loads(row.outcome)), row.digest, row.notebook)
        for row in found
    }


def write_record(connection: Connection, student: str, record: Record) -> None:
    """Write one record in the place of an older one."""
    remove_records(connection, record.graded.lab, [student])
    connection.execute(
        _ADD,
        {
            "lab": record.graded.lab,
            "student": student,
            "digest": record.digest,
            "notebook": record.notebook,
            "outcome": json.dumps(record.graded.to_json()),
        },
    )


def remove_records(connection: Connection, lab: str, students: Iterable[str]) -> None:
    """Remove the records of some students."""
    for student in students:
        connection.execute(_REMOVE, {"of_lab": lab, "of_student": student})
