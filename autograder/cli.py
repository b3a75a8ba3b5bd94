"""The command `gradlab`: each part of the engine adds its own subcommands."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import autograder.lean  # noqa: F401 (before what it speeds up)
from autograder.authoring.command import add_parser as add_build
from autograder.authoring.new import add_parser as add_new
from autograder.doctor.command import add_parser as add_doctor
from autograder.errors import GradlabError
from autograder.grading.command import add_parser as add_grade
from autograder.proving.command import add_parser as add_verify
from autograder.reporting.command import add_parser as add_reports


def main(arguments: Sequence[str] | None = None) -> int:
    """Run `gradlab` and return its exit code: 0 done, 1 something is wrong, 2 misuse."""
    parser = argparse.ArgumentParser(
        prog="gradlab", description="Build, prove and grade the labs of this course."
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for add in (add_new, add_build, add_verify, add_grade, add_reports, add_doctor):
        add(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options))
    except GradlabError as error:
        print(f"gradlab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("gradlab: stopped; what was written so far is kept", file=sys.stderr)
        return 130
