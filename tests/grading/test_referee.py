"""What a check asks for reaches the student's process in its order, and in few messages."""

import pytest

from autograder.grading.referee import Referee
from autograder.grading.student_process import StudentGone
from autograder.student.limits import TimeLimitReached
from autograder.student.side import StudentError


class Process:
    """Notes what it is asked."""

    alive = True
    entered = ()

    def __init__(self, *replies):
        self.asked = []
        self.replies = list(replies)

    def ask(self, operation, *operands, seconds, first):
        self.asked.append([*first, [operation, *operands]])
        reply = self.replies.pop(0) if self.replies else None
        if isinstance(reply, Exception):
            raise reply
        return reply


def carry_out(referee, *requests, then=None, seconds=5.0):
    with referee.limit(seconds):
        for request in requests:
            referee.request(*request)
        if then:
            raise then


def test_what_has_no_answer_goes_with_the_next_request():
    process = Process(3, 4)
    referee = Referee(lambda: process)
    with referee.limit(5.0):
        referee.request("begin", 1, [])
        referee.request("setattr", 0, "a", 2)
        assert process.asked == []
        assert referee.request("getattr", 0, "a") == 3
        assert referee.request("getattr", 0, "b") == 4
    assert process.asked == [
        [["begin", 1, []], ["setattr", 0, "a", 2], ["getattr", 0, "a"]],
        [["getattr", 0, "b"]],
    ]


def test_what_stands_last_in_a_check_is_carried_out_within_it():
    process = Process(StudentError("AttributeError", "it has no setter"))
    referee = Referee(lambda: process)
    with pytest.raises(StudentError, match="no setter"):
        carry_out(referee, ["begin", 1, []], ["setattr", 0, "a", 2])
    assert process.asked == [[["begin", 1, []], ["setattr", 0, "a", 2]]]


def test_what_a_check_had_no_use_for_does_not_reach_the_next():
    process = Process()
    referee = Referee(lambda: process)
    with referee.limit(5.0):
        referee.request("begin", 1, [])
    with pytest.raises(ZeroDivisionError):
        carry_out(referee, ["begin", 2, []], ["setattr", 0, "a", 2], then=ZeroDivisionError)
    with referee.limit(5.0):
        referee.request("begin", 3, [])
        referee.request("len", 0)
    assert process.asked == [[["begin", 3, []], ["len", 0]]]


def test_after_a_death_nothing_is_asked_twice():
    process = Process(StudentGone())
    referee = Referee(lambda: process)
    with referee.limit(5.0):
        referee.request("begin", 1, [])
        with pytest.raises(StudentError, match="ended"):
            referee.request("len", 0)
        referee.request("len", 1)
    assert process.asked == [[["begin", 1, []], ["len", 0]], [["len", 1]]]
    assert referee.died


def test_the_time_of_a_check_is_that_of_all_its_requests():
    referee = Referee(Process)
    with pytest.raises(TimeLimitReached):
        carry_out(referee, ["begin", 1, []], ["len", 0], seconds=0.0)
