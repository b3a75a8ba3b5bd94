"""`gradlab build`: write the notebooks, or say which are out of date."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from autograder.catalog import Course


def add_parser(subparsers: Any) -> None:
    """Add `gradlab build [LAB...] [--check]`."""
    parser = subparsers.add_parser(
        "build",
        help="write release/ and solutions/ from source/",
        description="Write the notebooks of release/ and solutions/, and those nbgrader starts "
        "from, out of source/<lab>/<lab>.py.",
    )
    parser.add_argument("labs", nargs="*", metavar="LAB", help="the labs to build (all)")
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; list the files that are out of date, and fail if there are any",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Build the labs; with --check return 1 if a file is out of date."""
    # `gradlab --help` need not wait for jupytext.
    from autograder.authoring.build import build, stale

    course = Course.default()
    labs = [course.lab(name) for name in arguments.labs] or course.labs()
    touched: list[Path] = []
    for lab in labs:
        if arguments.check:
            touched += stale(lab)
        else:
            touched += build(lab)
    for path in touched:
        shown = path.relative_to(course.root)
        if arguments.check:
            print(f"out of date: {shown}")
        else:
            print(f"{'wrote' if path.exists() else 'removed'} {shown}")
    if not touched:
        print("unchanged")
    elif arguments.check:
        print("to mend: run `gradlab build` and commit what it writes")
    return 1 if touched and arguments.check else 0
