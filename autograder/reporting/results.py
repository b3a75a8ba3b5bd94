"""`results/<lab>.csv`: one row for each submission, whatever became of it."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.grading.graded import Graded

COLUMNS = ("student_id", "score", "max_score", "status", "flags", "seconds")
SEPARATOR = "; "
EVERY_SECONDS = 5.0


@dataclass(frozen=True)
class Row:
    """One submission's row.

    Attributes
    ----------
    student_id : str
        The student.
    score : float or None
        The automatic score with bonus points; None where grading itself failed.
    max_score : float
        The lab's points without bonus.
    status : str
        "graded", or why not in a word.
    flags : tuple of str
        What was repaired or went wrong; for a submission that is not graded, why not.
    seconds : float
        How long grading took.
    """

    student_id: str
    score: float | None
    max_score: float
    status: str
    flags: tuple[str, ...]
    seconds: float


def results_file(folder: Path, lab: str) -> Path:
    """Return where the results of `lab` are in a course folder."""
    return folder / "results" / f"{lab}.csv"


def row_of(student: str, graded: Graded) -> Row:
    """Return the row that says what came of a student's submission."""
    known = graded.status != "failed"
    flags = graded.flags if not graded.reason else (graded.reason.replace(";", ","), *graded.flags)
    return Row(
        student_id=student,
        score=graded.score if known else None,
        max_score=graded.max_score,
        status=graded.status,
        flags=flags,
        seconds=graded.seconds,
    )


class ResultsFile:
    """The file while a run goes on: up to date every few seconds, and at the end.

    Writing it whole for each of a thousand rows would cost more than grading. What a killed
    run leaves behind in it, the next run brings up to date from the gradebook's records.

    Parameters
    ----------
    path : Path
        The file.
    rows : iterable of Row
        What is known already.
    """

    def __init__(self, path: Path, rows: Iterable[Row]) -> None:
        self.path = path
        self.rows = {row.student_id: row for row in rows}
        self._written = 0.0

    def put(self, row: Row) -> None:
        """Add a row, or replace the student's older one."""
        self.rows[row.student_id] = row
        if time.monotonic() - self._written > EVERY_SECONDS:
            self.write()

    def write(self) -> None:
        """Write all rows."""
        write_results(self.path, self.rows.values())
        self._written = time.monotonic()

    def __enter__(self) -> ResultsFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.write()


def write_results(path: Path, rows: Iterable[Row]) -> None:
    """Write the rows, sorted by student, in one step: the file is whole at any time."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda row: row.student_id):
        score = "" if row.score is None else number(row.score)
        flags = SEPARATOR.join(row.flags)
        writer.writerow(
            [row.student_id, score, number(row.max_score), row.status, flags, f"{row.seconds:.2f}"]
        )
    write_whole(path, text.getvalue().encode())


def write_whole(path: Path, data: bytes) -> None:
    """Write a file in one step: who reads it, or is killed, leaves the old content or the new.

    There is one writer for each file. What it leaves behind when it is killed, the next one
    writes over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    try:
        draft.write_bytes(data)
        os.replace(draft, path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def number(value: float) -> str:
    """Return a score without a tail of zeros."""
    return f"{value:.10g}"
