"""The command `gradlab doctor`."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="tell what this machine offers for grading, and what to install",
        description="Look at Python, packages, room and data, then fork a student's process "
        "and try its limits. Exit code 1 if grading work that is not trusted would be unsafe.",
    )
    parser.add_argument(
        "--course", metavar="DIR", type=Path, default=Path(), help="the folder with submitted/"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print what was found; return 1 if grading untrusted work would be unsafe."""
    # The other commands share this parser, and need none of this.
    from autograder.catalog import Course
    from autograder.doctor.finding import table
    from autograder.doctor.machine import machine_findings
    from autograder.doctor.trials import sandbox_findings

    root = Course.default().root.resolve()
    findings = [*machine_findings(root, options.course.resolve()), *sandbox_findings(root)]
    print(table(findings))
    unsafe = [finding.name for finding in findings if finding.unsafe]
    open_ends = [f.name for f in findings if f.state != "ok" and not f.unsafe]
    if unsafe:
        print(f"\nNot safe for work that you do not trust: {', '.join(unsafe)}.")
    else:
        print("\nSafe to grade with: students' code is kept in a sandbox, and its limits bind.")
    if open_ends:
        print(f"Besides, to do: {', '.join(open_ends)}.")
    return 1 if unsafe else 0
