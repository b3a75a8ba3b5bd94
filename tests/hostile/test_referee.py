"""The referee's own time: a check that asks in a loop is stopped as well."""

import time

import pytest

from autograder.grading.referee import Referee
from autograder.student.limits import TimeLimitReached
from tests.grading.test_referee import Process


def _ask_until(referee, end):
    while time.monotonic() < end:
        referee.request("getitem", 0)


def test_a_check_that_asks_for_ever_is_stopped():
    """Each answer comes in time; all of them together do not."""
    referee = Referee(Process)
    started = time.monotonic()
    with pytest.raises(TimeLimitReached), referee.limit(0.1):
        _ask_until(referee, started + 3)
    assert time.monotonic() - started < 2
