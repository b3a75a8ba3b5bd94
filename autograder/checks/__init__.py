"""The check interface: what the author of hidden tests writes with.

A check is plain Python against the student's names. It runs on the referee's side; the
student's code runs on its own side, and only plain data passes between them. In one
process the border is drawn all the same (`autograder.student`), so a check that works here
works across a pipe.
"""

from autograder.checks.check import Check, CheckFailed, Probe, check, expect, probe
from autograder.checks.compare import close
from autograder.checks.complex_step import gradients
from autograder.checks.proxies import Handle, Student, StudentError
from autograder.checks.reference import reference
from autograder.checks.run import run_checks
from autograder.checks.shortcuts import Forbidden, forbid
from autograder.checks.verdict import Outcome, Verdict

__all__ = [
    "Check",
    "CheckFailed",
    "Forbidden",
    "Handle",
    "Outcome",
    "Probe",
    "Student",
    "StudentError",
    "Verdict",
    "check",
    "close",
    "expect",
    "forbid",
    "gradients",
    "probe",
    "reference",
    "run_checks",
]
