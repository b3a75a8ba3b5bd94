"""The main job, shown on a made-up class: build, grade, give feedback, report, export.

    .venv/bin/python tools/demo.py                              # lab 1, fourteen submissions
    .venv/bin/python tools/demo.py --labs all                   # the same fourteen in each lab
    .venv/bin/python tools/demo.py --labs all --students 60     # a class drawn by chance

The first is `make demo`. It works in build/demo/, a course folder like any other. A drawn class is
the same each time; `handed-in.csv` says what each student handed in. There, late work counts 0.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

from tabulate import tabulate

from autograder.catalog import Course, Lab
from autograder.cli import main as gradlab
from autograder.errors import GradlabError
from autograder.grading.configuration import nbgrader_config
from autograder.grading.gradebook import gradebook_url, open_gradebook
from autograder.reporting.results import number, results_file
from tools.classroom import SOLUTION, Desk, Handed, drawn

SEED = 1
FIRST_DUE = datetime(2026, 10, 5, 18)
LATE_IS_ZERO = '\nc.LateSubmissionPlugin.penalty_method = "zero"\n'


def show(path: Path) -> str:
    """Return a path as people would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def run(*arguments: str) -> None:
    """Show a gradlab command and run it."""
    print(f"\n$ gradlab {' '.join(arguments)}", flush=True)
    if code := gradlab(arguments):
        sys.exit(code)


def set_due(lab: Lab, folder: Path, due: datetime) -> None:
    """Put into the gradebook when a lab is due, as `nbgrader db assignment add` does."""
    url = gradebook_url(folder, nbgrader_config(folder, lab.course.root))
    with open_gradebook(url) as gradebook:
        gradebook.update_or_create_assignment(lab.name, duedate=due)


def put(handed: Handed, folder: Path, due: datetime | None, number: int) -> None:
    """Write one submission into a course folder: the file, and for a late one when it came."""
    folder.mkdir(parents=True)
    (folder / handed.file).write_bytes(handed.data)
    if due is not None:
        hours = number % 40 + 1
        came = due + timedelta(hours=hours if handed.late else -hours)
        (folder / "timestamp.txt").write_text(f"{came} UTC\n", encoding="utf-8")


def arrival(lab: Lab, handed: dict[str, Handed], due: datetime | None) -> str:
    """Return who has handed in, and when it was due."""
    if due is None:
        return f"A class of {len(handed)} has handed in"
    there = sum(bool(one.file) for one in handed.values())
    late = sum(one.late for one in handed.values())
    return (
        f"{lab.name} was due on {due:%Y-%m-%d %H:%M} UTC. "
        f"{there} of a class of {len(handed)} have handed in, {late} of them late"
    )


def note(path: Path, lab: Lab, students: dict[str, Handed]) -> None:
    """Add to handed-in.csv what the students of a lab have handed in."""
    new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        if new:
            writer.writerow(("lab", "student_id", "what", "late", "answers"))
        for student, one in students.items():
            odd = {name: how for name, how in one.answers.items() if how != SOLUTION}
            answers = "; ".join(f"{name}: {how}" for name, how in odd.items())
            writer.writerow((lab.name, student, one.what, "late" if one.late else "", answers))


def overview(folder: Path, labs: Sequence[Lab]) -> str:
    """Return a table with a row for each lab, of the files that grading left."""
    with (folder / "grades.csv").open(encoding="utf-8") as file:
        grades = list(csv.DictReader(file))
    late: dict[str, int] = dict.fromkeys((lab.name for lab in labs), 0)
    for row in grades:
        late[row["assignment"]] += bool(row["timestamp"]) and row["timestamp"] > row["duedate"]
    table = []
    for lab in labs:
        with results_file(folder, lab.name).open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        scores = [float(row["score"]) for row in rows if row["status"] == "graded"]
        flagged = sum(bool(row["flags"]) and row["status"] == "graded" for row in rows)
        spread = [number(value) for value in (min(scores), median(scores), max(scores))]
        table.append([lab.name, len(rows), len(scores), flagged, late[lab.name], *spread])
        table[-1].append(number(lab.points))
    head = ["lab", "handed in", "graded", "flagged", "late", "lowest", "median", "highest", "of"]
    return str(tabulate(table, head, disable_numparse=True, colalign=["left"] + 8 * ["right"]))


