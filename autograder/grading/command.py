"""The commands `gradlab grade` and `gradlab grade-one`."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.catalog import Course
from autograder.errors import GradlabError
from autograder.lean import without_web_pages

if TYPE_CHECKING:
    from autograder.grading.sandbox import Kind


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `grade` and `grade-one` to the command line."""
    parser = subparsers.add_parser(
        "grade",
        help="grade the submissions of a lab",
        description="Grade DIR/submitted/<student>/LAB/LAB.ipynb. Writes DIR/autograded/, "
        "DIR/gradebook.db and DIR/results/LAB.csv. What has been graded and is unchanged is "
        "passed over, so a run that was stopped goes on where it was.",
    )
    parser.add_argument("lab", metavar="LAB", help="the lab's name")
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the folder with submitted/"
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument(
        "--jobs", metavar="N", type=int, help="submissions at a time (default: one a processor)"
    )
    place.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="grade on the workers of a Dask scheduler, for instance tcp://10.0.0.1:8786; they "
        "need this checkout installed, and no shared disk",
    )
    parser.add_argument("--student", metavar="ID", help="grade this student only")
    parser.add_argument("--force", action="store_true", help="grade again what is unchanged")
    _add_sandbox(parser)
    parser.set_defaults(run=run)

    one = subparsers.add_parser(
        "grade-one",
        help="grade one notebook and show the verdict",
        description="Grade a notebook file. Nothing is written and no gradebook is needed.",
    )
    one.add_argument("notebook", metavar="NOTEBOOK", type=Path, help="the notebook file")
    one.add_argument("--lab", metavar="LAB", help="the lab (default: what the notebook says)")
    one.add_argument("--json", action="store_true", help="print the outcome as JSON")
    _add_sandbox(one)
    one.set_defaults(run=run_one)


def _add_sandbox(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sandbox",
        choices=("auto", "bwrap", "none"),
        default="auto",
        help="what surrounds students' code: bwrap is bubblewrap; auto, the default, takes it "
        "where it works and warns where it does not; none is for submissions you trust",
    )


def _warn(sandbox: Kind) -> None:
    """Say on stderr, once, that there is no sandbox."""
    from autograder.grading.sandbox import no_sandbox_warning

    if warning := no_sandbox_warning(sandbox):
        print(warning, file=sys.stderr)


def run(options: argparse.Namespace) -> int:
    """Grade, print a table, and say where to look next."""
    if options.jobs is not None and options.jobs < 1:
        raise GradlabError("--jobs is too small", expected="1 or more", found=str(options.jobs))
    lab = Course.default().lab(options.lab)
    without_web_pages()
    with ExitStack() as stack:
        nursery = None
        if options.cluster is None:
            _warn(options.sandbox)
            from autograder.grading.nursery import Nursery
            from autograder.grading.sandbox import resolve

            # It warms up while the grader itself is imported, which takes as long.
            nursery = stack.enter_context(Nursery(resolve(options.sandbox)))
        from autograder.grading.run import grade_course
        from autograder.reporting.summary import summary, table

        outcomes = grade_course(
            lab,
            options.course,
            jobs=options.jobs,
            student=options.student,
            force=options.force,
            cluster=options.cluster,
            sandbox=options.sandbox,
            nursery=nursery,
        )
    print(table(outcomes))
    print(summary(outcomes, options.lab, options.course, len(outcomes.unchanged)))
    return 1 if any(graded.status == "failed" for graded in outcomes.values()) else 0


def run_one(options: argparse.Namespace) -> int:
    """Grade one notebook; exit code 1 if it could not be graded."""
    from autograder.grading import grade_submission
    from autograder.grading.api import lab_of
    from autograder.grading.graded import GRADED
    from autograder.reporting.summary import verdict_text

    try:
        data = options.notebook.read_bytes()
    except OSError as error:
        raise GradlabError(
            f"{options.notebook} cannot be read",
            expected="a notebook file",
            found=error.strerror,
        ) from error
    course = Course.default()
    name = options.lab or lab_of(data, options.notebook.name, course)
    _warn(options.sandbox)
    graded = grade_submission(course.lab(name), data, sandbox=options.sandbox)
    if options.json:
        print(json.dumps(graded.to_json(), indent=2, ensure_ascii=False))
    else:
        print(verdict_text(graded))
    return 0 if graded.status == GRADED else 1
