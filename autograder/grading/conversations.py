"""What came of a check when it was answered like this before.

The inputs of a check come from the course's seed, so what it asks depends on the answers alone,
and so does what comes of it. Most students of a class answer most checks with the same bytes, the
right ones. The first time a check is run, and its questions, the answers and the result are kept.
Where a later student answers the same, the questions are put as they were written then, the
answers are compared as bytes, and the check need not run to know what it would say.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.checks.check import Check
from autograder.checks.result import Result

# So much is kept of all checks together, questions and answers; then it begins anew.
MOST_BYTES = 16 * 2**20


@dataclass
class Question:
    """What a check asks next.

    Attributes
    ----------
    frame : bytes
        As it is sent.
    then : dict
        By the answer's bytes, the next question, or the result if there is none.
    """

    frame: bytes
    then: dict[bytes, Question | Result] = field(default_factory=dict)


class Conversations:
    """The conversations of checks with students' processes, as far as they are known.

    Parameters
    ----------
    most_bytes : int
        How much is kept.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._first: dict[tuple[Check, int], Question] = {}
        self._changeable: set[tuple[Check, int]] = set()

    def first(self, check: Check, seed: int) -> Question | None:
        """Return what a check asks first, if it is known."""
        return self._first.get((check, seed))

    def learn(
        self, check: Check, seed: int, said: Sequence[tuple[bytes, bytes]], result: Result
    ) -> None:
        """Keep a conversation: each question with its answer, in their order.

        A check that has asked something else after the same answers is not kept any more.
        """
        key = check, seed
        if not said or key in self._changeable:
            return
        self._bytes += sum(len(question) + len(answer) for question, answer in said)
        if self._bytes > self._most_bytes:
            self._first.clear()
            self._bytes = 0
        if not _keep(self._first.setdefault(key, Question(said[0][0])), said, result):
            self.forget(check, seed)

    def forget(self, check: Check, seed: int) -> None:
        """Keep nothing of a check from now on: what it asks does not depend on answers alone."""
        self._first.pop((check, seed), None)
        self._changeable.add((check, seed))


def _keep(first: Question, said: Sequence[tuple[bytes, bytes]], result: Result) -> bool:
    """Add a conversation to those that begin with a question; False if it contradicts them."""
    step: Question | Result = first
    following: list[Question | Result] = [Question(frame) for frame, _ in said[1:]]
    for (frame, answer), after in zip(said, [*following, result], strict=True):
        if not isinstance(step, Question) or step.frame != frame:
            return False
        step = step.then.setdefault(answer, after)
    return isinstance(step, Result)
