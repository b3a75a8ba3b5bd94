"""What came of a check when it was answered like this before.

The inputs of a check come from the course's seed, so what it asks depends on the answers alone,
and so does what comes of it. Most students of a class answer most checks with the same bytes, the
right ones. The first time a check is run, its questions, the answers' digests and the result are
kept. Where a later student answers the same, the questions are put as they were written then, the
answers' digests are compared, and the check need not run to know what it would say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from autograder.checks.check import Check
from autograder.checks.result import Result

# So much is kept of all checks together; then it begins anew.
MOST_BYTES = 16 * 2**20
_DIGEST = 32
# What a step costs beside its bytes: a result with its sentences, an entry of a dict.
_STEP = 1000


@dataclass
class Question:
    """What a check asks next.

    Attributes
    ----------
    frame : bytes
        As it is sent.
    then : dict
        By the answer's mark, the next question, or the result if there is none.
    """

    frame: bytes
    then: dict[bytes, Question | Result] = field(default_factory=dict)

    def after(self, answer: bytes) -> Question | Result | None:
        """Return what comes after an answer, None if that is not known."""
        return self.then.get(_mark(answer))


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
        first = self._first.setdefault(key, Question(said[0][0]))
        added = _keep(first, said, result)
        if added is None:
            self.forget(check, seed)
            return
        self._bytes += added
        if self._bytes > self._most_bytes:
            self._first.clear()
            self._bytes = 0

    def forget(self, check: Check, seed: int) -> None:
        """Keep nothing of a check from now on: what it asks does not depend on answers alone."""
        self._first.pop((check, seed), None)
        self._changeable.add((check, seed))


def _keep(first: Question, said: Sequence[tuple[bytes, bytes]], result: Result) -> int | None:
    """Add a conversation to those that begin with a question.

    Returns
    -------
    int or None
        About how many bytes are kept that were not; None if it contradicts what is known.
    """
    step: Question | Result = first
    added = len(first.frame) if not first.then else 0
    following: list[Question | Result] = [Question(frame) for frame, _ in said[1:]]
    for (frame, answer), after in zip(said, [*following, result], strict=True):
        if not isinstance(step, Question) or step.frame != frame:
            return None
        mark = _mark(answer)
        if mark not in step.then:
            step.then[mark] = after
            added += _STEP + (len(after.frame) if isinstance(after, Question) else 0)
        step = step.then[mark]
    return added if isinstance(step, Result) else None


def _mark(answer: bytes) -> bytes:
    """Return what stands for an answer: itself if it is short, else its digest."""
    return answer if len(answer) < _DIGEST else hashlib.sha256(answer).digest()
