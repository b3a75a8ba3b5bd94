"""The commands `gradlab feedback`, `gradlab report` and `gradlab export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.catalog import Course
from autograder.errors import GradlabError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `feedback`, `report` and `export` to the command line."""
    feedback = subparsers.add_parser(
        "feedback",
        help="write a feedback page for each submission",
        description="Write DIR/feedback/<student>/LAB/LAB.html from what `gradlab grade` left.",
    )
    feedback.add_argument("lab", metavar="LAB", help="the lab's name")
    feedback.add_argument("--student", metavar="ID", help="write this student's page only")
    feedback.add_argument(
        "--jobs", metavar="N", type=int, help="pages at a time (default: one a processor)"
    )
    feedback.set_defaults(run=run_feedback)
    report = subparsers.add_parser(
        "report",
        help="write a page on the whole class",
        description="Write DIR/results/LAB.html, for the instructor, from what `gradlab grade` "
        "left.",
    )
    report.add_argument("lab", metavar="LAB", help="the lab's name")
    report.add_argument(
        "--anonymous",
        action="store_true",
        help="write LAB-anonymous.html instead, without names, to show in class",
    )
    report.set_defaults(run=run_report)
    export = subparsers.add_parser(
        "export",
        help="write all grades into one CSV file",
        description="Write DIR/grades.csv from the gradebook, with scores given by hand.",
    )
    export.add_argument("--to", metavar="FILE", type=Path, help="write FILE instead")
    export.set_defaults(run=run_export)
    for parser in (feedback, report, export):
        parser.add_argument(
            "--course", metavar="DIR", type=Path, default=Path(), help="the folder with submitted/"
        )


def run_feedback(options: argparse.Namespace) -> int:
    """Write the pages and say where they are."""
    if options.jobs is not None and options.jobs < 1:
        raise GradlabError("--jobs is too small", expected="1 or more", found=str(options.jobs))
    from autograder.reporting.feedback import write_feedback

    lab = Course.default().lab(options.lab)
    pages = write_feedback(lab, options.course, student=options.student, jobs=options.jobs)
    print(f"{len(pages)} pages: {options.course / 'feedback'}/<student>/{lab.name}/{lab.name}.html")
    return 0


def run_report(options: argparse.Namespace) -> int:
    """Write the page on the class and say where it is."""
    from autograder.reporting.class_page import write_report

    lab = Course.default().lab(options.lab)
    print(f"report: {write_report(lab, options.course, anonymous=options.anonymous)}")
    return 0


def run_export(options: argparse.Namespace) -> int:
    """Write the grades and say where they are."""
    from autograder.reporting.export import export_grades

    target = export_grades(options.course, Course.default().root, options.to)
    print(f"grades: {target}")
    return 0
