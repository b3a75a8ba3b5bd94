"""The command `gradlab grade`."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.catalog import Course
from autograder.errors import GradlabError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `grade` to the command line."""
    parser = subparsers.add_parser(
        "grade",
        help="grade the submissions of a lab",
        description="Grade DIR/submitted/<student>/LAB/LAB.ipynb. Writes DIR/autograded/, "
        "DIR/gradebook.db and DIR/results/LAB.csv.",
    )
    parser.add_argument("lab", metavar="LAB", help="the lab's name")
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the folder with submitted/"
    )
    parser.add_argument(
        "--jobs", metavar="N", type=int, help="submissions at a time (default: one a processor)"
    )
    parser.add_argument("--student", metavar="ID", help="grade this student only")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Grade, print a table, and say where to look next."""
    if options.jobs is not None and options.jobs < 1:
        raise GradlabError("--jobs is too small", expected="1 or more", found=str(options.jobs))
    # nbgrader takes seconds to import, and the other commands share this parser.
    from autograder.grading.run import grade_course
    from autograder.reporting.summary import summary, table

    lab = Course.default().lab(options.lab)
    outcomes = grade_course(lab, options.course, jobs=options.jobs, student=options.student)
    print(table(outcomes))
    print(summary(outcomes, options.lab, options.course))
    return 1 if any(graded.status == "failed" for graded in outcomes.values()) else 0
