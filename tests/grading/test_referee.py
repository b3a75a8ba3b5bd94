"""What a check asks for reaches the student's process in its order, and in few messages."""

import pytest

from autograder.checks import check, expect, forbid, run_checks
from autograder.grading.conversations import Conversations
from autograder.grading.referee import Referee
from autograder.grading.student_process import OutOfTime, StudentGone
from autograder.student.limits import TimeLimitReached
from autograder.student.side import StudentError


class Process:
    """Notes what it is asked; answers from a list, or by a function."""

    alive = True

    def __init__(self, *replies, answers=None):
        self.asked = []
        self.understood_answers = 0
        self.entered = []
        self._replies = list(replies)
        self._answers = answers or (lambda _: self._replies.pop(0) if self._replies else None)

    def question(self, operation, *operands, first):
        return repr([*first, [operation, *operands]]).encode()

    def put(self, question, seconds):
        self.asked.append(eval(question))
        reply = self._answers(self.asked[-1])
        if isinstance(reply, (StudentGone, OutOfTime)):
            raise reply
        return repr(reply).encode()

    def understood(self, answer):
        self.understood_answers += 1
        reply = eval(answer)
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


# ---------------------------------------------------------------- what was answered before

RUNS = []


@check("double")
def doubles(student, rng):
    """It doubles."""
    RUNS.append("doubles")
    first = student.run_first
    expect(first == 2, f"it gives {first}", "Look at it.")
    expect(student.run_second == 4, "the second is wrong")


forbid("double", "library.double", says="Write it.")


@check("moody")
def asks_what_it_likes(student, rng):
    """It asks for another name each time."""
    RUNS.append("moody")
    assert getattr(student, f"name{len(RUNS)}") == 5
    expect(student.last == 5, "it is not 5")


def graded(process, known, checks=(doubles,), seconds=5.0):
    referee = Referee(lambda: process, known)
    verdict = run_checks(checks, referee, lab="toy", seed=1, seconds=seconds)
    (outcome, *_) = verdict.outcomes
    return outcome.status, outcome.seen, outcome.hint


def values(first=2, second=4):
    """Return a process with two values that are names."""
    return Process(answers=lambda asked: first if asked[-1][1] == "run_first" else second)


@pytest.fixture(autouse=True)
def no_runs():
    RUNS.clear()


def test_a_check_that_is_answered_as_before_is_not_run_again():
    known = Conversations()
    first, again = values(), values()
    assert graded(first, known) == graded(again, known) == ("passed", "", None)
    assert RUNS == ["doubles"]
    assert again.asked == first.asked
    assert again.understood_answers == 0


@pytest.mark.parametrize("wrong", [{"first": 3}, {"second": 3}, {"first": "'2'"}])
def test_another_answer_has_the_check_run_and_is_asked_for_once(wrong):
    known = Conversations()
    graded(values(), known)
    process = values(**wrong)
    found = graded(process, known)
    assert found == graded(values(**wrong), Conversations())
    assert found[0] == "failed"
    assert len(process.asked) == (1 if "first" in wrong else 2)
    # The next one with this mistake is known too.
    RUNS.clear()
    assert graded(values(**wrong), known) == found
    assert RUNS == []


@pytest.mark.parametrize("fault", [StudentGone(), OutOfTime()])
@pytest.mark.parametrize("at", [0, 1])
def test_an_end_or_a_lack_of_time_is_no_answer(fault, at):
    """It is not kept, and where it comes instead of a known answer the check hears of it."""
    known = Conversations()
    wrong = {"first": fault} if at == 0 else {"second": fault}
    seen = graded(values(**wrong), known)
    assert seen[0] == "error"
    assert graded(values(), known)[0] == "passed"
    process = values(**wrong)
    assert graded(process, known) == seen
    assert len(process.asked) == at + 1
    assert graded(values(), known)[0] == "passed"
    assert RUNS == ["doubles"] * 3


def test_an_exception_of_the_student_is_an_answer():
    known = Conversations()
    wrong = values(first=StudentError("ValueError", "no"))
    seen = graded(wrong, known)
    assert seen == ("error", "your code raised ValueError: no", None)
    again = values(first=StudentError("ValueError", "no"))
    # Its text is the answer here: an exception has no bytes of its own.
    again.put = lambda question, seconds: b"StudentError('ValueError', 'no')"
    assert graded(again, known) == seen


def test_a_check_that_asks_something_else_is_not_kept():
    known = Conversations()
    other = Process(answers=lambda asked: 6 if asked[-1][1] == "last" else 5)
    for process, status in ((Process(answers=lambda _: 5), "passed"), (other, "failed")):
        assert graded(process, known, [asks_what_it_likes])[0] == status
    assert [asked[-1][1] for asked in other.asked] == ["name1", "last", "name2", "last"]
    for count in (3, 4):
        process = Process(answers=lambda _: 5)
        assert graded(process, known, [asks_what_it_likes])[0] == "passed"
        assert len(RUNS) == count


def test_of_a_long_answer_its_digest_is_kept():
    known = Conversations()
    long, other = "x" * 100_000, "x" * 99_999 + "y"
    for answer in (long, long, other):
        assert graded(values(first=answer), known)[0] == "failed"
    assert RUNS == ["doubles", "doubles"], "the second time it is known"
    (first,) = known._first.values()
    assert [len(mark) for mark in first.then] == [32, 32]


def test_what_is_kept_is_bounded():
    known = Conversations(most_bytes=5000)
    most = 0
    for number in range(50):
        graded(values(first=number), known)
        most = max(most, sum(len(first.then) for first in known._first.values()))
    assert 2 <= most <= 5
    assert graded(values(), known)[0] == "passed"


def test_forbidden_functions_that_were_entered_are_known_too():
    known = Conversations()
    process = values()
    process.entered = ["library.double"]
    for _ in range(2):
        verdict = run_checks([doubles], Referee(lambda: process, known), lab="toy", seed=1)
        assert (verdict.outcomes[0].status, verdict.points) == ("passed", 0)
        assert "library.double" in verdict.shortcut.seen
    assert RUNS == ["doubles"]