def demo(labs: Sequence[Lab], folder: Path, students: int | None, *, explore: bool) -> None:
    """Build, hand in, grade, give feedback, report, export."""
    started = time.perf_counter()
    for lab in labs:
        run("build", lab.name)
    folder.mkdir(parents=True)
    if students is not None:
        config = (labs[0].course.root / "nbgrader_config.py").read_text(encoding="utf-8")
        (folder / "nbgrader_config.py").write_text(config + LATE_IS_ZERO, encoding="utf-8")
    place = show(folder)
    for position, lab in enumerate(labs):
        desk = Desk(lab)
        if students is None:
            due, handed = None, desk.gallery()
        else:
            due = FIRST_DUE + timedelta(weeks=2 * position)
            handed = dict(drawn(desk, students, SEED, explore=explore))
            set_due(lab, folder, due)
            note(folder / "handed-in.csv", lab, handed)
        came = {name: one for name, one in handed.items() if one.file}
        for index, (name, one) in enumerate(came.items()):
            put(one, folder / "submitted" / name / lab.name, due, index)
        print(f"\n{arrival(lab, handed, due)}, in {place}/submitted/.")
        run("grade", lab.name, "--course", place)
        run("feedback", lab.name, "--course", place)
        run("report", lab.name, "--course", place)
    run("export", "--course", place)
    if len(labs) > 1:
        print(f"\n{overview(folder, labs)}")
    print(f"\nDone in {time.perf_counter() - started:.0f} seconds. Look at")
    lab = labs[0]
    page = f"feedback/05-mistakes-all-over/{lab.name}/{lab.name}.html"
    if students is not None:
        page = f"feedback/student-001/{lab.name}/{lab.name}.html"
    words = {
        f"results/{lab.name}.html": "the class on one page, for the instructor",
        f"results/{lab.name}.csv": "a row for each submission",
        page: "what a student reads",
        "gradebook.db": "nbgrader's gradebook, for `nbgrader formgrader`",
        "grades.csv": "for the learning management system",
    }
    if students is not None:
        words["handed-in.csv"] = "what each student handed in"
    width = max(map(len, words))
    for path, text in words.items():
        print(f"  {place}/{path:<{width}}  {text}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and show the main job."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument(
        "--labs", nargs="+", metavar="LAB", default=[], help="all, or names (default: the first)"
    )
    parser.add_argument(
        "--students", type=int, metavar="N", help="draw a class of N (default: fourteen, one of "
        "each kind)"
    )  # fmt: skip
    parser.add_argument(
        "--explore",
        action="store_true",
        help="in a drawn class, keep every student's explore cells; each takes a second to grade",
    )
    parser.add_argument(
        "--course", type=Path, metavar="DIR", help="a new course folder (default: build/demo, anew)"
    )
    options = parser.parse_args(arguments)
    if options.students is not None and options.students < 1:
        parser.error(f"--students: expected 1 or more, not {options.students}")
    course = Course.default()
    folder: Path = options.course or course.root / "build" / "demo"
    if options.course is None:
        shutil.rmtree(folder, ignore_errors=True)
    elif folder.exists():
        parser.error(f"--course: expected a folder that is not there yet, not {folder}")
    try:
        names = course.lab_names() if options.labs == ["all"] else options.labs
        labs = [course.lab(name) for name in names] or course.labs()[:1]
        demo(labs, folder.resolve(), options.students, explore=options.explore)
    except GradlabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
