"""IPython's shell, of which a process has one."""

import pytest

from autograder.student.shell import Shell

KNOWN = "known = 1\nknown + 1\n"


@pytest.fixture(scope="session")
def shell():
    return Shell([KNOWN])
