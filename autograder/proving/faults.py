"""Named wrong answers and other right answers, declared beside a lab's checks.

A declaration is a bare call in `misconceptions.py` or `alternatives.py`. It notes itself in the
module that makes the call, so nothing is shared between labs and nothing has to be collected by
hand.
"""

from __future__ import annotations

import ast
import difflib
import re
import sys
import textwrap
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from autograder.errors import GradlabError

Change = tuple[str, str] | Sequence[tuple[str, str]]

# The name under which a module keeps what it declares; see `autograder.proving.load`.
NOTED = "__gradlab_faults__"


@dataclass(frozen=True)
class Fault:
    """One declared variation of an exercise's solution.

    Parameters
    ----------
    kind : {"misconception", "alternative"}
        Whether the checks must refuse it or accept it.
    name, exercise : str
        Its own name, unique in the lab, and the exercise it varies.
    changes : tuple of (str, str)
        Old text and new text, applied in this order; each old text occurs exactly once.
    code : str or None
        A whole new cell instead of changes.
    caught_by : tuple of str
        The checks that must fail; empty for an alternative.
    says : str
        The sentence a student with this misconception should read; empty for an alternative.
    path, line : Path, int
        Where the declaration stands.
    """

    kind: Literal["misconception", "alternative"]
    name: str
    exercise: str
    changes: tuple[tuple[str, str], ...]
    code: str | None
    caught_by: tuple[str, ...]
    says: str
    path: Path
    line: int

    @property
    def where(self) -> str:
        """File and line of the declaration, and what is declared there."""
        return f"{self.path}:{self.line}: {self.kind} {self.name!r}"

    def rewrite(self, solution: str) -> str:
        """Return the exercise's cell with this variation in it.

        Parameters
        ----------
        solution : str
            The cell's solution, without markers.

        Raises
        ------
        GradlabError
            If an old text does not occur exactly once, nothing changes, or the outcome is not
            valid Python.
        """
        if (self.code is None) == (not self.changes):
            raise GradlabError(
                f"{self.where} does not say what it changes",
                expected='either change=("old text", "new text"), a list of such pairs, '
                "or code='''a whole cell'''",
                found="both of them" if self.changes else "neither of them",
                mend="give one of the two",
            )
        text = solution if self.code is None else textwrap.dedent(self.code).strip("\n")
        for old, new in self.changes:
            if not old or text.count(old) != 1:
                raise self._moved_on(old, text)
            text = text.replace(old, new)
        if _tree(text, self) == _tree(solution, self):
            raise GradlabError(
                f"{self.where} changes nothing",
                expected=f"code that differs from the solution of {self.exercise!r}",
                found="the same code, apart from comments and spaces",
                mend="change what the code does, or remove the declaration",
            )
        return text

    def _moved_on(self, old: str, text: str) -> GradlabError:
        count = text.count(old) if old else 0
        if count:
            found = f"{count} times"
            mend = "take more of the line, or the line before it, into the old text"
        elif old and _squeezed(old) in _squeezed(text):
            found = "the same words with other spaces or line breaks"
            mend = "copy the text from the source with its indentation"
        else:
            first = next((line.strip() for line in old.splitlines() if line.strip()), "")
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            near = difflib.get_close_matches(first, lines, n=1, cutoff=0.5)
            found = "nowhere" + (f"; the nearest line is {near[0]!r}" if near else "")
            mend = "the solution has moved on: write the change against its present text"
        return GradlabError(
            f"{self.where} cannot be applied to the solution of {self.exercise!r}",
            expected=f"this text exactly once:\n{textwrap.indent(old, '    ') or '    (empty)'}",
            found=found,
            mend=mend,
        )


def misconception(
    name: str,
    *,
    exercise: str,
    caught_by: str | Iterable[str],
    says: str,
    change: Change = (),
    code: str | None = None,
) -> Fault:
    """Declare a wrong answer that the checks named in `caught_by` must all fail.

    Parameters
    ----------
    name : str
        A unique name, such as "softmax_without_shift".
    exercise : str
        The exercise whose solution is varied.
    caught_by : str or iterable of str
        The checks that must fail, by failing and not by crashing.
    says : str
        What the student should read. It explains the fault and gives no expected number away.
    change : pair of str, or list of pairs
        Old and new text.
    code : str
        A whole cell instead of `change`.
    """
    catchers = (caught_by,) if isinstance(caught_by, str) else tuple(caught_by)
    return _note("misconception", name, exercise, catchers, says, change, code)


def alternative(name: str, *, exercise: str, change: Change = (), code: str | None = None) -> Fault:
    """Declare another right answer, which must earn every point; see `misconception`."""
    return _note("alternative", name, exercise, (), "", change, code)


def _note(
    kind: Literal["misconception", "alternative"],
    name: str,
    exercise: str,
    caught_by: tuple[str, ...],
    says: str,
    change: Change,
    code: str | None,
) -> Fault:
    frame = sys._getframe(2)
    path, line = Path(frame.f_code.co_filename), frame.f_lineno
    pairs: Sequence[object] = (change,) if change and isinstance(change[0], str) else change
    changes = []
    for pair in pairs:
        match pair:
            case [str(old), str(new)]:
                changes.append((old, new))
            case _:
                raise GradlabError(
                    f"{path}:{line}: {kind} {name!r} has a change that is not a pair",
                    expected='change=("old text", "new text") or a list of such pairs',
                    found=repr(change),
                    mend="write the old text, a comma, the new text",
                )
    fault = Fault(kind, name, exercise, tuple(changes), code, caught_by, says, path, line)
    frame.f_globals.setdefault(NOTED, []).append(fault)
    return fault


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _tree(code: str, fault: Fault) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
            compile(tree, f"<{fault.name}>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        line = (error.text or "").strip() if isinstance(error, SyntaxError) else ""
        raise GradlabError(
            f"{fault.where} is not valid Python",
            expected="a cell that can be compiled",
            found=f"{error}" + (f": {line}" if line else ""),
            mend="mind the indentation of the new text",
        ) from None
    return ast.dump(tree)
