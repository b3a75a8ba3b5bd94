"""`results/<lab>.csv`: one row for each submission, whatever became of it."""

from __future__ import annotations

import csv
import io
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import GradlabError

COLUMNS = ("student_id", "score", "max_score", "status", "flags", "seconds")
SEPARATOR = "; "


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


def read_results(path: Path) -> dict[str, Row]:
    """Read the rows by student; none if there is no such file.

    Raises
    ------
    GradlabError
        If the file is not what `write_results` writes.
    """
    if not path.exists():
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) != COLUMNS:
                raise ValueError(f"the columns are {reader.fieldnames}")
            rows = [_row(line) for line in reader]
    except (ValueError, TypeError, KeyError, csv.Error) as error:
        raise GradlabError(
            f"{path} cannot be read",
            expected="the columns " + ",".join(COLUMNS),
            found=str(error),
            mend="remove the file and grade again; the gradebook keeps what people have written",
        ) from error
    return {row.student_id: row for row in rows}


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
    """Write a file such that a reader, or a power cut, finds the old content or the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def number(value: float) -> str:
    """Return a score without a tail of zeros."""
    return f"{value:.10g}"


def _row(line: dict[str, str]) -> Row:
    return Row(
        student_id=line["student_id"],
        score=float(line["score"]) if line["score"] else None,
        max_score=float(line["max_score"]),
        status=line["status"],
        flags=tuple(filter(None, line["flags"].split(SEPARATOR))),
        seconds=float(line["seconds"]),
    )
